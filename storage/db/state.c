#include "storage/db/state.h"

#include <string.h>

/* The first row whose text begins the state decides. */
static const struct {
    const char *prefix;
    enum error_code code;
} states[] = {
    {"23505", ERROR_CONFLICT},    /* unique */
    {"23503", ERROR_CONFLICT},    /* foreign key */
    {"23P01", ERROR_CONFLICT},    /* exclusion */
    {"22021", ERROR_BAD_REQUEST}, /* a text is not UTF-8 */
    {"08", ERROR_DATABASE},       /* connection */
    {"25006", ERROR_DATABASE},    /* read-only: a standby, during failover */
    {"26000", ERROR_DATABASE},    /* no such statement: a pooler's doing */
    {"0A000", ERROR_DATABASE},    /* a plan from before a migration */
    {"40", ERROR_DATABASE},       /* serialization, deadlock */
    {"53", ERROR_DATABASE},       /* no connections, memory or disk left */
    {"55P03", ERROR_DATABASE},    /* lock_timeout */
    {"57", ERROR_DATABASE},       /* shut down, or statement_timeout */
    {"58", ERROR_DATABASE},       /* the system under it failed */
    {"WH400", ERROR_BAD_REQUEST},   {"WH403", ERROR_FORBIDDEN},
    {"WH404", ERROR_NOT_FOUND},     {"WH409", ERROR_CONFLICT},
    {"WH412", ERROR_STALE},         {"WH413", ERROR_TOO_LARGE},
    {"WH422", ERROR_UNPROCESSABLE}, {"WH429", ERROR_TOO_MANY},
};

static enum error_code
code_of(const char *state)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].code;
    return ERROR_INTERNAL;
}

/* A message of libpq's ends in a newline and may have several lines. */
static int
set_cause(struct error *err, const char *what, const char *state,
          const char *message)
{
    error_set_cause(err, "%s: %s %s", what, state, message);
    for (char *at = err->cause; *at != '\0'; at++)
        if (*at == '\n')
            *at = ' ';
    return -1;
}

int
state_lost(struct error *err, const PGconn *link, const char *what)
{
    error_set(err, ERROR_DATABASE, NULL);
    return set_cause(err, what, "no connection", PQerrorMessage(link));
}

/* Without the detail: it quotes the row, and a row may hold a secret. */
int
state_to_error(struct error *err, const PGconn *link, const PGresult *result,
               const char *what)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (state == NULL || message == NULL || PQstatus(link) == CONNECTION_BAD)
        return state_lost(err, link, what);
    if (strncmp(state, "WH", 2) == 0)
        error_set(err, code_of(state), "%s", message);
    else
        error_set(err, code_of(state), NULL);
    return set_cause(err, what, state, message);
}

bool
state_is_outdated(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state != NULL &&
           (strcmp(state, "26000") == 0 || strcmp(state, "0A000") == 0);
}
