package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"gatewatch/model"
	"gatewatch/poller"
	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
	"gatewatch/poller/history"
	"gatewatch/poller/openai"
	"gatewatch/ui/chat"
	"gatewatch/ui/text"
)

// maxPrompt bounds what is read of standard input, in bytes.
const maxPrompt = 8 << 20

// chatFlags are the flags of "chat".
type chatFlags struct {
	model, key, system string
	temperature        float64
	maxTokens          int64
	json, reasoning    bool
}

func (a *app) chatCommand() *cobra.Command {
	var f chatFlags
	cmd := &cobra.Command{
		Use:   "chat -m MODEL [PROMPT]",
		Short: "Ask a model one question, without a terminal, and say what it cost",
		Long: "chat streams the answer of a model to standard output, and says on standard error what it cost: " +
			"an estimate from the prices first, then what the gateway's own log has billed. Standard input is appended to the prompt when it is no terminal.\n\n" +
			"Exit codes: 0 answered, 1 the answer failed, was cut off, is empty or could not be written, 2 usage or configuration, 3 not authorised, " +
			"4 unreachable or not a gateway, 5 refused by rate limit, 130 stopped with ctrl+c, which keeps the cost line.",
		Example: "gatewatch chat --demo -m gpt-4o 'Why is the sky blue?'\ngit diff | gatewatch chat -m claude-sonnet-4-5 --json 'Write a commit message.'",
		RunE: func(cmd *cobra.Command, args []string) error {
			q := model.ChatRequest{Model: f.model, System: f.system}
			if cmd.Flags().Changed("temperature") {
				q.Temperature = model.Some(f.temperature)
			}
			if cmd.Flags().Changed("max-tokens") {
				q.MaxTokens = model.Some(f.maxTokens)
			}
			a.chat(cmd.Context(), f, q, strings.Join(args, " "))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.model, "model", "m", "", "the model, by its name at the gateway")
	flags.StringVar(&f.key, "key", "", "the key that pays, by its name or id at the gateway; else the api_key of the configuration")
	flags.StringVar(&f.system, "system", "", "the system prompt")
	flags.StringVar(&a.flags.gateway, "gateway", "", "the gateway, by its name in the configuration; else the first")
	flags.Float64Var(&f.temperature, "temperature", 0, "the temperature; else the model's own")
	flags.Int64Var(&f.maxTokens, "max-tokens", 0, "the most tokens of the answer; else the model's own")
	flags.BoolVar(&f.reasoning, "reasoning", false, "print what the model thinks before it answers, too")
	flags.BoolVar(&f.json, "json", false, "print one JSON object at the end")
	a.configFlag(flags)
	a.logFlag(flags)
	a.demoFlags(flags)
	return cmd
}

// chat asks one question.
func (a *app) chat(ctx context.Context, f chatFlags, q model.ChatRequest, prompt string) {
	switch t := q.Temperature.V; {
	case q.Model == "":
		a.fail(exitUsage, errors.New("chat: name a model with -m"))
		return
	case math.IsNaN(t) || math.IsInf(t, 0) || t < 0:
		a.fail(exitUsage, fmt.Errorf("--temperature: %v is none", t))
		return
	case q.MaxTokens.OK && q.MaxTokens.V <= 0:
		a.fail(exitUsage, fmt.Errorf("--max-tokens: %d is too few", q.MaxTokens.V))
		return
	}
	cfg, err := a.config()
	if err != nil {
		a.failConfig(err)
		return
	}
	// Before signals are caught: ctrl+c has to end a read that waits.
	if prompt, err = a.prompt(prompt); err != nil {
		a.fail(exitUsage, err)
		return
	}
	q.Messages = []model.ChatMessage{model.TextMessage(model.ChatUser, prompt)}
	log, closeLog, err := a.logger()
	if err != nil {
		a.fail(exitUsage, err)
		return
	}
	defer closeLog()

	// Where nobody reads the answer any more, as behind "| head", a failed write
	// ends it; the signal would end the program, and nobody learn the cost.
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGPIPE)
	defer signal.Stop(unread)

	interrupted, stopped := signal.NotifyContext(ctx, os.Interrupt)
	ended, done := signal.NotifyContext(interrupted, syscall.SIGTERM, syscall.SIGHUP)
	code := func() int {
		switch {
		case interrupted.Err() != nil:
			return 128 + int(syscall.SIGINT)
		case ended.Err() != nil:
			return 128 + int(syscall.SIGTERM)
		}
		return exitOK
	}
	s, via, err := a.openChat(ended, cfg, f.key, log)
	var ans chatAnswer
	if err == nil {
		ans = a.listen(ended, s, via, q, f)
	}
	a.code = code()
	done()
	stopped()
	switch {
	case err != nil && a.code != exitOK:
		return
	case err != nil:
		a.fail(chatCode(err), errors.New(text.Clean(err.Error())))
		return
	}
	// A second ctrl+c ends the search for what it cost.
	ctx, enough := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer enough()
	if ans.err != nil && a.code == exitOK {
		code := exitFault
		if !ans.begun() && ans.last.End == model.ChatFailed {
			code = chatCode(ans.err)
		}
		a.fail(code, errors.New(text.Clean(ans.err.Error())))
		if says := theirWords(ans.err); says != "" {
			fmt.Fprintln(a.err, "gatewatch: "+text.Clean(says))
		}
	}
	a.account(ctx, s.entries[via.Gateway], via, ans, f.json)
}

