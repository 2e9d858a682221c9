-- SPDX-License-Identifier: GPL-3.0-or-later
-- Series that were deleted and whose samples are still to be taken out of packs and roll-ups. Nobody sees them
-- any more: their rows in series and series_group went in the transaction that put them here.
CREATE TABLE deleted_series (
    series     INTEGER NOT NULL,
    group_id   INTEGER NOT NULL, -- one row for each group that it was in
    deleted_ms INTEGER NOT NULL,
    sum        INTEGER NOT NULL,
    PRIMARY KEY (group_id, series)
) STRICT, WITHOUT ROWID;
