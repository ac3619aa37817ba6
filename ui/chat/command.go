package chat

// Bindings are the keys of the screen, with its words.
func (s *Screen) Bindings() []Binding { return s.bindings }
