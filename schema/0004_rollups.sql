-- SPDX-License-Identifier: GPL-3.0-or-later
-- What series did in buckets of a minute, an hour and a day: docs/format.md says what a body is.

-- A window's buckets of one width, of one group. The columns repeat the body's header.
CREATE TABLE rollup (
    id       INTEGER PRIMARY KEY,
    width_ms INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    first_ms INTEGER NOT NULL, -- starts of its first and last bucket
    last_ms  INTEGER NOT NULL,
    body     BLOB NOT NULL
) STRICT;
CREATE INDEX rollup_by_group ON rollup (width_ms, group_id, first_ms, last_ms);
CREATE INDEX rollup_by_time ON rollup (width_ms, last_ms);

-- Up to when a group's buckets of a width are made. Goes back when samples come that are older.
CREATE TABLE rollup_done (
    width_ms INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    done_ms  INTEGER NOT NULL,
    sum      INTEGER NOT NULL,
    PRIMARY KEY (width_ms, group_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX series_group_by_group ON series_group (group_id, series);
