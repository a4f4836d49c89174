#include "cli/client/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/client/authority.h"
#include "cli/client/backoff.h"
#include "cli/client/refusal.h"
#include "storage/base/clock.h"

#define STEP_MS 1000
#define PAGES_LIMIT 1000 /* of a list */

struct client {
    char *registry;
    char *token;
    struct interrupt *interrupt;
    struct exchange_origin origin;
    CURLM *multi;
    bool was_answered; /* the registry is there, so waiting for it may help */
};

/* The host that never leaves this machine. */
static bool
is_loopback(const char *url)
{
    static const char *const hosts[] = {"127.", "localhost", "[::1]"};
    const char *host = strstr(url, "://") + 3;
    size_t length = strcspn(host, ":/");

    if (host[0] == '[')
        length = strcspn(host, "]") + 1;
    if (length == strlen(hosts[1]) && strncasecmp(host, hosts[1], length) == 0)
        return true;
    if (length == strlen(hosts[2]) && strncmp(host, hosts[2], length) == 0)
        return true;
    /* 127.0.0.1, but not 127.example.com. */
    return strncmp(host, hosts[0], 4) == 0 &&
           strspn(host, "0123456789.") == length;
}

int
client_open(struct client **out, const struct client_settings *settings,
            struct error *err)
{
    struct client *client;

    if ((settings->token[0] != '\0' || settings->sends_password) &&
        strncmp(settings->registry, "http:", 5) == 0 &&
        !is_loopback(settings->registry))
        return error_set(err, ERROR_USAGE,
                         "the %s would go over plain HTTP to %s: use https",
                         settings->sends_password ? "password" : "token",
                         settings->registry);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, ERROR_INTERNAL, "libcurl does not start");
    client = xcalloc(1, sizeof(*client));
    client->registry = xstrdup(settings->registry);
    client->token = xstrdup(settings->token);
    client->interrupt = settings->interrupt;
    client->origin = (struct exchange_origin){
        .registry = client->registry,
        .token = client->token,
        .authority = authority_file(),
    };
    client->multi = curl_multi_init();
    *out = client;
    return 0;
}

void
client_free(struct client *client)
{
    if (client == NULL)
        return;
    curl_multi_cleanup(client->multi);
    free(client->registry);
    free(client->token);
    free(client);
}

const char *
client_registry(const struct client *client)
{
    return client->registry;
}

bool
client_has_token(const struct client *client)
{
    return client->token[0] != '\0';
}

const struct exchange_origin *
client_origin(const struct client *client)
{
    return &client->origin;
}

int
client_start(struct client *client, struct exchange *exchange,
             struct error *err)
{
    if (curl_multi_add_handle(client->multi, exchange_handle(exchange)) !=
        CURLM_OK)
        return error_set(err, ERROR_INTERNAL, "libcurl takes no request");
    return 0;
}

void
client_stop(struct client *client, struct exchange *exchange)
{
    if (exchange != NULL)
        curl_multi_remove_handle(client->multi, exchange_handle(exchange));
}

/* The next that is done, after its redirects; NULL for none yet. */
static struct exchange *
take_done(struct client *client)
{
    struct exchange *exchange;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        CURL *handle = message->easy_handle;
        CURLcode verdict = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(handle, CURLINFO_PRIVATE, (char **)&exchange);
        curl_multi_remove_handle(client->multi, handle);
        if (!exchange_finish(exchange, (int)verdict)) {
            if (exchange_answer(exchange)->status != 0)
                client->was_answered = true;
            return exchange;
        }
        curl_multi_add_handle(client->multi, handle);
    }
    return NULL;
}

int
client_step(struct exchange **out, struct client *client, int timeout_ms,
            struct error *err)
{
    struct curl_waitfd interrupt = {.fd = interrupt_fd(client->interrupt),
                                    .events = CURL_WAIT_POLLIN};
    unsigned int extra = interrupt.fd >= 0 ? 1 : 0;
    int running = 0;

    curl_multi_perform(client->multi, &running);
    *out = take_done(client);
    if (*out != NULL)
        return interrupt_check(client->interrupt, err);
    curl_multi_poll(client->multi, &interrupt, extra, timeout_ms, NULL);
    if (interrupt_check(client->interrupt, err) < 0)
        return -1;
    curl_multi_perform(client->multi, &running);
    *out = take_done(client);
    return 0;
}

void
client_wake(struct client *client)
{
    curl_multi_wakeup(client->multi);
}

