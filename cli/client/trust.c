#include "cli/client/trust.h"

#include <string.h>

#include "cli/client/rotation.h"
#include "cli/home/keyring.h"
#include "storage/base/text.h"

struct listed_key {
    struct key *key; /* freed by the arena */
    char hint[DIGEST_TEXT_SIZE];
    const char *rotation; /* envelope by the key before it, or NULL */
    const char *revoked_at;
    const char *revoked_reason;
};

struct listed_keys {
    struct listed_key *items;
    size_t count;
    const char *namespace_name;
};

static void
release_key(void *key)
{
    key_free(key);
}

static void
write_hint(char out[DIGEST_TEXT_SIZE], const struct key *key)
{
    struct digest digest;

    key_fingerprint(&digest, key);
    digest_write(out, &digest);
}

static int
read_key(struct listed_key *out, struct arena *arena, const json_t *entry,
         struct error *err)
{
    const char *pem;

    if (json_need_text(&pem, entry, "pem", err) < 0 ||
        key_parse_public(&out->key, pem, strlen(pem), err) < 0)
        return -1;
    arena_defer(arena, release_key, out->key);
    write_hint(out->hint, out->key);
    out->rotation = json_text(entry, "rotation");
    out->revoked_at = json_text(entry, "revokedAt");
    out->revoked_reason = json_text(entry, "revokedReason");
    return 0;
}

static int
read_keys(struct listed_keys *out, struct client *client, struct arena *arena,
          const char *namespace_name, struct error *err)
{
    const json_t *entry;
    json_t *list;
    size_t i;

    if (client_get(
            &list, client, arena,
            arena_format(arena, "/api/namespaces/%s/keys", namespace_name),
            err) < 0)
        return -1;
    if (!json_is_array(list) || json_array_size(list) > TRUST_KEYS_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE, "%s: no list of keys",
                         namespace_name);
    out->namespace_name = namespace_name;
    out->items = arena_array(arena, json_array_size(list), sizeof(*out->items));
    out->count = 0;
    json_array_foreach(list, i,
                       entry) if (read_key(&out->items[out->count++], arena,
                                           entry, err) < 0) return -1;
    return 0;
}

static const struct listed_key *
find_by_hint(const struct listed_keys *keys, const char *hint)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->items[i].hint, hint) == 0)
            return &keys->items[i];
    return NULL;
}

/* The key that made the signature; NULL when none of these did. */
static const struct listed_key *
find_signer(const struct listed_keys *keys, const struct signature *signature)
{
    struct error err;

    for (size_t i = 0; i < keys->count; i++)
        if (signature_verify(signature, keys->items[i].key, &err) == 0)
            return &keys->items[i];
    return NULL;
}

/* The key that signed the rotation to this one; NULL when that is not so. */
static const struct listed_key *
find_before(const struct listed_keys *keys, struct arena *arena,
            const struct listed_key *key)
{
    const struct listed_key *before;
    struct rotation rotation;
    struct error err;

    if (key->rotation == NULL ||
        rotation_read(&rotation, arena, key->rotation, &err) < 0 ||
        !text_is_same_name(rotation.namespace_name, keys->namespace_name) ||
        strcmp(rotation.to, key->hint) != 0)
        return NULL;
    before = find_by_hint(keys, rotation.from);
    if (before == NULL ||
        rotation_verify(arena, key->rotation, before->key, &err) < 0)
        return NULL;
    return before;
}

/* Whether rotations lead from the key named by from to the key to. */
static bool
is_linked(const struct listed_keys *keys, struct arena *arena, const char *from,
          const struct listed_key *to)
{
    for (int n = 0; to != NULL && n < TRUST_ROTATIONS_LIMIT; n++) {
        if (strcmp(to->hint, from) == 0)
            return true;
        to = find_before(keys, arena, to);
    }
    return false;
}

static int
refuse_key(const struct trust_question *question, const struct key *pin,
           const struct listed_key *signer, struct error *err)
{
    char was[KEY_SHORT_SIZE];
    char is[KEY_SHORT_SIZE];
    struct digest digest;

    key_fingerprint(&digest, pin);
    key_write_short(was, &digest);
    key_fingerprint(&digest, signer->key);
    key_write_short(is, &digest);
    return error_set(err, ERROR_SIGNATURE,
                     "%s is signed by key %s, but %s is known here by key %s, "
                     "which did not hand over to it: ask %s, and if it is "
                     "right say --accept-key",
                     question->model->name, is, question->model->namespace_name,
                     was, question->model->namespace_name);
}

