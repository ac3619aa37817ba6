package ui

import (
	"errors"
	"testing"

	"gatewatch/model"
	"gatewatch/ui/chat"
)

// answered is an answer that is over, with its row in the log to come.
func answered(answer, request string, prompt, completion int64) chat.Answered {
	return chat.Answered{
		Via: chat.Via{Gateway: "prod", Key: "1", KeyName: "laptop"}, Answer: answer, ChatMark: model.ChatMark{
			RequestID: request, Model: "gpt-4o", Key: model.KeyRef{ID: 1, Name: "laptop"},
			Sent: at(t0 - 9), Ended: at(t0 - 5), Usage: model.Some(model.ChatUsage{Prompt: prompt, Completion: completion}),
		},
	}
}

// rows gives the screen rows of the log.
func rows(u *UI, calls ...model.Call) { rowsUpTo(u, t0, calls...) }

func rowsUpTo(u *UI, to int64, calls ...model.Call) {
	for i := range calls {
		calls[i].Model = "gpt-4o"
		if calls[i].Kind != model.KindError {
			calls[i].Kind = model.KindConsume
		}
		if calls[i].Key == "" {
			calls[i].Key = "laptop"
		}
	}
	f := feed{}
	f.add(model.SourceCalls, model.CallsRead{Span: model.Span{From: t0 - 20, To: to}, Calls: calls, ReadAt: to + 5})
	u.Update(f[0])
}

func TestAnAnswersRowIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		answers []chat.Answered
		rows    []model.Call
		left    int // answers still looked for
	}{
		"by its request id": {
			[]chat.Answered{answered("a", "req-1", 5, 7)},
			[]model.Call{{At: t0 - 5, RequestID: "req-2", Prompt: 5, Completion: 7, Quota: 1}, {At: t0 - 5, RequestID: "req-1", Prompt: 6, Completion: 8, Quota: 2}},
			0,
		},
		"by its tokens": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 5, Prompt: 50, Completion: 7}},
			0,
		},
		"two rows fit, of different amounts": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 4}},
			1,
		},
		"two equal questions, one row yet": {
			[]chat.Answered{answered("a", "", 5, 7), answered("b", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}},
			2,
		},
		"two equal questions, two equal rows": {
			[]chat.Answered{answered("a", "", 5, 7), answered("b", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 3}},
			0,
		},
		"another key's row fits as well": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 4, Key: "ci-bot"}},
			0,
		},
		"only another key's row fits": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3, Key: "laptop", KeyID: 2}},
			1,
		},
		"two rows fit, and both cost the same": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 3}},
			0,
		},
		"equal questions with ids of a gateway whose rows have none": {
			[]chat.Answered{answered("a", "id-1", 5, 7), answered("b", "id-2", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}, {At: t0 - 4, Prompt: 5, Completion: 7, Quota: 3}},
			0,
		},
		"the same, with one row yet": {
			[]chat.Answered{answered("a", "id-1", 5, 7), answered("b", "id-2", 5, 7)},
			[]model.Call{{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 3}},
			2,
		},
		"a failure that was logged": {
			[]chat.Answered{answered("a", "id-1", 5, 7)},
			[]model.Call{{At: t0 - 5, Kind: model.KindError, RequestID: "id-1"}},
			0,
		},
		"another time": {
			[]chat.Answered{answered("a", "", 5, 7)},
			[]model.Call{{At: t0 - 19, Prompt: 5, Completion: 7, Quota: 3}},
			1,
		},
	} {
		u := screen(t, 120, 40, nil, withChat)
		for _, a := range c.answers {
			u.Update(a)
		}
		rows(u, c.rows...)
		if len(u.billing.awaited) != c.left {
			t.Errorf("%s: %d answers are still looked for, want %d", name, len(u.billing.awaited), c.left)
		}
	}
	u := screen(t, 120, 40, nil, withChat)
	u.Update(answered("a", "req-1", 5, 7))
	rows(u) // up to five seconds after its end
	u.now = u.now.Add(2 * billWait)
	if u.bill("prod"); len(u.billing.awaited) != 1 {
		t.Error("it is said to be missing before all of its time was read")
	}
	rowsUpTo(u, t0+20)
	u.now = u.now.Add(2 * billWait)
	u.bill("prod")
	if len(u.billing.awaited) != 0 {
		t.Error("an answer is looked for for ever")
	}
}

