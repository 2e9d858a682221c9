-- SPDX-License-Identifier: GPL-3.0-or-later
-- Sealed packs (state 1) are merged into larger, smaller-coded ones (state 2) when they are old. What
-- waits for that is in an index of its own, so that looking for work costs nothing where there is none.
CREATE INDEX pack_hot ON pack (group_id, last_ms) WHERE state = 1;
