// Package chat is the screen on which a language model is tried: a conversation
// that streams, keeps itself, and says what each answer cost.
//
// Screen is a struct with methods, not a tea.Model. Update changes what is known
// and draws nothing; View draws what is in sight, and keeps it until something
// changes.
package chat

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// Options say what the screen works with.
type Options struct {
	Service Service
	// Store keeps conversations; nil keeps none.
	Store Store
	Words *text.ChatWords
	// Defaults are the settings that a new conversation begins with.
	Defaults Settings
	// Now is the clock, Go starts a goroutine; nil for the usual ones.
	Now func() time.Time
	Go  func(func())
}

type focus uint8

const (
	onComposer focus = iota
	onTranscript
)

// Screen is the chat screen.
type Screen struct {
	opt      Options
	words    *text.ChatWords
	bindings []Binding

	conv     Conversation // without its messages: they are the items
	items    []*item
	running  map[string]*item
	cmp      *compare
	versus   []string // the models that the next question goes to, if several
	hub      *hub
	composer composer
	script   transcript
	focus    focus
	chord    bool // c was pressed
	pop      popup
	notice   string
	shown    int                // lines of the transcript in sight, for half pages
	least    model.Opt[float64] // tokens said so far, at least; unknown when it must be counted

	models      []ModelInfo
	modelsFrom  string // the gateway that models are of
	modelsFault string
	loading     bool

	modelsAt time.Time

	elsewhere     bool // the conversation is with another gateway than the one shown
	dirty, saving bool
	savedAt       time.Time
	saver         saver
	made          int // names given out

	rev   uint64
	frame frame
}

// New returns the screen with an empty conversation.
func New(opt Options) *Screen {
	if opt.Words == nil {
		opt.Words = &text.ChatEnglish
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Go == nil {
		opt.Go = func(f func()) { go f() }
	}
	s := &Screen{
		opt: opt, words: opt.Words, bindings: Bindings(opt.Words), running: map[string]*item{},
		hub: newHub(opt.Now), composer: newComposer(),
	}
	s.begin("")
	return s
}

// begin puts a new conversation up.
func (s *Screen) begin(gateway string) {
	set := s.opt.Defaults
	if s.conv.Model != "" {
		set = s.conv.Settings
	}
	s.conv = Conversation{Gateway: gateway, Settings: set}
	s.items, s.cmp, s.versus, s.dirty = nil, nil, nil, false
	s.see()
}

// see shows the conversation from its end.
func (s *Screen) see() {
	s.script = transcript{items: s.items, follow: true, full: true}
	s.least = model.Opt[float64]{}
	s.rev++
}

// Rev rises with everything that may change the screen.
func (s *Screen) Rev() uint64 { return s.rev }

// Words are the words of the screen.
func (s *Screen) Words() *text.ChatWords { return s.words }

// Open is called when the screen is put up: it asks for the models of the gateway
// if they are not known.
func (s *Screen) Open(d pane.Data) tea.Cmd {
	s.rev++
	if len(s.items) == 0 && s.conv.Gateway != d.State.Gateway.Name {
		if s.conv.Gateway != "" {
			s.conv.Model, s.conv.Key, s.conv.KeyName = s.opt.Defaults.Model, s.opt.Defaults.Key, s.opt.Defaults.KeyName
		}
		s.conv.Gateway = d.State.Gateway.Name
	}
	return s.askModels()
}

// Close stops what streams and returns the conversation as it is, for whoever
// stores it on the way out; ok is false when there is nothing new.
func (s *Screen) Close() (last Saved, ok bool) {
	s.hub.stopAll()
	if len(s.items) == 0 || !s.dirty && len(s.running) == 0 {
		return Saved{}, false
	}
	saved, err := s.snapshot().saved()
	return saved, err == nil
}

func (s *Screen) streaming() bool { return len(s.running) > 0 }

// Streaming reports whether an answer is being written.
func (s *Screen) Streaming() bool { return s.streaming() }

// id names a conversation or an answer.
func (s *Screen) id() string {
	s.made++
	return strconv.FormatInt(s.opt.Now().UnixNano(), 36) + "-" + strconv.Itoa(s.made)
}

// Update takes a message in: keys and pastes while the screen is shown, and every
// Msg whenever it comes.
func (s *Screen) Update(msg tea.Msg, d pane.Data) tea.Cmd {
	s.rev++
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return s.press(msg, d)
	case tea.PasteMsg:
		return s.Paste(msg)
	case streamed:
		return s.onStreamed(msg)
	case BilledMsg:
		return s.onBilled(msg)
	case modelsRead:
		s.onModels(msg)
	case keysRead:
		s.onKeys(msg)
	case stored:
		return s.onStored(msg)
	case listed:
		s.onListed(msg)
	case loaded:
		s.onLoaded(msg)
		return s.askModels()
	case listChanged:
		return s.onListChanged(msg)
	case openEditor:
		if msg.fault != nil {
			s.notice = fmt.Sprintf(s.words.NoEditor, msg.fault)
			return nil
		}
		return runEditor(msg.path)
	case edited:
		if msg.fault != nil {
			s.notice = fmt.Sprintf(s.words.NoEditor, msg.fault)
			return nil
		}
		s.composer.set(s.words, msg.text)
	case attached:
		if s.notice = msg.fault; msg.fault == "" {
			s.composer.attached = append(s.composer.attached, msg.part)
			s.notice = fmt.Sprintf(s.words.Attached, msg.part.Name)
		}
	case exported:
		if s.notice = fmt.Sprintf(s.words.SavedTo, msg.path); msg.fault != nil {
			s.notice = fmt.Sprintf(s.words.NotSaved, msg.fault)
		}
	}
	return nil
}

