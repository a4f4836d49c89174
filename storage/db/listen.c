#include "storage/db/listen.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/db/link.h"
#include "storage/db/migrate.h"
#include "storage/db/state.h"
#include "storage/db/tenure.h"

struct listen {
    PGconn *link;
};

static int
add_channel(PGconn *link, const char *channel, struct error *err)
{
    struct arena *arena = arena_open();
    char *name = PQescapeIdentifier(link, channel, strlen(channel));
    int result;

    if (name == NULL)
        result = state_lost(err, link, "listen");
    else
        result = link_run(link, arena_format(arena, "LISTEN %s", name), err);
    PQfreemem(name);
    arena_free(arena);
    return result;
}

int
listen_open(struct listen **out, const char *conninfo,
            const char *const *channels, struct error *err)
{
    struct listen *listening = xcalloc(1, sizeof(*listening));
    int result = -1;

    if (link_open(&listening->link, conninfo, err) < 0)
        goto done;
    for (; *channels != NULL; channels++)
        if (add_channel(listening->link, *channels, err) < 0)
            goto done;
    *out = listening;
    listening = NULL;
    result = 0;

done:
    listen_free(listening);
    return result;
}

void
listen_free(struct listen *listening)
{
    if (listening == NULL)
        return;
    PQfinish(listening->link);
    free(listening);
}

int
listen_keep_level(struct listen *listening, struct error *err)
{
    return tenure_take(listening->link, migrate_newest(), err);
}

int
listen_fd(const struct listen *listening)
{
    return PQsocket(listening->link);
}

int
listen_read(struct listen *listening,
            void (*heard)(void *state, const char *channel,
                          const char *payload),
            void *state, struct error *err)
{
    PGnotify *notify;

    if (!PQconsumeInput(listening->link) ||
        PQstatus(listening->link) != CONNECTION_OK)
        return state_lost(err, listening->link, "listen");
    while ((notify = PQnotifies(listening->link)) != NULL) {
        heard(state, notify->relname, notify->extra);
        PQfreemem(notify);
    }
    return 0;
}
