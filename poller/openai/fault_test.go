package openai

import "testing"

func TestFaultHasTheirWords(t *testing.T) {
	e := &Error{Gateway: "prod", Kind: KindServer, Message: "额度不足", TheirCode: "insufficient_user_quota"}
	if f := e.Fault(); f.Code != e.TheirCode || f.Theirs != e.Message {
		t.Errorf("%+v", f)
	}
}
