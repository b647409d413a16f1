#ifndef SLIPWAY_CSQLITE_SHIM_H
#define SLIPWAY_CSQLITE_SHIM_H

#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast of -1 that the importer cannot read.
static inline int slipway_bind_text(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}

// A macro of an expression, which the importer cannot read either.
static const int slipway_ioerr_shmsize = SQLITE_IOERR_SHMSIZE;

#endif
