#include "auth/vault.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/base/random.h"

#define VAULT_FILE_LIMIT 256 /* bytes */

/* RFC 8410 7: a PKCS#8 Ed25519 key is this, then its 32 bytes. */
static const uint8_t ed25519_head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30,
                                       0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
                                       0x04, 0x22, 0x04, 0x20};

/* Names in table secret; one that is renamed is a new key. */
static const struct {
    const char *name;
    bool is_pair;
} purposes[VAULT_PURPOSES] = {
    [VAULT_LINK] = {"link", false},
    [VAULT_CSRF] = {"csrf", false},
    [VAULT_LOG] = {"log", true},
    [VAULT_RECEIPT] = {"receipt", true},
};

struct vault {
    uint8_t (*secrets)[SECRET_KEY_BYTES]; /* by purpose, in locked memory */
    struct key *pairs[VAULT_PURPOSES];    /* NULL where is_pair is false */
};

/*
 * Under a name of its own first, then linked: of daemons that start at once one
 * wins, and no reader sees half a key.
 */
static int
make_file(struct arena *arena, const char *path, struct error *err)
{
    uint8_t secret[SECRET_KEY_BYTES];
    char line[2 * SECRET_KEY_BYTES + 2];
    char id[RANDOM_ID_SIZE];
    const char *beside;
    int result = -1;

    random_id(id);
    beside = arena_format(arena, "%s.%s", path, id);
    random_bytes(secret, sizeof(secret));
    hex_write(line, secret, sizeof(secret));
    line[sizeof(line) - 2] = '\n';
    if (file_write(beside, line, 2 * SECRET_KEY_BYTES + 1, 0600, err) < 0)
        goto done;
    if (link(beside, path) < 0 && errno != EEXIST) {
        error_set_system(err, path);
        goto done;
    }
    result = 0;

done:
    unlink(beside);
    secret_wipe(secret, sizeof(secret));
    secret_wipe(line, sizeof(line));
    return result;
}

static int
ensure_file(struct arena *arena, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    struct stat status;

    if (stat(path, &status) == 0) {
        if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
            return error_set(err, ERROR_INTERNAL,
                             "%s is open to other accounts: chmod 600 it",
                             path);
        return 0;
    }
    if (errno != ENOENT)
        return error_set_system(err, path);
    if (slash != NULL && slash != path &&
        file_make_folder(arena_bytes(arena, path, (size_t)(slash - path)), 0700,
                         err) < 0)
        return -1;
    return make_file(arena, path, err);
}

int
vault_read_file(uint8_t out[SECRET_KEY_BYTES], const char *path,
                struct error *err)
{
    struct arena *arena = arena_open();
    char *text = NULL;
    size_t length = 0;
    int result = -1;

    if (ensure_file(arena, path, err) < 0 ||
        file_read(&text, &length, arena, path, VAULT_FILE_LIMIT, err) < 0)
        goto done;
    text[strcspn(text, "\n")] = '\0';
    if (!hex_read(out, SECRET_KEY_BYTES, text)) {
        error_set(err, ERROR_INTERNAL,
                  "%s is no secret file: 64 hexadecimal digits are wanted",
                  path);
        goto done;
    }
    result = 0;

done:
    if (text != NULL)
        secret_wipe(text, length);
    arena_free(arena);
    return result;
}

static int
add_secret(struct db *db, struct arena *arena, const char *name,
           const uint8_t secret[SECRET_KEY_BYTES], struct error *err)
{
    uint8_t sealed[SECRET_KEY_BYTES + SECRET_SEAL_BYTES];
    uint8_t fresh[SECRET_KEY_BYTES];

    random_bytes(fresh, sizeof(fresh));
    secret_seal(sealed, secret, fresh, sizeof(fresh));
    secret_wipe(fresh, sizeof(fresh));
    return DB_RUN(NULL, db, arena, "secret_add", err, db_text(name),
                  db_bytes(sealed, sizeof(sealed)));
}

