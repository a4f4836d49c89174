#include "registry/http/cookie.h"

#include <string.h>

#include "registry/service.h"

static void
set(struct response *response, const struct request *request, const char *value,
    int max_age_seconds)
{
    bool is_secure = strncmp(request->service->url, "https://", 8) == 0;

    response_header(
        response, "Set-Cookie",
        arena_format(request->arena,
                     COOKIE_SESSION
                     "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                     value, max_age_seconds, is_secure ? "; Secure" : ""));
}

void
cookie_set_session(struct response *response, const struct request *request,
                   const char *value, int max_age_seconds)
{
    set(response, request, value, max_age_seconds);
}

void
cookie_remove_session(struct response *response, const struct request *request)
{
    set(response, request, "", 0);
}

const char *
cookie_find(struct arena *arena, const char *header, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = header; *at != '\0';) {
        size_t size;

        at += strspn(at, " \t;");
        size = strcspn(at, ";");
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            const char *value = at + length + 1;

            size -= length + 1;
            while (size > 0 &&
                   (value[size - 1] == ' ' || value[size - 1] == '\t'))
                size--;
            return arena_bytes(arena, value, size);
        }
        at += size;
    }
    return NULL;
}
