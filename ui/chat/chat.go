// Package chat is the screen on which a language model is tried: a conversation
// that streams, keeps itself, and says what each answer cost.
//
// Screen is a struct with methods, not a tea.Model. Update changes what is known
// and draws nothing; View draws what is in sight, and keeps it until something
// changes.
package chat

import (
	"fmt"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatewatch/model"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
)

// Options say what the screen works with.
type Options struct {
	Service Service
	// Store keeps conversations; nil keeps them until the program ends.
	Store Store
	Words *text.ChatWords
	// Defaults are the settings that a new conversation begins with.
	Defaults Settings
	// Now is the clock, Go starts a goroutine; nil for the usual ones.
	Now func() time.Time
	Go  func(func())
	// Later sends a message after a while; nil for tea.Tick.
	Later func(time.Duration, tea.Msg) tea.Cmd
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
	chord    *chord // c was pressed
	pop      popup
	notice   string
	shown    int                // lines of the transcript in sight, for half pages
	least    model.Opt[float64] // tokens said so far, at least; unknown when it must be counted

	models      []ModelInfo
	modelsFrom  string // the gateway that models are of
	modelsFor   Via    // what they were asked with
	modelsFault string
	modelsAt    time.Time
	loading     Via       // what they are asked with at the moment
	askedAt     time.Time // when they were asked for last

	// used are the model and the key that were chosen last, by gateway: none of them
	// means the same at another one.
	used map[string]Settings

	elsewhere     bool // the conversation is with another gateway than the one shown
	dirty, saving bool
	drafting      bool // the message that is being written will be saved
	kept          mark // as it was last written
	savedAt       time.Time
	saver         saver

	// awaited are the answers whose row in the log is looked for, with the
	// conversations that hold them; late are the bills of those that were not on the
	// screen when they came.
	awaited  map[string][]string
	late     map[string]BilledMsg
	recalled bool // the conversations of the last time were looked through
	fleeting bool // what is kept ends with the program
	endedAt  time.Time
	made     int // names given out

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
	if opt.Later == nil {
		opt.Later = func(after time.Duration, msg tea.Msg) tea.Cmd {
			return tea.Tick(after, func(time.Time) tea.Msg { return msg })
		}
	}
	fleeting := opt.Store == nil
	if fleeting {
		opt.Store = &session{of: map[string]Saved{}}
	}
	s := &Screen{
		fleeting: fleeting, opt: opt, words: opt.Words, bindings: Bindings(opt.Words), running: map[string]*item{},
		used: map[string]Settings{}, awaited: map[string][]string{}, late: map[string]BilledMsg{}, hub: newHub(opt.Now), composer: newComposer(),
	}
	s.conv.Settings = opt.Defaults
	s.begin("")
	return s
}

// begin puts a new conversation up.
func (s *Screen) begin(gateway string) {
	s.conv = Conversation{Gateway: gateway, Settings: s.settingsAt(gateway)}
	s.items, s.cmp, s.versus = nil, nil, nil
	s.see()
	s.arrived(s.composer.parts() != nil)
}

// settingsAt are the settings of the next conversation: at another gateway than this
// one with the model and the key that were last used there.
func (s *Screen) settingsAt(gateway string) Settings {
	set := s.conv.Settings
	s.remember()
	if gateway != s.conv.Gateway {
		at, ok := s.used[gateway]
		if !ok {
			at = s.opt.Defaults
		}
		set.Model, set.Key, set.KeyName = at.Model, at.Key, at.KeyName
	}
	return set
}

// remember keeps the model and the key for the next conversation at this gateway.
func (s *Screen) remember() {
	if s.conv.Gateway != "" && s.conv.Model+s.conv.Key != "" {
		s.used[s.conv.Gateway] = Settings{Model: s.conv.Model, Key: s.conv.Key, KeyName: s.conv.KeyName}
	}
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
		s.conv.Settings, s.versus = s.settingsAt(d.State.Gateway.Name), nil
		s.conv.Gateway = d.State.Gateway.Name
	}
	if !s.fleeting && !s.recalled {
		return s.recall() // which says whose models to ask for
	}
	return s.askModels()
}

// Close stops what streams and returns the conversation as it is, for whoever
// stores it on the way out; ok is false when there is nothing new.
func (s *Screen) Close() (last Saved, ok bool) {
	s.hub.stopAll()
	s.saver.end()
	if !s.changed() && !s.saving && len(s.running) == 0 {
		return Saved{}, false
	}
	s.named()
	c := s.snapshot()
	if len(c.Messages) == 0 && c.Draft == nil {
		return Saved{}, false
	}
	saved, err := c.saved()
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
	return tea.Batch(s.take(msg, d), s.keepDraft())
}

func (s *Screen) take(msg tea.Msg, d pane.Data) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return tea.Batch(s.press(msg, d), s.askPrices())
	case tea.PasteMsg:
		return s.Paste(msg)
	case streamed:
		cmd := s.onStreamed(msg)
		s.noteEnd(msg)
		return cmd
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
		cmd := s.onLoaded(msg)
		if msg.fault == nil && s.conv.ID == msg.conv.ID {
			cmd = tea.Batch(cmd, s.askModels(), s.onResumed())
		}
		return cmd
	case recalled:
		return s.onRecalled(msg)
	case billLost:
		s.notice = fmt.Sprintf(s.words.NotSaved, msg.fault)
	case draftDue:
		s.drafting = false
		return s.save()
	case listChanged:
		return s.onListChanged(msg)
	case openEditor:
		if msg.fault != nil {
			s.notice = fmt.Sprintf(s.words.NoEditor, msg.fault)
			return nil
		}
		return runEditor(msg.path, msg.draft)
	case edited:
		if msg.fault != nil {
			s.notice = fmt.Sprintf(s.words.NoEditor, msg.fault)
			if msg.path != "" {
				s.notice = fmt.Sprintf(s.words.EditorKept, msg.path, msg.fault)
			}
			return nil
		}
		s.composer.set(s.words, msg.text)
	case attached:
		if s.notice = msg.fault; msg.fault == "" {
			s.composer.attach(msg.part)
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
	return s.keepDraft()
}
