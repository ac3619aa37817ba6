package ui

import (
	"strings"
	"testing"
)

// TestAChargeIsExplained opens the card of each priced call, newest first: its terms,
// and below them whether they add up or what is not told.
func TestAChargeIsExplained(t *testing.T) {
	for i, c := range []struct{ name, note string }{
		{"untold", "the gateway does not tell the price of this charge"},
		{"group-untold", "the gateway does not tell the group ratio of this charge"},
		{"gap", "the terms miss the charge by 4,250: a factor that the row does not"},
		{"rounded", "the terms add up to the charge within the rounding"},
		{"explained", "the terms add up to the charge"},
	} {
		u := screen(t, 100, 40, priced())
		for range 3 {
			pressKeys(u, "tab")
		}
		for range i {
			pressKeys(u, "down")
		}
		pressKeys(u, "enter")
		s := shown(t, u)
		if !strings.Contains(s, c.note) {
			t.Errorf("%s does not say %q:\n%s", c.name, c.note, s)
		}
		golden(t, "charge-"+c.name, s)
	}
	// A row that is no paid call has nothing to explain.
	u := screen(t, 100, 40, priced())
	pressKeys(u, "tab", "tab", "tab", "/", "4", "2", "9", "enter", "enter")
	if s := shown(t, u); strings.Contains(s, "of this charge") {
		t.Errorf("a failure's charge is explained:\n%s", s)
	}
}
