package chat

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
)

// patience is how long lists may take.
const patience = 30 * time.Second

func (s *Screen) openSettings() {
	w, c := s.words, s.conv
	temperature, most := "", ""
	if c.Temperature.OK {
		temperature = strconv.FormatFloat(c.Temperature.V, 'g', -1, 64)
	}
	if c.MaxTokens.OK {
		most = strconv.FormatInt(c.MaxTokens.V, 10)
	}
	s.pop = &form{
		name:   w.Settings,
		fields: []field{newField(w.SettingSystem, c.System, 4), newField(w.SettingTemperature, temperature, 1), newField(w.SettingMax, most, 1)},
		keep: func(s *Screen, v []string) (tea.Cmd, string) {
			set := Settings{System: strings.TrimSpace(v[0])}
			if t := strings.TrimSpace(v[1]); t != "" {
				f, err := strconv.ParseFloat(strings.Replace(t, ",", ".", 1), 64)
				if err != nil {
					return nil, fmt.Sprintf(w.BadNumber, t)
				}
				set.Temperature = model.Some(f)
			}
			if t := strings.TrimSpace(v[2]); t != "" {
				n, err := strconv.ParseInt(t, 10, 64)
				if err != nil {
					return nil, fmt.Sprintf(w.BadNumber, t)
				}
				set.MaxTokens = model.Some(n)
			}
			if !(set.Temperature.V >= 0 && set.Temperature.V <= 2) || set.MaxTokens.OK && set.MaxTokens.V < 1 {
				return nil, w.BadRange
			}
			s.conv.System, s.conv.Temperature, s.conv.MaxTokens = set.System, set.Temperature, set.MaxTokens
			s.least = model.Opt[float64]{}
			s.setFocus(onComposer)
			return s.save(), ""
		},
	}
}

func (s *Screen) openAttach() {
	s.pop = &form{
		name: s.words.Attach, note: s.words.PathHint, fields: []field{newField(s.words.Path, "", 1)},
		keep: func(s *Screen, v []string) (tea.Cmd, string) {
			if strings.TrimSpace(v[0]) == "" {
				return nil, ""
			}
			s.setFocus(onComposer)
			return attach(s.words, v[0]), ""
		},
	}
}
