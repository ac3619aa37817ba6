package main

import (
	"fmt"
	"log/slog"

	"gatewatch/poller"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
)

// demoEntry is the embedded gateway as the chat asks it.
func demoEntry(server *demo.Server, log *slog.Logger) (chatEntry, error) {
	key := gateway.NewSecret(server.APIKey())
	gw, err := gateway.Open(gateway.Options{
		Name: "demo", URL: server.URL(), AccessToken: gateway.NewSecret(server.AccessToken()), UserID: fmt.Sprint(server.UserID()),
		APIKey: key, Log: log, Transport: server, Around: poller.NewBudget(demoBudget).Eager().Around,
	})
	return chatEntry{name: "demo", url: server.URL(), gateway: gw, key: key, transport: server, history: "demo"}, err
}
