// Package admin is the screen for administrators: the site's upstream channels
// and who of its users spends.
package admin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/filter"
	"gatewatch/ui/pane"
	"gatewatch/ui/table"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Channels lists the upstream channels, those that the gateway switched off
// first; on opencatd the provider keys.
type Channels struct {
	table  table.Table[int64]
	filter filter.Filter
}

// Capturing reports that the pane takes no text.
func (*Channels) Capturing() bool { return false }

// SetFilter narrows the rows down.
func (p *Channels) SetFilter(f filter.Filter) { p.filter = f }

// Fields are the names that a filter can look at.
func (*Channels) Fields() []string { return []string{"channel", "status", "group", "type", "says"} }

// Frame returns the title with how many there are and how many are down.
func (p *Channels) Frame(d pane.Data) pane.Frame {
	f := pane.Frame{Title: d.Filtered(d.Words.Channels, p.filter)}
	f.Note, f.Old = pane.Note(d, model.SourceChannels)
	if f.Note == "" && d.State.Channels.OK {
		f.Note = fmt.Sprint(len(d.State.Channels.V))
		if down := d.State.Channels.V.Summary().Down; down > 0 {
			f.Mark, f.MarkStyle = fmt.Sprintf(d.Words.ChannelsDown, down), d.Theme.Bad
		}
	}
	return f
}

func channelColumns(d pane.Data) []table.Column {
	w := d.Words
	return []table.Column{
		{Title: w.ColChannel, Width: 22, Worth: 100},
		{Title: w.ColStatus, Width: 13, Worth: 95},
		{Title: w.ColLeft, Width: 10, Right: true, Worth: 85},
		{Title: w.ColAsked, Width: 6, Right: true, Worth: 60},
		{Title: w.ColUsed, Width: 11, Right: true, Worth: 70},
		{Title: w.ColAnswers, Width: 7, Right: true, Worth: 65},
		{Title: w.ColTested, Width: 6, Right: true, Worth: 50},
		{Title: w.ColSays, Width: 16, Flex: true, Worth: 75},
	}
}

func channelStatus(d pane.Data, s model.ChannelStatus) (string, theme.Style) {
	switch s {
	case model.ChannelEnabled:
		return d.Words.Enabled, d.Theme.Good
	case model.ChannelDisabled:
		return d.Words.Disabled, d.Theme.Dim
	case model.ChannelAutoDisabled:
		return d.Words.AutoDisabled, d.Theme.Bad
	}
	return text.Unknown, d.Theme.Dim
}

// shown are the channels that pass the filter: what is broken first, then what
// was used most.
func (p *Channels) shown(d pane.Data) []model.Channel {
	var out []model.Channel
	for _, c := range d.State.Channels.V {
		word, _ := channelStatus(d, c.Status)
		if p.filter.Match(filter.Field{Name: "channel", Value: c.Name}, filter.Field{Name: "status", Value: word},
			filter.Field{Name: "group", Value: c.Group}, filter.Field{Name: "type", Value: c.Type}, filter.Field{Name: "says", Value: c.Reason}) {
			out = append(out, c)
		}
	}
	broken := func(c model.Channel) int {
		if c.Status == model.ChannelAutoDisabled {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b model.Channel) int {
		return cmp.Or(cmp.Compare(broken(a), broken(b)), cmp.Compare(b.Used.V, a.Used.V))
	})
	return out
}

// age is how long ago a second of the gateway's clock was.
func age(d pane.Data, at model.Opt[int64]) table.Cell {
	if !at.OK {
		return table.Str(d.Words.Never, d.Theme.Faint)
	}
	ago := time.Duration(d.State.ServerNow()-at.V) * time.Second
	return table.Num(text.Age(max(0, ago)), float64(at.V), d.Theme.Dim)
}

