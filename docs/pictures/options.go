package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatewatch/internal/terminal"
	"gatewatch/internal/terminal/picture"
)

// settle is how long the program gets to draw before a picture that has been
// waited for, and after the last key.
const settle = time.Second

type options struct {
	out, name, until string
	wait, patience   time.Duration
	sizes            []size
	keys             []timedKeys
	look             picture.Options
	fontDirs         []string
	command          []string
}

type size struct{ cols, rows int }

// timedKeys are typed some time after the program has started, or after the
// text to wait for has appeared.
type timedKeys struct {
	at   time.Duration
	keys string
}

func parse(args []string) (*options, error) {
	opts := &options{}
	flags := flag.NewFlagSet("pictures", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main says what is wrong, once
	flags.StringVar(&opts.out, "out", filepath.Join("docs", "pictures"), "write the pictures into `directory`")
	flags.StringVar(&opts.name, "name", "", "call them `name`-COLSxROWS.png (default: after the command)")
	flags.StringVar(&opts.until, "until", "", "wait until `text` is on the screen; times count from then")
	flags.DurationVar(&opts.wait, "wait", 0, "take the picture after this `time` (default 3s, 1s with -until, at least 1s after the last key)")
	flags.DurationVar(&opts.patience, "patience", 30*time.Second, "how long -until may take")
	flags.IntVar(&opts.look.CellWidth, "cell", 0, "width of a cell in `pixels`; it is twice as high (default 18)")
	flags.BoolVar(&opts.look.Cursor, "cursor", true, "draw the cursor")
	flags.Func("theme", "colours of the terminal, `dark or light` (default dark)", func(s string) error {
		themes := map[string]picture.Theme{"dark": picture.Dark, "light": picture.Light}
		theme, ok := themes[s]
		if !ok {
			return fmt.Errorf("there is no theme %q", s)
		}
		opts.look.Theme = theme
		return nil
	})
	flags.Func("size", "sizes of the terminal in cells, `COLSxROWS,...` (default 160x48)", func(s string) error {
		sizes, err := parseSizes(s)
		opts.sizes = append(opts.sizes, sizes...)
		return err
	})
	flags.Func("keys", "`TIME:KEYS,...` to type, named ones in <>: '1s:?', '2s:<ctrl+p>over<enter>'; <,> is a comma, may be given again", func(s string) error {
		keys, err := parseKeys(s)
		opts.keys = append(opts.keys, keys...)
		return err
	})
	flags.Func("fonts", "look for fonts in `directory` as well, may be given again", func(s string) error {
		opts.fontDirs = append(opts.fontDirs, s)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			usage(flags)
		}
		return nil, err
	}
	opts.command = flags.Args()
	opts.setDefaults()
	return opts, nil
}

func usage(flags *flag.FlagSet) {
	flags.SetOutput(os.Stdout)
	fmt.Print("usage: go run ./docs/pictures [flags] [-- command arguments...]\n\n" +
		"Makes PNG pictures of a running terminal program, of gatewatch --demo if none is given.\n\n")
	flags.PrintDefaults()
}

func (o *options) setDefaults() {
	if o.look.Theme == (picture.Theme{}) {
		o.look.Theme = picture.Dark
	}
	if len(o.sizes) == 0 {
		o.sizes = []size{{160, 48}}
	}
	if o.name == "" {
		o.name = "gatewatch"
		if len(o.command) > 0 {
			o.name = filepath.Base(o.command[0])
		}
	}
	if o.wait == 0 {
		o.wait = 3 * time.Second
		if o.until != "" {
			o.wait = settle
		}
	}
	slices.SortStableFunc(o.keys, func(a, b timedKeys) int { return int(a.at - b.at) })
	if n := len(o.keys); n > 0 {
		o.wait = max(o.wait, o.keys[n-1].at+settle)
	}
}

func parseSizes(s string) ([]size, error) {
	var sizes []size
	for one := range strings.SplitSeq(s, ",") {
		cols, rows, _ := strings.Cut(one, "x")
		c, err := strconv.ParseUint(cols, 10, 10)
		r, err2 := strconv.ParseUint(rows, 10, 10)
		if err != nil || err2 != nil || c == 0 || r == 0 {
			return nil, fmt.Errorf("%q is not a size such as 160x48", one)
		}
		sizes = append(sizes, size{int(c), int(r)})
	}
	return sizes, nil
}

func parseKeys(s string) ([]timedKeys, error) {
	const comma = "<,>"
	var all []timedKeys
	for one := range strings.SplitSeq(strings.ReplaceAll(s, comma, "<comma>"), ",") {
		at, text, found := strings.Cut(one, ":")
		delay, err := time.ParseDuration(at)
		if !found || err != nil || delay < 0 {
			return nil, fmt.Errorf("%q is not a time and keys such as 2s:?", one)
		}
		keys, err := spell(text)
		if err != nil {
			return nil, err
		}
		all = append(all, timedKeys{delay, keys})
	}
	return all, nil
}

// spell replaces the <names> in a text by what those keys send.
func spell(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(text, "<")
		name, after, closed := strings.Cut(rest, ">")
		b.WriteString(before)
		if !open {
			return b.String(), nil
		}
		if !closed {
			b.WriteString("<" + rest)
			return b.String(), nil
		}
		if name == "comma" {
			name = ","
		}
		keys, err := terminal.Key(name)
		if err != nil {
			return "", err
		}
		b.WriteString(keys)
		text = after
	}
}
