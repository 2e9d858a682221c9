-- SPDX-License-Identifier: GPL-3.0-or-later
-- What was said about the future, until it can be told whether it was right, and how often it was.

-- At most one for each series, kind and horizon; deleted when its outcome is known.
CREATE TABLE statement (
    series         INTEGER NOT NULL,
    kind           INTEGER NOT NULL, -- 0 flat, 1 trend, 2 threshold, 3 forecast
    horizon_ms     INTEGER NOT NULL,
    from_ms        INTEGER NOT NULL, -- the newest value that was known
    deadline_ms    INTEGER NOT NULL,
    step_ms        INTEGER NOT NULL, -- values are means of so long
    counter        INTEGER NOT NULL, -- 1: of a counter's rate per second
    side           INTEGER NOT NULL, -- 1 upward, -1 downward
    believed_ratio REAL, -- by the engine
    stated_ratio   REAL, -- in public
    level          REAL, -- the threshold, or the mean to compare with
    margin         REAL,
    p2_5 REAL, p10 REAL, p50 REAL, p90 REAL, p97_5 REAL,
    naive          REAL, -- the newest value
    sum            INTEGER NOT NULL,
    PRIMARY KEY (series, kind, horizon_ms)
) STRICT, WITHOUT ROWID;

-- Five weeks of outcomes, by probability in tenths.
CREATE TABLE statement_bin (
    kind       INTEGER NOT NULL,
    horizon_ms INTEGER NOT NULL,
    week       INTEGER NOT NULL, -- since 1970, of the deadline
    believed   INTEGER NOT NULL, -- 1: by what the engine believed, 0: by what was said in public
    bin        INTEGER NOT NULL, -- 0 .. 9
    count      INTEGER NOT NULL,
    true_count INTEGER NOT NULL,
    stated     REAL, -- sum of the probabilities
    squared    REAL, -- sum of (probability - outcome)^2
    sum        INTEGER NOT NULL,
    PRIMARY KEY (kind, horizon_ms, week, believed, bin)
) STRICT, WITHOUT ROWID;

-- How good the forecasts of each series were; counts fade, half in four weeks.
CREATE TABLE series_score (
    series        INTEGER NOT NULL,
    horizon_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL,
    count         REAL,
    inside80      REAL,
    inside95      REAL,
    share         REAL, -- sum of error / (error + error of saying that all stays as it is)
    share_squared REAL,
    width_below   REAL, -- logarithms of what the interval's halves are multiplied by
    width_above   REAL,
    sum           INTEGER NOT NULL,
    PRIMARY KEY (series, horizon_ms)
) STRICT, WITHOUT ROWID;
