/*
 * login: which registry, and the token for it.
 *
 * One JSON file of mode 0600 in the settings folder keeps a token a registry
 * and which of them was logged into last.  A file that others may read is
 * refused, as ssh does with keys.  Registries are told apart by their base URL
 * as login_check_url writes it.
 */
#ifndef CLI_HOME_LOGIN_H
#define CLI_HOME_LOGIN_H

#include <stdbool.h>

#include "cli/home/home.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

/* Where weighd listens when nobody told it otherwise. */
#define LOGIN_DEFAULT_REGISTRY "http://127.0.0.1:8470"
#define LOGIN_TOKEN_LIMIT 4096

struct login {
    const char *registry;
    const char *name;  /* the account's; "" when nobody asked */
    const char *token; /* "" for none */
};

/*
 * Chooses the registry: named (--registry, may be NULL), WEIGH_REGISTRY,
 * HF_ENDPOINT, the last login, the default; and the token for it.  HF_TOKEN
 * goes to a registry that was named, or when there is no login: a token for
 * elsewhere must not be sent to where a person happens to be logged in.
 */
int login_choose(struct login *out, const struct home *home,
                 struct arena *arena, const char *named, struct error *err);

/* What is kept for a registry; token "" when nothing is. */
int login_find(struct login *out, const struct home *home, struct arena *arena,
               const char *registry, struct error *err);

/* Keeps the token and makes this the registry that is used next. */
int login_set(const struct home *home, const struct login *login,
              struct error *err);

/* Forgets the token; *out_found says whether there was one. */
int login_remove(bool *out_found, const struct home *home, const char *registry,
                 struct error *err);

/*
 * The URL as it is kept: scheme and host in lower case, no slash at its end.
 * ERROR_USAGE when it is not http:// or https:// with a host, or holds a
 * password, a query or a fragment.
 */
int login_check_url(const char **out, struct arena *arena, const char *url,
                    struct error *err);

#endif
