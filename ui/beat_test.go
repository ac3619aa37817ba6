package ui

import (
	"testing"
	"time"

	"gatewatch/model"
)

// TestTheLogIsTheBeat has the clock tick shortly before each answer of the log: what
// is drawn must not be older than one poll, whatever their phase.
func TestTheLogIsTheBeat(t *testing.T) {
	for _, phase := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 2400 * time.Millisecond, 2600 * time.Millisecond, 4900 * time.Millisecond} {
		u := screen(t, 120, 40, nil)
		worst := int64(0)
		for i := range 60 {
			answer := at(t0).Add(time.Duration(i) * 5 * time.Second)
			u.Update(tickMsg(answer.Add(-phase)))
			end := answer.Unix() - model.Lag
			u.Update(model.Update{Gateway: "prod", Source: model.SourceCalls, At: answer, Every: 5 * time.Second, Payload: model.CallsRead{
				Span: model.Span{From: end - 4, To: end}, ReadAt: answer.Unix(),
			}})
			if i < 3 {
				continue
			}
			drawn := u.data.State.Self.Ledger.End()
			worst = max(worst, answer.Unix()-drawn.V)
		}
		if worst > model.Lag+1 {
			t.Errorf("with a tick %s before each answer, the newest second drawn is %d s old right after it", phase, worst)
		}
	}
}
