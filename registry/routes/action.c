#include "registry/routes/action.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auth/door.h"
#include "auth/vault.h"
#include "storage/base/clock.h"
#include "storage/base/secret.h"

#define FIELDS 9
#define LINK_LIMIT 512 /* bytes of what follows the kind */

static const struct {
    const char *word;
    enum right right; /* that the use of the address needs */
} kinds[] = {
    [ACTION_UPLOAD] = {"upload", RIGHT_WRITE},
    [ACTION_PART] = {"part", RIGHT_WRITE},
    [ACTION_COMPLETE] = {"complete", RIGHT_WRITE},
    [ACTION_DOWNLOAD] = {"download", RIGHT_CONTENT},
};

static void
sign(char out[DIGEST_TEXT_SIZE], const struct request *request,
     enum action_kind kind, const char *fields)
{
    const char *text =
        arena_format(request->arena, "lfs %s %s", kinds[kind].word, fields);
    struct digest mac;

    vault_hmac(&mac, request->service->vault, VAULT_LINK, text, strlen(text));
    digest_write(out, &mac);
}

const char *
action_write(const struct request *request, const struct action *action)
{
    char digest[DIGEST_TEXT_SIZE];
    char mac[DIGEST_TEXT_SIZE];
    const char *fields;

    digest_write(digest, &action->digest);
    fields = arena_format(request->arena,
                          "%" PRId64 ".%" PRId64 ".%" PRId64 ".%" PRId64
                          ".%s.%" PRIu64 ".%s.%d.%" PRId64,
                          action->repository, action->account, action->token,
                          action->grant, digest, action->size_bytes,
                          action->upload != NULL ? action->upload : "",
                          action->part, action->expires_at_ms);
    sign(mac, request, action->kind, fields);
    return arena_format(request->arena, "%s/lfs/%s/%s.%s",
                        request->service->url, kinds[action->kind].word, fields,
                        mac);
}

/* Splits the fields, which the HMAC vouches for. */
static bool
parse(struct action *out, char *text)
{
    char *fields[FIELDS];
    size_t count = 0;

    for (char *at = text; at != NULL && count < FIELDS;) {
        fields[count++] = at;
        at = strchr(at, '.');
        if (at != NULL)
            *at++ = '\0';
    }
    if (count != FIELDS || !digest_parse(&out->digest, fields[4]))
        return false;
    out->repository = strtoll(fields[0], NULL, 10);
    out->account = strtoll(fields[1], NULL, 10);
    out->token = strtoll(fields[2], NULL, 10);
    out->grant = strtoll(fields[3], NULL, 10);
    out->size_bytes = strtoull(fields[5], NULL, 10);
    out->upload = fields[6];
    out->part = (int)strtol(fields[7], NULL, 10);
    out->expires_at_ms = strtoll(fields[8], NULL, 10);
    return true;
}

static int
check(struct action *out, struct request *request, enum action_kind kind,
      struct error *err)
{
    char *fields = arena_text(request->arena, request_param(request, "link"));
    char *given = strrchr(fields, '.');
    char mac[DIGEST_TEXT_SIZE];

    out->kind = kind;
    if (given == NULL || strlen(fields) > LINK_LIMIT)
        return error_set(err, ERROR_FORBIDDEN, "this address is not ours");
    *given++ = '\0';
    sign(mac, request, kind, fields);
    if (!secret_is_equal(given, strlen(given), mac, strlen(mac)) ||
        !parse(out, fields))
        return error_set(err, ERROR_FORBIDDEN, "this address is not ours");
    if (out->expires_at_ms < clock_now_ms())
        return error_set(err, ERROR_FORBIDDEN,
                         "this address is too old; ask for a new one");
    return 0;
}

int
action_read(struct action *out, struct request *request, enum action_kind kind,
            struct error *err)
{
    struct repository *repository = &request->repository;

    if (check(out, request, kind, err) < 0 ||
        caller_find_by_link(&request->caller, request->db, request->arena,
                            out->account, out->token, err) < 0 ||
        catalog_find_by_id(repository, request->db, request->arena,
                           out->repository, err) < 0)
        return -1;
    if (repository->id == 0)
        return error_set(err, ERROR_REPO_NOT_FOUND, NULL);
    return door_check(repository, &request->standing, request->db,
                      request->arena,
                      &(struct right_question){
                          .caller = &request->caller,
                          .right = kinds[kind].right,
                          .kind = repository->kind,
                          .namespace_name = repository->namespace_name,
                          .name = repository->name,
                      },
                      err);
}
