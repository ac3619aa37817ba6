package gateway

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gatewatch/model"
)

// What a row of the log tells of its price. A row that tells none of it, or whose
// charge follows a rule that it tells in part only, has no Billing: "untold" is
// right there, and a gap would be a false alarm.

// factor is a ratio, a price or a count of a row's price. What is missing,
// negative (new-api writes -1 for "none") or no number at all is unknown: it must
// not cost the row its other fields.
type factor model.Opt[float64]

// maxFactor is far above any price, and exact as a count of tokens.
const maxFactor = 1 << 53

func (f *factor) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(string(bytes.Trim(b, `"`)), 64)
	*f = factor{V: v, OK: err == nil && v >= 0 && v <= maxFactor}
	if !f.OK {
		f.V = 0
	}
	return nil
}

func (f factor) opt() model.Opt[float64] { return model.Opt[float64](f) }

// count is the factor as a number of tokens or calls, 0 where it is unknown.
func (f factor) count() int64 { return int64(f.V) }

// basket collects the parts of a charge.
type basket struct {
	parts []model.Part
	// untold is set where something was bought whose price the row does not tell.
	untold bool
}

// tokens adds tokens that cost price prompt tokens each.
func (k *basket) tokens(kind model.TermKind, n int64, price factor) {
	if n > 0 {
		k.parts = append(k.parts, model.Part{Kind: kind, Count: n, Ratio: price.V})
		k.untold = k.untold || !price.OK
	}
}

// service adds what has a price in dollars, of which per have been told.
func (k *basket) service(kind model.TermKind, name string, n int64, price factor, per int) {
	if n <= 0 {
		return
	}
	dollars := price.V
	if per != 1 {
		// To 15 digits, since the quotient's last bit is not the price's.
		dollars, _ = strconv.ParseFloat(strconv.FormatFloat(price.V/float64(per), 'g', 15, 64), 64)
	}
	k.parts = append(k.parts, model.Part{Kind: kind, Name: intern(text(name)), Count: n, Price: dollars})
	k.untold = k.untold || !price.OK
}

// tariffs makes rows of one price share their Billing, so that the rows can be
// compared with == and 200,000 of them hold a few prices. Its zero value is ready
// and safe for concurrent use.
type tariffs struct {
	mu sync.Mutex
	// What was used lately is in now; when that is full it becomes before, and what
	// is used again comes back from there. So the price of the row before stays the
	// same pointer over the change.
	now, before map[priceKey]*model.Billing
}

// keptPrices bounds each of the two maps.
const keptPrices = 2000

type priceKey struct {
	tariff model.Tariff
	parts  string
}

// share returns the one Billing of that tariff and those parts.
func (p *tariffs) share(t model.Tariff, parts []model.Part) *model.Billing {
	key := priceKey{tariff: t, parts: partsKey(parts)}
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.now[key]
	if ok {
		return b
	}
	if b, ok = p.before[key]; !ok {
		b = &model.Billing{Tariff: t, Parts: slices.Clip(parts)}
	}
	if p.now == nil || len(p.now) >= keptPrices {
		p.before, p.now = p.now, map[priceKey]*model.Billing{}
	}
	p.now[key] = b
	return b
}

// partsKey is the same for equal parts in the same order, and for no others.
func partsKey(parts []model.Part) string {
	if len(parts) == 0 {
		return ""
	}
	b := make([]byte, 0, 48*len(parts))
	for i := range parts {
		p := &parts[i]
		for _, s := range [...]string{string(p.Kind), p.Name} {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
		b = binary.AppendVarint(b, p.Count)
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(p.Ratio))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(p.Price))
		b = strconv.AppendBool(b, p.Answer)
	}
	return string(b)
}

// oneAPINotes are the price notes of one-api's texts, as what stands before the
// model's, the group's and the completion's ratio: since 0.6.11 and before (one-api
// relay/controller/helper.go). Notes of two ratios are of images and audio, whose
// rule they do not tell; new-api names the three in another order.
var oneAPINotes = [...][3]string{
	{"倍率：", " × ", " × "},
	{"模型倍率 ", "，分组倍率 ", "，补全倍率 "},
}

// oneAPIBilling reads a price note.
func oneAPIBilling(note string, shared *tariffs) *model.Billing {
	for _, form := range &oneAPINotes {
		var ratios [3]factor
		rest, ok := note, true
		for i, before := range form {
			if rest, ok = strings.CutPrefix(rest, before); !ok {
				break
			}
			end := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
			if end < 0 {
				end = len(rest)
			}
			_ = ratios[i].UnmarshalJSON([]byte(rest[:end])) // it never fails
			if ok = ratios[i].OK; !ok {
				break
			}
			rest = rest[end:]
		}
		if ok {
			return shared.share(model.Tariff{
				Rule: model.RuleOneAPI, Rounded: true,
				Model: ratios[0].opt(), Group: ratios[1].opt(), Completion: ratios[2].opt(),
			}, nil)
		}
	}
	return nil
}
