// Package text holds every word on the screen, one file per language, and the
// only way in for foreign text: see Clean. Terms of the trade (rpm, tpm, p95) and
// names are the same in all languages.
package text

import "gatewatch/model"

// Words are the words of one language. Every field must be filled: a test looks.
type Words struct {
	// Panes and screens.
	Balance, Spend, SpendingNow, Models, Keys, Calls string

	// States of a pane.
	Waiting, NotOffered, NotRead, Frozen, Sampled, Old string
	EmptyModels, EmptyKeys, EmptyCalls, EmptyNow       string
	EmptySpend                                         string
	NoMatch                                            string
	HiddenByMemory                                     string

	// Header and alert line.
	Rates, Left, ReadOnly, Demo, Errors, BudgetTight, Stretched, Slow, LimitedUntil, Private string
	FrozenBehind, NotLoggedErrors                                                            string
	Counted                                                                                  string

	// The balance pane and the account card.
	Today, AtLeast, Burn, Empty, Used, Requests, Window, PerHour, PerMinute      string
	Account, User, DisplayName, Group, Role, Status, ID, Enabled, Disabled       string
	Matches, Gap, NotAllRead, NoSum, NotSpending, LongerThan, TooFewSamples      string
	Gateway, Address, Dialect, Version, Zone, Clock, ClockSame, ClockOff, Budget string
	BudgetUsed, Sources, Healthy, Coverage, FromGateway, FromCounted, Why        string
	Reminder, Since, SinceUTC                                                    string

	// Column titles.
	ColModel, ColCalls, ColIn, ColOut, ColCost, ColShare, ColP50, ColP95, ColFirst, ColErrors  string
	ColKey, ColLeft, ColSpent, ColLastUsed, ColStatus, ColTime, ColTokens, ColTook, ColExpires string
	ColTotal, ColUser, ColUsed                                                                 string
	ColGateway, ColBurn, ColEmpty, ColDialect, ColState                                        string
	ColChannel, ColAsked, ColAnswers, ColTested, ColSays, ColType                              string
	OtherKeys, Others                                                                          string

	// The screens of all gateways and of the whole site.
	Overview, Admin, Site, Channels, ChannelsDown, Users, AutoDisabled, EmptyChannels string
	OnlySite, NothingLeft, Fine, TotalLeft, LowestChannel, OwnBalance, Plan, NoEnd    string
	Derived, ColMonth, SumsOnly                                                       string

	// What is compared, and the likely causes of a gap.
	BalanceGap, BalanceChecked, BalanceFigures string
	OfCalls, OfAttempts                        string
	Speed, CacheHit, Paces                     string
	Causes                                     map[string]string

	// Alerts.
	AlertEmpty, AlertLow, AlertUnder, AlertLasts, AlertSpike, AlertSpiked, AlertErrors, AlertErred, AlertOver, AlertKey, AlertDown, AlertFailures string
	MoreAlerts, Journal, Lasting, NoAlerts, NoHistory                                                                                             string

	// How a charge is explained, and what its terms are for.
	ExplainedExact, ExplainedRounded, ExplainedGap, ExplainedUntold string
	Terms                                                           map[model.TermKind]string
	Factors, Untold                                                 map[string]string

	KeyOnly, KeyOnlyNote                 string
	SiteWide, TokensPerSecond, OfSuccess string

	// Keys and calls.
	KeyEnabled, KeyDisabled, KeyExpired, KeyExhausted, NoLimit, Never, Now  string
	Error, Refund, TopUp, Login, Manage, System, Test, CheckIn, Row         string
	Cost, PromptTokens, CachedTokens, CompletionTokens, Took, FirstToken    string
	Streamed, Yes, No, Channel, RequestID, Detail, Allowed, Created, Masked string
	WholeSeconds, Time, Kind                                                string

	// Popups.
	Help, Actions, Gateways, Cross, CloseHint, ScrollHint, NoActions, HelpKeys, HelpWriting, HelpTranscript, HelpAround, NotInChat, HelpMarks string
	MarkCounted, MarkDerived, MarkAbout, MarkUnknown, MarkMatch, MarkGap                                                                      string
	HelpState                                                                                                                                 string

	// Footer, filter, notices.
	FilterPrompt, FilterHint, Copied, Asked, Follow string
	PalettePrompt                                   string

	// What keys do: the short form for the footer, the long one for the help and
	// the README.
	Do Actions

	// Why a key does nothing now.
	NoAdmin, NoChat, NoOtherGateway, NothingToCopy, NothingToOpen, NothingToSort, NothingToFilter string
}

// Actions name what keys do.
type Actions struct {
	Help, Filter, Palette, NextPane, PrevPane, Screen, ChatScreen, GatewaysScreen, AdminScreen, NextScreen, PrevScreen, Scope, Up, Down, Top, Bottom, HalfUp, HalfDown,
	Enter, Back, Quit, ForceQuit, Ask, Window, SortLeft, SortRight, Reverse, Freeze, Zoom, Gateway,
	Cross, Copy, Suspend, Theme, Mouse, Privacy, Journal Action
}

// Action is one thing that can be done, in a word and in a sentence.
type Action struct{ Short, Long string }

// Term names what a part of a charge is for.
func (w *Words) Term(k model.TermKind) string { return named(w.Terms, k) }

// Factor names a number that a charge multiplies.
func (w *Words) Factor(name string) string { return named(w.Factors, name) }

// NotTold names what a row does not tell of its charge.
func (w *Words) NotTold(name string) string { return named(w.Untold, name) }

// Cause names the likely cause of a gap.
func (w *Words) Cause(cause string) string { return named(w.Causes, cause) }

// named is the word for k, or k itself where there is none.
func named[K ~string](words map[K]string, k K) string {
	if s, ok := words[k]; ok {
		return s
	}
	return string(k)
}
