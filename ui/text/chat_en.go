package text

// ChatWords are the words of the chat screen in one language.
type ChatWords struct {
	// Titles and states.
	Chat, Composer, You, Total, Waiting, Writing, Thinking, Silent, EscStops, Stopping               string
	NoModel, NoModelHint, Empty, EmptyHint, GatewayDown, EmptyAnswer, CutOff, Stopped                string
	Failed, Unconfirmed, LengthEnd, FilterEnd, Reasoning, ReasoningOpen, More, OtherGateway, Answers string
	TheySay, TheirCode, TheirRequest, System                                                         string

	// The cost line and the composer's note.
	First, Speed, Tokens, Cached, Thought, NotInLog, NoLog, AwaitsLog, Billed, AtLeast, AtLeastShort, NoPrice, PerCall, PriceUnread, PriceUnreadShort string

	// Popups: titles, columns, prompts, hints.
	PickModel, PickModels, PickKey, Settings, Attach, Conversations, Again, Export, Rename, Delete                         string
	Find, ColModel, ColIn, ColOut, ColFirst, ColErrors, ColMean, ColKey, ColName, ColUpdated                               string
	ColMessages, ColSpeed, ColTokens, ColCost                                                                              string
	DefaultKey, DefaultKeyNote, PerMillion, SettingSystem, SettingTemperature, SettingMax                                  string
	Path, PathHint, NewName, FilePath, Sure, AgainSure, AgainLast, AgainLikely, AgainFree                                  string
	PickHint, PickModelHint, AskFor, FourAtMost, MarkHint, FormHint, ListHint, SureHint, DeleteHint, NothingFound, Loading string

	// Compare.
	Compare, ComparePick, CompareStop string

	// Notices.
	CopiedAnswer, CopiedCode, NoAnswer, NoCode, NoCodeHere, CopiedBefore, Busy, SavedTo, NotSaved, Deleted, Attached string
	TooLarge, NotText, NotFile, NoFile, BadNumber, BadRange, Pasted, NoEditor, NothingToRetry                        string
	TwoToFour, ChordCode, NoConversations, ColdKeys, NothingToUnfold, Edited, Detached                               string
	EditedFleeting, LeftBehind, EditorKept, ChordOf, ChordMore,
	ExportAnswer, ExportReasoning, ExportTook, ExportQuota, ExportRequest string

	// Do are what the keys do.
	Do ChatActions
}

// ChatActions name what the keys of the chat screen do.
type ChatActions struct {
	Send, Newline, History, Editor, Leave, StopNow                           Action
	Write, CopyAnswer, CopyCode, Again, EditLast, Unfold, Versions           Action
	Model, Key, Settings, Attach, Compare, Pick, New, Conversations, Export  Action
	LineUp, LineDown, PageUp, PageDown, Top, Bottom, LeftColumn, RightColumn Action
}

