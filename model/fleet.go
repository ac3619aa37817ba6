package model

// FleetSum is what gateways with one currency have and spend together.
type FleetSum struct {
	// Currency prints Left and PerHour: its unit is one, not a quota.
	Currency Currency
	// Left and PerHour are unknown where no gateway tells; Gateways is how many told
	// what is left.
	Left, PerHour Opt[float64]
	Gateways      int
}

// Sums adds gateways up, those whose amounts are printed alike, in their order.
// burn is a gateway's quota per hour.
func Sums(states []State, burn func(i int) Opt[float64]) []FleetSum {
	var out []FleetSum
	at := map[Currency]int{}
	for i, s := range states {
		cur := s.Currency()
		one := 1.0 // in what a sum counts: raw quota has no unit
		if !cur.Tokens() {
			one = cur.QuotaPerUnit()
		}
		cur.PerUnit = 1
		j, ok := at[cur]
		if !ok {
			j = len(out)
			at[cur] = j
			out = append(out, FleetSum{Currency: cur})
		}
		sum := &out[j]
		if q := s.Account.V.Quota; q.OK {
			sum.Left = Some(sum.Left.V + float64(q.V)/one)
			sum.Gateways++
		}
		if r := burn(i); r.OK {
			sum.PerHour = Some(sum.PerHour.V + r.V/one)
		}
	}
	return out
}
