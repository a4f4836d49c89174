#include "tests/fuzz/no_registry.h"

#include <stdlib.h>
#include <string.h>

#include "cli/client/refusal.h"
#include "storage/base/json.h"

#define ANSWER_END 0x1e
#define HEADERS_LIMIT 16

struct client {
    const char *at; /* of the next answer */
    const char *end;
};

struct client *
no_registry_open(struct arena *arena, const void *bytes, size_t length)
{
    struct client *client = arena_alloc(arena, sizeof(*client));

    *client = (struct client){bytes, (const char *)bytes + length};
    return client;
}

/* The line at *at, in the arena; *at goes behind it. */
static char *
take_line(struct arena *arena, const char **at, const char *end)
{
    size_t length = (size_t)(end - *at);
    const char *newline = length > 0 ? memchr(*at, '\n', length) : NULL;
    char *line;

    if (newline != NULL)
        length = (size_t)(newline - *at);
    line = arena_bytes(arena, *at, length);
    *at += length + (newline != NULL);
    return line;
}

static void
take_headers(struct answer *out, struct arena *arena, const char **at,
             const char *end)
{
    for (int i = 0; i < HEADERS_LIMIT && *at < end; i++) {
        char *line = take_line(arena, at, end);
        char *colon = strchr(line, ':');
        struct answer_header *header;

        if (colon == NULL)
            return;
        *colon = '\0';
        header = arena_alloc(arena, sizeof(*header));
        *header = (struct answer_header){
            line, colon + 1 + strspn(colon + 1, " "), out->headers};
        out->headers = header;
    }
}

int
client_send(struct answer *out, struct client *client, struct arena *arena,
            const struct exchange_request *request, struct error *err)
{
    size_t left = (size_t)(client->end - client->at);
    const char *end = left > 0 ? memchr(client->at, ANSWER_END, left) : NULL;
    const char *at = client->at;
    size_t limit = request->limit_bytes;

    if (end == NULL)
        end = client->end;
    else
        client->at = end + 1;
    *out = (struct answer){
        .status = (int)strtol(take_line(arena, &at, end), NULL, 10)};
    take_headers(out, arena, &at, end);
    out->length = (size_t)(end - at);
    out->body = arena_bytes(arena, at, out->length);
    if (limit > 0 && out->length > limit)
        return error_set(err, ERROR_TOO_LARGE, "the answer is too long");
    return out->status < 300 ? 0 : refusal_set(err, out);
}

int
client_call(json_t **out, struct client *client, struct arena *arena,
            const struct client_question *question, struct error *err)
{
    const struct exchange_request request = {.method = question->method,
                                             .url = question->path};
    struct answer answer;

    if (client_send(&answer, client, arena, &request, err) < 0)
        return -1;
    if (out == NULL)
        return 0;
    if (answer.length == 0) {
        *out = json_null();
        return 0;
    }
    return json_read(out, arena, answer.body, answer.length, err);
}

int
client_get(json_t **out, struct client *client, struct arena *arena,
           const char *path, struct error *err)
{
    const struct client_question question = {"GET", path, NULL};

    return client_call(out, client, arena, &question, err);
}

int
client_get_list(json_t **out, struct client *client, struct arena *arena,
                const char *path, struct error *err)
{
    return client_get(out, client, arena, path, err);
}

int
client_open(struct client **out, const struct client_settings *settings,
            struct error *err)
{
    (void)settings;
    *out = NULL;
    return error_set(err, ERROR_NETWORK, NULL);
}

void
client_free(struct client *client)
{
    (void)client;
}

const char *
client_registry(const struct client *client)
{
    (void)client;
    return "http://127.0.0.1:8470";
}

bool
client_has_token(const struct client *client)
{
    (void)client;
    return true;
}

const struct exchange_origin *
client_origin(const struct client *client)
{
    static const struct exchange_origin origin = {"http://127.0.0.1:8470", "",
                                                  NULL};

    (void)client;
    return &origin;
}

int
client_start(struct client *client, struct exchange *exchange,
             struct error *err)
{
    (void)client;
    (void)exchange;
    return error_set(err, ERROR_NETWORK, NULL);
}

void
client_stop(struct client *client, struct exchange *exchange)
{
    (void)client;
    (void)exchange;
}

int
client_step(struct exchange **out, struct client *client, int timeout_ms,
            struct error *err)
{
    (void)client;
    (void)timeout_ms;
    *out = NULL;
    return error_set(err, ERROR_NETWORK, NULL);
}

void
client_wake(struct client *client)
{
    (void)client;
}
