/* sign: a folder, as OpenSSF Model Signing does; without a registry. */
#include "cli/command/signing.h"
#include "cli/command/table.h"
#include "cli/terminal/progress.h"

static const struct option_row sign_options[] = {
    {"private-key", "PEM", "the P-256 key to sign with", false},
    {"signature", "FILE", "where to write (DIR/model.sig)", false},
    {"ignore-paths", "PATH", "leave out PATH and all below it", true},
    {0},
};

static int
run(struct context *context, struct error *err)
{
    const char *folder_path = command_word(context, 0);
    const char *key_path = option_text(&context->options, "private-key");
    const char *signature = option_text(&context->options, "signature");
    char size[PROGRESS_SIZE_TEXT];
    struct folder_options options;
    struct key *key = NULL;
    struct folder folder;
    int result = -1;

    if (key_path == NULL) {
        command_hint(context, "weigh keygen --out key.pem");
        return error_set(err, ERROR_USAGE,
                         "--private-key PEM is needed to sign");
    }
    if (signature == NULL)
        signature =
            arena_format(context->arena, "%s/" SIGNATURE_NAME, folder_path);
    signing_read_options(&options, context, signature);
    if (key_read_private(&key, key_path, err) < 0 ||
        folder_sign(&folder, context->arena, folder_path, &options, key, err) <
            0)
        goto done;
    if (key_kind(key) != KEY_P256)
        terminal_note(&context->terminal,
                      "note: some verifiers take no key but P-256\n");
    progress_size(size, folder.size_bytes);
    command_say(context, "signed     %zu files, %s, by key %s\n", folder.count,
                size, signing_show_key(context, key));
    command_say(context, "signature  %s\n", signature);
    command_result(context,
                   json_pack("{s:s,s:I,s:I,s:s}", "signature", signature,
                             "files", (json_int_t)folder.count, "bytes",
                             (json_int_t)folder.size_bytes, "key",
                             signing_fingerprint(context, key)));
    result = 0;

done:
    key_free(key);
    return result;
}

const struct command command_sign = {
    .name = "sign",
    .usage = "DIR",
    .summary = "sign a folder's files, without a registry",
    .words_min = 1,
    .words_max = 1,
    .options = sign_options,
    .run = run,
    .details =
        "The signature is an OpenSSF Model Signing bundle: `model_signing\n"
        "verify key` and others can check it.  At the root .git, .github,\n"
        ".gitignore and .gitattributes are left out.",
};
