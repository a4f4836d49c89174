/* review: the reviewer's queue, and decisions about those who ask. */
#include <stdint.h>
#include <string.h>

#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/terminal/table.h"
#include "storage/base/buffer.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/base/text.h"

#define DAY_MS INT64_C(86400000)
#define HOUR_MINUTES INT64_C(60)
#define DAY_MINUTES INT64_C(1440)
#define DAYS_MOST 36500
#define REQUEST_DIGITS 24
#define REPORT_LIMIT 67108864 /* 64 MiB */

static const struct option_row list_options[] = {
    {"status", "STATE", "pending, accepted, rejected or reset", false},
    {0},
};

static const struct option_row accept_options[] = {
    {"until", "DATE", "when the grant ends", false},
    {"days", "N", "how many days the grant lasts", false},
    {0},
};

static const struct option_row reason_options[] = {
    {"reason", "TEXT", "why; the person reads it", false},
    {0},
};

static const struct option_row revoke_options[] = {
    {"reason", "TEXT", "why; the person reads it", false},
    {"final", NULL, "the person may not ask again", false},
    {0},
};

static const struct option_row report_options[] = {
    {"output", "FILE", "write it there", false},
    {0},
};

/* "2 min": how long ago a time is, for people. */
static const char *
show_age(struct arena *arena, const char *since)
{
    int64_t at_ms;
    int64_t minutes;

    if (since == NULL || !clock_parse(&at_ms, since))
        return "?";
    minutes = (clock_now_ms() - at_ms) / 60000;
    if (minutes < 1)
        return "now";
    if (minutes < HOUR_MINUTES)
        return arena_format(arena, "%lld min", (long long)minutes);
    if (minutes < 2 * DAY_MINUTES)
        return arena_format(arena, "%lld h",
                            (long long)(minutes / HOUR_MINUTES));
    return arena_format(arena, "%lld days", (long long)(minutes / DAY_MINUTES));
}

/* "ETH Zurich, research" */
static const char *
show_answers(struct arena *arena, const json_t *item)
{
    struct buffer text = {0};
    const char *label;
    const json_t *answer;
    const char *out;

    json_object_foreach(json_object_get(item, "fields"), label, answer)
    {
        if (json_is_string(answer))
            buffer_append_format(&text, "%s%s", text.length > 0 ? ", " : "",
                                 json_string_value(answer));
    }
    out = arena_text(arena, text.bytes != NULL ? text.bytes : "");
    buffer_free(&text);
    return out;
}

static const char *
person_of(const json_t *item)
{
    const char *name = json_text(json_object_get(item, "user"), "user");

    return name != NULL ? name : "?";
}

static const char *
model_of(const json_t *item)
{
    const char *name = json_text(json_object_get(item, "repo"), "name");

    return name != NULL ? name : "?";
}

static const char *
id_of(const json_t *item)
{
    const char *id = json_text(item, "requestId");

    return id != NULL ? id : "?";
}

static json_t *
shape_item(const json_t *item)
{
    json_t *out = json_deep_copy(item);

    json_object_set_new(out, "request", json_string(id_of(item)));
    return out;
}

static int
list(struct context *context, struct error *err)
{
    static const char *const head[] = {"REQUEST", "MODEL",   "PERSON",
                                       "SINCE",   "ANSWERS", NULL};
    const char *status = option_text(&context->options, "status");
    struct table *table = table_open(context->arena, head);
    json_t *result = json_keep(context->arena, json_array());
    const json_t *item;
    json_t *items;
    size_t i;

    if (session_open_signed_in(context, err) < 0 ||
        client_get_list(
            &items, context->client, context->arena,
            arena_format(context->arena, "/api/reviews?status=%s",
                         text_percent_write(context->arena,
                                            status != NULL ? status : "pending",
                                            "")),
            err) < 0)
        return -1;
    json_array_foreach(items, i, item)
    {
        const char *const cells[] = {
            arena_format(context->arena, "%.8s", id_of(item)),
            model_of(item),
            person_of(item),
            show_age(context->arena, json_text(item, "timestamp")),
            show_answers(context->arena, item),
        };

        table_add(table, cells);
        json_array_append_new(result, shape_item(item));
    }
    if (!context->is_json && table_count(table) == 0)
        terminal_note(&context->terminal, "nobody waits for you\n");
    if (!context->is_json)
        table_print(table, &context->terminal);
    command_result(context, json_pack("{s:O}", "requests", result));
    return 0;
}

