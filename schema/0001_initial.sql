-- SPDX-License-Identifier: GPL-3.0-or-later
-- The first shape of a store. docs/format.md says what the blobs and the sums are.
-- Page size, auto_vacuum and application_id are set before this runs and cannot change later.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every series ever stored; ids are never used twice. name is metric{label="value",...}.
CREATE TABLE series (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    sum  INTEGER NOT NULL
) STRICT;

-- In which group's packs a series is, from when on; to_ms is NULL for where it is now.
CREATE TABLE series_group (
    series   INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    from_ms  INTEGER NOT NULL,
    to_ms    INTEGER,
    sum      INTEGER NOT NULL,
    PRIMARY KEY (series, from_ms)
) STRICT, WITHOUT ROWID;

-- Up to which journal row a group's samples are in its packs.
CREATE TABLE pack_group (
    id          INTEGER PRIMARY KEY,
    covered_seq INTEGER NOT NULL,
    sum         INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
    seq  INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

-- A rowid table: long blobs in a WITHOUT ROWID table double the file.
CREATE TABLE pack (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL,
    state    INTEGER NOT NULL, -- 0 open, 1 sealed
    samples  INTEGER NOT NULL,
    body     BLOB NOT NULL
) STRICT;
-- Every column that a reader selects by is in it: a flipped bit in one shows as a mismatch.
CREATE INDEX pack_by_group ON pack (group_id, last_ms, first_ms);
CREATE INDEX pack_by_time ON pack (last_ms);
CREATE UNIQUE INDEX pack_open ON pack (group_id) WHERE state = 0;

CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    ts_ms      INTEGER NOT NULL,
    kind       INTEGER NOT NULL, -- 1 status, 2 alert, 3 system, 4 marker
    service    TEXT NOT NULL,
    instance   TEXT NOT NULL,
    check_name TEXT NOT NULL,
    name       TEXT NOT NULL,
    from_state INTEGER NOT NULL,
    to_state   INTEGER NOT NULL,
    cause      TEXT NOT NULL,
    sum        INTEGER NOT NULL
) STRICT;
CREATE INDEX event_by_service ON event (service, id);

CREATE TABLE check_state (
    service        TEXT NOT NULL,
    instance       TEXT NOT NULL,
    check_name     TEXT NOT NULL,
    status         INTEGER NOT NULL, -- 0 unknown, 1 healthy, 2 degraded, 3 unhealthy
    since_ms       INTEGER NOT NULL,
    last_result_ms INTEGER NOT NULL,
    pass_run       INTEGER NOT NULL,
    fail_run       INTEGER NOT NULL,
    sum            INTEGER NOT NULL,
    PRIMARY KEY (service, instance, check_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_state (
    rule             TEXT NOT NULL,
    labels           TEXT NOT NULL,
    level            INTEGER NOT NULL, -- 0 none, 1 info, 2 warning, 3 critical
    pending          INTEGER NOT NULL,
    pending_since_ms INTEGER NOT NULL,
    active_since_ms  INTEGER NOT NULL,
    level_since_ms   INTEGER NOT NULL,
    last_true_ms     INTEGER NOT NULL,
    value            REAL, -- NULL wherever a number cannot be known
    sum              INTEGER NOT NULL,
    PRIMARY KEY (rule, labels)
) STRICT, WITHOUT ROWID;

CREATE TABLE trend_result (
    series           INTEGER PRIMARY KEY,
    computed_ms      INTEGER NOT NULL,
    first_ms         INTEGER NOT NULL,
    last_ms          INTEGER NOT NULL,
    points           INTEGER NOT NULL,
    direction        INTEGER NOT NULL, -- 0 undetermined, 1 falling, 2 flat, 3 rising
    confidence_ratio REAL,
    last_value       REAL,
    slope_per_second REAL,
    slope_low        REAL,
    slope_high       REAL,
    season_seconds   REAL,
    threshold        REAL,
    side             INTEGER NOT NULL,
    time_to_p10_s    REAL,
    time_to_p50_s    REAL,
    time_to_p90_s    REAL,
    note             TEXT NOT NULL,
    horizons         INTEGER NOT NULL,
    horizon1_ms INTEGER, horizon1_p10 REAL, horizon1_p50 REAL, horizon1_p90 REAL, crossing1_ratio REAL,
    horizon2_ms INTEGER, horizon2_p10 REAL, horizon2_p50 REAL, horizon2_p90 REAL, crossing2_ratio REAL,
    horizon3_ms INTEGER, horizon3_p10 REAL, horizon3_p50 REAL, horizon3_p90 REAL, crossing3_ratio REAL,
    sum              INTEGER NOT NULL
) STRICT;

-- "Something was changed here": deployments and the like.
CREATE TABLE marker (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    ts_ms   INTEGER NOT NULL,
    service TEXT NOT NULL,
    text    TEXT NOT NULL,
    sum     INTEGER NOT NULL
) STRICT;

CREATE TABLE report_archive (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    type       TEXT NOT NULL,
    format     TEXT NOT NULL,
    file       TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    from_ms    INTEGER NOT NULL,
    to_ms      INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    sum        INTEGER NOT NULL
) STRICT;
