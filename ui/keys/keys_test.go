package keys

import (
	"testing"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// A gateway that does not count an unlimited key's spend does not note its use either:
// "never" beside its calls would be wrong.
func TestNeverUsedIsOnlySaidWhereItIsKnown(t *testing.T) {
	d := pane.Data{Words: &text.English}
	counted := model.APIKey{Used: model.Some[model.Quota](0)}
	for _, c := range []struct {
		key  model.KeyUsage
		want string
	}{
		{model.KeyUsage{APIKey: counted}, text.English.Never},
		{model.KeyUsage{APIKey: counted, Calls: model.Some[int64](0)}, text.English.Never},
		{model.KeyUsage{APIKey: counted, Calls: model.Some[int64](3)}, text.Unknown},
		{model.KeyUsage{APIKey: model.APIKey{Unlimited: true}}, text.Unknown},
	} {
		if got := neverUsed(d, c.key); got != c.want {
			t.Errorf("%+v: %q, want %q", c.key, got, c.want)
		}
	}
}
