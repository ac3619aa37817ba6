package demo

import (
	"fmt"
	"slices"
	"strings"
)

// The states of a key, as the gateways number them (one-api/189–192). Expired
// and exhausted are only set when somebody tries to use the key.
const (
	statusEnabled   = 1
	statusDisabled  = 2
	statusExpired   = 3
	statusExhausted = 4
)

const never = -1 // expired_time of a key that does not expire

// key is one API key of the user.
type key struct {
	id        int64
	secret    string // 48 characters, without the sk- in front
	status    int
	created   int64 // unix seconds
	accessed  int64
	expires   int64 // never, or unix seconds
	remain    int64 // quota units
	used      int64
	unlimited bool
	limits    *string // models it may use, separated by commas; "" and nil: all
	addresses *string // where it may be used from; shown, not enforced
	deleted   bool

	group   string    // one-hub only
	beat    heartbeat // one-hub only
	updated int64     // unix nanoseconds; opencatd only

	user         int   // index into Server.people
	total, calls int64 // quota units and calls ever, whatever used says

	names []naming
	off   []span
}

// naming is a name and since when the key has it: rows keep the name that the
// key had when they were written.
type naming struct {
	from int64 // unix nanoseconds
	name string
}

// span is a stretch of time without calls, in unix nanoseconds; to is not part
// of it.
type span struct{ from, to int64 }

const forever = 1<<63 - 1

func (k *key) name() string { return k.names[len(k.names)-1].name }

func (k *key) nameAt(at int64) string {
	for _, n := range slices.Backward(k.names) {
		if n.from <= at {
			return n.name
		}
	}
	return k.names[0].name
}

func (k *key) rename(at int64, name string) {
	if k.name() != name {
		k.names = append(k.names, naming{at, name})
	}
}

// allows says whether the key may use a model.
func (k *key) allows(model string) bool {
	return k.limits == nil || *k.limits == "" || slices.Contains(strings.Split(*k.limits, ","), model)
}

func (k *key) expired(now int64) bool { return k.expires != never && k.expires <= now/1e9 }

func (k *key) exhausted() bool { return !k.unlimited && k.remain <= 0 }

// live says whether the key's owner made calls at an instant.
func (k *key) live(at int64) bool {
	for _, s := range k.off {
		if at >= s.from && at < s.to {
			return false
		}
	}
	return true
}

// stop ends the key's traffic, from an instant on.
func (k *key) stop(at int64) {
	if n := len(k.off); n > 0 && k.off[n-1].to == forever {
		return
	}
	k.off = append(k.off, span{at, forever})
}

// review starts or stops the key's traffic after a change of the key or of the
// account, which may have become solvent or not.
func (k *key) review(now int64, solvent bool) {
	usable := solvent && !k.deleted && k.status == statusEnabled && !k.expired(now) && !k.exhausted()
	n := len(k.off)
	switch stopped := n > 0 && k.off[n-1].to == forever; {
	case usable && stopped:
		k.off[n-1].to = now
	case !usable && !stopped:
		k.stop(now)
	}
}

// habit is who uses a key for what.
type habit struct {
	name, ascii string
	calls       float64 // share of the site's calls, before scaling
	uses        []use
	limits      string
	remain      float64 // US dollars; 0: unlimited
	status      int     // 0: enabled
	expires     int64   // seconds from the server's birth; 0: never
	age         int64   // days
	user        int     // index into Server.people
}

type use struct {
	model string
	share float64 // of the key's calls
}

