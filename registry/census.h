/*
 * census: how many connections there are, in all and from one address.
 *
 * An IPv6 client has 2^64 addresses: its first 64 bits count as one.  Used by
 * all loops.
 */
#ifndef REGISTRY_CENSUS_H
#define REGISTRY_CENSUS_H

#include <stdbool.h>

#include "storage/base/error.h"

struct census;

/* Never NULL.  The caller frees it with census_free. */
struct census *census_open(int limit, int limit_per_address);
void census_free(struct census *census); /* NULL is allowed */

/*
 * Counts one more from address (as text).  -1 when that is one too many:
 * ERROR_BUSY in all, ERROR_TOO_MANY from the address unless is_proxy, which
 * stands for many; then it counts not.
 */
int census_add(struct census *census, const char *address, bool is_proxy,
               struct error *err);
/* How many there are now. */
int census_count(struct census *census);

void census_remove(struct census *census, const char *address);

#endif
