package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"gatewatch/model"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
)

// serveChat puts the embedded gateway behind a port, with its API key.
func serveChat(t *testing.T, s *demo.Server) []string {
	t.Helper()
	return append(serve(t, s), "GATEWATCH_API_KEY="+s.APIKey())
}

func decodeChat(t *testing.T, out string) chatReport {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	var r chatReport
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return r
}

func TestChatStreams(t *testing.T) {
	t.Parallel()
	out, errOut, code := gatewatch(t, nil, "chat", "--demo", "-m", "gpt-4o", "hello", "there")
	if code != exitOK || len(out) < 100 || strings.HasSuffix(out, "\n") || !strings.HasSuffix(out, " ") {
		t.Errorf("exit %d, %q", code, out) // the text as it is, since this is no terminal
	}
	for _, want := range []string{"gatewatch: gpt-4o: first token ", " tokens/s, ", " tokens in, ", " out, 0 cached, ≈ $0.0", "\ngatewatch: cost $0.0", " quota units, from the gateway's log\n"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("%q is not in %q", want, errOut)
		}
	}
}

func TestChatReasons(t *testing.T) {
	t.Parallel()
	for _, shown := range []bool{false, true} {
		args := []string{"chat", "--demo", "-m", "deepseek-reasoner", "--max-tokens", "55", "--temperature", "0", "--system", "be brief", "hi"}
		if shown {
			args = append(args, "--reasoning")
		}
		out, errOut, code := gatewatch(t, nil, args...)
		if code != exitOK || strings.Contains(out, "\n\n") != shown {
			t.Errorf("exit %d: %q, %s", code, out, errOut)
		}
	}
}

// TestChatIsBilled holds the quota to what the gateway itself has counted, with
// request ids and without.
func TestChatIsBilled(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{gateway.NewAPI, gateway.OneAPI, gateway.OneHub, gateway.Veloera, gateway.ShellAPI} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			server := &demo.Server{Dialect: dialect, Rate: -1}
			env := serveChat(t, server)
			gw, err := demoEntry(server, nil)
			if err != nil {
				t.Fatal(err)
			}
			used := func() model.Quota {
				if _, err := gw.gateway.Status(t.Context()); err != nil {
					t.Fatal(err)
				}
				a, err := gw.gateway.Account(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return a.Used.V
			}
			before := used()
			out, errOut, code := gatewatch(t, env, "chat", "-m", "gpt-4o", "--json", "hello")
			r := decodeChat(t, out)
			if code != exitOK || errOut != "" && !strings.Contains(errOut, "unencrypted") || r.End != model.ChatFinished || r.Text == "" || r.NotInLog {
				t.Fatalf("exit %d, %+v, %s", code, r, errOut)
			}
			if spent := used() - before; !r.Quota.OK || r.Quota.V != spent || spent == 0 || !r.Amount.OK {
				t.Errorf("%+v, but %d was spent", r.Quota, spent)
			}
		})
	}
}

