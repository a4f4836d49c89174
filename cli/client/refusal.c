#include "cli/client/refusal.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "storage/base/json.h"
#include "storage/base/text.h"

#define NOT_CONNECTED "not connected"

/* Codes that a registry may speak of; what is ours alone is not listed. */
static const enum error_code spoken[] = {
#define ERROR(name, status, wire, text) ERROR_##name,
#include "storage/base/error.def"
#undef ERROR
};

/* When there is no code; the first row that fits. */
static const struct {
    int status;
    enum error_code code;
} statuses[] = {
    {400, ERROR_BAD_REQUEST},     {401, ERROR_UNAUTHENTICATED},
    {403, ERROR_FORBIDDEN},       {404, ERROR_NOT_FOUND},
    {405, ERROR_NOT_FOUND},       {408, ERROR_TIMEOUT},
    {409, ERROR_CONFLICT},        {410, ERROR_NOT_FOUND},
    {412, ERROR_STALE},           {413, ERROR_TOO_LARGE},
    {416, ERROR_RANGE},           {422, ERROR_UNPROCESSABLE},
    {429, ERROR_TOO_MANY},        {451, ERROR_FORBIDDEN},
    {501, ERROR_NOT_IMPLEMENTED}, {502, ERROR_NETWORK},
    {503, ERROR_DATABASE},        {504, ERROR_NETWORK},
    {507, ERROR_NO_SPACE},
};

static enum error_code
find_code(const struct answer *answer)
{
    const char *wire = answer_header(answer, "X-Error-Code");

    for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++)
        if (strcmp(error_wire(spoken[i]), wire) == 0 &&
            spoken[i] != ERROR_INTERRUPTED)
            return spoken[i];
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].status == answer->status)
            return statuses[i].code;
    return answer->status >= 400 && answer->status < 500 ? ERROR_BAD_REQUEST
                                                         : ERROR_INTERNAL;
}

/* What the registry said, in the arena; NULL when it said nothing. */
static const char *
find_text(const struct answer *answer, struct arena *arena)
{
    const char *text = answer_header(answer, "X-Error-Message");
    struct error err;
    json_t *body;

    if (text[0] != '\0')
        return text;
    if (json_read(&body, arena, answer->body, answer->length, &err) < 0)
        return NULL;
    text = json_text(body, "error");
    return text != NULL ? text : json_text(body, "message");
}

/* Of Retry-After, seconds or a date; 0 when it says nothing sensible. */
static int
find_retry_after(const struct answer *answer)
{
    const char *text = answer_header(answer, "Retry-After");
    char *end;
    long seconds = strtol(text, &end, 10);

    if (text[0] == '\0' || (answer->status != 429 && answer->status != 503))
        return 0;
    if (*end != '\0') {
        time_t at = curl_getdate(text, NULL);

        seconds = at == -1 ? 0 : (long)(at - time(NULL));
    }
    if (seconds <= 0)
        return 0;
    return seconds < INT_MAX ? (int)seconds : INT_MAX;
}

int
refusal_set(struct error *err, const struct answer *answer)
{
    struct arena *arena = arena_open();
    enum error_code code = find_code(answer);
    const char *text = find_text(answer, arena);

    if (text == NULL)
        error_set(err, code, "the registry answered with status %d",
                  answer->status);
    else
        error_set(err, code, "%s", text_printable(arena, text));
    err->status = answer->status;
    err->retry_after_seconds = find_retry_after(answer);
    arena_free(arena);
    return -1;
}

/* Scheme, host and port: the path may hold what is nobody's business. */
static int
host_length(const char *url)
{
    const char *host = strstr(url, "://");

    host = host == NULL ? url : host + 3;
    return (int)(host - url) + (int)strcspn(host, "/?#");
}

int
refusal_set_transport(struct error *err, int verdict, const char *url)
{
    enum error_code code = ERROR_NETWORK;
    const char *text = curl_easy_strerror((CURLcode)verdict);

    if (verdict == CURLE_OUT_OF_MEMORY) {
        /* Also what libcurl says of a header over 100 kB. */
        code = ERROR_UNPROCESSABLE;
        text = "the registry's headers are too large, or memory is out";
    }
    if (verdict == CURLE_UNSUPPORTED_PROTOCOL ||
        verdict == CURLE_WEIRD_SERVER_REPLY) {
        code = ERROR_UNPROCESSABLE;
        text = "what answers there does not speak HTTP";
    }
    error_set(err, code, "%.*s: %s", host_length(url), url, text);
    if (verdict == CURLE_COULDNT_CONNECT ||
        verdict == CURLE_COULDNT_RESOLVE_HOST)
        return error_set_cause(err, NOT_CONNECTED);
    return error_set_cause(err, "curl %d", verdict);
}

bool
refusal_is_unsent(const struct error *err)
{
    return err->code == ERROR_NETWORK && strcmp(err->cause, NOT_CONNECTED) == 0;
}

bool
refusal_is_later(const struct error *err)
{
    return err->code == ERROR_DATABASE || err->code == ERROR_BUSY ||
           err->code == ERROR_TOO_MANY;
}

bool
refusal_is_temporary(const struct error *err)
{
    return err->code == ERROR_NETWORK || err->code == ERROR_TIMEOUT ||
           refusal_is_later(err);
}
