-- Version 2: the conversations with language models. body is the conversation's
-- own affair (ui/chat); updated is nanoseconds of Unix time on the local clock.
-- body stands last, so that a list reads none of its pages.
CREATE TABLE chat (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, gateway TEXT NOT NULL, model TEXT NOT NULL,
    updated INTEGER NOT NULL, messages INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX chat_updated ON chat (updated);
