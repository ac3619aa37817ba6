package demo

import (
	"io"
	"strings"
	"testing"
)

func upstreamFails(status int) func(*testing.T, *Server, *exchangeFile) {
	return func(_ *testing.T, s *Server, _ *exchangeFile) {
		s.Inject(Fault{Path: "/v1/chat", Times: 1, Status: status})
	}
}

// theTemporaryKey has another number here than in the recordings.
func theTemporaryKey(was, is string) func(*testing.T, *Server, *exchangeFile) {
	return func(_ *testing.T, _ *Server, f *exchangeFile) {
		f.target = strings.Replace(f.target, "/"+was, "/"+is, 1)
		f.sent = strings.Replace(f.sent, `"id": `+was, `"id": `+is, 1)
	}
}

// beyond asks for a page further on: this log is longer than the recorded one.
func beyond(_ *testing.T, _ *Server, f *exchangeFile) {
	f.target = strings.Replace(f.target, "p=99999", "p=999999", 1)
}

// spent takes a key's money away.
func spent(edit string) func(*testing.T, *Server, *exchangeFile) {
	return func(t *testing.T, s *Server, _ *exchangeFile) {
		do(t, s, "PUT", "/api/token/", edit)
	}
}

// outOfMoney takes the account's money away. The recordings are another user's,
// who does not exist here.
func outOfMoney(units int64) func(*testing.T, *Server, *exchangeFile) {
	return func(_ *testing.T, s *Server, f *exchangeFile) {
		s.SetQuota(units)
		f.request.Set("Authorization", "Bearer "+s.APIKey())
		f.sent = strings.Replace(f.sent, `"o3"`, `"gpt-4o"`, 1)
	}
}

// everybodyChats makes the calls that the recorded sums are of.
func everybodyChats(t *testing.T, s *Server, _ *exchangeFile) {
	for id := range int64(3) {
		req := request(t, s, "POST", "/v1/chat/completions", question)
		req.Header.Set("Authorization", "Bearer "+catToken(id+1, 0))
		resp, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// carol makes the user of whose making there is no recording.
func carol(t *testing.T, s *Server, _ *exchangeFile) {
	do(t, s, "POST", "/1/users", `{"name":"carol"}`)
}