func TestChatThatFails(t *testing.T) {
	t.Parallel()
	const path = "/v1/chat/completions"
	html := demo.Fault{Path: path, HTML: true}
	for name, c := range map[string]struct {
		fault *demo.Fault
		env   []string
		args  []string
		code  int
		says  string
		end   model.ChatEnd
	}{
		"cut":         {&demo.Fault{Path: path, Cut: true, CutAfter: 3000}, nil, nil, exitFault, "was cut off", model.ChatCutOff},
		"empty":       {&demo.Fault{Path: path, Body: "data: [DONE]\n\n"}, nil, nil, exitFault, "no content", model.ChatEmpty},
		"upstream":    {&demo.Fault{Path: path, Status: 500}, nil, nil, exitFault, "provider failed", model.ChatFailed},
		"limited":     {&demo.Fault{Path: path, Status: 429, Empty: true}, nil, nil, exitLimited, "limit", model.ChatFailed},
		"no gateway":  {&html, nil, nil, exitUnreachable, "did not answer like a gateway", model.ChatFailed},
		"bad key":     {nil, []string{"GATEWATCH_API_KEY=sk-FAKEFAKEFAKEFAKEFAKE"}, nil, exitUnauthorised, "does not accept the API key", model.ChatFailed},
		"unreachable": {nil, []string{"GATEWATCH_URL=http://127.0.0.1:1"}, nil, exitUnreachable, "connection", model.ChatFailed},
		"no key":      {nil, []string{"GATEWATCH_API_KEY="}, nil, exitUsage, "names no api_key", ""},
		"no such key": {nil, nil, []string{"--key", "nobody's"}, exitUsage, `no key "nobody's"`, ""},
		"no model":    {nil, nil, []string{"-m", ""}, exitUsage, "name a model", ""},
		"no tokens":   {nil, nil, []string{"--max-tokens", "0"}, exitUsage, "too few", ""},
		"temperature": {nil, nil, []string{"--temperature", "NaN"}, exitUsage, "--temperature", ""},
		"gateway":     {nil, nil, []string{"--gateway", "other"}, exitUsage, "--gateway", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &demo.Server{Rate: -1}
			if c.fault != nil {
				server.Inject(*c.fault)
			}
			env := append(serveChat(t, server), c.env...)
			out, errOut, code := gatewatch(t, env, append([]string{"chat", "--json", "-m", "gpt-4o", "hello"}, c.args...)...)
			if code != c.code || !strings.Contains(errOut, c.says) {
				t.Errorf("exit %d, not %d: %s", code, c.code, errOut)
			}
			if c.end == "" {
				if out != "" {
					t.Errorf("printed %q", out)
				}
				return
			}
			r := decodeChat(t, out)
			if r.End != c.end || !r.Error.OK || (c.end == model.ChatCutOff) != (r.Text != "") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// inProcess runs the program in this process; came is called when a part of its
// standard output has come.
func inProcess(ctx context.Context, t *testing.T, stdin string, came func(), args ...string) (out, errOut string, code int) {
	t.Helper()
	pipe := func() (r, w *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return r, w
	}
	in, toIn := pipe()
	fromOut, o := pipe()
	fromErr, e := pipe()
	if _, err := io.WriteString(toIn, stdin); err != nil {
		t.Fatal(err)
	}
	_ = toIn.Close()
	read := func(from *os.File, came func()) chan string {
		all := make(chan string, 1)
		go func() {
			var b strings.Builder
			for part := make([]byte, 4096); ; {
				n, err := from.Read(part)
				b.Write(part[:n])
				if n > 0 {
					came()
				}
				if err != nil {
					all <- b.String()
					return
				}
			}
		}()
		return all
	}
	outs, errs := read(fromOut, came), read(fromErr, func() {})
	home := t.TempDir()
	code = run(ctx, args, in, o, e, func(name string) string {
		if strings.HasPrefix(name, "XDG_") || name == "HOME" {
			return home
		}
		return ""
	})
	_, _ = o.Close(), e.Close()
	return <-outs, <-errs, code
}

// TestChatIsStopped ends an answer on its way: the text stays, and the cost is
// found.
func TestChatIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, errOut, code := inProcess(ctx, t, "and this", cancel, "chat", "--demo", "-m", "gpt-4o", "say", "this")
	if code != 130 || out == "" || len(out) > 150 {
		t.Errorf("exit %d: %q", code, out)
	}
	for _, want := range []string{"first token", "stopped", "from the gateway's log"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("%q is not in %q", want, errOut)
		}
	}
	// Before anything was asked there is nothing to tell.
	out, errOut, code = inProcess(ctx, t, "", func() {}, "chat", "--demo", "-m", "gpt-4o", "hi")
	if code != 130 || out != "" || strings.Contains(errOut, "first token") {
		t.Errorf("exit %d: %q, %q", code, out, errOut)
	}
}

// TestChatIsInterrupted sends the signal that ctrl+c does.
func TestChatIsInterrupted(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), program(t), "chat", "--demo", "-m", "gpt-4o", "hi")
	cmd.Env = []string{"RUN_GATEWATCH=1", "HOME=" + t.TempDir()}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(errOut.String(), "from the gateway's log") {
		t.Errorf("exit %d: %s", code, errOut.String())
	}
}

