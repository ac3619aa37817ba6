// Package ui is everything that a person sees. UI is the only tea.Model: it
// routes and does not act; panes are structs with methods, and what they draw
// from is derived in package model. Nothing here does I/O or asks the clock.
package ui

import (
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"gatewatch/model"
	"gatewatch/ui/chat"
	"gatewatch/ui/overview"
	"gatewatch/ui/pane"
	"gatewatch/ui/text"
	"gatewatch/ui/theme"
)

// Poller is what the screen asks of whoever polls.
type Poller interface {
	// Poke asks every source of a gateway now.
	Poke(gateway string)
	// Want says what the screen shows.
	Want(model.Want)
	// Follow has the log of a gateway read, or no longer, while it is not shown.
	Follow(gateway string, on bool)
}

// Options say how the screen begins.
type Options struct {
	Fleet  model.Fleet
	Now    time.Time
	Window model.Window
	// Zone is where days begin and times are told.
	Zone *time.Location
	// Theme is one of theme.Names.
	Theme string
	Words *text.Words
	// Refresh is the least time between two frames that only data brings about.
	Refresh time.Duration
	// ReadOnly removes every writing action; Private masks names and amounts; Demo
	// marks the embedded gateway.
	ReadOnly, Private, Demo bool
	// Warnings are said in the alert line while nothing worse is to be said.
	Warnings []string
	// Fault is what is wrong with the history now, "" when nothing is; it must not
	// wait.
	Fault  func() string
	Poller Poller
	Alerts AlertOptions
	// Chat makes the chat screen; without a Service there is none.
	Chat chat.Options
	// OwnKey is the masked text of the key that a gateway's configuration names, ""
	// for none; nil where there is none anywhere.
	OwnKey func(gateway string) string
	// Busy reports that the last frame is still on its way to the terminal; no new
	// one is made meanwhile. nil means never.
	Busy func() bool
	// AskSync asks the terminal for synchronized output, which the framework does
	// not do over ssh.
	AskSync bool
}

// UI is the root of the screen.
type UI struct {
	opt   Options
	fleet model.Fleet
	now   time.Time

	commands []command
	paneKeys pane.Keys
	panes    [numPanes]Pane
	spend    *overview.Spend
	screen   ScreenID
	focus    PaneID
	// lastFocus is the pane that had the focus when its screen was left.
	lastFocus [numScreens]PaneID
	zoom      bool
	filters   [numPanes]string

	window  model.Window
	theme   *theme.Theme
	dark    bool
	private bool
	mouse   bool

	// data is what is drawn; it lags behind fleet by at most one refresh, or for
	// as long as the screen is frozen.
	data     pane.Data
	frozen   bool
	filling  bool // a frame is due because the window is being filled
	drawnAt  time.Time
	eagerTil time.Time // after "ask now", answers are drawn as they come

	popup    popup
	typing   bool // the filter line takes the keys
	input    textinput.Model
	notice   string    // said in the footer until the next key
	rereadAt time.Time // when the log was last asked to be read once more
	chat     *chat.Screen
	billing  billing
	alerts   alerts

	w, h int
	frame
}

// New returns the screen.
func New(opt Options) *UI {
	if opt.Words == nil {
		opt.Words = &text.English
	}
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	if opt.Refresh <= 0 {
		opt.Refresh = 5 * time.Second
	}
	u := &UI{
		opt: opt, fleet: opt.Fleet, now: opt.Now, window: opt.Window, private: opt.Private, dark: true,
		commands: commands(opt.Words), focus: PaneNow,
	}
	u.paneKeys = paneKeys(u.commands)
	u.panes, u.spend = newPanes()
	u.theme = theme.Get(opt.Theme, u.dark)
	u.input = newInput()
	u.alerts.pressedAt = opt.Now // who starts the program looks at it
	if opt.Chat.Service != nil {
		u.chat = chat.New(opt.Chat)
	}
	u.refresh()
	return u
}

func newInput() textinput.Model {
	in := textinput.New()
	in.SetVirtualCursor(false)
	in.Prompt = ""
	in.CharLimit = 200
	return in
}

