#include "auth/key/agreement.h"

#include <string.h>

#include "auth/key/dsse.h"
#include "storage/base/clock.h"
#include "storage/base/hex.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

#define VERSION 1
#define TEXT_LIMIT 1024    /* of one text in the payload */
#define ANSWER_LIMIT 16384 /* of one answer */
#define REVISION_LENGTH 40

static const char *const ways[] = {
    [AGREEMENT_TERMINAL] = "terminal",
    [AGREEMENT_PAGE] = "page",
    [AGREEMENT_FLAG] = "flag",
};

const char *
agreement_way_text(enum agreement_way way)
{
    return ways[way];
}

static json_t *
to_json(const struct agreement *agreement)
{
    char licence[DIGEST_TEXT_SIZE];
    char key[DIGEST_TEXT_SIZE];
    char at[CLOCK_TEXT_SIZE];

    digest_write(licence, &agreement->licence);
    digest_write(key, &agreement->key);
    clock_write(at, agreement->at_ms);
    return json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:{s:s, s:I, s:s}, s:O, s:s, "
        "s:s, s:{s:s, s:I}, s:s, s:s, s:s}",
        "version", VERSION, "registry", agreement->registry, "account",
        agreement->account, "model", agreement->model, "revision",
        agreement->revision, "licence", "sha256", licence, "length",
        (json_int_t)agreement->licence_bytes, "label", agreement->licence_label,
        "answers", agreement->answers, "given", ways[agreement->way], "phrase",
        agreement->phrase, "shown", "what", agreement->shown, "milliseconds",
        (json_int_t)agreement->shown_ms, "session", agreement->session, "time",
        at, "key", key);
}

int
agreement_make(char **out, size_t *out_length, struct arena *arena,
               const struct agreement *agreement, const struct key *key,
               struct error *err)
{
    struct agreement signed_by = *agreement;
    struct dsse dsse = {.type = AGREEMENT_TYPE};
    struct agreement unused;
    char key_id[DIGEST_TEXT_SIZE];
    json_t *payload;

    key_fingerprint(&signed_by.key, key);
    digest_write(key_id, &signed_by.key);
    payload = json_keep(arena, to_json(&signed_by));
    if (payload == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement holds text that is not UTF-8");
    dsse.payload = json_write(&dsse.payload_length, arena, payload);
    dsse.key_id = key_id;
    if (dsse_seal(out, out_length, arena, &dsse, key, err) < 0)
        return -1;
    /* What nobody could read again is not given out. */
    return agreement_parse(&unused, arena, *out, *out_length, err);
}

static int
check_members(const json_t *object, const char *const *names, struct error *err)
{
    const char *unknown;

    if (!json_is_object(object))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement is no JSON object");
    unknown = json_find_unknown(object, names);
    if (unknown != NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement has an unknown member \"%.64s\"",
                         unknown);
    return 0;
}

/* A text of bounded length; an empty one only when it may be. */
static int
read_text(const char **out, const json_t *object, const char *key,
          bool may_be_empty, struct error *err)
{
    if (json_need_text(out, object, key, err) < 0)
        return -1;
    if (strlen(*out) > TEXT_LIMIT || (!may_be_empty && (*out)[0] == '\0'))
        return error_set(err, ERROR_BAD_REQUEST, "the agreement's \"%s\" is %s",
                         key, (*out)[0] == '\0' ? "empty" : "too long");
    return 0;
}

static int
read_digest(struct digest *out, const json_t *object, const char *key,
            struct error *err)
{
    const char *text = json_text(object, key);

