package main

import (
	"fmt"
	"testing"
	"time"

	"gatewatch/ui/chat"
)

func TestConversationsOfASession(t *testing.T) {
	t.Parallel()
	var s sessionChats
	ctx := t.Context()
	for i := range mostChats + 5 {
		if err := s.Save(ctx, chat.Saved{ID: fmt.Sprint(i), Name: "n", Updated: time.Unix(int64(i), 0), Body: []byte("b")}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != mostChats || list[0].ID != fmt.Sprint(mostChats+4) || list[0].Body != nil {
		t.Fatalf("%d conversations, %v", len(list), err)
	}
	if _, err := s.Load(ctx, "0"); err == nil {
		t.Error("more are kept than fit")
	}
	if err := s.Rename(ctx, "50", "other"); err != nil {
		t.Error(err)
	}
	if c, err := s.Load(ctx, "50"); err != nil || c.Name != "other" || string(c.Body) != "b" {
		t.Errorf("%+v, %v", c, err)
	}
	if err := s.Delete(ctx, "50"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(ctx, "50"); err == nil {
		t.Error("deleted twice")
	}
}
