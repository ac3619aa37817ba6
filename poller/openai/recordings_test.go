package openai

import (
	"slices"
	"strings"
	"testing"

	"gatewatch/model"
)

// Every gateway's recorded answers, as a person would see them.
func TestRecordings(t *testing.T) {
	usage := func(prompt, completion int64) model.Opt[model.ChatUsage] {
		return model.Some(model.ChatUsage{Prompt: prompt, Completion: completion})
	}
	unknown := model.Opt[model.ChatUsage]{}
	for _, c := range []struct {
		gateway, name     string
		begins, reasoning string // of the text
		end               model.ChatEnd
		usage             model.Opt[model.ChatUsage] // without its details
		requestID         bool
	}{
		{"one-api", "chat-stream-usage", "them until latency queue 模型 answers and ", "", model.ChatFinished, usage(37, 12), true},
		{"one-api", "chat-stream-reasoning", "a queue stream drains 流式 while slowly ", "some shows slowly remains 你好 ", model.ChatFinished, usage(39, 12), true},
		{"one-api", "chat", "", "", model.ChatFinished, usage(0, 0), true},
		{"one-api", "chat-reasoning", "a shows ünïcode speak token", "follow 额度 额度 quota every where ", model.ChatFinished, usage(24, 20), true},
		{"one-api", "chat-stream-cut", "spent drains think", "", model.ChatUnconfirmed, unknown, true},
		{"new-api-0.6.3", "chat-stream-usage", "", "", model.ChatFinished, usage(0, 0), true},
		{"new-api-0.6.3", "chat-stream-cut", "so slowly ünïcode errors and of keep", "", model.ChatUnconfirmed, unknown, true},
		{"new-api-rc21", "chat-stream-usage", "remains much counting of while ", "", model.ChatFinished, usage(0, 0), true},
		{"new-api-rc21", "chat-stream-reasoning", "", "so gateway token where 你好 ünïcode while ", model.ChatFinished, usage(0, 0), true},
		{"new-api-rc21", "chat-reasoning", "the hides keep quota", "errors and where some prompt shows nothing ", model.ChatFinished, usage(0, 20), true},
		// The count is new-api's own estimate.
		{"new-api-rc21", "chat-stream-cut", "models 你好 of tail", "", model.ChatUnconfirmed, usage(16, 30), true},
		{"one-hub", "chat-stream-usage", "你好 queue token latency where how", "", model.ChatFinished, usage(0, 0), true},
		{"one-hub", "chat-stream-reasoning", "", "a 🚀 shows errors in some errors ", model.ChatFinished, usage(0, 0), true},
		{"one-hub", "chat", "spent latency 流式 much", "", model.ChatFinished, usage(21, 30), true},
		{"one-hub", "chat-stream-cut", "of token queue latency ", "", model.ChatCutOff, unknown, true},
		{"opencatd", "chat-stream", "how nothing how errors gateway", "", model.ChatFinished, unknown, false},
		{"opencatd", "chat-stream-usage", "of counting of nothing spent and so shows", "", model.ChatFinished, unknown, false},
		{"opencatd", "chat", "tail nothing in shows", "", model.ChatFinished, usage(0, 12), false},
		{"opencatd", "chat-other-model", "", "", model.ChatEmpty, unknown, false},
	} {
		t.Run(c.gateway+" "+c.name, func(t *testing.T) {
			got := listen(t.Context(), t, newClient(t, recorded(t, recording(t, c.gateway, c.name))))
			if got.last.End != c.end || !strings.HasPrefix(got.content, c.begins) || (c.end != model.ChatEmpty && got.content == "") {
				t.Errorf("%q: %q, %v", got.last.End, got.content, got.err)
			}
			if !strings.HasPrefix(got.reasoning, c.reasoning) || (c.reasoning == "") != (got.reasoning == "") {
				t.Errorf("thought %q", got.reasoning)
			}
			u := got.last.Usage
			// 0 stands for a number that the recording decides.
			if u.OK != c.usage.OK || (c.usage.V.Prompt > 0 && u.V.Prompt != c.usage.V.Prompt) ||
				(c.usage.V.Completion > 0 && u.V.Completion != c.usage.V.Completion) || (u.OK && u.V.Prompt == 0) {
				t.Errorf("usage %+v", u)
			}
			if strings.Contains(c.name, "reasoning") && u.OK && u.V.Reasoning.V == 0 {
				t.Errorf("no reasoning was counted: %+v", u)
			}
			if (got.last.RequestID != "") != c.requestID {
				t.Errorf("request id %q", got.last.RequestID)
			}
			if got.err != nil && got.err.Kind == KindCut && got.err.Message != "unexpected EOF" {
				t.Errorf("%v", got.err)
			}
		})
	}
}