// theirWords are what the gateway's operator finds a failure by, "" where it told
// neither.
func theirWords(err error) string {
	var e *openai.Error
	if !errors.As(err, &e) {
		return ""
	}
	var parts []string
	if e.TheirCode != "" {
		parts = append(parts, "code "+e.TheirCode)
	}
	if e.RequestID != "" {
		parts = append(parts, "request "+e.RequestID)
	}
	return strings.Join(parts, ", ")
}

// prompt is the question: the arguments, and standard input unless it is a
// terminal.
func (a *app) prompt(args string) (string, error) {
	parts := []string{args}
	if !term.IsTerminal(a.in.Fd()) {
		b, err := io.ReadAll(io.LimitReader(a.in, maxPrompt+1))
		switch {
		case err != nil && args == "":
			return "", fmt.Errorf("chat: standard input: %w", err)
		case len(b) > maxPrompt:
			return "", fmt.Errorf("chat: standard input is larger than %d MB", maxPrompt>>20)
		}
		parts = append(parts, strings.TrimRight(strings.ToValidUTF8(string(b), "\uFFFD"), "\r\n"))
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(parts) == 0 {
		return "", errors.New("chat: there is no prompt: give it as an argument or on standard input")
	}
	return strings.Join(parts, "\n\n"), nil
}

// usageError is one of usage or configuration.
type usageError struct{ error }

// openChat finds the gateway and the key to ask with.
func (a *app) openChat(ctx context.Context, cfg Config, key string, log *slog.Logger) (*chatService, chat.Via, error) {
	w, err := a.wire(ctx, cfg, log)
	if err != nil {
		return nil, chat.Via{}, usageError{err}
	}
	var entries []chatEntry
	if a.flags.demo {
		e, err := demoEntry(a.demoServer(), log)
		if err != nil {
			return nil, chat.Via{}, err
		}
		entries = append(entries, e)
	} else {
		entries = a.chatEntries(ctx, cfg, w.targets[:1])
		for _, warning := range w.warnings {
			if strings.HasPrefix(warning, entries[0].name+":") {
				fmt.Fprintf(a.err, "gatewatch: %s\n", warning)
			}
		}
	}
	s, err := newChatService(entries, noHistory, log)
	if err != nil {
		return nil, chat.Via{}, usageError{err}
	}
	via := chat.Via{Gateway: entries[0].name}
	if key == "" {
		if entries[0].keyFault == nil && !entries[0].key.IsSet() {
			return nil, via, usageError{fmt.Errorf("%s: the configuration names no api_key to ask with: set one, or name one of the account's keys with --key", via.Gateway)}
		}
		return s, via, nil
	}
	info, err := keyNamed(ctx, s, via.Gateway, key)
	via.Key, via.KeyName = info.ID, info.Name
	return s, via, err
}

// keyNamed is the id of a key of that name, or of that id where none is called so.
func keyNamed(ctx context.Context, s *chatService, name, key string) (none chat.KeyInfo, err error) {
	keys, err := s.Keys(ctx, name)
	if err != nil {
		return none, err
	}
	for _, same := range []func(k chat.KeyInfo) bool{
		func(k chat.KeyInfo) bool { return k.Name == key },
		func(k chat.KeyInfo) bool { return k.ID == key },
	} {
		found := slices.Collect(func(yield func(chat.KeyInfo) bool) {
			for _, k := range keys {
				if k.ID != "" && same(k) && !yield(k) {
					return
				}
			}
		})
		switch {
		case len(found) > 1:
			return none, usageError{fmt.Errorf("--key: %d keys of %s are called %q: give the id, %s or %s", len(found), name, key, found[0].ID, found[1].ID)}
		case len(found) == 1 && found[0].Why != "":
			return none, usageError{fmt.Errorf("--key: %q cannot be used: %s", key, found[0].Why)}
		case len(found) == 1:
			return found[0], nil
		}
	}
	return none, usageError{fmt.Errorf("--key: %s has no key %q", name, key)}
}

// demoServer is the embedded gateway as the flags want it, which were checked.
func (a *app) demoServer() *demo.Server {
	f := a.flags
	if f.demoRate == 0 {
		f.demoRate = -1 // no traffic; the server takes 0 for its usual rate
	}
	return &demo.Server{Dialect: f.demoDialect, Seed: f.demoSeed, Rate: f.demoRate, Names: f.demoNames, Admin: f.demoAdmin}
}

// demoEntry is the embedded gateway as the chat asks it.
func demoEntry(server *demo.Server, log *slog.Logger) (chatEntry, error) {
	key := gateway.NewSecret(server.APIKey())
	gw, err := gateway.Open(gateway.Options{
		Name: "demo", URL: server.URL(), AccessToken: gateway.NewSecret(server.AccessToken()), UserID: fmt.Sprint(server.UserID()),
		APIKey: key, Log: log, Transport: server, Around: poller.NewBudget(demoBudget).Eager().Around,
	})
	return chatEntry{name: "demo", url: server.URL(), gateway: gw, key: key, transport: server, history: "demo"}, err
}

// chatCode is the exit code of an error that came instead of an answer.
func chatCode(err error) int {
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	switch model.FaultOf(err).Kind {
	case model.FaultUnauthorised, model.FaultForbidden:
		return exitUnauthorised
	case model.FaultLimited:
		return exitLimited
	case model.FaultNetwork, model.FaultTimeout, model.FaultNotGateway:
		return exitUnreachable
	}
	return exitFault
}

// chatAnswer is an answer and how it came.
type chatAnswer struct {
	question         model.ChatRequest
	text, thought    strings.Builder
	last             model.Delta
	err              error
	sent, first, end time.Time // first is zero where nothing came
}

func (c *chatAnswer) begun() bool { return !c.first.IsZero() }

// listen asks, and prints the answer as it comes.
func (a *app) listen(ctx context.Context, s *chatService, via chat.Via, q model.ChatRequest, f chatFlags) (c chatAnswer) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := chatPrinter{w: a.out, clean: term.IsTerminal(a.out.Fd())}
	c.question, c.sent = q, time.Now()
	for d, err := range s.Stream(ctx, via, q) {
		if d.RequestID != "" {
			c.last.RequestID = d.RequestID
		}
		if c.first.IsZero() && d.Content+d.Reasoning != "" {
			c.first = time.Now()
		}
		c.text.WriteString(d.Content)
		c.thought.WriteString(d.Reasoning)
		if !f.json {
			if f.reasoning {
				out.print(d.Reasoning, true)
			}
			out.print(d.Content, false)
		}
		if out.err != nil {
			cancel() // nobody reads it: what follows need not be paid
		}
		if d.Done() {
			c.last, c.err = d, err
		}
	}
	c.end = time.Now()
	out.finish()
	if out.err != nil {
		c.err = fmt.Errorf("the answer cannot be written: %w", out.err)
	}
	return c
}

