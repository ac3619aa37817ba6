package picture

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/sfnt"
)

// testFonts are fonts that come with a module, so that the tests draw the same
// on every machine. They have no ideographs and no emoji.
func testFonts(t *testing.T) *Fonts {
	t.Helper()
	regular, err := sfnt.Parse(gomono.TTF)
	if err != nil {
		t.Fatal(err)
	}
	bold, err := sfnt.Parse(gomonobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	return &Fonts{regular: regular, bold: bold}
}

func TestMissingFontsAreNamedWithTheirPackages(t *testing.T) {
	dir := t.TempDir()
	_, err := FindFonts(dir, filepath.Join(dir, "not there"))
	if err == nil {
		t.Fatal("FindFonts returned no error")
	}
	for _, part := range []string{dir, "DejaVuSansMono.ttf", "NotoSansCJK-Bold.ttc", "apt install fonts-dejavu-core fonts-noto-cjk"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing from %q", part, err)
		}
	}
	if strings.Contains(err.Error(), "symbola") {
		t.Errorf("an optional font is asked for: %q", err)
	}
}

func TestFontsAreFoundInAnyFolder(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "truetype", "dejavu")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"} {
		if err := os.WriteFile(filepath.Join(deep, name), gomono.TTF, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := FindFonts(dir)
	if err == nil || strings.Contains(err.Error(), "DejaVu") || !strings.Contains(err.Error(), "apt install fonts-noto-cjk") {
		t.Errorf("FindFonts returned %v", err)
	}

	// A font of another name in the file is not taken for the one that is wanted.
	for _, name := range []string{"NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"} {
		if err := os.WriteFile(filepath.Join(dir, name), gomono.TTF, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := FindFonts(dir); err == nil || !strings.Contains(err.Error(), "no face Noto Sans CJK SC") {
		t.Errorf("FindFonts returned %v", err)
	}

	if err := os.WriteFile(filepath.Join(deep, "DejaVuSansMono.ttf"), []byte("not a font"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := FindFonts(dir); err == nil || !strings.Contains(err.Error(), "DejaVuSansMono.ttf") {
		t.Errorf("FindFonts returned %v", err)
	}
}
