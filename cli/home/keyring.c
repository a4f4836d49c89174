#include "cli/home/keyring.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/digest.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

static int
make_keys_folder(const struct home *home, struct arena *arena,
                 struct error *err)
{
    return file_make_folder(arena_format(arena, "%s/keys", home->settings),
                            0700, err);
}

static int
make_key(struct key **out, const char *path, enum key_kind kind,
         struct error *err)
{
    struct key *key;

    if (key_make(&key, kind, err) < 0)
        return -1;
    if (key_write_private(key, path, err) < 0) {
        key_free(key);
        return -1;
    }
    *out = key;
    return 0;
}

int
keyring_find_person(struct key **out, bool *out_made, const struct home *home,
                    struct error *err)
{
    struct arena *arena = arena_open();
    const char *path =
        arena_format(arena, "%s/keys/person.pem", home->settings);
    int result = -1;

    *out_made = false;
    if (make_keys_folder(home, arena, err) < 0)
        goto done;
    if (access(path, F_OK) < 0) {
        result = make_key(out, path, KEY_ED25519, err);
        *out_made = result == 0;
        if (result == 0 || err->code != ERROR_CONFLICT)
            goto done;
    }
    result = key_read_private(out, path, err);

done:
    arena_free(arena);
    return result;
}

static char *
in_lower_case(struct arena *arena, const char *name)
{
    char *copy = arena_text(arena, name);

    for (char *at = copy; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

const char *
keyring_publisher_path(const struct home *home, struct arena *arena,
                       const char *namespace_name)
{
    return arena_format(arena, "%s/keys/publisher-%s.pem", home->settings,
                        in_lower_case(arena, namespace_name));
}

int
keyring_find_publisher(struct key **out, const struct home *home,
                       const char *namespace_name, struct error *err)
{
    struct arena *arena = arena_open();
    int result = -1;

    if (text_check_name(namespace_name, err) == 0)
        result = key_read_private(
            out, keyring_publisher_path(home, arena, namespace_name), err);
    arena_free(arena);
    return result;
}

int
keyring_make_publisher(struct key **out, const struct home *home,
                       const char *namespace_name, struct error *err)
{
    struct arena *arena = arena_open();
    int result = -1;

    if (text_check_name(namespace_name, err) == 0 &&
        make_keys_folder(home, arena, err) == 0)
        result =
            make_key(out, keyring_publisher_path(home, arena, namespace_name),
                     KEY_P256, err);
    arena_free(arena);
    return result;
}

static const char *
next_path(const struct home *home, struct arena *arena,
          const char *namespace_name)
{
    return arena_format(arena, "%s/keys/next-%s.pem", home->settings,
                        in_lower_case(arena, namespace_name));
}

int
keyring_find_next(struct key **out, const struct home *home,
                  const char *namespace_name, struct error *err)
{
    struct arena *arena = arena_open();
    const char *path = next_path(home, arena, namespace_name);
    int result = -1;

    if (text_check_name(namespace_name, err) < 0 ||
        make_keys_folder(home, arena, err) < 0)
        goto done;
    result = access(path, F_OK) == 0 ? key_read_private(out, path, err)
                                     : make_key(out, path, KEY_P256, err);

done:
    arena_free(arena);
    return result;
}

/* Where a key is kept that signs no more: named by its fingerprint. */
static int
keep_aside(const struct home *home, struct arena *arena, const char *path,
           struct error *err)
{
    char hint[DIGEST_TEXT_SIZE];
    struct digest digest;
    struct key *key;

    if (key_read_private(&key, path, err) < 0)
        return err->code == ERROR_NOT_FOUND ? 0 : -1;
    key_fingerprint(&digest, key);
    key_free(key);
    digest_write(hint, &digest);
    if (rename(path, arena_format(arena, "%s/keys/earlier-%.16s.pem",
                                  home->settings, hint)) < 0)
        return error_set_system(err, path);
    return 0;
}

int
keyring_advance_publisher(const struct home *home, const char *namespace_name,
                          struct error *err)
{
    struct arena *arena = arena_open();
    const char *path = keyring_publisher_path(home, arena, namespace_name);
    int result = keep_aside(home, arena, path, err);

    if (result == 0 && rename(next_path(home, arena, namespace_name), path) < 0)
        result = error_set_system(err, path);
    arena_free(arena);
    return result;
}

/*
 * A pin is a PEM file named by the digest of whose it is, so that no name from
 * a network becomes a path.
 */
static const char *
pin_path(const struct home *home, struct arena *arena,
         const struct keyring_owner *owner)
{
    const char *subject =
        arena_format(arena, "%s %s", owner->registry,
                     in_lower_case(arena, owner->namespace_name));
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;

    digest_of(&digest, subject, strlen(subject));
    digest_write(text, &digest);
    return arena_format(arena, "%s/pins/%.32s.pem", home->settings, text);
}

int
keyring_find_pin(struct key **out, const struct home *home,
                 const struct keyring_owner *owner, struct error *err)
{
    struct arena *arena = arena_open();
    int result = key_read_public(out, pin_path(home, arena, owner), err);

    if (result < 0 && err->code == ERROR_NOT_FOUND) {
        *out = NULL;
        result = 0;
    }
    arena_free(arena);
    return result;
}

int
keyring_set_pin(const struct home *home, const struct keyring_owner *owner,
                const struct key *key, struct error *err)
{
    struct arena *arena = arena_open();
    int result = -1;

    if (file_make_folder(arena_format(arena, "%s/pins", home->settings), 0700,
                         err) == 0)
        result = key_write_public(key, pin_path(home, arena, owner), err);
    arena_free(arena);
    return result;
}
