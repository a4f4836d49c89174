#include "registry/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
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
/* A number that is a field of limits, under a name of its own. */
#define LIMIT(name, field, least, most, help)                                  \
    {                                                                          \
#name, TYPE_NUMBER, offsetof(struct config, limits.field), least,      \
            most, help                                                         \
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
    PATH(smtp_ca_file, "PEM file with the mail server's authorities"),
    TEXT(mail_from, "address that mail comes from"),
    NUMBER(loops, 0, 64, "threads for sockets; 0 is one a core"),
    NUMBER(workers, 1, 256, "threads for requests, a connection each"),
    NUMBER(io_threads, 1, 64, "threads that hash and write"),
    LIMIT(connections, connections, 1, 1000000, "connections at once"),
    LIMIT(connections_per_address, connections_per_address, 1, 1000000,
          "connections at once from one address"),
    LIMIT(header_bytes, head_bytes, LIMIT_HEAD_LEAST, 1048576,
          "bytes of a request line and its headers"),
    LIMIT(header_timeout_ms, head_ms, 100, 600000,
          "milliseconds in which the headers are complete"),
    LIMIT(idle_timeout_ms, idle_ms, 100, 3600000,
          "milliseconds that a connection waits for a request"),
    LIMIT(json_bytes, json_bytes, 1024, 1048576, "bytes of a JSON body"),
    LIMIT(commit_bytes, commit_bytes, 1024, INT64_C(1) << 40,
          "bytes of a commit's NDJSON body"),
    LIMIT(commit_line_bytes, commit_line_bytes, 1024, 64 << 20,
          "bytes of one of its lines"),
    LIMIT(body_bytes_per_second, body_bytes_per_second, 1, 1 << 30,
          "rate that a body comes at, at least"),
    LIMIT(body_window_ms, body_window_ms, 100, 600000,
          "milliseconds over which that rate is taken"),
    LIMIT(send_timeout_ms, send_ms, 100, 3600000,
          "milliseconds in which a client takes something of an answer"),
    LIMIT(stop_timeout_ms, stop_ms, 100, 3600000,
          "milliseconds that requests under way have at a stop"),
    LIMIT(drain_timeout_ms, retire_ms, 100, 86400000,
          "milliseconds that a replaced server process has to finish"),
    NUMBER(hang_timeout_ms, 0, 3600000,
           "milliseconds until a server process that hangs is replaced"),
    NUMBER(record_days, 0, 36500,
           "days that questions to the gate are kept; 0 is for good"),
    NUMBER(scrub_every_days, 0, 3650,
           "days between two rounds over all weights; 0 is no round"),
    NUMBER(scrub_mib_per_second, 0, 100000,
           "rate that a round reads at, at most; 0 is no round"),
    LIMIT(uploads_per_account, uploads, 1, 1000000,
          "uploads at once of one account"),
    LIMIT(open_requests_per_account, open_requests, 1, 1000000,
          "requests for access of one account that wait"),
    LIMIT(login_tries_per_account, login_account, 1, 1000000,
          "logins tried at one account in 15 minutes"),
    LIMIT(login_tries_per_address, login_address, 1, 1000000,
          "logins tried from one address in 15 minutes"),
    FLAG(confine, "confine the server process: yes or no"),
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Where a setting came from, for errors. */
struct place {
    const char *file; /* NULL: a flag */
    int line;
};

/* A configuration while it is read, and where each key was set last. */
struct reading {
    struct config *config;
    struct arena *arena;
    struct place places[KEYS];
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
    char what[96];
    char *end;
    long long number;

    errno = 0;
    number = strtoll(value, &end, 10);
    if (*value == '\0' || *end != '\0' || errno != 0 || number < key->least ||
        number > key->most) {
        snprintf(what, sizeof(what), "is a number from %" PRId64 " to %" PRId64,
                 key->least, key->most);
        return refuse(err, place, what, key->name);
    }
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
set_value(struct reading *reading, const struct key *key, const char *value,
          const struct place *place, struct error *err)
{
    char *field = (char *)reading->config + key->offset;

    reading->places[key - keys] = *place;
    switch (key->type) {
    case TYPE_NUMBER:
        return set_number((int64_t *)(void *)field, key, value, place, err);
    case TYPE_FLAG:
        return set_flag((bool *)field, key, value, place, err);
    case TYPE_PATH:
        *(const char **)(void *)field = read_path(reading->arena, value, place);
        return 0;
    case TYPE_TEXT:
        break;
    }
    *(const char **)(void *)field =
        value[0] != '\0' ? arena_text(reading->arena, value) : NULL;
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
read_line(struct reading *reading, char *line, const struct place *place,
          struct error *err)
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
    if (reading->places[key - keys].line != 0)
        return refuse(err, place, "the key comes twice", name);
    return set_value(reading, key, trim(equals + 1), place, err);
}

static int
read_file(struct reading *reading, struct error *err)
{
    const struct config *config = reading->config;
    struct place place = {config->file, 0};
    size_t length;
    char *text;
    char *line;

    if (file_read(&text, &length, reading->arena, config->file,
                  CONFIG_FILE_LIMIT, err) < 0)
        return -1;
    if (strlen(text) != length)
        return error_set(err, ERROR_USAGE, "%s: holds a NUL", config->file);
    while ((line = strsep(&text, "\n")) != NULL) {
        place.line++;
        if (read_line(reading, line, &place, err) < 0)
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
read_flags(struct reading *reading, int *argc, char **argv, struct error *err)
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
            set_value(reading, key, value, &place, err) < 0)
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

/* What is wrong with the value at field, with where it was set. */
static int
refuse_field(struct error *err, const struct reading *reading,
             const char *const *field, const char *what)
{
    size_t offset =
        (size_t)((const char *)field - (const char *)reading->config);

    for (size_t i = 0; i < KEYS; i++)
        if (keys[i].offset == offset)
            return refuse(err, &reading->places[i], what, keys[i].name);
    abort(); /* a mistake in the program */
}

static bool
is_sign_up(const char *text)
{
    return strcmp(text, "open") == 0 || strcmp(text, "invitation") == 0 ||
           strcmp(text, "closed") == 0;
}

static int
check_texts(const struct reading *reading, struct error *err)
{
    const struct config *config = reading->config;
    const char *const *const needed[] = {&config->listen, &config->sign_up,
                                         &config->user, &config->mail_from};

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (*needed[i] == NULL)
            return refuse_field(err, reading, needed[i], "is empty");
    if (!is_sign_up(config->sign_up))
        return refuse_field(err, reading, &config->sign_up,
                            "is open, invitation or closed");
    return 0;
}

static int
check(const struct reading *reading, struct error *err)
{
    const struct config *config = reading->config;

    if ((config->tls_certificate == NULL) != (config->tls_key == NULL))
        return refuse_field(err, reading,
                            config->tls_key == NULL ? &config->tls_certificate
                                                    : &config->tls_key,
                            "tls_certificate and tls_key go together");
    if (!is_address(config->url, "http://", "https://"))
        return refuse_field(err, reading, &config->url,
                            "wants http:// or https:// and a host");
    if (config->url[strlen(config->url) - 1] == '/')
        return refuse_field(err, reading, &config->url,
                            "has no slash at its end");
    if (config->smtp_url != NULL &&
        !is_address(config->smtp_url, "smtp://", "smtps://"))
        return refuse_field(err, reading, &config->smtp_url,
                            "wants smtp:// or smtps:// and a host");
    if (config->trusted_proxies != NULL &&
        !proxy_is_list(config->trusted_proxies))
        return refuse_field(err, reading, &config->trusted_proxies,
                            "wants addresses or networks such as 10.0.0.0/8, "
                            "with commas");
    if (config->metrics != NULL && !proxy_is_list(config->metrics))
        return refuse_field(err, reading, &config->metrics,
                            "wants addresses or networks such as 10.0.0.0/8, "
                            "with commas");
    return 0;
}

int
config_load(struct config *out, struct arena *arena, int *argc, char **argv,
            struct error *err)
{
    struct reading reading = {.config = out, .arena = arena};

    *out = (struct config){.listen = "127.0.0.1:8470",
                           .user = "weighhouse",
                           .metrics = "127.0.0.1,::1",
                           .sign_up = "open",
                           .mail_from = "weighhouse@localhost",
                           .workers = 8,
                           .io_threads = 2,
                           .record_days = 400,
                           .scrub_mib_per_second = 20,
                           .scrub_every_days = 30,
                           .hang_timeout_ms = 20000,
                           .confine = true};
    if (find_file(out, arena, argc, argv, err) < 0)
        return -1;
    if (out->file != NULL && read_file(&reading, err) < 0)
        return -1;
    if (read_flags(&reading, argc, argv, err) < 0 ||
        check_texts(&reading, err) < 0)
        return -1;
    limits_fill(&out->limits);
    if (out->data == NULL)
        out->data = default_data(arena);
    if (out->blobs == NULL)
        out->blobs = arena_format(arena, "%s/blobs", out->data);
    if (out->secret_file == NULL)
        out->secret_file = arena_format(arena, "%s/secret", out->data);
    if (out->url == NULL)
        out->url = default_url(arena, out);
    return check(&reading, err);
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
