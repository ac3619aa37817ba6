-- Version 4: key_id tells alerts apart that are of keys with one name. 0 is a line
-- from before, of no key, and of a program that could not say.
ALTER TABLE alert ADD COLUMN key_id INTEGER NOT NULL DEFAULT 0;
