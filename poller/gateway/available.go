package gateway

import (
	"context"
	"maps"
	"slices"

	"gatewatch/model"
)

// Models asks for the names of the language models that the account may use, sorted;
// a key may be limited to fewer. Where the gateway does not tell it is
// ErrUnsupported. Sources: gateways.md §6, captures/new-api-rc21/125, one-api/117,
// one-hub/118.
func (g *Gateway) Models(ctx context.Context) ([]string, error) {
	const what = "the account's models"
	d, err := g.dialect()
	if err != nil {
		return nil, err
	}
	path := "/api/user/available_models"
	switch d.(type) {
	case *newAPI, veloera:
		path = "/api/user/models"
	case *oneHub:
		path = "/api/available_model"
	case *keyOnly, *openCatD:
		return nil, g.c.unsupported(what)
	}
	a, err := g.c.get(ctx, management, path, nil)
	if err != nil {
		return nil, g.c.optional(what, err)
	}
	var names []string
	if _, ok := d.(*oneHub); ok {
		var rows map[string]struct{}
		err = g.c.data(a, &rows)
		names = slices.Collect(maps.Keys(rows))
	} else {
		var rows []modelName
		err = g.c.data(a, &rows)
		names = namesOf(rows)
	}
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "" || len(n) > maxModelName })
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), maxListed)], nil
}

// MaskKey is a key as key lists show it: enough to be told from others.
func MaskKey(s Secret) string { return maskPlain(s.Reveal()) }

// OwnKey is the key of the account's that key is the text of, the zero APIKey where
// the list does not show it or shows several alike. It reads the list up to so many
// pages.
func (g *Gateway) OwnKey(ctx context.Context, key Secret, pages int) (model.APIKey, error) {
	mask := MaskKey(key)
	var own model.APIKey
	for page := range pages {
		keys, more, err := g.Keys(ctx, page)
		if err != nil {
			return model.APIKey{}, err
		}
		for _, k := range keys {
			if k.Masked != mask {
				continue
			}
			if own.Name != "" || own.ID != 0 {
				return model.APIKey{}, nil
			}
			own = k
		}
		if !more {
			break
		}
	}
	return own, nil
}