func (p *Channels) rows(d pane.Data) []table.Row[int64] {
	th := d.Theme
	unknown := table.Str(text.Unknown, th.Faint)
	var rows []table.Row[int64]
	for _, c := range p.shown(d) {
		word, style := channelStatus(d, c.Status)
		left, asked, used, answers := unknown, unknown, unknown, unknown
		if c.Balance.OK {
			left = table.Num(d.Provider(c.Balance.V), c.Balance.V, th.Plain)
			asked = age(d, c.BalanceAt)
		}
		if c.Used.OK {
			used = table.Num(d.Money(c.Used.V), float64(c.Used.V), th.Money)
		}
		if c.ResponseTime.OK {
			answers = table.Num(text.Took(c.ResponseTime.V), c.ResponseTime.V.Seconds(), th.Plain)
		}
		says := d.Name(c.Reason)
		if says == "" {
			says = d.Name(strings.TrimSpace(c.Masked + " " + c.Endpoint))
		}
		rows = append(rows, table.Row[int64]{Key: c.ID, Cells: []table.Cell{
			table.Str(fmt.Sprintf("%d %s", c.ID, d.Name(c.Name)), th.Plain), table.Str(word, style), left, asked, used, answers, age(d, c.TestedAt),
			table.Str(says, th.Dim),
		}})
	}
	return p.table.Arrange(rows)
}

// Update moves the cursor, changes the order and opens a channel's card.
func (p *Channels) Update(msg tea.KeyPressMsg, keys pane.Keys, d pane.Data) tea.Cmd {
	rows := p.rows(d)
	id := func(i int) int64 { return rows[i].Key }
	if pane.Steer(&p.table, msg, keys, len(rows), len(channelColumns(d)), id) {
		return nil
	}
	i := p.table.Selected(len(rows), id)
	if i < 0 {
		return nil
	}
	switch {
	case key.Matches(msg, keys.Enter):
		return pane.Send(pane.Opened{Card: channelCard(d, rows[i].Key)})
	case key.Matches(msg, keys.Copy):
		return pane.Send(pane.CopyRow(rows[i].Cells[0].Text, channelColumns(d), rows[i].Cells))
	}
	return nil
}

// channelCard says all that is known of one channel.
func channelCard(d pane.Data, channel int64) pane.Card {
	words := d.Words
	var card pane.Card
	for _, c := range d.State.Channels.V {
		if c.ID != channel {
			continue
		}
		card.Title = words.ColChannel + " · " + d.Name(c.Name)
		add := func(name, value string) {
			if value != "" {
				card.Rows = append(card.Rows, pane.CardRow{Name: name, Value: value})
			}
		}
		when := func(t model.Opt[int64]) string {
			if !t.OK {
				return words.Never
			}
			return d.Time(t.V, "2006-01-02 15:04")
		}
		word, style := channelStatus(d, c.Status)
		card.Rows = append(card.Rows, pane.CardRow{Name: words.Status, Value: word, Style: style})
		add(words.ColSays, d.Name(c.Reason))
		add(words.ID, fmt.Sprint(c.ID))
		add(words.ColType, text.Clean(c.Type))
		add(words.Address, d.Name(c.Endpoint))
		add(words.Masked, d.Name(c.Masked))
		add(words.Group, d.Name(c.Group))
		if c.Balance.OK {
			add(words.ColLeft, d.Provider(c.Balance.V))
			add(words.ColAsked, when(c.BalanceAt))
		}
		add(words.ColUsed, d.MoneyOpt(c.Used))
		if c.ResponseTime.OK {
			add(words.ColAnswers, text.Took(c.ResponseTime.V))
		}
		add(words.ColTested, when(c.TestedAt))
		add(words.Allowed, text.Clean(strings.Join(c.Models, ", ")))
	}
	return card
}

// View draws the rows.
func (p *Channels) View(d pane.Data, w, h int, focused bool) ([]string, *tea.Cursor) {
	rows := p.rows(d)
	if len(rows) == 0 {
		empty := d.Words.EmptyChannels
		if !p.filter.Empty() {
			empty = d.Words.NoMatch
		}
		message, style := pane.Absent(d, model.SourceChannels, d.State.Channels.OK, empty)
		return pane.Message(message, style, w, h), nil
	}
	return pane.Padded(p.table.View(table.Look{Theme: d.Theme, W: w - 2, H: h, Focused: focused}, channelColumns(d), len(rows),
		func(i int) int64 { return rows[i].Key }, func(i int) []table.Cell { return rows[i].Cells })), nil
}