/* The request that an id, or the beginning of one, means. */
static int
find(json_t **out, struct context *context, const char *word, struct error *err)
{
    size_t length = strlen(word);

    if (length == 0 || length > REQUEST_DIGITS || !hex_is_text(word, length))
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is no request's id: see weigh review", word);
    if (session_open_signed_in(context, err) < 0)
        return -1;
    return client_get(
        out, context->client, context->arena,
        arena_format(context->arena, "/api/reviews/%s",
                     text_percent_write(context->arena, word, "")),
        err);
}

static int
show(struct context *context, struct error *err)
{
    const char *label;
    const json_t *answer;
    json_t *item = NULL;

    if (find(&item, context, command_word(context, 0), err) < 0)
        return -1;
    command_say(context, "request    %s\nmodel      %s\n", id_of(item),
                model_of(item));
    command_say(
        context, "person     %s, %s\nstate      %s since %s\n", person_of(item),
        json_text(json_object_get(item, "user"), "email") != NULL
            ? json_text(json_object_get(item, "user"), "email")
            : "no address shared",
        json_text(item, "status"),
        json_text(item, "timestamp") != NULL ? json_text(item, "timestamp")
                                             : "?");
    json_object_foreach(json_object_get(item, "fields"), label, answer)
        command_say(context, "answer     %s: %s\n", label,
                    json_is_string(answer) ? json_string_value(answer) : "?");
    answer = json_object_get(item, "agreement");
    if (json_is_object(answer))
        command_say(context, "agreed     sha256:%s by %s\n",
                    json_text(answer, "licence"), json_text(answer, "given"));
    command_result(context, shape_item(item));
    return 0;
}

/* --until DATE or --days N; *out is NULL for the gate's own length. */
static int
read_until(const char **out, struct context *context, struct error *err)
{
    static const int64_t bounds[] = {1, DAYS_MOST};
    const char *until = option_text(&context->options, "until");
    char text[CLOCK_TEXT_SIZE];
    int64_t at_ms;
    int64_t days;

    *out = NULL;
    if (option_number(&days, &context->options, "days", 0, bounds, err) < 0)
        return -1;
    if (until != NULL && days > 0)
        return error_set(err, ERROR_USAGE,
                         "--until and --days exclude another");
    if (until != NULL && !clock_parse(&at_ms, until))
        return error_set(err, ERROR_USAGE,
                         "--until %s: not a date such as 2027-11-23", until);
    if (until == NULL && days == 0)
        return 0;
    if (until == NULL)
        at_ms = clock_now_ms() + days * DAY_MS;
    clock_write(text, at_ms);
    *out = arena_text(context->arena, text);
    return 0;
}

/* Posts body about the request, by the route called verb. */
static int
post(struct context *context, const char *model, const char *verb,
     const json_t *body, struct error *err)
{
    const struct client_question question = {
        .method = "POST",
        .path =
            model_path(context->arena, model, "/user-access-request/%s", verb),
        .body = body,
    };

    return client_call(NULL, context->client, context->arena, &question, err);
}

/* What became of it: under a quorum one vote may leave it waiting. */
static int
say_decided(struct context *context, const char *id, const char *done,
            struct error *err)
{
    const char *status;
    const char *until;
    json_t *item = NULL;

