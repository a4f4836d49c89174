#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/config.h"
#include "storage/base/file.h"
#include "tests/check.h"

/* Loads a file with this text and these flags; the flags end with NULL. */
static int
load(struct config *out, struct arena *arena, const char *text, char **flags,
     struct error *err)
{
    char path[] = "/tmp/weigh-config-XXXXXX";
    char *argv[16] = {"weighd", "--config", path};
    int argc = 3;
    int fd = mkstemp(path);
    int result;

    CHECK(fd >= 0);
    CHECK(file_write_all(fd, text, strlen(text), err) == 0);
    close(fd);
    while (*flags != NULL)
        argv[argc++] = *flags++;
    result = config_load(out, arena, &argc, argv, err);
    unlink(path);
    return result;
}

TEST(an_unknown_key_is_named_with_file_and_line)
{
    struct arena *arena = arena_open();
    struct config config;
    struct error err;

    CHECK(load(&config, arena, "# a comment\n\nlissten = x\n", (char *[]){NULL},
               &err) < 0);
    CHECK(strstr(err.message, ":3: lissten: unknown key") != NULL);
    arena_free(arena);
}

TEST(a_key_that_comes_twice_is_named_with_its_second_line)
{
    struct arena *arena = arena_open();
    struct config config;
    struct error err;

    CHECK(load(&config, arena, "workers = 2\n\nworkers = 3\n", (char *[]){NULL},
               &err) < 0);
    CHECK(strstr(err.message, ":3: workers: the key comes twice") != NULL);
    arena_free(arena);
}

TEST(a_limit_keeps_its_default_until_it_is_set)
{
    struct arena *arena = arena_open();
    struct config config;
    struct error err;

    CHECK(load(&config, arena, "header_bytes = 16384\n", (char *[]){NULL},
               &err) == 0);
    CHECK(config.limits.head_bytes == 16384);
    CHECK(config.limits.json_bytes == 1048576);
    CHECK(load(&config, arena, "\nheader_bytes = 16383\n", (char *[]){NULL},
               &err) < 0);
    CHECK(strstr(err.message,
                 ":2: header_bytes: is a number from 16384 to 1048576") !=
          NULL);
    arena_free(arena);
}

TEST(a_flag_overrides_the_file)
{
    struct arena *arena = arena_open();
    struct config config;
    struct error err;

    CHECK(load(&config, arena, "listen = 0.0.0.0:1\nsign_up = closed\n",
               (char *[]){"--listen", "127.0.0.1:9", "--workers=3", NULL},
               &err) == 0);
    CHECK_TEXT(config.listen, "127.0.0.1:9");
    CHECK_TEXT(config.url, "http://127.0.0.1:9");
    CHECK_TEXT(config.sign_up, "closed");
    CHECK(config.workers == 3);
    arena_free(arena);
}

TEST(a_path_in_a_file_is_relative_to_the_file)
{
    struct arena *arena = arena_open();
    struct config config;
    struct error err;

    CHECK(load(&config, arena, "data = store\n", (char *[]){NULL}, &err) == 0);
    CHECK_TEXT(config.data, "/tmp/store");
    CHECK_TEXT(config.blobs, "/tmp/store/blobs");
    arena_free(arena);
}

TEST(what_belongs_to_the_command_stays)
{
    struct arena *arena = arena_open();
    char *argv[] = {"weighd", "admin",   "--data", "/x", "account",
                    "add",    "--email", "a@b.c",  NULL};
    int argc = 8;
    struct config config;
    struct error err;

    CHECK(config_load(&config, arena, &argc, argv, &err) == 0);
    CHECK(argc == 6);
    CHECK_TEXT(argv[1], "admin");
    CHECK_TEXT(argv[4], "--email");
    arena_free(arena);
}

TEST(an_address_that_is_none_is_named)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"\nurl = models.example.org\n", ":2: url: wants"},
        {"url = https://\n", ":1: url: wants"},
        {"sign_up = never\n", ":1: sign_up: is open"},
        {"listen =\n", ":1: listen: is empty"},
        {"smtp_url = http://mail\n", ":1: smtp_url: wants"},
        {"trusted_proxies = 10.0.0.0/99\n", ":1: trusted_proxies: wants"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_open();
        struct config config;
        struct error err;

        CHECK(load(&config, arena, rows[i].text, (char *[]){NULL}, &err) < 0);
        CHECK(err.code == ERROR_USAGE);
        CHECK(strstr(err.message, rows[i].message) != NULL);
        arena_free(arena);
    }
}

TEST(a_number_out_of_bounds_is_refused)
{
    struct arena *arena = arena_open();
    struct config config;
    struct error err;

    CHECK(load(&config, arena, "workers = 0\n", (char *[]){NULL}, &err) < 0);
    CHECK(load(&config, arena, "workers = 4x\n", (char *[]){NULL}, &err) < 0);
    CHECK(load(&config, arena, "confine = maybe\n", (char *[]){NULL}, &err) <
          0);
    arena_free(arena);
}
