#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/home/home.h"
#include "cli/home/hub.h"
#include "cli/home/keyring.h"
#include "cli/home/login.h"
#include "cli/home/receipt_store.h"
#include "cli/home/verified.h"
#include "storage/base/file.h"
#include "tests/check.h"

#define COMMIT "8f3c21a0000000000000000000000000000000aa"
#define ETAG "51ab3c0000000000000000000000000000000000000000000000000000000000"

/* A home of the test's own, removed when the arena dies. */
struct place {
    struct arena *arena;
    struct home home;
    char folder[64];
};

static void
open_place(struct place *place)
{
    struct error err;

    place->arena = arena_open();
    strcpy(place->folder, "/tmp/weigh-home-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    setenv("WEIGH_HOME", place->folder, 1);
    setenv("HF_HOME", arena_format(place->arena, "%s/hf", place->folder), 1);
    unsetenv("HF_HUB_CACHE");
    unsetenv("WEIGH_REGISTRY");
    unsetenv("HF_ENDPOINT");
    unsetenv("HF_TOKEN");
    CHECK(home_find(&place->home, place->arena, &err) == 0);
}

static void
close_place(struct place *place)
{
    struct error err;

    CHECK(file_remove_tree(place->folder, &err) == 0);
    arena_free(place->arena);
}

static const char *
under(struct place *place, const char *path)
{
    return arena_format(place->arena, "%s/%s", place->folder, path);
}

TEST(a_login_is_kept_in_a_file_that_only_the_person_reads)
{
    const struct login login = {"https://a.example", "alice", "hf_a"};
    struct login chosen;
    struct place place;
    struct stat status;
    struct error err;
    bool found;

    open_place(&place);
    CHECK(login_set(&place.home, &login, &err) == 0);
    CHECK(stat(under(&place, "login.json"), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.registry, "https://a.example");
    CHECK_TEXT(chosen.token, "hf_a");
    CHECK_TEXT(chosen.name, "alice");
    CHECK(login_remove(&found, &place.home, "https://a.example", &err) == 0);
    CHECK(found);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.token, "");
    close_place(&place);
}

TEST(a_login_file_that_others_may_read_is_refused)
{
    const struct login login = {"https://a.example", "alice", "hf_a"};
    struct login chosen;
    struct place place;
    struct error err;

    open_place(&place);
    CHECK(login_set(&place.home, &login, &err) == 0);
    CHECK(chmod(under(&place, "login.json"), 0644) == 0);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == -1);
    CHECK(err.code == ERROR_FORBIDDEN);
    close_place(&place);
}

TEST(the_registry_is_the_flag_then_the_environment_then_the_login)
{
    const struct login login = {"https://d.example", "dora", "hf_d"};
    struct login chosen;
    struct place place;
    struct error err;

    open_place(&place);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.registry, "http://127.0.0.1:8470");
    CHECK(login_set(&place.home, &login, &err) == 0);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.registry, "https://d.example");
    setenv("HF_ENDPOINT", "https://c.example/", 1);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.registry, "https://c.example");
    setenv("WEIGH_REGISTRY", "https://b.example", 1);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.registry, "https://b.example");
    CHECK(login_choose(&chosen, &place.home, place.arena, "HTTPS://A.example",
                       &err) == 0);
    CHECK_TEXT(chosen.registry, "https://a.example");
    close_place(&place);
}

TEST(a_token_of_the_environment_does_not_go_where_one_is_logged_in)
{
    const struct login login = {"https://d.example", "dora", "hf_d"};
    struct login chosen;
    struct place place;
    struct error err;

    open_place(&place);
    setenv("HF_TOKEN", "hf_elsewhere", 1);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.token, "hf_elsewhere");
    CHECK(login_set(&place.home, &login, &err) == 0);
    CHECK(login_choose(&chosen, &place.home, place.arena, NULL, &err) == 0);
    CHECK_TEXT(chosen.token, "hf_d");
    CHECK(login_choose(&chosen, &place.home, place.arena, "https://d.example",
                       &err) == 0);
    CHECK_TEXT(chosen.token, "hf_elsewhere");
    unsetenv("HF_TOKEN");
    close_place(&place);
}

TEST(what_is_no_registry_is_refused)
{
    static const char *const urls[] = {
        "",
        "registry.example",
        "ftp://a.example",
        "https://",
        "https:///",
        "https://u:p@a.example",
        "https://a.example?x=1",
        "https://a.example#x",
        "file:///etc/passwd",
        "https://a .example",
        "http://:80",
    };
    struct arena *arena = arena_open();
    const char *url;
    struct error err;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        CHECK(login_check_url(&url, arena, urls[i], &err) == -1);
        CHECK(err.code == ERROR_USAGE);
    }
    arena_free(arena);
}

