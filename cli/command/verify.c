/* verify: that files are what was signed; in the cache, or in any folder. */
#include <string.h>

#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/command/signing.h"
#include "cli/command/table.h"
#include "cli/home/hub.h"
#include "cli/home/keyring.h"
#include "cli/home/pulled.h"

static const struct option_row verify_options[] = {
    {"public-key", "PEM", "of a folder: the key that must have signed", false},
    {"signature", "FILE", "of a folder: its signature (DIR/model.sig)", false},
    {"ignore-paths", "PATH", "of a folder: leave out PATH and all below it",
     true},
    {"ignore-unsigned-files", NULL,
     "of a folder: more files than were signed may be there", false},
    {0},
};

/* A word that begins as a path does, or comes with a key, is a folder. */
static bool
is_folder(const struct context *context)
{
    const char *word = command_word(context, 0);

    return word[0] == '/' || word[0] == '.' ||
           option_has(&context->options, "public-key") ||
           option_has(&context->options, "signature") ||
           option_has(&context->options, "ignore-paths") ||
           option_has(&context->options, "ignore-unsigned-files");
}

/* All of them, where the error names the first ones alone. */
static void
say_differences(struct context *context,
                const struct signature_differences *differences)
{
    static const char *const words[] = {
        [SIGNATURE_MISSING] = "missing",
        [SIGNATURE_CHANGED] = "changed",
        [SIGNATURE_EXTRA] = "unsigned",
    };

    if (differences->count <= SIGNATURE_NAMED_LIMIT)
        return;
    for (size_t i = 0; i < differences->count; i++)
        command_say(context, "%-10s %s\n", words[differences->items[i].change],
                    differences->items[i].name);
}

static int
check(struct context *context, const struct folder_check *question,
      struct error *err)
{
    struct signature_differences differences;
    struct signature signature;

    if (folder_verify(&signature, &differences, context->arena, question, err) <
        0) {
        say_differences(context, &differences);
        return -1;
    }
    command_say(context, "verified   %zu of %zu %s, signed by key %s\n",
                signature.count, signature.count,
                signature.is_sharded ? "shards" : "files",
                signing_show_key(context, question->key));
    command_result(
        context, json_pack("{s:b,s:s,s:I,s:s,s:s}", "verified", 1, "path",
                           question->path, "files", (json_int_t)signature.count,
                           "key", signing_fingerprint(context, question->key),
                           "subject", signature.subject));
    return 0;
}

static int
verify_folder(struct context *context, struct error *err)
{
    const struct options *options = &context->options;
    const char *key_path = option_text(options, "public-key");
    const char *signature = option_text(options, "signature");
    struct folder_check question = {.path = command_word(context, 0)};
    struct key *key = NULL;
    int result = -1;

    if (key_path == NULL)
        return error_set(err, ERROR_USAGE,
                         "--public-key PEM is needed to verify a folder");
    if (signature == NULL)
        signature =
            arena_format(context->arena, "%s/" SIGNATURE_NAME, question.path);
    signing_read_options(&question.options, context, signature);
    question.ignore_unsigned = option_has(options, "ignore-unsigned-files");
    if (key_read_public(&key, key_path, err) == 0) {
        question.key = key;
        result = check(context, &question, err);
    }
    key_free(key);
    return result;
}

/* The pinned key, which must still be the one that signed what was pulled. */
static int
find_key(struct key **out, struct context *context,
         const struct model_name *name, const struct pulled *pulled,
         struct error *err)
{
    struct keyring_owner owner = {pulled->registry, name->namespace_name};

    if (pulled->key[0] == '\0')
        return error_set(err, ERROR_SIGNATURE, "%s was pulled unsigned",
                         name->name);
    if (keyring_find_pin(out, context->home, &owner, err) < 0)
        return -1;
    if (*out != NULL &&
        strcmp(signing_fingerprint(context, *out), pulled->key) == 0)
        return 0;
    command_hint(context, "weigh pull %s", command_word(context, 0));
    return error_set(err, ERROR_SIGNATURE,
                     "%s has another key since; pull checks how it came to it",
                     name->namespace_name);
}

static int
verify_model(struct context *context, struct error *err)
{
    struct folder_check question = {0};
    struct model_name name;
    struct pulled pulled;
    struct hub_model hub;
    struct key *key = NULL;
    int result = -1;

    if (model_parse_name(&name, context->arena, command_word(context, 0), err) <
            0 ||
        session_open_home(context, err) < 0)
        return -1;
    if (pulled_find(&pulled, context->home, context->arena, name.name,
                    name.revision, err) < 0) {
        command_hint(context, "weigh pull %s", command_word(context, 0));
        return -1;
    }
    if (hub_find_model(&hub, context->home, context->arena, name.name, err) < 0)
        return -1;
    question.path = hub_snapshot_path(&hub, context->arena, pulled.commit);
    if (question.path == NULL)
        return error_set(err, ERROR_INTERNAL, "the record of %s is broken",
                         name.name);
    signing_read_options(
        &question.options, context,
        arena_format(context->arena, "%s/" SIGNATURE_NAME, question.path));
    question.options.links_root = hub.root;
    if (find_key(&key, context, &name, &pulled, err) == 0) {
        question.key = key;
        result = check(context, &question, err);
    }
    key_free(key);
    return result;
}

static int
run(struct context *context, struct error *err)
{
    return is_folder(context) ? verify_folder(context, err)
                              : verify_model(context, err);
}

const struct command command_verify = {
    .name = "verify",
    .usage = "MODEL[@REV] | DIR",
    .summary = "check that files are what their publisher signed",
    .words_min = 1,
    .words_max = 1,
    .options = verify_options,
    .run = run,
    .details =
        "A MODEL is looked up in the cache, every byte is read again, and the\n"
        "signature must be by the publisher's key that was seen before.  A\n"
        "folder (a path, or any word beside --public-key) needs no registry.\n"
        "Links, empty folders and git's own files are refused, since no\n"
        "signature speaks of them.",
};
