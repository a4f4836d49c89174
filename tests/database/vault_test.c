#include "auth/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/base/file.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

static const uint8_t first_secret[SECRET_KEY_BYTES] = {1};
static const uint8_t other_secret[SECRET_KEY_BYTES] = {2};

static void
make_folder(char out[64])
{
    snprintf(out, 64, "/tmp/weighhouse-vault-XXXXXX");
    CHECK(mkdtemp(out) != NULL);
}

TEST(two_daemons_that_start_on_an_empty_database_get_the_same_keys)
{
    struct arena *arena = arena_open();
    struct db *db = test_database_open();
    struct db *second = test_database_connect();
    struct vault *a = NULL;
    struct vault *b = NULL;
    struct key_signature signature;
    struct digest hmac[2];
    struct error err;

    CHECK(vault_open(&a, db, first_secret, &err) == 0);
    CHECK(vault_open(&b, second, first_secret, &err) == 0);
    vault_hmac(&hmac[0], a, VAULT_LINK, "x", 1);
    vault_hmac(&hmac[1], b, VAULT_LINK, "x", 1);
    CHECK(digest_is_equal(&hmac[0], &hmac[1]));
    CHECK(key_sign(&signature, arena, vault_key(a, VAULT_LOG), "x", 1, &err) ==
          0);
    CHECK(key_verify(vault_key(b, VAULT_LOG), &signature, "x", 1, &err) == 0);
    vault_free(a);
    vault_free(b);
    db_free(second);
    db_free(db);
    arena_free(arena);
}

TEST(of_two_secrets_that_are_made_at_once_the_first_is_everybodys)
{
    struct arena *arena = arena_open();
    struct db *db = test_database_open();
    struct db_rows *rows;
    struct error err;
    size_t length;

    CHECK(DB_RUN(NULL, db, arena, "secret_add", &err, db_text("link"),
                 db_bytes("first", 5)) == 0);
    CHECK(DB_RUN(NULL, db, arena, "secret_add", &err, db_text("link"),
                 db_bytes("later", 5)) == 0);
    CHECK(DB_RUN(&rows, db, arena, "secret_find", &err, db_text("link")) == 0);
    CHECK(memcmp(db_get_bytes(&length, rows, 0, 0), "first", 5) == 0);
    db_free(db);
    arena_free(arena);
}

TEST(a_key_serves_one_purpose)
{
    struct arena *arena = arena_open();
    struct db *db = test_database_open();
    struct vault *vault = NULL;
    struct key_signature signature;
    struct digest hmac[2];
    struct error err;

    CHECK(vault_open(&vault, db, first_secret, &err) == 0);
    vault_hmac(&hmac[0], vault, VAULT_LINK, "x", 1);
    vault_hmac(&hmac[1], vault, VAULT_CSRF, "x", 1);
    CHECK(!digest_is_equal(&hmac[0], &hmac[1]));
    CHECK(key_sign(&signature, arena, vault_key(vault, VAULT_RECEIPT), "x", 1,
                   &err) == 0);
    CHECK(key_verify(vault_key(vault, VAULT_LOG), &signature, "x", 1, &err) <
          0);
    CHECK(err.code == ERROR_SIGNATURE);
    vault_free(vault);
    db_free(db);
    arena_free(arena);
}

TEST(another_secret_file_is_refused_by_name)
{
    struct db *db = test_database_open();
    struct vault *vault = NULL;
    struct error err;

    CHECK(vault_open(&vault, db, first_secret, &err) == 0);
    vault_free(vault);
    CHECK(vault_open(&vault, db, other_secret, &err) < 0);
    CHECK(err.code == ERROR_INTERNAL);
    CHECK(strstr(err.message, "secret file") != NULL);
    db_free(db);
}

TEST(a_secret_that_was_cut_or_cannot_be_kept_is_refused)
{
    struct db *db = test_database_open();
    struct vault *vault = NULL;
    struct error err;

    CHECK(vault_open(&vault, db, first_secret, &err) == 0);
    vault_free(vault);
    seed("UPDATE secret SET sealed = substr(sealed, 1, 40)");
    CHECK(vault_open(&vault, db, first_secret, &err) < 0);
    CHECK(strstr(err.message, "wrong length") != NULL);
    seed("DELETE FROM secret");
    seed("CREATE RULE none AS ON INSERT TO secret DO INSTEAD NOTHING");
    CHECK(vault_open(&vault, db, first_secret, &err) < 0);
    CHECK(strstr(err.message, "was removed") != NULL);
    db_free(db);
}

TEST(no_secret_is_in_the_database_in_clear)
{
    struct db *db = test_database_open();
    struct vault *vault = NULL;
    struct error err;

    CHECK(vault_open(&vault, db, first_secret, &err) == 0);
    vault_free(vault);
    CHECK(seed("SELECT count(*) FROM secret WHERE octet_length(sealed) = %d",
               SECRET_KEY_BYTES + SECRET_SEAL_BYTES) == VAULT_PURPOSES);
    db_free(db);
}

TEST(a_missing_secret_file_is_made_for_its_owner_alone_and_read_again)
{
    struct arena *arena = arena_open();
    uint8_t secret[2][SECRET_KEY_BYTES];
    char folder[64];
    struct stat status;
    struct error err;
    const char *path;

    make_folder(folder);
    path = arena_format(arena, "%s/below/secret", folder);
    CHECK(vault_read_file(secret[0], path, &err) == 0);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(vault_read_file(secret[1], path, &err) == 0);
    CHECK(memcmp(secret[0], secret[1], SECRET_KEY_BYTES) == 0);
    CHECK(file_remove_tree(folder, &err) == 0);
    arena_free(arena);
}

TEST(a_secret_file_that_others_may_read_or_that_is_no_key_is_refused)
{
    struct arena *arena = arena_open();
    uint8_t secret[SECRET_KEY_BYTES];
    char folder[64];
    struct error err;
    const char *path;

    make_folder(folder);
    path = arena_format(arena, "%s/secret", folder);
    CHECK(file_write(path, "abc\n", 4, 0600, &err) == 0);
    CHECK(vault_read_file(secret, path, &err) < 0);
    CHECK(strstr(err.message, "64 hexadecimal digits") != NULL);
    CHECK(chmod(path, 0640) == 0);
    CHECK(vault_read_file(secret, path, &err) < 0);
    CHECK(strstr(err.message, "chmod 600") != NULL);
    CHECK(file_remove_tree(folder, &err) == 0);
    arena_free(arena);
}