static int
read_secret(uint8_t out[SECRET_KEY_BYTES], const struct db_rows *rows,
            const uint8_t secret[SECRET_KEY_BYTES], struct error *err)
{
    size_t length;
    const uint8_t *sealed = db_get_bytes(&length, rows, 0, 0);

    if (length != SECRET_KEY_BYTES + SECRET_SEAL_BYTES)
        return error_set(err, ERROR_INTERNAL,
                         "a secret of the registry has the wrong length");
    if (secret_unseal(out, secret, sealed, length, err) < 0)
        return error_set(err, ERROR_INTERNAL,
                         "the secret file is not the one that this database's "
                         "secrets were sealed with");
    return 0;
}

/* Makes the secret first when there is none. */
static int
load_secret(uint8_t out[SECRET_KEY_BYTES], struct db *db, const char *name,
            const uint8_t secret[SECRET_KEY_BYTES], struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = -1;

    if (DB_RUN(&rows, db, arena, "secret_find", err, db_text(name)) < 0)
        goto done;
    if (db_rows_count(rows) == 0 &&
        (add_secret(db, arena, name, secret, err) < 0 ||
         DB_RUN(&rows, db, arena, "secret_find", err, db_text(name)) < 0))
        goto done;
    if (db_rows_count(rows) != 1) {
        error_set(err, ERROR_INTERNAL, "the secret \"%s\" was removed", name);
        goto done;
    }
    result = read_secret(out, rows, secret, err);

done:
    arena_free(arena);
    return result;
}

static int
make_pair(struct key **out, const uint8_t secret[SECRET_KEY_BYTES],
          struct error *err)
{
    struct arena *arena = arena_open();
    uint8_t der[sizeof(ed25519_head) + SECRET_KEY_BYTES];
    char *base64;
    char *pem;
    int result;

    memcpy(der, ed25519_head, sizeof(ed25519_head));
    memcpy(der + sizeof(ed25519_head), secret, SECRET_KEY_BYTES);
    base64 = base64_write(arena, der, sizeof(der));
    pem = arena_format(arena,
                       "-----BEGIN PRIVATE KEY-----\n%s\n"
                       "-----END PRIVATE KEY-----\n",
                       base64);
    result = key_parse_private(out, pem, strlen(pem), err);
    secret_wipe(der, sizeof(der));
    secret_wipe(base64, strlen(base64));
    secret_wipe(pem, strlen(pem));
    arena_free(arena);
    return result;
}

int
vault_open(struct vault **out, struct db *db,
           const uint8_t secret[SECRET_KEY_BYTES], struct error *err)
{
    struct vault *vault = xcalloc(1, sizeof(*vault));

    vault->secrets = secret_alloc(VAULT_PURPOSES * sizeof(*vault->secrets));
    for (int i = 0; i < VAULT_PURPOSES; i++) {
        uint8_t *own = vault->secrets[i];

        if (load_secret(own, db, purposes[i].name, secret, err) < 0 ||
            (purposes[i].is_pair &&
             make_pair(&vault->pairs[i], own, err) < 0)) {
            vault_free(vault);
            return -1;
        }
    }
    *out = vault;
    return 0;
}

void
vault_free(struct vault *vault)
{
    if (vault == NULL)
        return;
    for (int i = 0; i < VAULT_PURPOSES; i++)
        key_free(vault->pairs[i]);
    secret_free(vault->secrets);
    free(vault);
}

void
vault_hmac(struct digest *out, const struct vault *vault,
           enum vault_purpose purpose, const void *bytes, size_t length)
{
    assert(!purposes[purpose].is_pair);
    digest_hmac(out, vault->secrets[purpose], SECRET_KEY_BYTES, bytes, length);
}

const struct key *
vault_key(const struct vault *vault, enum vault_purpose purpose)
{
    assert(purposes[purpose].is_pair);
    return vault->pairs[purpose];
}