// Paste takes pasted text in, a long one in no more time than it takes to copy.
func (s *Screen) Paste(msg tea.PasteMsg) tea.Cmd {
	s.rev++
	switch {
	case s.pop != nil:
		s.pop.paste(msg)
	case s.focus == onComposer:
		s.composer.insert(s.words, msg.Content)
	}
	return nil
}

// press answers a key.
func (s *Screen) press(msg tea.KeyPressMsg, d pane.Data) tea.Cmd {
	s.notice = ""
	k := msg.String()
	if k == "ctrl+c" {
		s.stop()
		return nil
	}
	if s.pop != nil {
		p := s.pop
		cmd, open := p.press(s, msg, d)
		if !open && s.pop == p {
			s.pop = nil
		}
		return cmd
	}
	if s.chord {
		s.chord = false
		if n, err := strconv.Atoi(k); err == nil {
			return s.copyCode(n)
		}
		return nil
	}
	if s.focus == onComposer {
		switch name := s.find(msg, true); name {
		case "send", "editor", "leave":
			return s.Run(name, d)
		}
		return s.composer.press(s.words, msg, s.history())
	}
	return s.Run(s.find(msg, false), d)
}

// Why says why a command of Bindings cannot be run now, "" when it can.
func (s *Screen) Why(name string) string {
	w := s.words
	last := s.last()
	switch name {
	case "copy answer", "copy code":
		if last == nil || last.text.Len() == 0 {
			return w.NoAnswer
		}
	case "again", "edit last":
		switch {
		case s.streaming():
			return w.Busy
		case s.question() == nil:
			return w.NothingToRetry
		}
	case "unfold":
		if !slices.ContainsFunc(s.items, (*item).folds) && (s.cmp == nil || !slices.ContainsFunc(s.cmp.lanes, (*item).folds)) {
			return w.NothingToUnfold
		}
	case "export":
		if len(s.items) == 0 {
			return w.NoAnswer
		}
	case "new", "conversations":
		if s.streaming() {
			return w.Busy
		}
	}
	return ""
}