TEST(the_persons_key_is_made_once)
{
    struct digest first;
    struct digest second;
    struct place place;
    struct stat status;
    struct error err;
    struct key *key;
    bool made;

    open_place(&place);
    CHECK(keyring_find_person(&key, &made, &place.home, &err) == 0);
    CHECK(made && key_kind(key) == KEY_ED25519);
    key_fingerprint(&first, key);
    key_free(key);
    CHECK(stat(under(&place, "keys/person.pem"), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(keyring_find_person(&key, &made, &place.home, &err) == 0);
    key_fingerprint(&second, key);
    key_free(key);
    CHECK(!made && digest_is_equal(&first, &second));
    close_place(&place);
}

TEST(a_pin_belongs_to_one_namespace_of_one_registry)
{
    const struct keyring_owner owner = {"https://a.example", "Acme"};
    const struct keyring_owner same = {"https://a.example", "acme"};
    const struct keyring_owner other = {"https://b.example", "acme"};
    struct place place;
    struct error err;
    struct key *pin;
    struct key *key;

    open_place(&place);
    CHECK(keyring_make_publisher(&key, &place.home, "acme", &err) == 0);
    CHECK(keyring_find_pin(&pin, &place.home, &owner, &err) == 0);
    CHECK(pin == NULL);
    CHECK(keyring_set_pin(&place.home, &owner, key, &err) == 0);
    key_free(key);
    CHECK(keyring_find_pin(&pin, &place.home, &same, &err) == 0);
    CHECK(pin != NULL && !key_is_private(pin));
    key_free(pin);
    CHECK(keyring_find_pin(&pin, &place.home, &other, &err) == 0);
    CHECK(pin == NULL);
    close_place(&place);
}

TEST(a_record_of_a_verified_file_ends_when_the_file_changes)
{
    struct digest digest;
    struct digest found;
    struct place place;
    struct error err;
    struct verified_reader reader = {0};
    const char *path;
    int fd;

    open_place(&place);
    reader.home = &place.home;
    path = under(&place, "weights");
    CHECK(file_write(path, "bytes", 5, 0644, &err) == 0);
    fd = open(path, O_RDWR);
    digest_of(&digest, "bytes", 5);
    verified_add(&place.home, fd, &digest);
    CHECK(!verified_find(&found, &place.home, fd)); /* too young to tell */
    usleep(2 * VERIFIED_SETTLE_MS * 1000);
    CHECK(verified_digest(&found, &reader, path, fd, &err) == 0);
    CHECK(digest_is_equal(&digest, &found));
    CHECK(verified_find(&found, &place.home, fd));
    CHECK(pwrite(fd, "BYTES", 5, 0) == 5);
    CHECK(!verified_find(&found, &place.home, fd));
    CHECK(verified_digest(&found, &reader, path, fd, &err) == 0);
    CHECK(!digest_is_equal(&digest, &found));
    close(fd);
    close_place(&place);
}

TEST(the_cache_has_the_hubs_layout)
{
    char target[256] = "";
    struct hub_model model;
    struct place place;
    size_t length;
    char *commit;
    struct error err;

    open_place(&place);
    CHECK(hub_find_model(&model, &place.home, place.arena, "acme/tiny", &err) ==
          0);
    CHECK(hub_make_model(&model, &err) == 0);
    CHECK(hub_link(&model, COMMIT, "a/b/weights", ETAG, &err) == 0);
    CHECK(readlink(under(&place, "hf/hub/models--acme--tiny/snapshots/" COMMIT
                                 "/a/b/weights"),
                   target, sizeof(target) - 1) > 0);
    CHECK_TEXT(target, "../../../../blobs/" ETAG);
    CHECK(hub_write_ref(&model, "v1", COMMIT, &err) == 0);
    CHECK(file_read(&commit, &length, place.arena,
                    under(&place, "hf/hub/models--acme--tiny/refs/v1"), 64,
                    &err) == 0);
    CHECK_TEXT(commit, COMMIT);
    close_place(&place);
}

TEST(no_name_from_a_registry_leaves_the_cache)
{
    static const char *const paths[] = {
        "../x", "/etc/x", "a/../../x", "a//b", "a\\b", ".git/config", ""};
    static const char *const names[] = {"acme",    "acme/tiny/x", "../tiny",
                                        "acme/..", "acme/.git",   "/tiny",
                                        "a/"};
    struct hub_model model;
    struct place place;
    struct error err;

    open_place(&place);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CHECK(hub_find_model(&model, &place.home, place.arena, names[i],
                             &err) == -1);
    CHECK(hub_find_model(&model, &place.home, place.arena, "acme/tiny", &err) ==
          0);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        CHECK(hub_link(&model, COMMIT, paths[i], ETAG, &err) == -1);
        CHECK(hub_write_ref(&model, paths[i], COMMIT, &err) == -1);
    }
    CHECK(hub_link(&model, COMMIT, "a", "../../x", &err) == -1);
    CHECK(hub_link(&model, "../..", "a", ETAG, &err) == -1);
    close_place(&place);
}

TEST(a_receipt_never_replaces_another)
{
    const struct receipt_name name = {"acme/tiny", "7c1e00000000000000000001"};
    const struct receipt_name near = {"acme/tiny", "7c1e00000000000000000002"};
    struct place place;
    const char *first;
    const char *second;
    struct error err;

    open_place(&place);
    CHECK(receipt_store_add(&first, &place.home, place.arena, &name, "{1}",
                            &err) == 0);
    CHECK_TEXT(first, under(&place, "receipts/acme-tiny-7c1e.json"));
    CHECK(receipt_store_add(&second, &place.home, place.arena, &name, "{1}",
                            &err) == 0);
    CHECK_TEXT(second, first);
    CHECK(receipt_store_add(&second, &place.home, place.arena, &near, "{2}",
                            &err) == 0);
    CHECK_TEXT(second, under(&place, "receipts/acme-tiny-"
                                     "7c1e00000000000000000002.json"));
    close_place(&place);
}
