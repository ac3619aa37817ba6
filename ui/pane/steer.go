package pane

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatewatch/ui/table"
)

// halfPage is how far ctrl+d goes in a pane.
const halfPage = 8

// Steer gives a table the keys that all tables answer to and reports whether it
// took this one.
func Steer[K comparable](t *table.Table[K], msg tea.KeyPressMsg, keys Keys, n, columns int, id func(int) K) bool {
	switch {
	case key.Matches(msg, keys.Up):
		t.Move(-1, n, id)
	case key.Matches(msg, keys.Down):
		t.Move(1, n, id)
	case key.Matches(msg, keys.HalfUp):
		t.Move(-halfPage, n, id)
	case key.Matches(msg, keys.HalfDown):
		t.Move(halfPage, n, id)
	case key.Matches(msg, keys.Top):
		t.Move(-n, n, id)
	case key.Matches(msg, keys.Bottom):
		t.Move(n, n, id)
	case key.Matches(msg, keys.Left):
		t.SortBy(-1, columns)
	case key.Matches(msg, keys.Right):
		t.SortBy(1, columns)
	case key.Matches(msg, keys.Reverse):
		t.Reverse()
	default:
		return false
	}
	return true
}

// Padded puts a space on each side of every line.
func Padded(lines []string) []string {
	for i := range lines {
		lines[i] = " " + lines[i] + " "
	}
	return lines
}

// CopyRow is a row as text for the clipboard: its values, separated by tabs.
func CopyRow(name string, columns []table.Column, cells []table.Cell) Copied {
	var values []string
	for i, c := range cells {
		if strings.Trim(c.Text, " █▉▊▋▌▍▎▏") != "" && columns[i].Width > 0 { // no bars
			values = append(values, strings.TrimSpace(c.Text))
		}
	}
	return Copied{Name: name, Text: strings.Join(values, "\t")}
}