// Run runs a command of Bindings by its name, as its key does.
func (s *Screen) Run(name string, d pane.Data) tea.Cmd {
	s.rev++
	if why := s.Why(name); why != "" {
		s.notice = why
		return nil
	}
	if s.cmp != nil && s.cmp.run(s, name) {
		return nil
	}
	switch name {
	case "send":
		return s.send(d)
	case "newline":
		s.composer.area.InsertString("\n")
	case "editor":
		return toEditor(s.composer.text())
	case "leave":
		if s.streaming() {
			s.stop()
		} else {
			s.setFocus(onTranscript)
		}
	case "stop":
		s.stop()
	case "write":
		s.setFocus(onComposer)
	case "copy answer":
		return pane.Send(pane.Copied{Name: s.words.CopiedAnswer, Text: safe(s.last().answer())})
	case "copy code":
		s.chord, s.notice = true, s.words.ChordCode
	case "again":
		s.askAgain(d)
	case "edit last":
		return s.editLast()
	case "unfold":
		s.unfold()
	case "left", "right":
		s.turn(name)
	case "model":
		return s.openModels(false)
	case "compare":
		return s.openModels(true)
	case "key":
		return s.openKeys()
	case "settings":
		s.openSettings()
	case "attach":
		s.openAttach()
	case "new":
		s.begin(d.State.Gateway.Name)
		s.setFocus(onComposer)
		return s.askModels()
	case "conversations":
		return s.openConversations()
	case "export":
		s.openExport()
	default:
		s.script.steer(name, s.shown)
	}
	return nil
}

// Wheel scrolls what is under the pointer by so many turns, up where negative.
func (s *Screen) Wheel(turns int) {
	s.rev++
	v := &s.script
	if s.cmp != nil {
		v = &s.cmp.views[s.cmp.at]
	}
	v.moves += 3 * turns
}

func (s *Screen) setFocus(f focus) {
	s.focus = f
	if f == onComposer {
		s.composer.area.Focus()
	} else {
		s.composer.area.Blur()
	}
}

// last is the last answer, or the lane under the cursor.
func (s *Screen) last() *item {
	if s.cmp != nil {
		return s.cmp.lanes[s.cmp.at]
	}
	for _, it := range slices.Backward(s.items) {
		if it.Role == model.ChatAssistant {
			return it
		}
	}
	return nil
}

// question is the last question.
func (s *Screen) question() *item {
	for _, it := range slices.Backward(s.items) {
		if it.Role == model.ChatUser {
			return it
		}
	}
	return nil
}

// history are the questions asked so far, the last one first.
func (s *Screen) history() []string {
	var out []string
	for _, it := range slices.Backward(s.items) {
		if p := it.prompt(); it.Role == model.ChatUser && p != "" {
			out = append(out, p)
		}
	}
	return out
}

// send asks what is in the composer.
func (s *Screen) send(d pane.Data) tea.Cmd {
	switch {
	case s.composer.empty() && s.conv.Model == "" && len(s.items) == 0:
		return s.openModels(false)
	case s.composer.empty():
		return nil
	case s.streaming():
		s.notice = s.words.Busy
		return nil
	case s.conv.Model == "" && len(s.versus) == 0:
		s.notice = s.words.NoModel
		return s.openModels(false)
	}
	if s.cmp != nil {
		s.pick()
	}
	now := s.opt.Now()
	prompt := s.composer.text()
	q := newItem(Message{Role: model.ChatUser, At: now, Parts: slices.Clone(s.composer.attached)})
	if strings.TrimSpace(prompt) != "" {
		q.Parts = append(q.Parts, model.ChatPart{Kind: model.PartText, Text: prompt})
	}
	if s.conv.ID == "" {
		s.conv.ID, s.conv.Created = s.id(), now
		if s.conv.Gateway == "" {
			s.conv.Gateway = d.State.Gateway.Name
		}
	}
	if s.conv.Name == "" {
		s.conv.Name = nameFor(safe(prompt))
	}
	s.items = append(s.items, q)
	s.composer.clear()
	if len(s.versus) > 1 {
		return s.startCompare()
	}
	return s.startAnswer(newItem(Message{}))
}

// startAnswer asks the conversation so far and puts the answer below it.
func (s *Screen) startAnswer(it *item) tea.Cmd {
	messages := s.messages()
	s.items = append(s.items, it)
	cmd := s.ask(it, s.conv.Settings, messages)
	s.script.items = s.items
	s.script.follow, s.script.full = true, false
	s.least = model.Opt[float64]{}
	return tea.Batch(cmd, s.save())
}

