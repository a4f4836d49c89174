/* keygen: a key to sign releases with. */
#include "auth/key/key.h"

#include "cli/command/session.h"
#include "cli/command/signing.h"
#include "cli/command/table.h"
#include "cli/home/keyring.h"
#include "storage/base/text.h"

static const struct option_row keygen_options[] = {
    {"out", "FILE", "write the key to FILE, its public half to FILE.pub",
     false},
    {0},
};

/* To a file of the person's own, for `weigh sign`. */
static int
make_file(struct key **out, const char *path, struct error *err)
{
    if (key_make(out, KEY_P256, err) < 0)
        return -1;
    return key_write_private(*out, path, err);
}

/* For a namespace, into the keyring, where `weigh publish` finds it. */
static int
make_publisher(struct key **out, const char **out_path, struct context *context,
               const char *name, struct error *err)
{
    if (text_check_name(name, err) < 0 || session_open_home(context, err) < 0)
        return -1;
    *out_path = keyring_publisher_path(context->home, context->arena, name);
    return keyring_make_publisher(out, context->home, name, err);
}

static int
run(struct context *context, struct error *err)
{
    const char *name = command_word(context, 0);
    const char *path = option_text(&context->options, "out");
    const char *public_path;
    struct key *key = NULL;
    int result = -1;

    if ((name == NULL) == (path == NULL))
        return error_set(err, ERROR_USAGE,
                         "either a NAMESPACE or --out FILE is needed");
    if (name != NULL ? make_publisher(&key, &path, context, name, err) < 0
                     : make_file(&key, path, err) < 0)
        goto done;
    public_path = arena_format(context->arena, "%s.pub", path);
    if (key_write_public(key, public_path, err) < 0)
        goto done;
    command_say(context, "made       key %s\n", signing_show_key(context, key));
    command_say(context, "private    %s\n", session_show_path(context, path));
    command_say(context, "public     %s\n",
                session_show_path(context, public_path));
    command_result(context, json_pack("{s:s,s:s,s:s,s:s}", "key",
                                      signing_fingerprint(context, key),
                                      "private", path, "public", public_path,
                                      "pem", key_public_pem(key)));
    result = 0;

done:
    key_free(key);
    return result;
}

const struct command command_keygen = {
    .name = "keygen",
    .usage = "[NAMESPACE]",
    .summary = "make a key to sign releases with",
    .words_min = 0,
    .words_max = 1,
    .options = keygen_options,
    .run = run,
    .details =
        "With a NAMESPACE the key goes into the settings, and `weigh publish`\n"
        "signs with it; --out makes one for `weigh sign`.  The private half "
        "is\n"
        "readable by its owner alone.  Keep a copy: whoever has it signs in\n"
        "your name, and without it nothing can follow what was published.",
};