// TestChatIsNotRead closes the pipe on an answer, as "| head" does: it is stopped,
// and what it cost is told.
func TestChatIsNotRead(t *testing.T) {
	t.Parallel()
	for _, deaf := range []bool{false, true} {
		cmd := exec.CommandContext(t.Context(), program(t), "chat", "--demo", "-m", "gpt-4o", "hi")
		cmd.Env = []string{"RUN_GATEWATCH=1", "HOME=" + t.TempDir()}
		var errOut bytes.Buffer
		cmd.Stderr = &errOut
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if cmd.Stdout = w; deaf { // 2>&1
			cmd.Stderr = w
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		_, err = r.Read(make([]byte, 5))
		_ = r.Close()
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitFault {
			t.Errorf("exit %d: %s", code, errOut.String())
		}
		for _, want := range []string{"the answer cannot be written: ", ", stopped\n", "from the gateway's log"} {
			if !deaf && !strings.Contains(errOut.String(), want) {
				t.Errorf("%q is not in %q", want, errOut.String())
			}
		}
	}
}

func TestChatPrompt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, stdin, want string }{
		{"a b", "", "a b"}, {"", "piped\r\n", "piped"}, {"a", " b\n\n", "a\n\n b"}, {"a", "\n", "a"}, {"", "\xff", "\uFFFD"}, {" ", "", ""},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.WriteString(c.stdin)
		_ = w.Close()
		got, err := (&app{in: r}).prompt(c.args)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q, %q: %q, %v", c.args, c.stdin, got, err)
		}
		_ = r.Close()
	}
}

// TestChatPaysWithAKey reveals a key by its name.
func TestChatPaysWithAKey(t *testing.T) {
	t.Parallel()
	s := demoChat(t, &demo.Server{Rate: -1}, nil)
	keys, err := s.Keys(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]int{}
	for _, k := range keys {
		named[k.Name]++
	}
	good, bad := 0, 0
	for _, k := range keys[1:] {
		id, err := keyNamed(t.Context(), s, "demo", k.Name)
		switch {
		case named[k.Name] > 1, k.Why != "":
			bad++
			if !errors.As(err, new(usageError)) {
				t.Errorf("%+v: %q, %v", k, id, err)
			}
		default:
			good++
			if id.ID != k.ID || err != nil {
				t.Errorf("%+v: %+v, %v", k, id, err)
			}
		}
		if byID, err := keyNamed(t.Context(), s, "demo", k.ID); (err == nil) != (k.Why == "") || err == nil && byID.ID != k.ID {
			t.Errorf("%+v: %+v, %v", k, byID, err)
		}
	}
	if good == 0 || bad == 0 {
		t.Errorf("%d good keys and %d others", good, bad)
	}
}

func TestChatPrinter(t *testing.T) {
	t.Parallel()
	const foreign = "a\x1b[31mb\x1b]8;;http://x\x07c\u202Ed\r\n\te\u009bf👩\u200d💻"
	for _, c := range []struct {
		clean bool
		want  string
	}{{false, "hm\n\n" + foreign}, {true, "hm\n\na[31mb]8;;http://xcd\n\tef👩\u200d💻\n"}} {
		var b strings.Builder
		p := chatPrinter{w: &b, clean: c.clean}
		p.print("hm", true)
		p.print("", false)
		p.print(foreign, false)
		p.finish()
		if b.String() != c.want {
			t.Errorf("%q, not %q", b.String(), c.want)
		}
	}
}

func TestChatJSONDrawsNothing(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	in := chatReport{Text: "a\x1b[2J\u009b2J\u202Eb\u2028<c>\U000E0041\n世界"}
	if err := writeChat(&b, in); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\u009b\u202E") {
		t.Errorf("%q", b.String())
	}
	if r := decodeChat(t, b.String()); r.Text != in.Text {
		t.Errorf("%q", r.Text)
	}
}