// habits are the dozen keys of the demonstration, in the order of their ids.
// The first one is unlimited, the fourth expired, the seventh limited to two
// models and the eighth not ASCII, as in the recordings.
func habits() []habit {
	return []habit{
		{
			name: "laptop", calls: 6, age: 210,
			uses: []use{
				{"gpt-4o-mini", 56},
				{"deepseek-reasoner", 14},
				{"claude-sonnet-4-5", 15},
				{"gpt-4o", 13},
				{"claude-opus-4", 2},
			},
		},
		{
			name: "ci-bot", calls: 12, remain: 41.5, age: 180,
			uses: []use{{"gpt-4o-mini", 71}, {"deepseek-chat", 12}, {"gpt-4o", 11}, {"claude-sonnet-4-5", 6}},
		},
		{
			name: "hackathon", calls: 0.6, remain: 0.05, age: 9,
			uses: []use{{"gpt-4o-mini", 85}, {"gpt-4o", 15}},
		},
		{name: "old-phone", remain: 1, expires: -9 * 86400, age: 400},
		{name: "intern-laptop", remain: 2.5, status: statusDisabled, age: 95},
		{
			name: "contractor", calls: 1.5, remain: 4.9, expires: 26 * 3600, age: 20,
			uses: []use{{"gpt-4o-mini", 72}, {"gpt-4o", 15}, {"claude-sonnet-4-5", 13}},
		},
		{
			name: "mobile-app", calls: 8, remain: 18.2, limits: "gpt-4o-mini,gpt-4o", age: 130,
			uses: []use{{"gpt-4o-mini", 93}, {"gpt-4o", 7}},
		},
		{
			name: "中文 令牌 🚀", ascii: "rocket", calls: 5, remain: 12, age: 77,
			uses: []use{{"deepseek-chat", 50}, {"gpt-4o-mini", 32}, {"gemini-2.5-pro", 7}, {"deepseek-reasoner", 8}, {"gpt-4o", 3}},
		},
		{
			name: "客服机器人", ascii: "support-bot", calls: 30, age: 160,
			uses: []use{{"deepseek-chat", 46}, {"gpt-4o-mini", 44}, {"text-embedding-3-small", 10}},
		},
		{
			name: "データ分析", ascii: "data-analysis", calls: 6, remain: 30, age: 60,
			uses: []use{{"deepseek-chat", 46}, {"gemini-2.5-pro", 22}, {"deepseek-reasoner", 10}, {"text-embedding-3-small", 22}},
		},
		{
			name: "자동화-n8n", ascii: "automation-n8n", calls: 5, remain: 9.4, age: 44,
			uses: []use{{"gpt-4o-mini", 60}, {"text-embedding-3-small", 40}},
		},
		{
			name: "docs-search 🔍", ascii: "docs-search", calls: 26, age: 110,
			uses: []use{{"text-embedding-3-small", 85}, {"gpt-4o-mini", 15}},
		},
	}
}

// usedSeconds is how much usual traffic the lifetime counters stand for when the
// server is born: eleven to twelve days, more than the log still holds.
func (w *world) usedSeconds() float64 { return 11*86400 + float64(mix(w.seed)%86400) }

// newKeys makes the keys of the habits. ids count from first; birth is in unix
// seconds.
func newKeys(w *world, habits []habit, first, birth int64, ascii bool) []*key {
	keys := make([]*key, len(habits))
	for i, h := range habits {
		name := h.name
		if ascii && h.ascii != "" {
			name = h.ascii
		}
		k := &key{
			id:        first + int64(i),
			status:    max(h.status, statusEnabled),
			created:   birth - h.age*86400 - int64(i)*977,
			expires:   never,
			unlimited: h.remain == 0,
			remain:    int64(h.remain * quotaPerUnit),
			limits:    &h.limits,
			addresses: new(string),
			names:     []naming{{name: name}},
			user:      h.user,
		}
		k.secret = secret(k.id)
		k.accessed = k.created
		if h.expires != 0 {
			k.expires = birth + h.expires
		}
		keys[i] = k
	}
	for _, p := range w.pairs {
		keys[p.key].used += w.lifetime(p.share * p.spend)
		keys[p.key].calls += w.lifetime(p.share)
		keys[p.key].accessed = birth
	}
	for _, k := range keys {
		k.total = k.used
	}
	return keys
}

// lifetime is what happened before the server was born of something that happens
// so often per call.
func (w *world) lifetime(perCall float64) int64 {
	return int64(max(0, w.rate) * perCall * w.usedSeconds())
}

// secret is a key that is obviously none, of the right length and alphabet.
func secret(id int64) string { return fmt.Sprintf("demo%044d", id) }

// mask is how new-api shows a key in lists (new-api/090).
func mask(secret string) string {
	return secret[:4] + "**********" + secret[len(secret)-4:]
}
