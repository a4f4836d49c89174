/*
 * login.json as it lies in a person's folder, and the same bytes as the URL of
 * a registry.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/home/login.h"
#include "storage/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/weigh-login-XXXXXX";
static char path[sizeof(folder) + sizeof("/login.json")];
static int file = -1;

static void
remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

/* A folder in memory and one file in it, written over in each run. */
static void
write_file(const uint8_t *data, size_t size)
{
    if (file < 0) {
        if (mkdtemp(folder) == NULL)
            abort();
        snprintf(path, sizeof(path), "%s/login.json", folder);
        file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        atexit(remove_folder);
    }
    if (file < 0 || ftruncate(file, 0) < 0 ||
        pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
}

/* What goes into a header and a URL. */
static void
check_login(const struct login *login)
{
    if (login->registry == NULL || login->token == NULL ||
        login->name == NULL || strlen(login->token) > LOGIN_TOKEN_LIMIT ||
        strpbrk(login->token, " \r\n\t\x7f") != NULL ||
        strpbrk(login->registry, " \r\n\t\x7f@?#") != NULL)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *text = arena_bytes(arena, data, size);
    struct home home = {folder, folder, folder, folder};
    struct login login;
    const char *url;
    const char *again;
    struct error err;

    write_file(data, size);
    if (login_choose(&login, &home, arena, NULL, &err) == 0)
        check_login(&login);
    if (login_find(&login, &home, arena, LOGIN_DEFAULT_REGISTRY, &err) == 0)
        check_login(&login);
    if (login_check_url(&url, arena, text, &err) == 0 &&
        (login_check_url(&again, arena, url, &err) < 0 ||
         strcmp(url, again) != 0))
        abort();
    arena_free(arena);
    return 0;
}
