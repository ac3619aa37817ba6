package chat

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/text"
)

// maxFile is the largest file that is attached, in bytes.
const maxFile = 20 << 20

// nameSize stands between the name of a file and its size.
const nameSize = " · "

// attached is a part that is ready to be sent, or why there is none.
type attached struct {
	part  model.ChatPart
	fault string
}

func (attached) chatMsg() {}

// attach reads a file, or takes an address as it is.
func attach(words *text.ChatWords, where string) tea.Cmd {
	where = strings.TrimSpace(where)
	return func() tea.Msg {
		if strings.HasPrefix(where, "https://") || strings.HasPrefix(where, "http://") {
			return attached{part: linkPart(where)}
		}
		part, fault := filePart(words, where)
		return attached{part, fault}
	}
}

func linkPart(url string) model.ChatPart {
	path, _, _ := strings.Cut(strings.ToLower(url), "?")
	kind := model.PartLink
	switch filepath.Ext(path) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp":
		kind = model.PartImage
	}
	return model.ChatPart{Kind: kind, URL: url, Name: url}
}

// filePart reads a text or a picture. fault is a sentence for a person.
func filePart(words *text.ChatWords, path string) (part model.ChatPart, fault string) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			path = filepath.Join(home, rest)
		}
	}
	name := filepath.Base(path)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return part, fmt.Sprintf(words.NoFile, path, reason(err))
	case !info.Mode().IsRegular():
		return part, fmt.Sprintf(words.NotFile, path)
	case info.Size() > maxFile:
		return part, fmt.Sprintf(words.TooLarge, name)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return part, fmt.Sprintf(words.NoFile, path, reason(err))
	}
	name += nameSize + size(int64(len(b)))
	if kind := picture(b); kind != "" {
		return model.ChatPart{Kind: model.PartImage, URL: "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(b), Name: name}, ""
	}
	if !utf8.Valid(b) || strings.IndexByte(string(b[:min(len(b), 8000)]), 0) >= 0 {
		return part, fmt.Sprintf(words.NotText, filepath.Base(path))
	}
	return model.ChatPart{Kind: model.PartText, Text: string(b), Name: name}, ""
}

// picture returns the media type of a picture that models take, by its first
// bytes.
func picture(b []byte) string {
	s := string(b[:min(len(b), 16)])
	switch {
	case strings.HasPrefix(s, "\x89PNG\r\n\x1a\n"):
		return "image/png"
	case strings.HasPrefix(s, "\xff\xd8\xff"):
		return "image/jpeg"
	case strings.HasPrefix(s, "GIF87a"), strings.HasPrefix(s, "GIF89a"):
		return "image/gif"
	case strings.HasPrefix(s, "RIFF") && len(s) >= 12 && s[8:12] == "WEBP":
		return "image/webp"
	}
	return ""
}

// reason is the cause of a file error without the path, which is said already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
