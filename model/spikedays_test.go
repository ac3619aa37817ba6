package model

import (
	"math/rand/v2"
	"testing"
)

// TestASilentKeyThatWakesUpIsNamed: the rows in memory know nothing of it, the last days
// do.
func TestASilentKeyThatWakesUpIsNamed(t *testing.T) {
	was := ordinary
	defer func() { ordinary = was }()
	woken := source{"forgotten", "gpt-4o", 1, 1, 0, 0.5}
	ordinary = []source{{"busy", "gpt-4o", 600, 1, 0.02, 1}, woken}
	silent := func(src source, _ int64) float64 {
		if src.key == woken.key {
			return 0
		}
		return 1
	}
	usual := UsualCell{Key: KeyRef{Name: "forgotten"}, Model: "gpt-4o", Minutes: 200, Sum: 200 * 2500, Most: 9000}
	for _, c := range []struct {
		name      string
		usual     []UsualCell
		perSecond float64
		polls     int // when it is named, 0 for never
	}{
		{"hammered", []UsualCell{usual}, 3, 4},
		{"as it uses to be", []UsualCell{usual}, 0.05, 0},
		{"as in its dearest minutes", []UsualCell{usual}, 0.15, 0},
		{"never seen before", nil, 3, 0},
		{"hardly ever seen before", []UsualCell{{Key: usual.Key, Model: usual.Model, Minutes: 3, Sum: 7500, Most: 9000}}, 3, 0},
	} {
		r := rand.New(rand.NewPCG(3, 6))
		s := play(State{}, r, t0, 40*60, 10, silent, nil)
		s = s.Apply(Update{Source: SourceDays, Payload: Usuals{Cells: c.usual}})
		named, polls := 0, 0
		play(s, r, t0+40*60, 120, 5, func(src source, _ int64) float64 {
			if src.key == woken.key {
				return c.perSecond * 60
			}
			return 1
		}, func(s State) {
			polls++
			for _, sp := range Spikes(s) {
				if sp.Key.Name != woken.key {
					continue
				}
				if named == 0 {
					named = polls
				}
				if sp.Since < t0+40*60-10 {
					t.Errorf("%s: at poll %d it is said to be so since %d s before it was", c.name, polls, t0+40*60-sp.Since)
				}
			}
		})
		if (named > 0) != (c.polls > 0) || named > c.polls {
			t.Errorf("%s: named at poll %d, want %d", c.name, named, c.polls)
		}
	}
}
