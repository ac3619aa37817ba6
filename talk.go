package main

import (
	"context"
	"log/slog"

	"gatewatch/poller/gateway"
	"gatewatch/ui/chat"
	"gatewatch/ui/text"
)

// chatOptions are what the chat screen works with, and the masked key that a gateway's
// configuration names. Without a way to ask there is
// no chat, and the reason is logged.
func (a *app) chatOptions(ctx context.Context, cfg Config, w *wiring, mem *memory, keeps bool, run func(func()), log *slog.Logger) (opt chat.Options, ownKey func(string) string) {
	entries := a.chatEntries(ctx, cfg, w.targets)
	if w.demo != nil {
		entries = append(entries, chatEntry{
			name: "demo", url: w.demo.URL(), key: gateway.NewSecret(w.demo.APIKey()), transport: w.demo,
			gateway: w.targets[0].Gateway.(chatGateway), //nolint:forcetypeassert // it was opened here
		})
	}
	for i := range entries {
		entries[i].history = w.ids[entries[i].name]
	}
	service, err := newChatService(entries, mem.get, log)
	if err != nil {
		log.Warn("chat", "error", err)
		return chat.Options{}, nil
	}
	ownKey = func(name string) string {
		t := service.entries[name]
		if t == nil || !t.key.IsSet() {
			return ""
		}
		return gateway.MaskKey(t.key)
	}
	opt = chat.Options{Service: service, Words: &text.ChatEnglish, Go: run}
	if keeps {
		opt.Store = chatStore{mem.get}
	}
	return opt, ownKey
}