// ask sends a question off.
func (s *Screen) ask(it *item, set Settings, messages []Message) tea.Cmd {
	it.Role, it.Model, it.At = model.ChatAssistant, set.Model, s.opt.Now()
	it.ID, it.via = s.id(), Via{s.conv.Gateway, set.Key}
	s.running[it.ID] = it
	return s.hub.start(s.opt.Go, s.opt.Service, it.via, it.ID, request(set, messages))
}

// messages are the conversation so far.
func (s *Screen) messages() []Message {
	out := make([]Message, len(s.items))
	for i, it := range s.items {
		out[i] = it.message()
	}
	return out
}

// stop ends what streams; what has come stays.
func (s *Screen) stop() {
	for _, it := range s.running {
		it.stopping = true
	}
	s.hub.stopAll()
}

// onStreamed takes the news of the answers in.
func (s *Screen) onStreamed(msg streamed) tea.Cmd {
	var cmds []tea.Cmd
	for _, n := range msg.news {
		it := s.running[n.answer]
		if it == nil {
			continue
		}
		it.add(n.content.String(), n.reasoning.String())
		if n.requestID != "" {
			it.Cost.RequestID = n.requestID
		}
		if n.usage.OK {
			it.Cost.Usage = n.usage
		}
		if !n.first.IsZero() && !it.Cost.First.OK {
			it.Cost.First = model.Some(n.first.Sub(it.At))
		}
		if n.end != model.ChatOpen {
			cmds = append(cmds, s.ended(it, n))
		}
		s.dirty = true
	}
	return tea.Batch(append(cmds, s.hub.more(), s.save())...)
}

// ended closes an answer and says so to whoever reads the log.
func (s *Screen) ended(it *item, n *news) tea.Cmd {
	it.End, it.Finish, it.Fault, it.Theirs = n.end, n.finish, safe(n.fault), safe(n.theirs)
	it.Cost.Took = model.Some(n.ended.Sub(it.At))
	it.finish()
	delete(s.running, it.ID)
	if it.Cost.Usage.OK || it.text.Len() > 0 || it.thought.Len() > 0 {
		asked := s.items
		if s.cmp == nil {
			asked = asked[:len(asked)-1]
		}
		in := s.context(asked, false)
		it.Cost.About = s.price(it.Model).estimate(int64(in), it)
	}
	s.least = model.Opt[float64]{}
	if it.Cost.Usage.OK && it.End != model.ChatFailed || it.text.Len() > 0 || it.Cost.RequestID != "" {
		return pane.Send(Answered{
			Via: it.via, Answer: it.ID, RequestID: it.Cost.RequestID, Model: it.Model,
			Sent: it.At, Ended: n.ended, Usage: it.Cost.Usage,
		})
	}
	return nil
}

// onBilled writes down what the log says of an answer, wherever it stands by now.
func (s *Screen) onBilled(msg BilledMsg) tea.Cmd {
	note := func(m *Message) {
		if m.ID != msg.Answer {
			return
		}
		m.Cost.Missing = !msg.Billed.OK
		if msg.Billed.OK {
			m.Cost.Billed = model.Some(msg.Billed.V.Quota)
			if msg.Billed.V.Usage.OK && !m.Cost.Usage.OK {
				m.Cost.Usage = msg.Billed.V.Usage
			}
		}
		s.dirty = true
	}
	all := s.items
	if s.cmp != nil {
		all = append(slices.Clone(all), s.cmp.lanes...)
	}
	for _, it := range all {
		note(&it.Message)
		for i := range it.Former {
			note(&it.Former[i])
		}
	}
	return s.save()
}

// unfold unfolds what is folded in the last messages, or folds it again.
func (s *Screen) unfold() {
	all := s.items
	if s.cmp != nil {
		all = s.cmp.lanes
	}
	open := false
	for _, it := range slices.Backward(all) {
		if it.folds() {
			open = !it.open
			break
		}
	}
	for _, it := range all {
		if it.folds() {
			it.open = open
			if it.Role == model.ChatUser {
				it.built = false
			}
		}
	}
}

