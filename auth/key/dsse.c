#include "auth/key/dsse.h"

#include <string.h>

#include "storage/base/hex.h"
#include "storage/base/json.h"

/* Longer types and key ids than these nobody needs. */
#define TEXT_LIMIT 256

char *
dsse_encode(size_t *out_length, struct arena *arena, const char *type,
            const void *payload, size_t payload_length)
{
    char *head = arena_format(arena, "DSSEv1 %zu %s %zu ", strlen(type), type,
                              payload_length);
    size_t head_length = strlen(head);
    char *out = arena_alloc(arena, head_length + payload_length + 1);

    memcpy(out, head, head_length + 1);
    memcpy(out + head_length, payload, payload_length);
    *out_length = head_length + payload_length;
    return out;
}

int
dsse_sign(struct dsse *out, struct arena *arena, const struct key *key,
          struct error *err)
{
    size_t length;
    char *bytes = dsse_encode(&length, arena, out->type, out->payload,
                              out->payload_length);

    return key_sign(&out->signature, arena, key, bytes, length, err);
}

json_t *
dsse_to_json(const struct dsse *dsse, struct arena *arena)
{
    char *payload = base64_write(arena, dsse->payload, dsse->payload_length);
    char *signature =
        base64_write(arena, dsse->signature.bytes, dsse->signature.length);

    return json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "payload", payload,
                     "payloadType", dsse->type, "signatures", "sig", signature,
                     "keyid", dsse->key_id != NULL ? dsse->key_id : "");
}

int
dsse_seal(char **out, size_t *out_length, struct arena *arena,
          struct dsse *dsse, const struct key *key, struct error *err)
{
    if (dsse_sign(dsse, arena, key, err) < 0)
        return -1;
    *out = json_write(out_length, arena,
                      json_keep(arena, dsse_to_json(dsse, arena)));
    return 0;
}

/* Refuses members of object that are not among the names, which NULL ends. */
static int
check_members(const json_t *object, const char *const *names, struct error *err)
{
    const char *unknown = json_find_unknown(object, names);

    if (unknown != NULL)
        return error_set(err, ERROR_SIGNATURE,
                         "the envelope has an unknown member \"%.64s\"",
                         unknown);
    return 0;
}

/* The member's bytes out of base64; at least one. */
static int
read_bytes(const char **out, size_t *out_length, struct arena *arena,
           const json_t *object, const char *key, struct error *err)
{
    const json_t *value = json_object_get(object, key);

    *out = NULL;
    if (json_is_string(value))
        *out = base64_read(out_length, arena, json_string_value(value),
                           json_string_length(value));
    if (*out == NULL || *out_length == 0)
        return error_set(err, ERROR_SIGNATURE,
                         "the envelope's \"%s\" is no base64", key);
    return 0;
}

static int
parse_signature(struct dsse *out, struct arena *arena, json_t *signature,
                struct error *err)
{
    static const char *const names[] = {"sig", "keyid", NULL};
    const json_t *key_id = json_object_get(signature, "keyid");
    const char *bytes;

    if (!json_is_object(signature))
        return error_set(err, ERROR_SIGNATURE,
                         "the envelope's signature is no object");
    if (check_members(signature, names, err) < 0 ||
        read_bytes(&bytes, &out->signature.length, arena, signature, "sig",
                   err) < 0)
        return -1;
    out->signature.bytes = bytes;
    if (key_id != NULL && !json_is_null(key_id) && !json_is_string(key_id))
        return error_set(err, ERROR_SIGNATURE,
                         "the envelope's \"keyid\" is no text");
    out->key_id = json_is_string(key_id) ? json_string_value(key_id) : "";
    if (strlen(out->key_id) > TEXT_LIMIT)
        return error_set(err, ERROR_SIGNATURE,
                         "the envelope's \"keyid\" is too long");
    return 0;
}

int
dsse_parse(struct dsse *out, struct arena *arena, const json_t *envelope,
           const char *type, struct error *err)
{
    static const char *const names[] = {"payload", "payloadType", "signatures",
                                        NULL};
    json_t *signatures = json_object_get(envelope, "signatures");

    if (!json_is_object(envelope))
        return error_set(err, ERROR_SIGNATURE, "the envelope is no object");
    if (check_members(envelope, names, err) < 0)
        return -1;
    out->type = json_text(envelope, "payloadType");
    if (out->type == NULL || strcmp(out->type, type) != 0)
        return error_set(err, ERROR_SIGNATURE,
                         "the envelope's \"payloadType\" is not %s", type);
    if (json_array_size(signatures) != 1)
        return error_set(err, ERROR_SIGNATURE,
                         "the envelope has %zu signatures and not one",
                         json_array_size(signatures));
    if (read_bytes(&out->payload, &out->payload_length, arena, envelope,
                   "payload", err) < 0)
        return -1;
    return parse_signature(out, arena, json_array_get(signatures, 0), err);
}

int
dsse_verify(const struct dsse *dsse, const struct key *key, struct error *err)
{
    struct arena *arena = arena_open();
    size_t length;
    char *bytes = dsse_encode(&length, arena, dsse->type, dsse->payload,
                              dsse->payload_length);
    int result = key_verify(key, &dsse->signature, bytes, length, err);

    arena_free(arena);
    return result;
}