// tickMsg is the one clock of the screen.
type tickMsg time.Time

func (u *UI) tick() tea.Cmd {
	return tea.Tick(u.opt.Refresh, func(t time.Time) tea.Msg { return tickMsg(t) })
}

// DrainedMsg says that the terminal took the last frame.
type DrainedMsg struct{}

// Init starts the clock and asks the terminal what it can do.
func (u *UI) Init() tea.Cmd {
	cmds := []tea.Cmd{u.tick()}
	if u.opt.Theme == "auto" || u.opt.Theme == "" {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if u.opt.AskSync {
		cmds = append(cmds, tea.Raw(ansi.RequestModeSynchronizedOutput))
	}
	if u.opt.Alerts.Notify {
		// Which notification a terminal knows, only itself can tell over ssh.
		cmds = append(cmds, tea.Raw(ansi.RequestNameVersion))
	}
	return tea.Batch(cmds...)
}

// Update routes a message to whoever it concerns.
func (u *UI) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case model.Update:
		cmd := tea.Batch(u.fold(msg), u.judgeFor(msg))
		if msg.Source == model.SourceCalls {
			cmd = tea.Batch(cmd, u.bill(msg.Gateway))
		}
		return u, cmd
	case tea.FocusMsg:
		u.alerts.focused = model.Some(true)
		return u, nil
	case tea.BlurMsg:
		u.alerts.focused = model.Some(false)
		return u, nil
	case tea.TerminalVersionMsg:
		u.opt.Alerts.Terminal = u.opt.Alerts.Terminal.Answered(msg.Name)
		return u, nil
	case journalMsg:
		u.changed()
		u.showJournal(msg)
		return u, nil
	case filledMsg:
		u.filling = false
		u.refresh()
		return u, nil
	case tickMsg:
		u.onTick(time.Time(msg))
		return u, u.tick()
	case tea.WindowSizeMsg:
		if u.w != msg.Width || u.h != msg.Height {
			u.w, u.h = msg.Width, msg.Height
			u.changed()
		}
		return u, nil
	case tea.BackgroundColorMsg:
		if u.dark != msg.IsDark() {
			u.dark = msg.IsDark()
			return u, u.setTheme(u.opt.Theme)
		}
		return u, nil
	case tea.KeyPressMsg:
		u.changed()
		u.alerts.pressedAt = u.now
		return u, u.press(msg)
	case tea.PasteMsg:
		u.changed()
		return u, u.paste(msg)
	case tea.MouseClickMsg:
		u.changed()
		u.click(msg.Mouse())
		return u, nil
	case tea.MouseWheelMsg:
		u.changed()
		return u, u.wheel(msg.Mouse())
	case chat.Msg:
		return u, u.toChat(msg)
	case chat.Answered:
		return u, u.await(msg)
	case pane.Opened:
		u.changed()
		u.popup = newCardPopup(msg.Card)
		return u, nil
	case pane.Copied:
		u.changed()
		u.notice = copiedNotice(u.opt.Words, msg)
		if u.onChat() {
			u.notice = msg.Name // it says itself what was copied
		}
		return u, tea.SetClipboard(msg.Text)
	case pane.Switched:
		u.changed()
		u.showGateway(msg.Index)
		return u, u.show(ScreenOverview)
	case pane.FilterCalls:
		u.changed()
		u.filterCalls(msg.Text)
		return u, nil
	}
	return u, nil
}