// A gateway that keeps no log is not waited for.
func TestAnAnswerOfAGatewayWithoutALog(t *testing.T) {
	u := screen(t, 120, 40, nil, withChat)
	u.Update(model.Update{Gateway: "prod", Source: model.SourceCalls, At: at(t0), Err: errors.ErrUnsupported})
	u.Update(answered("a", "", 5, 7))
	if len(u.billing.awaited) != 0 {
		t.Error("its row is looked for")
	}
}

// A log that cannot be read says nothing of an answer.
func TestALogThatFailsIsNoLogWithoutTheAnswer(t *testing.T) {
	u := screen(t, 120, 40, nil, withChat)
	u.Update(answered("a", "req-1", 5, 7))
	u.Update(model.Update{Gateway: "prod", Source: model.SourceCalls, At: u.now.Add(3 * billWait / 2), Err: errors.New("HTTP 500")})
	u.Update(model.Update{Gateway: "staging 中文", Source: model.SourceCalls, At: u.now.Add(3 * billWait / 2), Err: errors.New("HTTP 500")})
	if len(u.billing.awaited) != 1 {
		t.Error("the answer is said not to be in a log that nobody could read")
	}
	u.Update(model.Update{Gateway: "prod", Source: model.SourceCalls, At: u.now.Add(2 * model.Keep), Err: errors.New("HTTP 500")})
	if len(u.billing.awaited) != 0 {
		t.Error("it is looked for for ever")
	}
}

// One row is the row of one answer, however often it is read.
func TestARowIsTakenOnce(t *testing.T) {
	u := screen(t, 120, 40, nil, withChat)
	u.Update(answered("a", "", 5, 7))
	row := model.Call{At: t0 - 5, Prompt: 5, Completion: 7, Quota: 30_000}
	rows(u, row)
	again := answered("b", "", 5, 7)
	again.Sent, again.Ended = at(t0-4), at(t0-1)
	u.Update(again)
	rows(u, row)
	if len(u.billing.awaited) != 1 {
		t.Fatal("the row of the first answer was taken for the second")
	}
	second := row
	second.At, second.Quota = t0-1, 31_000
	rows(u, row, second)
	if len(u.billing.awaited) != 0 {
		t.Error("the second answer's own row was not found")
	}
}

// What the configured key is called tells its rows from those of other keys.
func TestTheConfiguredKeysRows(t *testing.T) {
	for name, c := range map[string]struct {
		own    string
		usage  model.Opt[model.ChatUsage]
		row    model.Call
		to     int64
		billed bool
	}{
		"its own":                       {"sk-aaaa…1111", model.Some(model.ChatUsage{Prompt: 5, Completion: 7}), model.Call{Key: "laptop"}, t0, true},
		"another's":                     {"sk-aaaa…1111", model.Some(model.ChatUsage{Prompt: 5, Completion: 7}), model.Call{Key: "ci-bot"}, t0, false},
		"a key that is not listed":      {"sk-cccc…3333", model.Some(model.ChatUsage{Prompt: 5, Completion: 7}), model.Call{Key: "ci-bot"}, t0, true},
		"no usage and no key":           {"sk-cccc…3333", model.Opt[model.ChatUsage]{}, model.Call{Key: "laptop"}, t0 + 300, false},
		"no usage, and others may come": {"sk-aaaa…1111", model.Opt[model.ChatUsage]{}, model.Call{Key: "laptop"}, t0, false},
		"no usage, and it alone can be": {"sk-aaaa…1111", model.Opt[model.ChatUsage]{}, model.Call{Key: "laptop"}, t0 + 300, true},
		"no usage, and another key's":   {"sk-aaaa…1111", model.Opt[model.ChatUsage]{}, model.Call{Key: "ci-bot"}, t0 + 300, false},
	} {
		u := screen(t, 120, 40, nil, withChat)
		u.opt.OwnKey = func(string) string { return c.own }
		u.fleet = u.fleet.Apply(model.Update{Gateway: "prod", Source: model.SourceKeys, At: at(t0), Payload: model.Keys{
			{ID: 1, Name: "laptop", Masked: "sk-aaaa…1111"}, {ID: 2, Name: "ci-bot", Masked: "sk-bbbb…2222"},
		}})
		a := answered("a", "", 5, 7)
		a.Via.Key, a.Via.KeyName, a.Key, a.Usage, a.Open = "", "", model.KeyRef{}, c.usage, !c.usage.OK
		u.Update(a)
		c.row.At, c.row.Prompt, c.row.Completion, c.row.Quota = t0-5, 5, 7, 3
		rowsUpTo(u, c.to, c.row)
		if got := len(u.billing.awaited) == 0; got != c.billed {
			t.Errorf("%s: billed %v", name, got)
		}
	}
}

