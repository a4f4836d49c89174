#include "registry/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/http/proxy.h"
#include "storage/base/file.h"

enum type { TYPE_TEXT, TYPE_PATH, TYPE_NUMBER, TYPE_FLAG };

struct key {
    const char *name;
    enum type type;
    size_t offset;
    int64_t least; /* of a number */
    int64_t most;
    const char *help;
};

#define TEXT(name, help)                                                       \
    {                                                                          \
#name, TYPE_TEXT, offsetof(struct config, name), 0, 0, help            \
    }
#define PATH(name, help)                                                       \
    {                                                                          \
#name, TYPE_PATH, offsetof(struct config, name), 0, 0, help            \
    }
#define FLAG(name, help)                                                       \
    {                                                                          \
#name, TYPE_FLAG, offsetof(struct config, name), 0, 0, help            \
    }
#define NUMBER(name, least, most, help)                                        \
    {                                                                          \
#name, TYPE_NUMBER, offsetof(struct config, name), least, most, help   \
    }

static const struct key keys[] = {
    PATH(data, "folder for everything the registry keeps"),
    TEXT(listen, "ADDRESS:PORT to listen on, several with commas"),
    TEXT(url, "the registry's own address, as clients write it"),
    TEXT(database, "postgresql:// of an existing server"),
    PATH(blobs, "folder for weights"),
    PATH(secret_file, "file with the key that seals the registry's secrets"),
    TEXT(user, "account that root becomes"),
    PATH(tls_certificate, "PEM file with the certificate and its chain"),
    PATH(tls_key, "PEM file with the certificate's private key"),
    TEXT(trusted_proxies, "addresses whose forwarded headers count"),
    TEXT(metrics, "addresses that may read /metrics and /status"),
    TEXT(sign_up, "who may make an account: open, invitation or closed"),
    TEXT(smtp_url, "smtp:// or smtps:// server that mail goes through"),
    TEXT(smtp_user, "user name at the mail server"),
    PATH(smtp_password_file, "file with the password at the mail server"),
    TEXT(mail_from, "address that mail comes from"),
    NUMBER(loops, 0, 64, "threads for sockets; 0 is one a core"),
    NUMBER(workers, 1, 256, "threads for requests, a connection each"),
    NUMBER(io_threads, 1, 64, "threads that hash and write"),
    NUMBER(connections, 1, 1000000, "connections at once"),
    NUMBER(connections_per_address, 1, 1000000,
           "connections at once from one address"),
    FLAG(confine, "confine the server process: yes or no"),
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Where a setting came from, for errors. */
struct place {
    const char *file; /* NULL: a flag */
    int line;
};

static int
refuse(struct error *err, const struct place *place, const char *what,
       const char *name)
{
    if (place->file == NULL)
        return error_set(err, ERROR_USAGE, "--%s: %s", name, what);
    return error_set(err, ERROR_USAGE, "%s:%d: %s: %s", place->file,
                     place->line, name, what);
}

static bool
is_same_key(const char *key, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (key[i] != (name[i] == '-' ? '_' : name[i]))
            return false;
    return key[length] == '\0';
}

static const struct key *
find_key(const char *name, size_t length)
{
    for (size_t i = 0; i < KEYS; i++)
        if (is_same_key(keys[i].name, name, length))
            return &keys[i];
    return NULL;
}

/* A path in a file is relative to the file's folder; in a flag, to ours. */
static const char *
read_path(struct arena *arena, const char *value, const struct place *place)
{
    const char *slash;
    char cwd[PATH_MAX];

    if (value[0] == '/')
        return arena_text(arena, value);
    slash = place->file != NULL ? strrchr(place->file, '/') : NULL;
    if (slash != NULL && place->file[0] == '/')
        return arena_format(arena, "%.*s/%s", (int)(slash - place->file),
                            place->file, value);
    if (getcwd(cwd, sizeof(cwd)) == NULL)
        return arena_text(arena, value);
    if (slash != NULL)
        return arena_format(arena, "%s/%.*s/%s", cwd,
                            (int)(slash - place->file), place->file, value);
    return arena_format(arena, "%s/%s", cwd, value);
}

static int
set_number(int64_t *out, const struct key *key, const char *value,
           const struct place *place, struct error *err)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(value, &end, 10);
    if (*value == '\0' || *end != '\0' || errno != 0 || number < key->least ||
        number > key->most)
        return refuse(err, place, "not a number in its bounds", key->name);
    *out = number;
    return 0;
}