static int
judge_pinned(struct trust *out, const struct listed_keys *keys,
             struct arena *arena, const struct key *pin,
             const struct trust_question *question, struct error *err)
{
    const struct listed_key *signer = find_signer(keys, question->signature);
    char pinned[DIGEST_TEXT_SIZE];
    const struct listed_key *listed;

    write_hint(pinned, pin);
    listed = find_by_hint(keys, pinned);
    if (signature_verify(question->signature, pin, err) == 0) {
        out->way = TRUST_PINNED;
        key_fingerprint(&out->key, pin);
        return 0;
    }
    if (signer == NULL) /* err is set */
        return -1;
    key_fingerprint(&out->key, signer->key);
    if (is_linked(keys, arena, pinned, signer))
        out->way = TRUST_ROTATED;
    else if (listed != NULL && is_linked(keys, arena, signer->hint, listed))
        out->way = TRUST_EARLIER;
    else if (question->accept_key)
        out->way = TRUST_ACCEPTED;
    else
        return refuse_key(question, pin, signer, err);
    return 0;
}

static int
judge_first(struct trust *out, const struct listed_keys *keys,
            const struct trust_question *question, struct error *err)
{
    const struct listed_key *signer = find_signer(keys, question->signature);

    if (signer == NULL)
        return error_set(err, ERROR_SIGNATURE,
                         "%s is signed by nobody that the registry knows as %s",
                         question->model->name,
                         question->model->namespace_name);
    out->way = TRUST_FIRST_USE;
    key_fingerprint(&out->key, signer->key);
    return 0;
}

static int
check_revoked(const struct trust *trust, const struct listed_keys *keys,
              const struct trust_question *question, struct error *err)
{
    char hint[DIGEST_TEXT_SIZE];
    const struct listed_key *key;

    digest_write(hint, &trust->key);
    key = find_by_hint(keys, hint);
    if (key == NULL || key->revoked_at == NULL)
        return 0;
    return error_set(err, ERROR_SIGNATURE,
                     "%s is signed by key %s, which %s revoked on %.10s%s%s",
                     question->model->name, trust->key_short,
                     question->model->namespace_name, key->revoked_at,
                     key->revoked_reason == NULL ? "" : ": ",
                     key->revoked_reason == NULL ? "" : key->revoked_reason);
}

/* The key that the person named, or the one that is pinned; NULL for none. */
static int
find_expected(struct key **out, const struct home *home,
              const struct keyring_owner *owner,
              const struct trust_question *question, struct error *err)
{
    if (question->publisher_key != NULL)
        return key_read_public(out, question->publisher_key, err);
    return keyring_find_pin(out, home, owner, err);
}

static int
judge(struct trust *out, const struct listed_keys *keys, struct arena *arena,
      const struct key *expected, const struct trust_question *question,
      struct error *err)
{
    int result;

    if (expected == NULL)
        result = judge_first(out, keys, question, err);
    else
        result = judge_pinned(out, keys, arena, expected, question, err);
    if (result < 0)
        return -1;
    if (question->publisher_key != NULL)
        out->way = TRUST_NAMED;
    key_write_short(out->key_short, &out->key);
    return check_revoked(out, keys, question, err);
}

/* Pins what was found to be right; a pin that stays as it is is not written. */
static int
keep(const struct trust *trust, const struct home *home,
     const struct keyring_owner *owner, const struct listed_keys *keys,
     const struct key *expected, struct error *err)
{
    char hint[DIGEST_TEXT_SIZE];
    const struct listed_key *key;

    if (trust->way == TRUST_PINNED || trust->way == TRUST_EARLIER)
        return 0;
    digest_write(hint, &trust->key);
    key = find_by_hint(keys, hint);
    return keyring_set_pin(home, owner, key != NULL ? key->key : expected, err);
}

int
trust_check(struct trust *out, struct client *client, const struct home *home,
            const struct trust_question *question, struct error *err)
{
    const struct keyring_owner owner = {client_registry(client),
                                        question->model->namespace_name};
    struct arena *arena = arena_open();
    struct key *expected = NULL;
    struct listed_keys keys = {0};
    int result = -1;

    if (find_expected(&expected, home, &owner, question, err) < 0 ||
        read_keys(&keys, client, arena, owner.namespace_name, err) < 0 ||
        judge(out, &keys, arena, expected, question, err) < 0)
        goto done;
    result = keep(out, home, &owner, &keys, expected, err);

done:
    key_free(expected);
    arena_free(arena);
    return result;
}
