package gateway

import (
	"fmt"
	"log/slog"
)

// Secret is a credential. It prints, formats, marshals and logs as "***", so
// that it cannot end up in a log, an error, a panic or a report by accident.
// Reveal is the only way to its text. The zero Secret is none.
type Secret struct {
	// A pointer, because fmt calls no methods on what it finds in unexported
	// fields: there it prints an address instead of the text.
	text *string
}

const masked = "***"

// NewSecret makes a secret of a text; "" is no secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the credential itself, "" when there is none.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether there is a credential.
func (s Secret) IsSet() bool { return s.text != nil }

// String returns "***", or "" when there is no secret.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return masked
}

// Format masks the secret under every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText masks the secret in JSON, TOML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the secret from a configuration file.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = NewSecret(string(b))
	return nil
}

// LogValue masks the secret in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