    if (find(&item, context, id, err) < 0)
        return -1;
    status = json_text(item, "status");
    until = json_text(item, "grantEndsAt");
    if (status != NULL && strcmp(status, "pending") == 0 &&
        strcmp(done, "accepted") == 0)
        command_say(context, "voted      %s; %lld of the votes are in\n",
                    person_of(item), (long long)json_number(item, "votes", 1));
    else if (strcmp(done, "accepted") == 0)
        command_say(context, "accepted   %s may pull %s%s%.10s\n",
                    person_of(item), model_of(item),
                    until != NULL ? " until " : "", until != NULL ? until : "");
    else
        command_say(context, "%-10s %s, for %s\n", done, person_of(item),
                    model_of(item));
    json_array_append_new(json_object_get(context->result, "requests"),
                          shape_item(item));
    return 0;
}

/* One request's decision: what is said of it besides whose it is. */
struct decision {
    const char *status;
    const char *key; /* of value, or NULL */
    const char *value;
};

static int
decide_one(struct context *context, const char *word,
           const struct decision *decision, struct error *err)
{
    json_t *item = NULL;
    json_t *body;

    if (find(&item, context, word, err) < 0)
        return -1;
    body = json_pack("{s:s, s:s}", "requestId", id_of(item), "status",
                     decision->status);
    json_keep(context->arena, body);
    if (decision->value != NULL)
        json_object_set_new(body, decision->key, json_string(decision->value));
    if (post(context, model_of(item), "handle", body, err) < 0)
        return -1;
    return say_decided(context, id_of(item), decision->status, err);
}

/* All that are named, in their order; the first that fails ends it. */
static int
decide(struct context *context, const struct decision *decision,
       struct error *err)
{
    const char *word;

    command_result(context, json_pack("{s:[]}", "requests"));
    for (size_t i = 0; (word = command_word(context, i)) != NULL; i++)
        if (decide_one(context, word, decision, err) < 0)
            return -1;
    return 0;
}

static int
accept(struct context *context, struct error *err)
{
    struct decision decision = {.status = "accepted", .key = "until"};

    if (read_until(&decision.value, context, err) < 0)
        return -1;
    return decide(context, &decision, err);
}

static int
reject(struct context *context, struct error *err)
{
    const struct decision decision = {"rejected", "rejectionReason",
                                      option_text(&context->options, "reason")};

    return decide(context, &decision, err);
}

static int
reset(struct context *context, struct error *err)
{
    const struct decision decision = {"reset", "resetReason",
                                      option_text(&context->options, "reason")};

    return decide(context, &decision, err);
}

/* MODEL PERSON: lets somebody in who did not ask. */
static int
grant(struct context *context, struct error *err)
{
    const char *person = command_word(context, 1);
    struct model_name model;
    const char *until;
    json_t *body;

    if (session_read_model(&model, context, command_word(context, 0), err) <
            0 ||
        read_until(&until, context, err) < 0 ||
        session_open_signed_in(context, err) < 0)
        return -1;
    body = json_keep(context->arena,
                     json_pack("{s:s, s:s*}", "user", person, "until", until));
    if (post(context, model.name, "grant", body, err) < 0)
        return -1;
    command_say(context, "granted    %s may pull %s%s%.10s\n", person,
                model.name, until != NULL ? " until " : "",
                until != NULL ? until : "");
    command_result(context, json_pack("{s:s, s:s, s:s?}", "model", model.name,
                                      "person", person, "until", until));
    return 0;
}