    if (text == NULL || !digest_parse(out, text))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement's \"%s\" is no SHA-256", key);
    return 0;
}

static int
read_licence(struct agreement *out, json_t *licence, struct error *err)
{
    static const char *const names[] = {"sha256", "length", "label", NULL};

    if (check_members(licence, names, err) < 0 ||
        read_digest(&out->licence, licence, "sha256", err) < 0 ||
        read_text(&out->licence_label, licence, "label", true, err) < 0)
        return -1;
    out->licence_bytes = json_number(licence, "length", -1);
    if (out->licence_bytes < 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement's licence has no length");
    return 0;
}

static int
read_shown(struct agreement *out, json_t *shown, struct error *err)
{
    static const char *const names[] = {"what", "milliseconds", NULL};

    if (check_members(shown, names, err) < 0 ||
        read_text(&out->shown, shown, "what", true, err) < 0)
        return -1;
    out->shown_ms = json_number(shown, "milliseconds", -1);
    if (out->shown_ms < 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement's \"shown\" has no milliseconds");
    return 0;
}

static int
read_answers(struct agreement *out, json_t *answers, struct error *err)
{
    const char *question;
    json_t *answer;

    if (!json_is_object(answers) ||
        json_object_size(answers) > AGREEMENT_ANSWERS_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "an agreement has at most %d answers",
                         AGREEMENT_ANSWERS_LIMIT);
    json_object_foreach(answers, question, answer)
    {
        if (!json_is_string(answer) ||
            json_string_length(answer) > ANSWER_LIMIT ||
            strlen(question) > TEXT_LIMIT)
            return error_set(err, ERROR_BAD_REQUEST,
                             "the answer to \"%.64s\" is no text, or too long",
                             question);
    }
    out->answers = answers;
    return 0;
}

static int
read_way(struct agreement *out, const json_t *payload, struct error *err)
{
    const char *text = json_text(payload, "given");

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (text != NULL && strcmp(text, ways[i]) == 0) {
            out->way = (enum agreement_way)i;
            return 0;
        }
    return error_set(err, ERROR_BAD_REQUEST,
                     "the agreement's \"given\" is not terminal, page or flag");
}

static int
read_payload(struct agreement *out, json_t *payload, struct error *err)
{
    static const char *const names[] = {
        "version", "registry", "account", "model",  "revision",
        "licence", "answers",  "given",   "phrase", "shown",
        "session", "time",     "key",     NULL};
    const char *time = json_text(payload, "time");

    if (check_members(payload, names, err) < 0)
        return -1;
    if (json_number(payload, "version", 0) != VERSION)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement is not of version %d", VERSION);
    if (read_text(&out->registry, payload, "registry", false, err) < 0 ||
        read_text(&out->account, payload, "account", false, err) < 0 ||
        read_text(&out->model, payload, "model", false, err) < 0 ||
        read_text(&out->revision, payload, "revision", false, err) < 0 ||
        read_text(&out->phrase, payload, "phrase", true, err) < 0 ||
        read_text(&out->session, payload, "session", true, err) < 0 ||
        read_licence(out, json_object_get(payload, "licence"), err) < 0 ||
        read_answers(out, json_object_get(payload, "answers"), err) < 0 ||
        read_way(out, payload, err) < 0 ||
        read_shown(out, json_object_get(payload, "shown"), err) < 0 ||
        read_digest(&out->key, payload, "key", err) < 0)
        return -1;
    if (!hex_is_text(out->revision, REVISION_LENGTH))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement's \"revision\" is no commit");
    if (time == NULL || !clock_parse(&out->at_ms, time))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement's \"time\" is no time");
    return 0;
}

static int
read_envelope(struct dsse *out, struct arena *arena, const char *bytes,
              size_t length, struct error *err)
{
    json_t *envelope;

    if (length > AGREEMENT_LIMIT_BYTES)
        return error_set(err, ERROR_BAD_REQUEST,
                         "an agreement has at most %u bytes",
                         AGREEMENT_LIMIT_BYTES);
    if (json_read(&envelope, arena, bytes, length, err) < 0)
        return -1;
    return dsse_parse(out, arena, envelope, AGREEMENT_TYPE, err);
}

static int
parse(struct agreement *out, struct dsse *dsse, struct arena *arena,
      const char *bytes, size_t length, struct error *err)
{
    json_t *payload = NULL;

    *out = (struct agreement){0};
    if (read_envelope(dsse, arena, bytes, length, err) < 0 ||
        json_read(&payload, arena, dsse->payload, dsse->payload_length, err) <
            0)
        return error_set(err, ERROR_BAD_REQUEST, "%s",
                         arena_text(arena, err->message));
    return read_payload(out, payload, err);
}

int
agreement_parse(struct agreement *out, struct arena *arena, const char *bytes,
                size_t length, struct error *err)
{
    struct dsse dsse = {0};

    return parse(out, &dsse, arena, bytes, length, err);
}

int
agreement_verify(struct agreement *out, struct arena *arena, const char *bytes,
                 size_t length, const struct key *key, struct error *err)
{
    struct digest fingerprint;
    struct dsse dsse = {0};

    if (parse(out, &dsse, arena, bytes, length, err) < 0)
        return -1;
    key_fingerprint(&fingerprint, key);
    if (!digest_is_equal(&fingerprint, &out->key))
        return error_set(err, ERROR_SIGNATURE,
                         "the agreement names another key");
    return dsse_verify(&dsse, key, err);
}