// turn shows another answer to the last question; the conversation goes on with
// what is shown.
func (s *Screen) turn(name string) {
	it := s.last()
	if it == nil || len(it.Former) == 0 || it.running() || it != s.items[len(s.items)-1] {
		return
	}
	all := append(slices.Clone(it.Former), it.message())
	own := len(all) - 1
	all[own].Former = nil
	slices.SortStableFunc(all, func(a, b Message) int { return a.Nth - b.Nth })
	at := slices.IndexFunc(all, func(m Message) bool { return m.ID == it.ID })
	if name == "left" {
		at = max(0, at-1)
	} else {
		at = min(len(all)-1, at+1)
	}
	m := all[at]
	m.Former = slices.Delete(all, at, at+1)
	s.items = slices.Clone(s.items)
	s.items[len(s.items)-1] = newItem(m)
	s.script.items = s.items
	s.least = model.Opt[float64]{}
	s.dirty = true
}

// again asks the last question again; the answer that was there is kept beside.
func (s *Screen) again() tea.Cmd {
	if s.cmp != nil {
		s.pick()
	}
	it := newItem(Message{Nth: 1})
	if old := s.items[len(s.items)-1]; old.Role == model.ChatAssistant {
		m := old.message()
		it.Former = append(slices.Clone(m.Former), m)
		m.Former = nil
		own := &it.Former[len(it.Former)-1]
		own.Former, own.Nth = nil, max(1, own.Nth)
		it.Nth = len(it.Former) + 1
		s.items = slices.Clone(s.items[:len(s.items)-1])
	}
	return s.startAnswer(it)
}

// editLast puts the last question into the composer. The conversation goes on in
// a branch of its own, so that nothing is lost.
func (s *Screen) editLast() tea.Cmd {
	if s.cmp != nil {
		s.pick()
	}
	at := slices.Index(s.items, s.question())
	q := s.items[at]
	cmd := s.saveNow()
	s.composer.set(s.words, q.prompt())
	for _, p := range q.Parts {
		if p.Name != "" {
			s.composer.attached = append(s.composer.attached, p)
		}
	}
	s.items = slices.Clone(s.items[:at])
	s.conv.ID, s.conv.Created, s.dirty = s.id(), s.opt.Now(), false
	s.see()
	s.setFocus(onComposer)
	s.notice = s.words.Edited
	return cmd
}

// snapshot is the conversation as it is now. It shares no memory that changes.
func (s *Screen) snapshot() Conversation {
	c := s.conv
	c.Messages, c.Updated = s.messages(), s.opt.Now()
	if s.cmp != nil {
		c.Messages = append(c.Messages, s.cmp.message())
	}
	for i := range c.Messages {
		c.Messages[i].Former = slices.Clone(c.Messages[i].Former)
	}
	return c
}

// saveEvery is the least time between two writes while an answer streams.
const saveEvery = time.Second

// stored says that a conversation was written.
type stored struct{ fault error }

func (stored) chatMsg() {}

// save writes the conversation if that is due.
func (s *Screen) save() tea.Cmd {
	if s.saving || s.streaming() && s.opt.Now().Sub(s.savedAt) < saveEvery {
		s.dirty = true
		return nil
	}
	return s.saveNow()
}

func (s *Screen) saveNow() tea.Cmd {
	if s.opt.Store == nil || s.conv.ID == "" || len(s.items) == 0 {
		return nil
	}
	s.saving, s.dirty, s.savedAt = true, false, s.opt.Now()
	c, store := s.snapshot(), s.opt.Store
	s.saver.given++
	nth := s.saver.given
	return func() tea.Msg { return stored{s.saver.save(store, c, nth)} }
}

// saver writes one conversation at a time, and none after a newer one.
type saver struct {
	given int // counted in Update
	mu    sync.Mutex
	last  map[string]int
}

func (v *saver) save(store Store, c Conversation, nth int) error {
	saved, err := c.saved()
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.last[c.ID] > nth {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := store.Save(ctx, saved); err != nil {
		return err
	}
	if v.last == nil {
		v.last = map[string]int{}
	}
	v.last[c.ID] = nth
	return nil
}

func (s *Screen) onStored(msg stored) tea.Cmd {
	s.saving = false
	if msg.fault != nil {
		s.notice, s.dirty = fmt.Sprintf(s.words.NotSaved, msg.fault), true
		return nil
	}
	if s.dirty && !s.streaming() {
		return s.save()
	}
	return nil
}