/* MODEL PERSON, or the id of the request that was accepted. */
static int
revoke(struct context *context, struct error *err)
{
    const char *reason = option_text(&context->options, "reason");
    const bool is_final = option_has(&context->options, "final");
    const char *person = command_word(context, 1);
    const char *model_word = command_word(context, 0);
    struct model_name model;
    json_t *item = NULL;
    json_t *body;

    if (person == NULL) {
        if (find(&item, context, model_word, err) < 0)
            return -1;
        model_word = model_of(item);
        person = person_of(item);
    }
    if (session_read_model(&model, context, model_word, err) < 0 ||
        session_open_signed_in(context, err) < 0)
        return -1;
    body = json_keep(context->arena,
                     json_pack("{s:s, s:s*, s:b}", "user", person, "reason",
                               reason, "final", (int)is_final));
    if (post(context, model.name, "revoke", body, err) < 0)
        return -1;
    command_say(context, "revoked    %s may no longer pull %s\n", person,
                model.name);
    command_result(context,
                   json_pack("{s:s, s:s, s:b}", "model", model.name, "person",
                             person, "final", (int)is_final));
    return 0;
}

static int
report(struct context *context, struct error *err)
{
    const char *output = option_text(&context->options, "output");
    struct exchange_request request = {.method = "GET",
                                       .limit_bytes = REPORT_LIMIT};
    struct model_name model;
    struct answer answer;
    json_t *entries;

    if (session_read_model(&model, context, command_word(context, 0), err) <
            0 ||
        session_open_signed_in(context, err) < 0)
        return -1;
    request.url =
        arena_format(context->arena, "/%s/user-access-report", model.name);
    if (client_send(&answer, context->client, context->arena, &request, err) <
            0 ||
        json_read(&entries, context->arena, answer.body, answer.length, err) <
            0)
        return -1;
    if (output != NULL &&
        file_write(output, answer.body, answer.length, 0600, err) < 0)
        return -1;
    if (output == NULL)
        command_say(context, "%s\n", answer.body);
    else
        command_say(context, "written    %s, %zu people\n", output,
                    json_array_size(entries));
    command_result(context, json_pack("{s:s, s:O}", "model", model.name,
                                      "entries", entries));
    return 0;
}

static const struct command review_list = {
    .name = "list",
    .usage = "",
    .summary = "show who waits for your decision",
    .options = list_options,
    .run = list,
};

static const struct command review_show = {
    .name = "show",
    .usage = "REQUEST",
    .summary = "show one request whole",
    .words_min = 1,
    .words_max = 1,
    .run = show,
};

static const struct command review_accept = {
    .name = "accept",
    .usage = "REQUEST...",
    .summary = "let the person in",
    .words_min = 1,
    .words_max = COMMAND_WORDS_ANY,
    .options = accept_options,
    .run = accept,
};

static const struct command review_reject = {
    .name = "reject",
    .usage = "REQUEST...",
    .summary = "refuse, for good",
    .words_min = 1,
    .words_max = COMMAND_WORDS_ANY,
    .options = reason_options,
    .run = reject,
};

static const struct command review_reset = {
    .name = "reset",
    .usage = "REQUEST...",
    .summary = "have the person ask again",
    .words_min = 1,
    .words_max = COMMAND_WORDS_ANY,
    .options = reason_options,
    .run = reset,
};

static const struct command review_grant = {
    .name = "grant",
    .usage = "MODEL PERSON",
    .summary = "let somebody in who did not ask",
    .words_min = 2,
    .words_max = 2,
    .options = accept_options,
    .run = grant,
};

static const struct command review_revoke = {
    .name = "revoke",
    .usage = "REQUEST | MODEL PERSON",
    .summary = "take a grant back, at once",
    .words_min = 1,
    .words_max = 2,
    .options = revoke_options,
    .run = revoke,
};

static const struct command review_report = {
    .name = "report",
    .usage = "MODEL",
    .summary = "list everybody who asked",
    .words_min = 1,
    .words_max = 1,
    .options = report_options,
    .run = report,
};

static const struct command *const review_verbs[] = {
    &review_list,   &review_show,   &review_accept,
    &review_reject, &review_reset,  &review_grant,
    &review_revoke, &review_report, NULL,
};

const struct command command_review = {
    .name = "review",
    .usage = "[VERB]",
    .summary = "decide about those who ask for your models",
    .run = list,
    .options = list_options,
    .verbs = review_verbs,
};