static int
set_flag(bool *out, const struct key *key, const char *value,
         const struct place *place, struct error *err)
{
    *out = strcmp(value, "yes") == 0;
    if (!*out && strcmp(value, "no") != 0)
        return refuse(err, place, "is yes or no", key->name);
    return 0;
}

static int
set_value(struct config *config, struct arena *arena, const struct key *key,
          const char *value, const struct place *place, struct error *err)
{
    char *field = (char *)config + key->offset;

    switch (key->type) {
    case TYPE_NUMBER:
        return set_number((int64_t *)(void *)field, key, value, place, err);
    case TYPE_FLAG:
        return set_flag((bool *)field, key, value, place, err);
    case TYPE_PATH:
        *(const char **)(void *)field = read_path(arena, value, place);
        return 0;
    case TYPE_TEXT:
        break;
    }
    *(const char **)(void *)field =
        value[0] != '\0' ? arena_text(arena, value) : NULL;
    return 0;
}

static char *
trim(char *text)
{
    char *end;

    while (isspace((unsigned char)*text))
        text++;
    end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return text;
}

static int
read_line(struct config *config, struct arena *arena, char *line,
          const struct place *place, struct error *err)
{
    const struct key *key;
    char *name = trim(line);
    char *equals;

    if (*name == '\0' || *name == '#')
        return 0;
    equals = strchr(name, '=');
    if (equals == NULL)
        return refuse(err, place, "a line is \"key = value\"", name);
    *equals = '\0';
    name = trim(name);
    key = find_key(name, strlen(name));
    if (key == NULL)
        return refuse(err, place, "unknown key", name);
    return set_value(config, arena, key, trim(equals + 1), place, err);
}

static int
read_file(struct config *config, struct arena *arena, struct error *err)
{
    struct place place = {config->file, 0};
    size_t length;
    char *text;
    char *line;

    if (file_read(&text, &length, arena, config->file, CONFIG_FILE_LIMIT, err) <
        0)
        return -1;
    if (strlen(text) != length)
        return error_set(err, ERROR_USAGE, "%s: holds a NUL", config->file);
    while ((line = strsep(&text, "\n")) != NULL) {
        place.line++;
        if (read_line(config, arena, line, &place, err) < 0)
            return -1;
    }
    return 0;
}

/*
 * Takes "--NAME VALUE" or "--NAME=VALUE" at argv[at] out of the arguments.
 * *out_value is NULL when the argument is no flag called so.
 */
static int
take_flag(const char **out_value, int *argc, char **argv, int at,
          struct error *err)
{
    const char *name = argv[at] + 2;
    size_t length = strcspn(name, "=");
    int used = 1;

    if (name[length] == '=') {
        *out_value = name + length + 1;
    } else if (at + 1 < *argc) {
        *out_value = argv[at + 1];
        used = 2;
    } else {
        return error_set(err, ERROR_USAGE, "--%s needs a value", name);
    }
    memmove(argv + at, argv + at + used,
            sizeof(*argv) * (size_t)(*argc - at - used + 1));
    *argc -= used;
    return 0;
}

/* Runs over the flags twice: the file first, then what overrides it. */
static int
read_flags(struct config *config, struct arena *arena, int *argc, char **argv,
           struct error *err)
{
    const struct place place = {NULL, 0};
    const char *value = "";
    int at = 1;

    while (at < *argc && strcmp(argv[at], "--") != 0) {
        const struct key *key = NULL;

        if (strncmp(argv[at], "--", 2) == 0)
            key = find_key(argv[at] + 2, strcspn(argv[at] + 2, "="));
        if (key == NULL) {
            at++;
            continue;
        }
        if (take_flag(&value, argc, argv, at, err) < 0 ||
            set_value(config, arena, key, value, &place, err) < 0)
            return -1;
    }
    return 0;
}

static int
find_file(struct config *config, struct arena *arena, int *argc, char **argv,
          struct error *err)
{
    const struct place place = {NULL, 0};
    const char *value = "";

    for (int at = 1; at < *argc; at++) {
        if (strcmp(argv[at], "--config") != 0 &&
            strncmp(argv[at], "--config=", 9) != 0)
            continue;
        if (take_flag(&value, argc, argv, at, err) < 0)
            return -1;
        config->file = read_path(arena, value, &place);
        return 0;
    }
    return 0;
}

