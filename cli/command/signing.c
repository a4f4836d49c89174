#include "cli/command/signing.h"

void
signing_read_options(struct folder_options *out, struct context *context,
                     const char *signature_path)
{
    size_t count = 0;
    const char **ignored;

    while (option_at(&context->options, "ignore-paths", count) != NULL)
        count++;
    ignored = arena_array(context->arena, count, sizeof(*ignored));
    for (size_t i = 0; i < count; i++)
        ignored[i] = option_at(&context->options, "ignore-paths", i);
    *out = (struct folder_options){
        .ignored = ignored,
        .ignored_count = count,
        .signature_path = signature_path,
        .is_stopped = interrupt_is_set_in,
        .state = context->interrupt,
    };
}

const char *
signing_show_key(struct context *context, const struct key *key)
{
    struct digest fingerprint;
    char text[KEY_SHORT_SIZE];

    key_fingerprint(&fingerprint, key);
    key_write_short(text, &fingerprint);
    return arena_format(context->arena, "%s (%s)", text, key_kind_text(key));
}

const char *
signing_fingerprint(struct context *context, const struct key *key)
{
    struct digest fingerprint;
    char text[DIGEST_TEXT_SIZE];

    key_fingerprint(&fingerprint, key);
    digest_write(text, &fingerprint);
    return arena_text(context->arena, text);
}
