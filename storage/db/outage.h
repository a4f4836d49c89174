/*
 * outage: that PostgreSQL hangs, as all connections of one daemon know it.
 *
 * Whoever asks a server that hangs waits for seconds.  So one finds out, and
 * until the server answers again the others are refused at once; one caller
 * at a time is let through to look.  All zeros is no outage, and NULL in the
 * place of an outage is allowed: then each finds out for himself.
 */
#ifndef STORAGE_DB_OUTAGE_H
#define STORAGE_DB_OUTAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How long nobody asks a server that was just found to hang. */
#define OUTAGE_PAUSE_MS 500
/* How long a caller may look before another does. */
#define OUTAGE_LOOK_MS 10000

struct outage {
    _Atomic int64_t until_ms; /* monotonic; 0: the server answers */
};

/* False for who need not try now. */
bool outage_admits(struct outage *outage);

/* The server gave no answer in its time. */
void outage_begin(struct outage *outage);

/* The server answered, whatever it was. */
void outage_end(struct outage *outage);

#endif
