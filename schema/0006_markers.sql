-- SPDX-License-Identifier: GPL-3.0-or-later
-- Markers are events of kind 4, which lists, charts and reports show as they do others. The table that was meant for
-- them was never written to.
DROP TABLE marker;