// fold takes an update in. What only brings new figures waits for the next
// refresh; the first answer of a source and a change of health are drawn at
// once.
func (u *UI) fold(up model.Update) tea.Cmd {
	if up.At.After(u.now) { // what is known from before moves no clock
		u.now = up.At
	}
	i := u.fleet.Index(up.Gateway)
	if i < 0 {
		return nil
	}
	was := u.fleet.States[i].Sources[up.Source]
	u.fleet = u.fleet.Apply(up)
	is := u.fleet.States[i].Sources[up.Source]
	if i != u.fleet.Current {
		// The others are on the screen of all gateways alone, and not in a hurry.
		return nil
	}
	if _, ok := up.Payload.(model.Past); ok {
		u.refresh() // the window that was just chosen becomes complete
		return nil
	}
	urgent := was.LastOK.IsZero() != is.LastOK.IsZero() || was.Fault != is.Fault || up.At.Before(u.eagerTil)
	// The log is what moves most: its answer is the beat of the screen, so that
	// what is seen is never older than one poll.
	beat := up.Source == model.SourceCalls && up.At.Sub(u.drawnAt) >= u.opt.Refresh/2
	if urgent || beat {
		u.refresh()
		return nil
	}
	if up.Source == model.SourceCalls && !u.filling && u.data.Summary.Totals.Coverage < 1 && !u.frozen {
		// While the window is being filled, that is worth looking at.
		u.filling = true
		return tea.Tick(fillRefresh, func(time.Time) tea.Msg { return filledMsg{} })
	}
	return nil
}

// filledMsg says that what filled the window lately is to be drawn.
type filledMsg struct{}

// fillRefresh is the least time between two frames while the window is filled.
const fillRefresh = time.Second

func (u *UI) onTick(now time.Time) {
	u.now = now
	// The log's answers are the beat; the clock only steps in where they fail to
	// come. It must not draw right before one, which would then be too soon to be
	// drawn: the screen would be two polls old, each time.
	patience := u.opt.Refresh * 9 / 10
	if log := u.current().Sources[model.SourceCalls]; log.Every > 0 && log.Every <= u.opt.Refresh && now.Sub(log.LastOK) < log.Every+time.Second {
		patience = u.opt.Refresh * 3 / 2
	}
	if now.Sub(u.drawnAt) >= patience {
		u.refresh()
	}
}

// refresh derives what is drawn from what is known, unless the screen is
// frozen.
func (u *UI) refresh() {
	u.changed()
	u.drawnAt = u.now
	if u.frozen {
		return
	}
	u.derive()
}

// derive computes the data that panes draw from.
func (u *UI) derive() {
	s := u.fleet.States[u.fleet.Current].Tick(u.now)
	u.data = pane.Data{
		State: s, Summary: model.Summarise(s, u.window, u.opt.Zone),
		Theme: u.theme, Words: u.opt.Words, Zone: u.opt.Zone, Private: u.private,
		Fleet: u.fleet.States, Current: u.fleet.Current,
	}
	u.look()
	u.recheck()
}

// rereadEvery is how often the log is read a third time while it does not add up
// to the gateway's sum.
const rereadEvery = 10 * time.Minute

// recheck has a part of the log read once more that was read twice and does not
// add up to the gateway's own sum. Rows that the gateway has dropped are nowhere else:
// its answer would take the place of ours.
func (u *UI) recheck() {
	r := u.data.Summary.Reconcile
	again := r.Cause != model.CauseLate && r.Cause != model.CausePurged
	if r.State == model.ReconcileGap && again && u.now.Sub(u.rereadAt) >= rereadEvery {
		u.rereadAt = u.now
		u.wantAgain(r.Span)
	}
}

// look takes the chart's cursor into the data.
func (u *UI) look() {
	u.data.Spot = u.spend.Spot(u.data)
	u.data.Spenders = nil
	if u.data.Spot.OK {
		u.data.Spenders = model.Spenders(u.data.State, u.data.Spot.V)
	}
	u.dataRev++
}

// current is the gateway on the screen.
func (u *UI) current() model.State { return u.fleet.States[u.fleet.Current] }

// want tells the poller what the screen shows.
func (u *UI) want() { u.wantAgain(model.Span{From: 1}) }

// wantAgain is want with a part of the log that is to be read once more.
func (u *UI) wantAgain(reread model.Span) {
	if u.opt.Poller != nil {
		u.opt.Poller.Want(model.Want{Gateway: u.current().Gateway.Name, Scope: u.scope(), Window: u.window, Channels: u.screen == ScreenAdmin, Reread: reread})
	}
}
