#include "registry/hooks/neighbour.h"

#include <curl/curl.h>
#include <string.h>

#include "storage/base/arena.h"

#define TIMEOUT_SECONDS 10L

struct answer {
    struct buffer *out;
    struct error *err;
};

static size_t
take(char *bytes, size_t size, size_t count, void *state)
{
    struct answer *answer = state;

    if (buffer_add(answer->out, bytes, size * count, NEIGHBOUR_ANSWER_BYTES,
                   answer->err) < 0)
        return 0;
    return size * count;
}

/* Where a daemon that listens everywhere is reached from this machine. */
static const char *
make_url(struct arena *arena, const struct neighbour *neighbour,
         const char *path)
{
    static const char *const everywhere[][2] = {{"0.0.0.0:", "127.0.0.1:"},
                                                {"[::]:", "[::1]:"}};
    size_t length = strcspn(neighbour->listen, ",");
    const char *host = arena_bytes(arena, neighbour->listen, length);

    for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++) {
        size_t start = strlen(everywhere[i][0]);

        if (strncmp(host, everywhere[i][0], start) == 0)
            host = arena_format(arena, "%s%s", everywhere[i][1], host + start);
    }
    return arena_format(arena, "%s://%s%s",
                        neighbour->has_tls ? "https" : "http", host, path);
}

static int
ask(CURL *curl, const char *url, struct answer *answer)
{
    struct error *err = answer->err;
    CURLcode code;
    long status = 0;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    code = curl_easy_perform(curl);
    if (code == CURLE_WRITE_ERROR)
        return -1;
    if (code != CURLE_OK)
        return error_set(err, ERROR_NETWORK, "%s does not answer: %s", url,
                         curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return error_set(err, ERROR_NETWORK,
                         "%s answers %ld; the key metrics says who may ask",
                         url, status);
    return 0;
}

int
neighbour_get(struct buffer *out, const struct neighbour *neighbour,
              const char *path, struct error *err)
{
    struct answer answer = {out, err};
    struct arena *arena = arena_open();
    CURL *curl = curl_easy_init();
    int result = -1;

    if (curl == NULL)
        error_set(err, ERROR_INTERNAL, "libcurl does not start");
    else
        result = ask(curl, make_url(arena, neighbour, path), &answer);
    curl_easy_cleanup(curl);
    arena_free(arena);
    return result;
}