// ChatEnglish are the words of the chat screen in English.
var ChatEnglish = ChatWords{
	Chat: "Chat", Composer: "Message", You: "You", Total: "%s in all",
	Waiting: "waiting for the first token · %s", Writing: "writing", Thinking: "thinking", Silent: "nothing for %s", EscStops: "%s · esc stops", Stopping: "stopping",
	NoModel:     "no model is chosen",
	NoModelHint: "enter shows the models of this gateway, their prices and how fast they were here",
	Empty:       "ask something",
	EmptyHint:   "enter sends · alt+enter or ctrl+j a new line · esc leaves the composer, and ? then shows every key",
	GatewayDown: "the gateway does not answer",
	EmptyAnswer: "the answer is empty: the gateway ended it without a word and without an error; its upstream may have failed. R tries again",
	CutOff:      "cut off: the stream ended before the model was done",
	Stopped:     "stopped", Failed: "failed",
	Unconfirmed: "the gateway ended the stream without the model saying that it was done: this may not be all",
	LengthEnd:   "ended at the token limit",
	FilterEnd:   "ended by the provider's content filter: the rest was held back",
	Reasoning:   "▸ reasoning, %s chars", ReasoningOpen: "▾ reasoning, %s chars",
	More:         "… %s more lines · t unfolds",
	OtherGateway: "on %s", Answers: "answer %d of %d · ← → others", TheySay: "the gateway says: %s", TheirCode: "code %s", TheirRequest: "request %s", System: "system prompt",

	First: "first %s", Speed: "%s tok/s", Tokens: "%s → %s tokens", Cached: "%s cached", Thought: "%s thought",
	NotInLog: "not in the log", NoLog: "this gateway keeps no log of calls", AwaitsLog: "cost: when the log has it", Billed: "%s billed", AtLeast: "≥ %s to send", AtLeastShort: "≥ %s", NoPrice: "price unknown", PriceUnread: "price not read yet", PriceUnreadShort: "no price yet", PerCall: "a call",

	PickModel: "Model", PickModels: "Compare: two to four models", PickKey: "Key", Settings: "Settings", Attach: "Attach",
	Conversations: "Conversations", Again: "Try again", Export: "Export", Rename: "Rename", Delete: "Delete",
	Find: "find", ColModel: "model", ColIn: "in/M", ColOut: "out/M", ColFirst: "first", ColErrors: "err", ColMean: "a call",
	ColKey: "key", ColName: "name", ColUpdated: "last", ColMessages: "messages", ColSpeed: "tok/s", ColTokens: "in→out", ColCost: "cost",
	DefaultKey: "the configured key", DefaultKeyNote: "as the config says", PerMillion: "prices per million tokens; first, err and a call are our own measurements here",
	SettingSystem: "system prompt", SettingTemperature: "temperature", SettingMax: "max tokens",
	Path: "file or address", PathHint: "a text file or a picture up to 20 MB, or an https address of a picture or document",
	NewName: "name", FilePath: "file (.md or .json)", Sure: "Delete %s? It is gone for good.",
	AgainLikely: "Ask %s again. It will likely cost what the last answer did, %s, and at least %s.",
	AgainLast:   "Ask %s again. It will likely cost what the last answer did, %s.",
	AgainSure:   "Ask %s again. It will cost at least %s.", AgainFree: "Ask %s again. What it costs is not known.",

	PickModelHint: "← → sort · enter chooses · esc closes", AskFor: "ask for %s",
	PickHint: "enter chooses · esc closes", MarkHint: "tab marks · ← → sort · enter compares · esc closes", FormHint: "tab next · enter keeps · esc drops",
	ListHint: "enter resumes · ctrl+r renames · ctrl+x deletes · esc closes", SureHint: "R asks · esc does not", DeleteHint: "D deletes · esc does not",
	NothingFound: "nothing found", Loading: "asking the gateway",

	Compare: "Compare", ComparePick: "← → choose · enter goes on with it", CompareStop: "← → choose · esc stops them",

	CopiedAnswer: "copied the answer", CopiedCode: "copied code %d", NoAnswer: "there is no answer yet", NoCode: "there is no code %d in this answer", NoCodeHere: "there is no code to copy here", CopiedBefore: "copied the answer before: the last one has no text",
	Busy: "an answer is being written; esc stops it", SavedTo: "written to %s", NotSaved: "not saved: %s", Deleted: "deleted", Attached: "attached %s · backspace before the text takes it off", Detached: "%s is not attached any more",
	TooLarge: "%s is larger than 20 MB", NotText: "%s is neither text nor a picture that models take (PNG, JPEG, GIF, WebP)", NotFile: "%s is no file",
	NoFile: "%s cannot be read: %s", BadNumber: "%s is no number", BadRange: "the temperature goes from 0 to 2, max tokens from 1",
	Pasted: "[paste %d · %s lines · %s]", NoEditor: "the editor failed: %s", NothingToRetry: "there is no question yet",
	TwoToFour: "mark two to four models", FourAtMost: "four at most", ChordCode: "copy code: press its number", NoConversations: "no conversation is stored yet",
	ColdKeys: "the keys could not be read: %s", NothingToUnfold: "nothing is folded",
	Edited:         "sending the question begins a new branch; L shows the old one",
	EditedFleeting: "sending the question begins a new branch; L shows the old one until the program ends",
	ChordOf:        "code of the answer to %s: press its number · ↑ ↓ another answer",
	ChordMore:      "code %s: enter copies it, or another digit",
	ExportAnswer:   "answer %d of %d", ExportReasoning: "reasoning", ExportTook: "took %s", ExportQuota: "quota %.0f", ExportRequest: "request %s",
	EditorKept: "what was written is in %s: the editor failed: %s",
	LeftBehind: "L shows the conversation of before until the program ends",

	Do: ChatActions{
		Send:          Action{"send", "send the message"},
		Newline:       Action{"new line", "begin a new line"},
		History:       Action{"history", "on the first line: the message sent before"},
		Editor:        Action{"editor", "write on in $EDITOR"},
		Leave:         Action{"stop/leave", "stop the answer and keep its text, else leave the composer; the draft stays"},
		StopNow:       Action{"stop", "stop the answer; where none runs, quit"},
		Write:         Action{"write", "back to the composer"},
		CopyAnswer:    Action{"copy", "copy the last answer"},
		CopyCode:      Action{"copy code", "c and its number: copy a code block of the answer in view"},
		Again:         Action{"try again", "ask the last question again; says first what it will cost"},
		EditLast:      Action{"edit", "edit the last question and ask it anew"},
		Unfold:        Action{"unfold", "unfold the reasoning and long messages, and fold them again"},
		Versions:      Action{"others", "the other answers to the last question"},
		Model:         Action{"model", "choose a model by price, speed and errors"},
		Key:           Action{"key", "choose the key to ask with"},
		Settings:      Action{"settings", "system prompt, temperature, max tokens"},
		Attach:        Action{"attach", "attach a text file, a picture or a link to the next message; backspace before the text takes it off"},
		Compare:       Action{"compare", "ask two to four models the same, side by side"},
		Pick:          Action{"go on", "go on with the answer under the cursor"},
		New:           Action{"new", "begin a new conversation"},
		Conversations: Action{"history", "resume, rename or delete a stored conversation"},
		Export:        Action{"export", "write the conversation to a file, as Markdown or JSON"},
		LineUp:        Action{"up", "one line up"},
		LineDown:      Action{"down", "one line down"},
		PageUp:        Action{"half up", "half a page up"},
		PageDown:      Action{"half down", "half a page down"},
		Top:           Action{"top", "to the beginning"},
		Bottom:        Action{"bottom", "to the end"},
		LeftColumn:    Action{"left", "the answer to the left"},
		RightColumn:   Action{"right", "the answer to the right"},
	},
}
