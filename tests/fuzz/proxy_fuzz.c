/*
 * A list of trusted proxies in front of a newline, X-Forwarded-For behind: the
 * client is the peer or stands in the header.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/proxy.h"

#define PEER "10.0.0.1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    char *list = arena_bytes(arena, data, size);
    char *newline = strchr(list, '\n');
    struct header header = {"X-Forwarded-For", ""};
    struct head head = {.headers = &header, .header_count = 1};
    const char *client;

    if (newline != NULL) {
        *newline = '\0';
        header.value = newline + 1;
    }
    (void)proxy_is_list(list);
    (void)proxy_is_trusted(list, header.value);
    client = proxy_find_client(arena, list, PEER, &head);
    if (client == NULL ||
        (strcmp(client, PEER) != 0 && (!proxy_is_trusted(list, PEER) ||
                                       strstr(header.value, client) == NULL)))
        abort();
    arena_free(arena);
    return 0;
}
