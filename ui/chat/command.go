package chat

// Bindings are the keys of the screen, with its words.
func (s *Screen) Bindings() []Binding { return s.bindings }

// Wide reports whether all of the width is wanted: answers stand side by side.
func (s *Screen) Wide() bool { return s.cmp != nil }
