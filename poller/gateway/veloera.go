package gateway

import (
	"context"

	"gatewatch/model"
)

// veloera speaks with Veloera, a fork of new-api 0.6: its log, sums and hours are
// new-api's, its type 5 is a check-in, and its key list counts pages from 0. It
// wants Veloera-User. Source: gateways.md; no running one was recorded.
type veloera struct{ *newAPI }

var veloeraKinds = map[number]model.Kind{
	1: model.KindTopUp, 2: model.KindConsume, 3: model.KindManage, 4: model.KindSystem, 5: model.KindCheckIn,
}

func newVeloera(c *Client, status statusData) veloera {
	n := newNewAPI(c, status)
	n.title, n.kinds, n.fast = Veloera, veloeraKinds, false
	n.keysFrom0.Store(true)
	n.channelsFrom0.Store(true)
	return veloera{n}
}

func (v veloera) details(context.Context) (model.Details, error) {
	return model.Details{}, v.c.unsupported("subscriptions and the site's own health")
}