// The whole site's log has the account's own calls as well.
func TestAnAnswerInTheSitesLog(t *testing.T) {
	u := screen(t, 120, 40, nil, withChat)
	u.fleet = u.fleet.Show(0, model.ScopeSite)
	u.fleet = u.fleet.Apply(model.Update{Gateway: "prod", Source: model.SourceAccount, At: at(t0), Payload: model.Account{Username: "alice"}})
	u.Update(answered("a", "", 5, 7))
	f := feed{}
	mine := model.Call{At: t0 - 5, Kind: model.KindConsume, Model: "gpt-4o", Key: "laptop", User: "alice", Prompt: 5, Completion: 7, Quota: 3}
	other := mine
	other.User, other.Quota = "bob", 9
	f.add(model.SourceCalls, model.CallsRead{Scope: model.ScopeSite, Span: model.Span{From: t0 - 20, To: t0}, Calls: []model.Call{other}, ReadAt: t0 + 5})
	f.add(model.SourceCalls, model.CallsRead{Scope: model.ScopeSite, Span: model.Span{From: t0 - 20, To: t0}, Calls: []model.Call{other, mine}, ReadAt: t0 + 5})
	if u.Update(f[0]); len(u.billing.awaited) != 1 {
		t.Error("another user's call was taken")
	}
	if u.Update(f[1]); len(u.billing.awaited) != 0 {
		t.Error("the own call in the site's log was not found")
	}
}

// A gateway that goes on reading a model after we have stopped writes the row when the
// model is done: it is waited for, and found by its request id.
func TestTheRowOfAStoppedAnswerComesLate(t *testing.T) {
	u := screen(t, 120, 40, nil, withChat)
	a := answered("a", "req-1", 5, 7)
	a.Open, a.Usage = true, model.Opt[model.ChatUsage]{}
	u.Update(a)
	rowsUpTo(u, t0+400)
	u.now = u.now.Add(3 * billWait)
	if u.bill("prod"); len(u.billing.awaited) != 1 {
		t.Fatal("it is said to be missing while the gateway may still be reading")
	}
	rowsUpTo(u, t0+700, model.Call{At: t0 + 600, RequestID: "req-1", Prompt: 5, Completion: 600, Quota: 9})
	if len(u.billing.awaited) != 0 {
		t.Error("the row that came after ten minutes was not found")
	}
}

// TestTheLogIsReadWhileARowIsAwaited: the person may look at another gateway meanwhile.
func TestTheLogIsReadWhileARowIsAwaited(t *testing.T) {
	a := &asked{}
	u := screen(t, 120, 40, nil, withChat, func(o *Options) { o.Poller = a })
	u.Update(answered("a", "req-1", 5, 7))
	if !a.followed["prod"] {
		t.Fatal("nobody reads the log in which the row will be")
	}
	rows(u, model.Call{At: t0 - 5, RequestID: "req-1", Prompt: 5, Completion: 7, Quota: 2})
	if a.followed["prod"] {
		t.Error("it is still read for a row that was found")
	}
}
