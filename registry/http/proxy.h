/*
 * proxy: who the client is when a trusted proxy stands between.
 *
 * X-Forwarded-For is looked at only when the peer is one of trusted_proxies: a
 * list of addresses, or of networks such as 10.0.0.0/8, with commas.  The
 * client is then the last address in it that is not a proxy's itself; what
 * stands before it anybody could have written.
 */
#ifndef REGISTRY_HTTP_PROXY_H
#define REGISTRY_HTTP_PROXY_H

#include <stdbool.h>

#include "registry/http/head.h"
#include "storage/base/arena.h"

/* True when every word of the list is an address or a network. */
bool proxy_is_list(const char *list);

/* list may be NULL, which trusts nobody. */
bool proxy_is_trusted(const char *list, const char *address);

/* The client's address: peer, or one out of the head, in the arena. */
const char *proxy_find_client(struct arena *arena, const char *list,
                              const char *peer, const struct head *head);

#endif
