package pane

import (
	"slices"

	"gatewatch/model"
)

// Alarm marks a row that an alert speaks of, so that colour does not tell it alone.
const Alarm = "▲ "

// Spiking reports whether an alert speaks of what a key × model spends or fails; of
// the whole site, a user × model.
func (d Data) Spiking(key model.KeyRef, user, name string) bool {
	return slices.ContainsFunc(d.Alerts, func(a model.Alert) bool {
		if a.Kind != model.AlertSpike && a.Kind != model.AlertErrorSpike || a.Model != name || a.User != user {
			return false
		}
		return d.Site() || a.Key == key
	})
}

// KeyLow reports whether an alert says that a key will not last.
func (d Data) KeyLow(id int64) bool {
	return slices.ContainsFunc(d.Alerts, func(a model.Alert) bool { return a.Kind == model.AlertKeyLow && a.Key.ID == id })
}
