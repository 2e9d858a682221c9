// SPDX-License-Identifier: GPL-3.0-or-later
/* store/extension.h: put in front of every source that is built into the loadable extension: it
 * calls SQLite through the table that the program that loads it hands over, never a SQLite of
 * its own. Two of them in one process would undo each other's locks on the file. */
#ifndef STORE_EXTENSION_H
#define STORE_EXTENSION_H

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT3

#endif
