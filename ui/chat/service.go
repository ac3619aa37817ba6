package chat

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"time"

	"gatewatch/model"
)

// Via is the way a question goes: a gateway by its name and one of its keys by
// KeyInfo.ID, "" for the one that the config names. KeyName is what the key is called.
type Via struct{ Gateway, Key, KeyName string }

// Ref is the key as the gateway's log names it, unknown of the configuration's own.
func (v Via) Ref() model.KeyRef {
	id, err := strconv.ParseInt(v.Key, 10, 64)
	if err != nil {
		return model.KeyRef{}
	}
	return model.KeyRef{ID: id, Name: v.KeyName}
}

// Service speaks to language models.
type Service interface {
	// Stream asks a question. The deltas come as they arrive; the last one has an
	// End. Cancelling ctx ends it with ChatStopped.
	Stream(ctx context.Context, via Via, r model.ChatRequest) iter.Seq2[model.Delta, error]
	// Models lists what can be asked with a key, with prices and our own measurements.
	Models(ctx context.Context, via Via) ([]ModelInfo, error)
	// Keys lists the keys that can be used.
	Keys(ctx context.Context, gateway string) ([]KeyInfo, error)
}

// ModelInfo is one language model that a gateway offers.
type ModelInfo struct {
	Name  string
	Price Price
	// Calls is how many calls our own figures come from.
	Calls int64
	// First is the median time to the first token, Errors the share that failed,
	// Mean the mean cost of a call in quota units: measured by us here.
	First  model.Opt[time.Duration]
	Errors model.Opt[float64]
	Mean   model.Opt[float64]
}

// lately takes our own figures from the window on the screen, where the history has
// none.
func (m *ModelInfo) lately(models []model.ModelUsage) {
	i := slices.IndexFunc(models, func(u model.ModelUsage) bool { return u.Model == m.Name })
	if i < 0 {
		return
	}
	u := models[i]
	m.First, m.Errors = u.FirstTokenP50, u.ErrorRate()
	if u.CallsKnown && u.Calls > 0 {
		m.Calls, m.Mean = u.Calls, model.Some(float64(u.Quota)/float64(u.Calls))
	}
}

// Price is what a model costs for this account, in quota units, its group's
// ratio included.
type Price struct {
	// In, Out and Cached are per million tokens. Where Cached is unknown, what
	// was cached counts as In: an estimate is then too high, never too low.
	In, Out, Cached model.Opt[float64]
	// PerCall is a fixed price per call, instead of the others or beside them.
	PerCall model.Opt[float64]
}

// Known reports whether anything is known of the price.
func (p Price) Known() bool { return p.In.OK || p.Out.OK || p.PerCall.OK }

// KeyInfo is one key.
type KeyInfo struct {
	ID, Name string
	// Note says what should be known of it: what is left, its group. It may be
	// foreign text.
	Note string
	// Why says why it cannot be used, "" when it can.
	Why string
}

// Saved is a conversation as it is stored. Body is its own business; the rest is
// what a list shows.
type Saved struct {
	ID, Name, Gateway, Model string
	Updated                  time.Time
	Messages                 int
	Body                     []byte
}

// Store keeps conversations. Save is called at most once a second while an answer
// streams and once at its end, and never twice at a time for one conversation.
type Store interface {
	// Save writes a conversation or replaces it.
	Save(ctx context.Context, s Saved) error
	// List returns all conversations without their bodies, the last one first.
	List(ctx context.Context) ([]Saved, error)
	Load(ctx context.Context, id string) (Saved, error)
	Rename(ctx context.Context, id, name string) error
	Delete(ctx context.Context, id string) error
}

// Msg is a message that is meant for the Screen: hand it to Update, whichever
// screen is shown.
type Msg interface{ chatMsg() }

// Answered says that an answer has ended and will be in the gateway's log.
// Whoever reads the log looks for it and sends BilledMsg. The Screen returns it
// from a command; it is meant for the outside and is no Msg.
type Answered struct {
	Via Via
	// Answer names the answer in BilledMsg.
	Answer string
	model.ChatMark
}

// Billed is what the gateway's log says of an answer.
type Billed struct {
	RequestID string
	// At is the second of the row, by the gateway's clock.
	At    int64
	Model string
	Quota model.Quota
	Usage model.Opt[model.ChatUsage]
}

// BilledBy is what a row of the log says of an answer. That of a failure tells no
// tokens.
func BilledBy(c *model.Call) Billed {
	b := Billed{RequestID: c.RequestID, At: c.At, Model: c.Model, Quota: c.Quota}
	if c.Kind == model.KindConsume {
		b.Usage = model.Some(model.ChatUsage{Prompt: c.Prompt, Completion: c.Completion, Cached: c.Cached})
	}
	return b
}

// BilledMsg tells the Screen what an answer cost. An unknown Billed says that it
// did not come: "not in the log", or that there is no log.
type BilledMsg struct {
	Answer string
	Billed model.Opt[Billed]
	NoLog  bool
}

func (BilledMsg) chatMsg() {}
