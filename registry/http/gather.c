#include "registry/http/gather.h"

#include "registry/http/input.h"
#include "registry/http/route.h"

/* NULL: each request of the route asks the door alone. */
static route_at_hand *
find_at_hand(const struct exchange *exchange)
{
    const struct route *route = exchange->input.match.route;
    const struct prompt *prompt = exchange->host->prompts;

    while (prompt != NULL && prompt->handle != NULL) {
        if (prompt->handle == route->handle)
            return prompt->at_hand;
        prompt++;
    }
    return NULL;
}

bool
gather_takes(const struct exchange *exchange)
{
    return !exchange->is_unread && find_at_hand(exchange) != NULL;
}

/* Reads the proof; false when the exchange is answered with that. */
static bool
open_entry(struct entry *out, struct exchange *exchange, struct db *db)
{
    struct error err;

    exchange->request.db = db;
    exchange_note_check(exchange);
    if (entry_begin(out, &exchange->request, exchange->input.match.route, db,
                    &err) == 0)
        return true;
    exchange_turn_away(exchange, &err);
    return false;
}

void
gather_ask(struct gather *out, struct task *const *tasks, int count,
           struct db *db)
{
    struct door_question questions[CREW_GATHER_LIMIT];

    out->db = db;
    out->count = 0;
    out->next = 0;
    for (int i = 0; i < count; i++)
        out->count += open_entry(&out->entries[out->count],
                                 (struct exchange *)tasks[i], db);
    for (int i = 0; i < out->count; i++)
        questions[i] = entry_question(&out->entries[i]);
    out->has_failed =
        out->count > 0 && door_ask(out->answers, db, questions,
                                   (size_t)out->count, &out->err) < 0;
}

void
gather_answer(struct gather *gather, struct exchange *exchange)
{
    struct error err;
    int at;

    if (exchange->stage == EXCHANGE_ANSWER)
        return;
    at = gather->next++;
    if (gather->has_failed)
        exchange_turn_away(exchange, &gather->err);
    else if (entry_end(&gather->entries[at], gather->answers[at], &err) < 0)
        exchange_turn_away(exchange, &err);
    else if (find_at_hand(exchange)(&exchange->request))
        exchange_go_on(exchange, gather->db);
}