// Every gateway's recorded errors: what they mean, told by the code, else by the
// text, else by the status.
func TestRecordedErrors(t *testing.T) {
	type want struct {
		kind Kind
		code string
	}
	for gateway, errs := range map[string]map[string]want{
		"one-api": {
			"chat-bad-key":             {KindKey, ""},
			"chat-no-key":              {KindKey, ""},
			"chat-expired":             {KindKeyExpired, ""},
			"chat-disabled":            {KindKeyDisabled, ""},
			"chat-exhausted":           {KindKeyExhausted, ""},
			"chat-user-out-of-quota":   {KindBalance, "insufficient_user_quota"},
			"chat-model-not-allowed":   {KindModel, ""},
			"chat-unknown-model":       {KindNoChannel, ""},
			"chat-upstream-500":        {KindServer, "server_error"},
			"chat-stream-upstream-500": {KindServer, "server_error"},
			"chat-upstream-429":        {KindSaturated, "rate_limit_exceeded"},
			"chat-upstream-400":        {KindBadRequest, "invalid_request_error"},
			"chat-badjson":             {KindBadRequest, ""},
		},
		"new-api-0.6.3": {
			"chat-bad-key":           {KindKey, ""},
			"chat-expired":           {KindKeyExpired, ""},
			"chat-disabled":          {KindKeyDisabled, ""},
			"chat-exhausted":         {KindKeyExhausted, "pre_consume_token_quota_failed"},
			"chat-user-out-of-quota": {KindBalance, "insufficient_user_quota"},
			"chat-model-not-allowed": {KindModel, ""},
			"chat-unknown-model":     {KindNoChannel, ""},
			"chat-upstream-429":      {KindSaturated, "rate_limit_exceeded"},
		},
		"new-api-rc21": {
			"chat-bad-key":             {KindKey, ""},
			"chat-expired":             {KindKey, ""}, // it says "Invalid token" of all
			"chat-disabled":            {KindKey, ""},
			"chat-exhausted":           {KindKeyExhausted, "pre_consume_token_quota_failed"},
			"chat-user-out-of-quota":   {KindBalance, "insufficient_user_quota"},
			"chat-model-not-allowed":   {KindModel, ""},
			"chat-unknown-model":       {KindNoChannel, "model_not_found"},
			"chat-upstream-500":        {KindServer, "server_error"},
			"chat-stream-upstream-500": {KindServer, "server_error"}, // as text/event-stream
			"chat-upstream-429":        {KindSaturated, "rate_limit_exceeded"},
			"chat-upstream-400":        {KindBadRequest, "invalid_request_error"},
			"chat-badjson":             {KindBadRequest, ""},
		},
		"one-hub": {
			"chat-bad-key":           {KindKey, ""},
			"chat-expired":           {KindKeyExpired, ""},
			"chat-disabled":          {KindKeyDisabled, ""},
			"chat-exhausted":         {KindKeyExhausted, ""},
			"chat-user-out-of-quota": {KindBalance, "insufficient_user_quota"}, // HTTP 429, "上游负载已饱和"
			"chat-unknown-model":     {KindNoChannel, "one_hub_error"},
			"chat-upstream-500":      {KindServer, "server_error"},
			"chat-upstream-429":      {KindSaturated, "rate_limit_exceeded"},
			"chat-upstream-400":      {KindBadRequest, "invalid_request_error"},
			"chat-badjson":           {KindBadRequest, "one_hub_error"},
		},
		"opencatd": {
			"chat-no-key":       {KindNoChannel, ""},
			"chat-upstream-429": {KindSaturated, "rate_limit_exceeded"}, // HTTP 200
			"chat-upstream-500": {KindServer, "server_error"},           // HTTP 200
			"chat-badjson":      {KindBadRequest, ""},                   // {"error":"…"}
		},
	} {
		for name, want := range errs {
			t.Run(gateway+" "+name, func(t *testing.T) {
				got := listen(t.Context(), t, newClient(t, recorded(t, recording(t, gateway, name))))
				e := got.err
				if e == nil || got.last.End != model.ChatFailed {
					t.Fatalf("%q, %v", got.last.End, e)
				}
				if e.Kind != want.kind || e.TheirCode != want.code || e.Message == "" {
					t.Errorf("%s, code %q, message %q", e.Kind, e.TheirCode, e.Message)
				}
				if strings.Contains(e.Message, "request id") || (e.RequestID == "") != (gateway == "opencatd") || got.last.RequestID != e.RequestID {
					t.Errorf("request id %q, at the end %q, message %q", e.RequestID, got.last.RequestID, e.Message)
				}
			})
		}
	}
}

func TestRecordedModels(t *testing.T) {
	for gateway, want := range map[string]int{"one-api": 9, "new-api-0.6.3": 9, "new-api-rc21": 8, "one-hub": 9, "opencatd": 9} {
		list, err := newClient(t, recorded(t, recording(t, gateway, "v1-models"))).Models(t.Context())
		if err != nil || len(list) != want || !slices.Contains(list, "gpt-4o-mini") || !slices.IsSorted(list) {
			t.Errorf("%s: %d %v %v", gateway, len(list), list, err)
		}
	}
}