static const char *
default_data(struct arena *arena)
{
    const char *home = getenv("XDG_DATA_HOME");

    if (geteuid() == 0)
        return "/var/lib/weighhouse";
    if (home != NULL && home[0] == '/')
        return arena_format(arena, "%s/weighhouse", home);
    home = getenv("HOME");
    if (home != NULL && home[0] == '/')
        return arena_format(arena, "%s/.local/share/weighhouse", home);
    return "/var/lib/weighhouse";
}

/* The address of the first listener, as a person on this machine writes it. */
static const char *
default_url(struct arena *arena, const struct config *config)
{
    size_t length = strcspn(config->listen, ",");
    const char *scheme = config->tls_certificate != NULL ? "https" : "http";

    return arena_format(arena, "%s://%.*s", scheme, (int)length,
                        config->listen);
}

/* True for an address of one of the two schemes. */
static bool
is_address(const char *text, const char *plain, const char *secure)
{
    size_t length = strlen(plain);

    if (strncmp(text, plain, length) != 0) {
        length = strlen(secure);
        if (strncmp(text, secure, length) != 0)
            return false;
    }
    return text[length] != '\0';
}

static int
check(struct config *config, struct error *err)
{
    static const char *const ways[] = {"open", "invitation", "closed"};
    bool known = false;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        known |= strcmp(config->sign_up, ways[i]) == 0;
    if (!known)
        return error_set(err, ERROR_USAGE,
                         "sign_up is open, invitation or closed");
    if ((config->tls_certificate == NULL) != (config->tls_key == NULL))
        return error_set(err, ERROR_USAGE,
                         "tls_certificate and tls_key go together");
    if (!is_address(config->url, "http://", "https://"))
        return error_set(err, ERROR_USAGE,
                         "url: %s: wants http:// or https:// and a host",
                         config->url);
    if (config->smtp_url != NULL &&
        !is_address(config->smtp_url, "smtp://", "smtps://"))
        return error_set(err, ERROR_USAGE,
                         "smtp_url: %s: wants smtp:// or smtps:// and a host",
                         config->smtp_url);
    if (config->trusted_proxies != NULL &&
        !proxy_is_list(config->trusted_proxies))
        return error_set(err, ERROR_USAGE,
                         "trusted_proxies: %s: wants addresses or networks "
                         "such as 10.0.0.0/8, with commas",
                         config->trusted_proxies);
    if (config->metrics != NULL && !proxy_is_list(config->metrics))
        return error_set(err, ERROR_USAGE,
                         "metrics: %s: wants addresses or networks such as "
                         "10.0.0.0/8, with commas",
                         config->metrics);
    if (config->url[strlen(config->url) - 1] == '/')
        return error_set(err, ERROR_USAGE, "url has no slash at its end");
    return 0;
}

int
config_load(struct config *out, struct arena *arena, int *argc, char **argv,
            struct error *err)
{
    *out = (struct config){.listen = "127.0.0.1:8470",
                           .user = "weighhouse",
                           .metrics = "127.0.0.1,::1",
                           .sign_up = "open",
                           .mail_from = "weighhouse@localhost",
                           .workers = 8,
                           .io_threads = 2,
                           .connections = 20000,
                           .connections_per_address = 20000,
                           .confine = true};
    if (find_file(out, arena, argc, argv, err) < 0)
        return -1;
    if (out->file != NULL && read_file(out, arena, err) < 0)
        return -1;
    if (read_flags(out, arena, argc, argv, err) < 0)
        return -1;
    if (out->listen == NULL)
        return error_set(err, ERROR_USAGE, "listen is empty");
    if (out->data == NULL)
        out->data = default_data(arena);
    if (out->blobs == NULL)
        out->blobs = arena_format(arena, "%s/blobs", out->data);
    if (out->secret_file == NULL)
        out->secret_file = arena_format(arena, "%s/secret", out->data);
    if (out->url == NULL)
        out->url = default_url(arena, out);
    if (out->sign_up == NULL || out->user == NULL || out->mail_from == NULL)
        return error_set(err, ERROR_USAGE,
                         "sign_up, user and mail_from are not empty");
    return check(out, err);
}

void
config_write_help(void (*line)(void *state, const char *flag, const char *help),
                  void *state)
{
    for (size_t i = 0; i < KEYS; i++) {
        struct arena *arena = arena_open();
        char *flag = arena_text(arena, keys[i].name);

        for (char *at = flag; *at != '\0'; at++)
            if (*at == '_')
                *at = '-';
        line(state, flag, keys[i].help);
        arena_free(arena);
    }
}
