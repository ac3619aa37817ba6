package chat

import (
	"fmt"
	"strings"

	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// leastName is how much of a model's name the key may take away, in cells.
const leastName = 12

// note says where the next message goes and what it costs at least. Where the room is
// short, one thing after the other is left out: the words to the cost, how the model is
// set, a part of its name, the key that pays, but never the cost.
func (s *Screen) note(d pane.Data, room int) string {
	words, c := s.words, s.conv
	names := s.versus
	if len(names) == 0 && c.Model != "" {
		names = []string{c.Model}
	}
	if len(names) == 0 {
		return words.NoModel
	}
	shown := make([]string, len(names))
	for i, n := range names {
		shown[i] = text.Clean(n)
	}
	name, key := strings.Join(shown, " + "), ""
	if c.KeyName != "" {
		key = d.Name(c.KeyName)
	}
	var set []string
	if c.System != "" {
		set = append(set, words.System)
	}
	if c.Temperature.OK {
		set = append(set, fmt.Sprintf("t %g", c.Temperature.V))
	}
	if c.MaxTokens.OK {
		set = append(set, "≤ "+text.Short(c.MaxTokens.V))
	}
	cost, brief := s.costToSend(d, names)
	if all := joined(name, key, joined(set...), cost); text.Width(all) <= room {
		return all
	}
	for n := len(set); n >= 0; n-- {
		if all := joined(name, key, joined(set[:n]...), brief); text.Width(all) <= room {
			return all
		}
	}
	if left := room - text.Width(joined(key, brief)) - 3; left >= min(leastName, text.Width(name)) {
		return joined(text.Cut(name, left), key, brief)
	}
	return joined(text.Cut(name, max(8, room-text.Width(brief)-3)), brief)
}

// costToSend is what the next message costs at least, in words and in short.
func (s *Screen) costToSend(d pane.Data, names []string) (cost, brief string) {
	q := s.leastToSend(names)
	if least := atLeast(d, q.V); least != "" && q.V > 0 {
		return fmt.Sprintf(s.words.AtLeast, least), fmt.Sprintf(s.words.AtLeastShort, least)
	}
	switch {
	case q.OK || len(s.models) == 0:
		return "", ""
	case !s.priced():
		return s.words.PriceUnread, s.words.PriceUnreadShort
	}
	return s.words.NoPrice, s.words.NoPrice
}

// joined puts a dot between what is there.
func joined(parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, " · ")
}
