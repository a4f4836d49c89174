/* keygen: a key to sign releases with. */
#include "auth/key/key.h"

#include "cli/client/rotation.h"
#include "cli/command/session.h"
#include "cli/command/signing.h"
#include "cli/command/table.h"
#include "cli/home/keyring.h"
#include "storage/base/text.h"

static const struct option_row keygen_options[] = {
    {"out", "FILE", "write the key to FILE, its public half to FILE.pub",
     false},
    {"rotate", NULL, "make the next key, signed for by the one there is",
     false},
    {"revoke", "HINT", "tell the registry that a key must not count", false},
    {"reason", "TEXT", "why it is revoked; everybody may read it", false},
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

/* The registry learns of the next key by the signature of the one before. */
static int
hand_over(struct context *context, const char *name, const struct key *from,
          const struct key *to, struct error *err)
{
    struct client_question question = {
        .method = "POST",
        .path = arena_format(context->arena, "/api/namespaces/%s/keys", name),
    };
    const char *envelope;

    if (rotation_make(&envelope, context->arena, name, from, to, err) < 0)
        return -1;
    question.body = json_keep(context->arena,
                              json_pack("{s:s,s:s}", "pem", key_public_pem(to),
                                        "rotation", envelope));
    return client_call(NULL, context->client, context->arena, &question, err);
}

/* Killed at any moment, it goes on with the next key that it made. */
static int
rotate(struct context *context, const char *name, struct error *err)
{
    struct key *from = NULL;
    struct key *to = NULL;
    int result = -1;

    if (session_open_signed_in(context, err) < 0 ||
        keyring_find_next(&to, context->home, name, err) < 0)
        return -1;
    if (keyring_find_publisher(&from, context->home, name, err) < 0) {
        if (err->code != ERROR_NOT_FOUND)
            goto done;
    } else if (hand_over(context, name, from, to, err) < 0) {
        goto done;
    }
    if (keyring_advance_publisher(context->home, name, err) < 0)
        goto done;
    command_say(context, "rotated    %s now signs with key %s\n", name,
                signing_show_key(context, to));
    command_result(context, json_pack("{s:s,s:s}", "namespace", name, "key",
                                      signing_fingerprint(context, to)));
    result = 0;

done:
    key_free(from);
    key_free(to);
    return result;
}

static int
revoke(struct context *context, const char *name, struct error *err)
{
    const char *hint = option_text(&context->options, "revoke");
    const char *reason = option_text(&context->options, "reason");
    struct client_question question = {.method = "POST"};
    struct digest digest;

    if (!digest_parse(&digest, hint))
        return error_set(err, ERROR_USAGE,
                         "--revoke %s: not a key's 64 digits; --json shows "
                         "them",
                         hint);
    if (session_open_signed_in(context, err) < 0)
        return -1;
    question.path = arena_format(
        context->arena, "/api/namespaces/%s/keys/%s/revoke", name, hint);
    question.body =
        json_keep(context->arena,
                  json_pack("{s:s}", "reason", reason == NULL ? "" : reason));
    if (client_call(NULL, context->client, context->arena, &question, err) < 0)
        return -1;
    command_say(context, "revoked    key %.8s of %s signs nothing any more\n",
                hint, name);
    command_result(context,
                   json_pack("{s:s,s:s}", "namespace", name, "key", hint));
    return 0;
}

static int
make(struct context *context, struct error *err)
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

static int
run(struct context *context, struct error *err)
{
    const char *name = command_word(context, 0);
    const bool rotates = option_has(&context->options, "rotate");
    const bool revokes = option_has(&context->options, "revoke");
    const bool writes = option_has(&context->options, "out");

    if (!rotates && !revokes)
        return make(context, err);
    if (name == NULL || (int)rotates + (int)revokes + (int)writes != 1)
        return error_set(err, ERROR_USAGE,
                         "--rotate, --revoke and --out exclude one another, "
                         "and the first two need a NAMESPACE");
    if (text_check_name(name, err) < 0)
        return -1;
    return rotates ? rotate(context, name, err) : revoke(context, name, err);
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
        "your name, and without it nothing can follow what was published.\n"
        "--rotate makes the key that follows: people who know the one there\n"
        "is take the next one without being asked.",
};
