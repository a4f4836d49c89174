#include "cli/client/rotation.h"

#include <string.h>

#include "auth/key/dsse.h"
#include "storage/base/json.h"

/* auth/signing_key names it so; the tool does not link that room. */
#define ROTATION_TYPE "application/vnd.weighhouse.rotation+json"

static void
write_hint(char out[DIGEST_TEXT_SIZE], const struct key *key)
{
    struct digest digest;

    key_fingerprint(&digest, key);
    digest_write(out, &digest);
}

int
rotation_make(const char **out, struct arena *arena, const char *namespace_name,
              const struct key *from, const struct key *to, struct error *err)
{
    struct dsse envelope = {.type = ROTATION_TYPE, .key_id = ""};
    char from_hint[DIGEST_TEXT_SIZE];
    char to_hint[DIGEST_TEXT_SIZE];
    size_t length;
    char *text;

    write_hint(from_hint, from);
    write_hint(to_hint, to);
    envelope.payload = json_write(
        &envelope.payload_length, arena,
        json_keep(arena, json_pack("{s:s,s:s,s:s}", "namespace", namespace_name,
                                   "from", from_hint, "to", to_hint)));
    if (dsse_seal(&text, &length, arena, &envelope, from, err) < 0)
        return -1;
    *out = text;
    return 0;
}

static int
read_envelope(struct dsse *out, struct arena *arena, const char *text,
              struct error *err)
{
    json_t *value;

    if (json_read(&value, arena, text, strlen(text), err) < 0)
        return -1;
    return dsse_parse(out, arena, value, ROTATION_TYPE, err);
}

int
rotation_read(struct rotation *out, struct arena *arena, const char *text,
              struct error *err)
{
    struct dsse envelope;
    json_t *value;

    if (read_envelope(&envelope, arena, text, err) < 0 ||
        json_read(&value, arena, envelope.payload, envelope.payload_length,
                  err) < 0 ||
        json_need_text(&out->namespace_name, value, "namespace", err) < 0 ||
        json_need_text(&out->from, value, "from", err) < 0)
        return -1;
    return json_need_text(&out->to, value, "to", err);
}

int
rotation_verify(struct arena *arena, const char *text, const struct key *from,
                struct error *err)
{
    struct dsse envelope;

    if (read_envelope(&envelope, arena, text, err) < 0)
        return -1;
    return dsse_verify(&envelope, from, err);
}
