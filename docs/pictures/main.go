// Command pictures makes PNG pictures of a terminal program while it runs. From
// the top of the repository,
//
//	go run ./docs/pictures
//
// builds gatewatch, runs its demo in a terminal of each size, and writes
// docs/pictures/gatewatch-160x48.png and its siblings. Any other program can be
// shown too, and keys can be typed before the picture is taken:
//
//	go run ./docs/pictures -size 120x40 -until Balance -keys '1s:?' -name help -- gatewatch --demo
//
// It needs Linux or macOS and the fonts of the Debian packages
// fonts-dejavu-core, fonts-noto-cjk and, for emoji, fonts-symbola.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"gatewatch/internal/terminal"
	"gatewatch/internal/terminal/picture"
)

func main() {
	err := run(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp): // was printed
	case err != nil:
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	opts, err := parse(args)
	if err != nil {
		return err
	}
	fonts, err := picture.FindFonts(append(picture.FontDirs(), opts.fontDirs...)...)
	if err != nil {
		return err
	}
	if len(opts.command) == 0 {
		dir, err := os.MkdirTemp("", "gatewatch-pictures-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary directory harms nobody
		if opts.command, err = build(dir); err != nil {
			return err
		}
	}
	for _, size := range opts.sizes {
		frame, err := shoot(opts, size)
		if err != nil {
			return err
		}
		path := filepath.Join(opts.out, fmt.Sprintf("%s-%dx%d.png", opts.name, size.cols, size.rows))
		if err := save(path, frame, fonts, opts.look); err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

// build compiles the program of this repository and returns the command for its
// demo.
func build(dir string) ([]string, error) {
	binary := filepath.Join(dir, "gatewatch")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", binary, ".")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w; is this the top of the repository?", err)
	}
	return []string{binary, "--demo"}, nil
}

// shoot runs the command and returns what it shows once everything was typed.
func shoot(opts *options, size size) (*terminal.Frame, error) {
	term, err := terminal.Start(terminal.Options{
		Cols: size.cols, Rows: size.rows, Args: opts.command,
		Foreground: opts.look.Theme.Foreground, Background: opts.look.Theme.Background,
	})
	if err != nil {
		return nil, err
	}
	defer term.Close()

	if opts.until != "" {
		if err := term.WaitText(opts.patience, opts.until); err != nil {
			return nil, err
		}
	}
	begin := time.Now()
	for _, k := range opts.keys {
		pause(term, begin.Add(k.at))
		term.Send(k.keys)
	}
	pause(term, begin.Add(opts.wait))
	// The program may be about to end by itself: its code is known a moment
	// after its last output.
	if code, err := term.Wait(100 * time.Millisecond); err == nil && code != 0 {
		return nil, fmt.Errorf("%s ended with code %d and\n%s", opts.command[0], code, term.Raw())
	}
	return term.Frame(), nil
}

// pause lets the program run until a moment, or until it ends.
func pause(term *terminal.Terminal, until time.Time) {
	_, _ = term.Wait(time.Until(until)) // that it still runs is what we hope for
}

func save(path string, frame *terminal.Frame, fonts *picture.Fonts, look picture.Options) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return encoder.Encode(file, picture.Draw(frame, fonts, look))
}
