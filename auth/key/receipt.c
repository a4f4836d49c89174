#include "auth/key/receipt.h"

#include <string.h>

#include "auth/key/dsse.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"

#define VERSION 1

static json_t *
to_json(const struct receipt *receipt)
{
    char key[DIGEST_TEXT_SIZE];
    char at[CLOCK_TEXT_SIZE];

    digest_write(key, &receipt->key);
    clock_write(at, receipt->received_at_ms);
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "version", VERSION,
                     "registry", receipt->registry, "request", receipt->request,
                     "account", receipt->account, "agreement",
                     receipt->agreement, "received", at, "key", key);
}

int
receipt_make(char **out, size_t *out_length, struct arena *arena,
             const struct receipt *receipt, const struct key *key,
             struct error *err)
{
    struct receipt signed_by = *receipt;
    struct dsse dsse = {.type = RECEIPT_TYPE};
    char key_id[DIGEST_TEXT_SIZE];
    json_t *payload;

    key_fingerprint(&signed_by.key, key);
    digest_write(key_id, &signed_by.key);
    payload = json_keep(arena, to_json(&signed_by));
    if (payload == NULL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the receipt holds text that is not UTF-8");
    dsse.payload = json_write(&dsse.payload_length, arena, payload);
    dsse.key_id = key_id;
    return dsse_seal(out, out_length, arena, &dsse, key, err);
}

static int
read_payload(struct receipt *out, const json_t *payload, struct error *err)
{
    const char *received;
    const char *key;

    if (json_number(payload, "version", 0) != VERSION)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the receipt is not of version %d", VERSION);
    if (json_need_text(&out->registry, payload, "registry", err) < 0 ||
        json_need_text(&out->request, payload, "request", err) < 0 ||
        json_need_text(&out->account, payload, "account", err) < 0 ||
        json_need_text(&out->agreement, payload, "agreement", err) < 0 ||
        json_need_text(&received, payload, "received", err) < 0 ||
        json_need_text(&key, payload, "key", err) < 0)
        return -1;
    if (!clock_parse(&out->received_at_ms, received) ||
        !digest_parse(&out->key, key))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the receipt's time or key is malformed");
    return 0;
}

static int
read_envelope(struct dsse *out, struct arena *arena, const char *bytes,
              size_t length, struct error *err)
{
    json_t *envelope;

    if (length > RECEIPT_LIMIT_BYTES)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a receipt has at most %u bytes", RECEIPT_LIMIT_BYTES);
    if (json_read(&envelope, arena, bytes, length, err) < 0)
        return -1;
    return dsse_parse(out, arena, envelope, RECEIPT_TYPE, err);
}

int
receipt_read(struct receipt *out, struct arena *arena, const char *bytes,
             size_t length, const struct key *key, struct error *err)
{
    struct digest fingerprint;
    struct dsse dsse = {0};
    json_t *payload = NULL;

    *out = (struct receipt){0};
    if (read_envelope(&dsse, arena, bytes, length, err) < 0 ||
        json_read(&payload, arena, dsse.payload, dsse.payload_length, err) <
            0 ||
        read_payload(out, payload, err) < 0)
        return -1;
    if (key == NULL)
        return 0;
    key_fingerprint(&fingerprint, key);
    if (!digest_is_equal(&fingerprint, &out->key))
        return error_set(err, ERROR_SIGNATURE, "the receipt names another key");
    return dsse_verify(&dsse, key, err);
}