static int
run_to_end(struct client *client, struct exchange *exchange, struct error *err)
{
    struct exchange *done = NULL;

    if (client_start(client, exchange, err) < 0)
        return -1;
    while (done == NULL) {
        if (client_step(&done, client, STEP_MS, err) < 0) {
            client_stop(client, exchange);
            return -1;
        }
    }
    return exchange_result(exchange, err);
}

/* Copies what the exchange owns. */
static void
keep_answer(struct answer *out, struct arena *arena,
            const struct answer *answer)
{
    const struct answer_header **end = &out->headers;

    *out = (struct answer){.status = answer->status, .length = answer->length};
    out->body = arena_bytes(arena, answer->body, answer->length);
    for (const struct answer_header *at = answer->headers; at != NULL;
         at = at->next) {
        struct answer_header *copy = arena_alloc(arena, sizeof(*copy));

        copy->name = arena_text(arena, at->name);
        copy->value = arena_text(arena, at->value);
        *end = copy;
        end = &copy->next;
    }
}

static int
try_once(struct answer *out, struct client *client, struct arena *arena,
         const struct exchange_request *request, struct error *err)
{
    struct exchange *exchange;
    int result;

    if (exchange_open(&exchange, &client->origin, request, err) < 0)
        return -1;
    result = run_to_end(client, exchange, err);
    if (result == 0)
        keep_answer(out, arena, exchange_answer(exchange));
    exchange_free(exchange);
    return result;
}

/*
 * A POST is only repeated when the registry said itself that it did nothing,
 * or when there was no connection at all.
 */
static bool
may_repeat(const struct client *client, const struct exchange_request *request,
           const struct error *err)
{
    bool is_harmless = strcmp(request->method, "POST") != 0;

    if (!client->was_answered)
        return false;
    return is_harmless || refusal_is_later(err) || refusal_is_unsent(err);
}

int
client_send(struct answer *out, struct client *client, struct arena *arena,
            const struct exchange_request *request, struct error *err)
{
    struct backoff backoff = {.tries = BACKOFF_QUESTION_TRIES,
                              .asked_seconds = BACKOFF_QUESTION_ASKED_S};
    struct exchange_request asked = *request;

    while (try_once(out, client, arena, &asked, err) < 0) {
        int64_t now_ms = clock_monotonic_ms();

        if (!may_repeat(client, request, err) ||
            backoff_fail(&backoff, now_ms, err) < 0 ||
            interrupt_sleep(client->interrupt, (int)(backoff.until_ms - now_ms),
                            err) < 0)
            return -1;
        asked.is_again = true;
    }
    return 0;
}

int
client_call(json_t **out, struct client *client, struct arena *arena,
            const struct client_question *question, struct error *err)
{
    static const char *const headers[] = {"Content-Type: application/json",
                                          NULL};
    struct exchange_request request = {.method = question->method,
                                       .url = question->path};
    struct answer answer;
    size_t length = 0;

    if (question->body != NULL) {
        request.headers = headers;
        request.bytes = json_write(&length, arena, question->body);
        request.length = length;
        request.has_body = true;
    }
    if (client_send(&answer, client, arena, &request, err) < 0)
        return -1;
    if (out == NULL)
        return 0;
    if (answer.length == 0) {
        *out = json_null();
        return 0;
    }
    if (json_read(out, arena, answer.body, answer.length, err) < 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s answers %s with something else than JSON",
                         client->registry, question->path);
    return 0;
}

int
client_get(json_t **out, struct client *client, struct arena *arena,
           const char *path, struct error *err)
{
    const struct client_question question = {.method = "GET", .path = path};

    return client_call(out, client, arena, &question, err);
}

int
client_get_list(json_t **out, struct client *client, struct arena *arena,
                const char *path, struct error *err)
{
    const char *url = path;
    json_t *list = json_keep(arena, json_array());

    for (int n = 0; url != NULL; n++) {
        const struct exchange_request request = {.method = "GET", .url = url};
        const char *before = url;
        struct answer answer = {0};
        json_t *page;

        if (n == PAGES_LIMIT)
            return error_set(err, ERROR_TOO_LARGE, "%s has over %d pages", path,
                             PAGES_LIMIT);
        if (client_send(&answer, client, arena, &request, err) < 0)
            return -1;
        if (json_read(&page, arena, answer.body, answer.length, err) < 0 ||
            !json_is_array(page))
            return error_set(err, ERROR_UNPROCESSABLE,
                             "%s answers %s with something else than a list",
                             client->registry, path);
        json_array_extend(list, page);
        url = answer_next(&answer, arena);
        if (url != NULL && strcmp(url, before) == 0)
            url = NULL;
    }
    *out = list;
    return 0;
}
