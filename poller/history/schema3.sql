-- Version 3: account tells whose an alert is, as book.gateway does; gateway is the
-- name on the screen, which another account can have next time. '' is a line from
-- before, and of a program that could not say.
ALTER TABLE alert ADD COLUMN account TEXT NOT NULL DEFAULT '';
