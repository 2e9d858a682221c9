-- SPDX-License-Identifier: GPL-3.0-or-later
-- What was found in a series besides its direction. Rows with their sums cannot be rewritten here; they are
-- results, and the next round of trends makes all of them anew, minutes after the start.
DROP TABLE trend_result;
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
    findings         TEXT NOT NULL,    -- "level_shift at=1763805720000 before=0.12 ...; season ..."
    sum              INTEGER NOT NULL
) STRICT;
