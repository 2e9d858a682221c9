-- SPDX-License-Identifier: GPL-3.0-or-later
-- The last failures of each check, with their transcripts, and why a check stands as it does.

-- Beside check_state, which is written far more often than the words change.
CREATE TABLE check_cause (
    service    TEXT NOT NULL,
    instance   TEXT NOT NULL,
    check_name TEXT NOT NULL,
    reason     INTEGER NOT NULL, -- as in model/reason.h, never renumbered
    cause      TEXT NOT NULL,
    sum        INTEGER NOT NULL,
    PRIMARY KEY (service, instance, check_name)
) STRICT, WITHOUT ROWID;

-- Slots are taken in turn, so a check never has more rows than there are slots. Written once each. Not a
-- unique index: a flipped bit of a slot must not keep it from being made anew.
CREATE TABLE check_failure (
    service    TEXT NOT NULL,
    instance   TEXT NOT NULL,
    check_name TEXT NOT NULL,
    slot       INTEGER NOT NULL,
    ts_ms      INTEGER NOT NULL,
    reason     INTEGER NOT NULL,
    cause      TEXT NOT NULL,
    duration_s REAL,
    attempts   INTEGER NOT NULL,
    phases     TEXT NOT NULL, -- "resolve=0.002 connect=0.01", seconds
    transcript TEXT NOT NULL,
    sum        INTEGER NOT NULL
) STRICT;
CREATE INDEX check_failure_by_slot ON check_failure (service, instance, check_name, slot);
CREATE INDEX check_failure_by_time ON check_failure (ts_ms);

-- How often the failure of a slot came again: small, because it is written again and again.
CREATE TABLE failure_tally (
    service    TEXT NOT NULL,
    instance   TEXT NOT NULL,
    check_name TEXT NOT NULL,
    slot       INTEGER NOT NULL,
    ts_ms      INTEGER NOT NULL, -- of the failure in that slot
    last_ms    INTEGER NOT NULL, -- when it came last
    times      INTEGER NOT NULL,
    left_out   INTEGER NOT NULL, -- other failures just before it that were not written down
    sum        INTEGER NOT NULL,
    PRIMARY KEY (service, instance, check_name, slot)
) STRICT, WITHOUT ROWID;
