-- Times named at are nanoseconds of Unix time on the local clock; first, last and
-- the starts of slots, minutes and hours are seconds on the gateway's own clock,
-- both ends inclusive. scope is model.Scope. Blobs are written by encode.go.

CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- One accounting: a gateway's, of one scope.
CREATE TABLE book (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, scope INTEGER NOT NULL,
    UNIQUE (gateway, scope)
);

-- How each second of the log was last read; gone is a second to be read again.
CREATE TABLE settled (
    book INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    at INTEGER NOT NULL, read_at INTEGER NOT NULL, told INTEGER NOT NULL, gone INTEGER NOT NULL,
    PRIMARY KEY (book, first)
) WITHOUT ROWID;

-- The rows of the log, ten seconds to a blob.
CREATE TABLE slot (book INTEGER NOT NULL, start INTEGER NOT NULL, calls BLOB NOT NULL, PRIMARY KEY (book, start));

-- The usage of the minutes that were settled whole, and of hours; models is the
-- same as cells, added up per language model.
CREATE TABLE minute (book INTEGER NOT NULL, start INTEGER NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (book, start));
CREATE TABLE hour (book INTEGER NOT NULL, start INTEGER NOT NULL, models BLOB NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (book, start));
-- The hours whose minutes hold more than the hour does.
CREATE TABLE stale (book INTEGER NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (book, start)) WITHOUT ROWID;
-- What is known whole: minutes (step 60), the gateway's own hours and UTC days
-- (3600, 86400).
CREATE TABLE covered (
    book INTEGER NOT NULL, step INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (book, step, first)
) WITHOUT ROWID;

-- The gateway's own sums: of hours and days, and per model and period.
CREATE TABLE total (
    book INTEGER NOT NULL, days INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    quota INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (book, days, first)
) WITHOUT ROWID;
CREATE TABLE period (
    book INTEGER NOT NULL, step INTEGER NOT NULL, first INTEGER NOT NULL, usage TEXT NOT NULL,
    PRIMARY KEY (book, step, first)
);

CREATE TABLE balance (
    gateway TEXT NOT NULL, at INTEGER NOT NULL, quota INTEGER NOT NULL, used INTEGER NOT NULL,
    PRIMARY KEY (gateway, at)
) WITHOUT ROWID;

-- The last answer of each kind, as JSON of the type in model.
CREATE TABLE latest (gateway TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (gateway, kind));
-- The interval of a source in nanoseconds, and the gateway's clock minus ours.
CREATE TABLE source (gateway TEXT NOT NULL, source TEXT NOT NULL, every INTEGER NOT NULL, skew INTEGER, PRIMARY KEY (gateway, source)) WITHOUT ROWID;

-- Each key as it was, from at on.
CREATE TABLE apikey (
    gateway TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL,
    PRIMARY KEY (gateway, id, name, at)
) WITHOUT ROWID;

CREATE TABLE alert (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, gateway TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, says TEXT NOT NULL, cleared INTEGER
);
CREATE INDEX alert_at ON alert (at);

-- The requests of the last minutes: by which process, in which millisecond, and
-- how many.
CREATE TABLE sent (
    address TEXT NOT NULL, at INTEGER NOT NULL, process INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (address, at, process)
) WITHOUT ROWID;
