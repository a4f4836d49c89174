#include "storage/db/await.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* libpq's words for a connection: some forty today. */
#define WORDS_LIMIT 100

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* Whether the link's server takes another connection's first packet. */
static bool
is_server_alive(PGconn *link)
{
    PQconninfoOption *options = PQconninfo(link);
    const char *keys[WORDS_LIMIT + 1] = {NULL};
    const char *values[WORDS_LIMIT + 1] = {NULL};
    PGPing ping;
    int count = 0;

    for (PQconninfoOption *at = options;
         at != NULL && at->keyword != NULL && count < WORDS_LIMIT; at++) {
        if (at->val == NULL)
            continue;
        keys[count] = at->keyword;
        values[count++] = strcmp(at->keyword, "connect_timeout") == 0
                              ? TEXT(AWAIT_SIGN_SECONDS)
                              : at->val;
    }
    ping = PQpingParams(keys, values, 0);
    PQconninfoFree(options);
    return ping != PQPING_NO_RESPONSE;
}

/* Waits until the socket has something for us, or room for the rest. */
static int
wait_for_server(PGconn *link)
{
    struct pollfd file = {.fd = PQsocket(link), .events = POLLIN};
    int count;

    if (PQflush(link) == 1)
        file.events |= POLLOUT;
    do
        count = poll(&file, 1, AWAIT_PATIENCE_MS);
    while (count < 0 && errno == EINTR);
    return count;
}

/* libpq reads the end of the connection then, and says so. */
void
await_break(PGconn *link)
{
    shutdown(PQsocket(link), SHUT_RDWR);
    while (PQconsumeInput(link))
        ;
}

/* -1 with the connection broken when nothing comes, and what was is no more. */
static int
read_more(PGconn *link, int *waited_ms, int limit_ms)
{
    if (wait_for_server(link) != 0)
        return PQconsumeInput(link) ? 0 : -1;
    *waited_ms += AWAIT_PATIENCE_MS;
    if ((limit_ms == AWAIT_FOREVER || *waited_ms < limit_ms) &&
        is_server_alive(link))
        return 0;
    await_break(link);
    return -1;
}

PGresult *
await_result(PGconn *link, int limit_ms)
{
    int waited_ms = 0;

    while (PQisBusy(link) && read_more(link, &waited_ms, limit_ms) == 0)
        ;
    return PQgetResult(link);
}

int
await_copy_data(char **out_row, PGconn *link)
{
    int waited_ms = 0;
    int length;

    while ((length = PQgetCopyData(link, out_row, 1)) == 0)
        if (read_more(link, &waited_ms, AWAIT_FOREVER) < 0)
            return -2;
    return length;
}

PGresult *
await_last_result(PGconn *link, int limit_ms)
{
    PGresult *last = NULL;
    PGresult *next;

    while ((next = await_result(link, limit_ms)) != NULL) {
        PQclear(last);
        last = next;
    }
    return last;
}
