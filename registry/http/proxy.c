#include "registry/http/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An address in 128 bits; IPv4 in the last 32 of a mapped one. */
struct address {
    unsigned char bytes[16];
    int bits; /* that count, from the first */
};

static bool
read_plain(struct address *out, const char *text, bool *out_is_four)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    out->bits = 128;
    *out_is_four = inet_pton(AF_INET, text, out->bytes + 12) == 1;
    if (*out_is_four) {
        memcpy(out->bytes, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, text, out->bytes) == 1;
}

/* "address" or "address/bits", length bytes long. */
static bool
read_network(struct address *out, const char *text, size_t length)
{
    char copy[INET6_ADDRSTRLEN + 4];
    bool is_four;
    char *slash;
    char *end;
    long bits;

    if (length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!read_plain(out, copy, &is_four))
        return false;
    if (slash == NULL)
        return true;
    bits = strtol(slash + 1, &end, 10);
    if (end == slash + 1 || *end != '\0' || bits < 0 ||
        bits > (is_four ? 32 : 128))
        return false;
    out->bits = (int)bits + (is_four ? 96 : 0);
    return true;
}

static bool
lies_in(const struct address *address, const struct address *network)
{
    int whole = network->bits / 8;
    int rest = network->bits % 8;
    int mask = 0xff << (8 - rest) & 0xff;

    if (memcmp(address->bytes, network->bytes, (size_t)whole) != 0)
        return false;
    return rest == 0 ||
           ((address->bytes[whole] ^ network->bytes[whole]) & mask) == 0;
}

/* The word that ends at *end, without blanks; *end is moved before it. */
static const char *
last_word(size_t *out_length, const char *list, size_t *end)
{
    size_t from = *end;
    size_t to = *end;

    while (from > 0 && list[from - 1] != ',')
        from--;
    *end = from > 0 ? from - 1 : 0;
    while (from < to && (list[from] == ' ' || list[from] == '\t'))
        from++;
    while (to > from && (list[to - 1] == ' ' || list[to - 1] == '\t'))
        to--;
    *out_length = to - from;
    return list + from;
}

bool
proxy_is_list(const char *list)
{
    size_t end = strlen(list);

    while (end > 0) {
        struct address network;
        size_t length;
        const char *word = last_word(&length, list, &end);

        if (!read_network(&network, word, length))
            return false;
    }
    return true;
}

bool
proxy_is_trusted(const char *list, const char *address)
{
    struct address wanted;
    size_t end = list != NULL ? strlen(list) : 0;
    bool is_four;

    if (end == 0 || !read_plain(&wanted, address, &is_four))
        return false;
    while (end > 0) {
        struct address network;
        size_t length;
        const char *word = last_word(&length, list, &end);

        if (read_network(&network, word, length) && lies_in(&wanted, &network))
            return true;
    }
    return false;
}

/* A proxy adds to the end: of several headers, the last one counts. */
static const char *
find_forwarded(const struct head *head)
{
    for (size_t i = head->header_count; i > 0; i--)
        if (strcasecmp(head->headers[i - 1].name, "X-Forwarded-For") == 0)
            return head->headers[i - 1].value;
    return NULL;
}

const char *
proxy_find_client(struct arena *arena, const char *list, const char *peer,
                  const struct head *head)
{
    const char *client = peer;
    const char *forwarded;
    size_t end;

    if (!proxy_is_trusted(list, peer))
        return peer;
    forwarded = find_forwarded(head);
    end = forwarded != NULL ? strlen(forwarded) : 0;
    while (end > 0 && proxy_is_trusted(list, client)) {
        struct address address;
        size_t length;
        const char *word = last_word(&length, forwarded, &end);
        const char *copy = arena_bytes(arena, word, length);
        bool is_four;

        if (!read_plain(&address, copy, &is_four))
            break; /* what a proxy did not write is no address */
        client = copy;
    }
    return client;
}