// chatPrinter writes an answer: as it is, or cleaned for a terminal.
type chatPrinter struct {
	w       io.Writer
	clean   bool
	thought bool // the last that was written
	line    bool // a line has begun
	err     error
}

func (p *chatPrinter) print(s string, thought bool) {
	if p.clean {
		s = strings.Map(drawable, s)
	}
	if s == "" || p.err != nil {
		return
	}
	if p.thought && !thought {
		s = "\n\n" + strings.TrimLeft(s, "\n")
	}
	p.thought, p.line = thought, !strings.HasSuffix(s, "\n")
	_, p.err = io.WriteString(p.w, s)
}

// finish ends the line on a terminal; elsewhere the text stays as it is.
func (p *chatPrinter) finish() {
	if p.clean && p.line && p.err == nil {
		_, p.err = io.WriteString(p.w, "\n")
	}
}

// drawable leaves nothing of a foreign text that could do more than be read: an
// escape sequence without its escape is letters. Joiners stay, since scripts need
// them.
func drawable(r rune) rune {
	const zwnj, zwj = 0x200C, 0x200D
	switch {
	case r == '\n' || r == '\t' || r == zwnj || r == zwj:
		return r
	case r == '\u2028' || r == '\u2029':
		return '\n'
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co):
		return -1
	}
	return r
}

// noHistory is for a program that keeps none.
func noHistory() *history.Store { return nil }
