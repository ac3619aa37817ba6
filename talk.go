package main

import (
	"context"
	"log/slog"

	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
	"gatewatch/ui/chat"
	"gatewatch/ui/text"
)

// chatOptions are what the chat screen works with. Without a way to ask there is
// no chat, and the reason is logged.
func (a *app) chatOptions(ctx context.Context, cfg Config, w *wiring, mem *memory, keeps bool, run func(func()), log *slog.Logger) chat.Options {
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
	service, err := newChatService(entries, nil, log)
	if err != nil {
		log.Warn("chat", "error", err)
		return chat.Options{}
	}
	service.later = mem.get
	opt := chat.Options{Service: service, Words: &text.ChatEnglish, Go: run}
	if keeps {
		opt.Store = chatMemory{mem}
	}
	return opt
}

// chatMemory keeps conversations in the history, once it is open.
type chatMemory struct{ mem *memory }

var _ chat.Store = chatMemory{}

func (c chatMemory) store() chatStore { return chatStore{c.mem.get()} }

// Save writes a conversation or replaces it.
func (c chatMemory) Save(ctx context.Context, s chat.Saved) error { return c.store().Save(ctx, s) }

// List returns all conversations without their bodies, the last one first.
func (c chatMemory) List(ctx context.Context) ([]chat.Saved, error) { return c.store().List(ctx) }

// Load returns a conversation.
func (c chatMemory) Load(ctx context.Context, id string) (chat.Saved, error) {
	return c.store().Load(ctx, id)
}

// Rename gives a conversation another name.
func (c chatMemory) Rename(ctx context.Context, id, name string) error {
	return c.store().Rename(ctx, id, name)
}

// Delete deletes a conversation.
func (c chatMemory) Delete(ctx context.Context, id string) error { return c.store().Delete(ctx, id) }

// kept is the history as far as it is open.
func (s *chatService) kept() *history.Store {
	if s.later != nil {
		return s.later()
	}
	return s.seen
}
