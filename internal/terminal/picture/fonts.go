package picture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/font/sfnt"
)

// Fonts are the fonts a picture is drawn with. They can be shared by several
// pictures at a time.
type Fonts struct {
	regular, bold *sfnt.Font
	cjk, cjkBold  *sfnt.Font // nil draws boxes
	symbols       *sfnt.Font // emoji in one colour; nil draws boxes
}

// fontFile is a file to look for, the face wanted from it where it holds
// several, and the Debian package that brings it.
type fontFile struct {
	name, face, pkg string
	optional        bool
	put             func(*Fonts, *sfnt.Font)
}

// The simplified Chinese face is the one whose forms most of the people who run
// these gateways are used to.
var fontFiles = []fontFile{
	{
		name: "DejaVuSansMono.ttf", pkg: "fonts-dejavu-core",
		put: func(f *Fonts, font *sfnt.Font) { f.regular = font },
	},
	{
		name: "DejaVuSansMono-Bold.ttf", pkg: "fonts-dejavu-core",
		put: func(f *Fonts, font *sfnt.Font) { f.bold = font },
	},
	{
		name: "NotoSansCJK-Regular.ttc", face: "Noto Sans CJK SC", pkg: "fonts-noto-cjk",
		put: func(f *Fonts, font *sfnt.Font) { f.cjk = font },
	},
	{
		name: "NotoSansCJK-Bold.ttc", face: "Noto Sans CJK SC Bold", pkg: "fonts-noto-cjk",
		put: func(f *Fonts, font *sfnt.Font) { f.cjkBold = font },
	},
	{
		name: "Symbola_hint.ttf", pkg: "fonts-symbola", optional: true,
		put: func(f *Fonts, font *sfnt.Font) { f.symbols = font },
	},
}

// FontDirs returns the directories under which Linux systems keep fonts.
func FontDirs() []string {
	dirs := []string{"/usr/share/fonts", "/usr/local/share/fonts"}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".local/share/fonts"), filepath.Join(home, ".fonts"))
	}
	return dirs
}

// FindFonts loads DejaVu Sans Mono, Noto Sans CJK and, if it is there, Symbola
// from anywhere under the directories. Where a font is missing, the error names
// the Debian packages to install.
func FindFonts(dirs ...string) (*Fonts, error) {
	paths := map[string]string{}
	for _, dir := range dirs {
		// A directory that cannot be read holds no fonts for us.
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && paths[d.Name()] == "" {
				paths[d.Name()] = path
			}
			return nil
		})
	}

	fonts := new(Fonts)
	var missing, pkgs []string
	for _, file := range fontFiles {
		path := paths[file.name]
		if path == "" {
			if !file.optional {
				missing = append(missing, file.name)
				pkgs = append(pkgs, file.pkg)
			}
			continue
		}
		font, err := loadFont(path, file.face)
		if err != nil {
			return nil, err
		}
		file.put(fonts, font)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("picture: no %s under %s; on Debian: apt install %s",
			strings.Join(missing, ", "), strings.Join(dirs, ", "), strings.Join(slices.Compact(pkgs), " "))
	}
	return fonts, nil
}

// loadFont reads a font, by its full name from a collection of several.
func loadFont(path, face string) (*sfnt.Font, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	collection, err := sfnt.ParseCollection(data)
	if err != nil {
		return nil, fmt.Errorf("picture: %s: %w", path, err)
	}
	for i := range collection.NumFonts() {
		font, err := collection.Font(i)
		if err != nil {
			return nil, fmt.Errorf("picture: %s: %w", path, err)
		}
		name, err := font.Name(nil, sfnt.NameIDFull)
		if face == "" || err == nil && name == face {
			return font, nil
		}
	}
	return nil, fmt.Errorf("picture: %s: %w", path, errors.New("it has no face "+face))
}
