#include "cli/home/login.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/base/file.h"
#include "storage/base/json.h"

#define LOGIN_FILE_LIMIT 1048576 /* 1 MiB */
#define URL_LIMIT 1024

static const char *
path_of(const struct home *home, struct arena *arena)
{
    return arena_format(arena, "%s/login.json", home->settings);
}

static int
check_mode(const char *path, struct error *err)
{
    struct stat status;

    if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
        return error_set(err, ERROR_FORBIDDEN,
                         "%s can be read by others: chmod 600 it, and replace "
                         "its tokens if that was not meant",
                         path);
    return 0;
}

/* {"current": URL, "logins": {URL: {"name": …, "token": …}}} */
static int
read_file(json_t **out, const struct home *home, struct arena *arena,
          struct error *err)
{
    const char *path = path_of(home, arena);
    char *bytes;
    size_t length;

    if (check_mode(path, err) < 0)
        return -1;
    if (file_read(&bytes, &length, arena, path, LOGIN_FILE_LIMIT, err) < 0) {
        if (err->code != ERROR_NOT_FOUND)
            return -1;
        *out = json_keep(arena, json_pack("{s:{}}", "logins"));
        return 0;
    }
    if (json_read(out, arena, bytes, length, err) < 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "%s is not valid: remove it and log in again", path);
    if (!json_is_object(json_object_get(*out, "logins")))
        return error_set(err, ERROR_BAD_REQUEST,
                         "%s is not valid: remove it and log in again", path);
    return 0;
}

static int
write_file(const struct home *home, struct arena *arena, const json_t *value,
           struct error *err)
{
    size_t length;
    const char *text = json_write(&length, arena, value);

    if (file_make_folder(home->settings, 0700, err) < 0)
        return -1;
    return file_write(path_of(home, arena), text, length, 0600, err);
}

static bool
has_only(const char *text, const char *refused)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text == 0x7f || strchr(refused, *text) != NULL)
            return false;
    return true;
}

int
login_check_url(const char **out, struct arena *arena, const char *url,
                struct error *err)
{
    char *copy = arena_text(arena, url);
    char *host = strstr(copy, "://");
    size_t length = strlen(copy);

    if (length > URL_LIMIT || host == NULL || !has_only(copy, "?#@\\\"<>"))
        return error_set(err, ERROR_USAGE, "%.200s is not a registry's URL",
                         url);
    while (length > 0 && copy[length - 1] == '/')
        copy[--length] = '\0';
    host += 3;
    for (char *at = copy; *at != '\0' && (at < host || *at != '/'); at++)
        *at = (char)tolower((unsigned char)*at);
    if ((strncmp(copy, "http://", 7) != 0 &&
         strncmp(copy, "https://", 8) != 0) ||
        *host == '\0' || *host == '/' || *host == ':')
        return error_set(err, ERROR_USAGE,
                         "%.200s is not a registry's URL: http:// or https://, "
                         "then a host",
                         url);
    *out = copy;
    return 0;
}

static const char *
variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The registry that somebody named, by flag or environment; NULL for none. */
static const char *
find_named(const char *named)
{
    if (named == NULL)
        named = variable("WEIGH_REGISTRY");
    if (named == NULL)
        named = variable("HF_ENDPOINT");
    return named;
}

static int
check_token(const char *token, struct error *err)
{
    if (strlen(token) > LOGIN_TOKEN_LIMIT || !has_only(token, ""))
        return error_set(err, ERROR_USAGE,
                         "the token holds blanks or control characters");
    return 0;
}

static void
take_entry(struct login *out, const json_t *entry)
{
    const char *token = json_text(entry, "token");
    const char *name = json_text(entry, "name");

    out->token = token == NULL ? "" : token;
    out->name = name == NULL ? "" : name;
}

int
login_find(struct login *out, const struct home *home, struct arena *arena,
           const char *registry, struct error *err)
{
    json_t *kept;

    *out = (struct login){.registry = registry};
    if (read_file(&kept, home, arena, err) < 0)
        return -1;
    take_entry(out, json_object_get(json_object_get(kept, "logins"), registry));
    return check_token(out->token, err);
}

int
login_choose(struct login *out, const struct home *home, struct arena *arena,
             const char *named, struct error *err)
{
    const char *token = variable("HF_TOKEN");
    const json_t *entry;
    json_t *kept;

    *out = (struct login){.name = "", .token = ""};
    if (read_file(&kept, home, arena, err) < 0)
        return -1;
    named = find_named(named);
    out->registry = named != NULL ? named : json_text(kept, "current");
    if (out->registry == NULL)
        out->registry = LOGIN_DEFAULT_REGISTRY;
    if (login_check_url(&out->registry, arena, out->registry, err) < 0)
        return -1;
    entry = json_object_get(json_object_get(kept, "logins"), out->registry);
    if (token != NULL && (named != NULL || entry == NULL))
        out->token = token;
    else
        take_entry(out, entry);
    return check_token(out->token, err);
}

int
login_set(const struct home *home, const struct login *login, struct error *err)
{
    struct arena *arena = arena_open();
    json_t *kept;
    int result = -1;

    if (check_token(login->token, err) < 0 ||
        read_file(&kept, home, arena, err) < 0)
        goto done;
    json_object_set_new(kept, "current", json_string(login->registry));
    json_object_set_new(
        json_object_get(kept, "logins"), login->registry,
        json_pack("{s:s,s:s}", "name", login->name, "token", login->token));
    result = write_file(home, arena, kept, err);

done:
    arena_free(arena);
    return result;
}

int
login_remove(bool *out_found, const struct home *home, const char *registry,
             struct error *err)
{
    struct arena *arena = arena_open();
    json_t *kept;
    int result = -1;

    if (read_file(&kept, home, arena, err) < 0)
        goto done;
    *out_found =
        json_object_del(json_object_get(kept, "logins"), registry) == 0;
    result = 0;
    if (*out_found)
        result = write_file(home, arena, kept, err);

done:
    arena_free(arena);
    return result;
}
