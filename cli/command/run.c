/* weigh run: a model's continuation of a prompt, or its bare logits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command/generate.h"
#include "cli/command/table.h"
#include "storage/base/file.h"
#include "storage/base/json.h"

#define LOGITS_LIMIT ((size_t)8 << 30) /* bytes in the file */

/* "1,2,3", at most as many as a context can hold. */
static int
read_tokens(uint32_t **out, size_t *out_count, struct context *context,
            const char *text, struct error *err)
{
    size_t count = 1;
    uint32_t *tokens;

    for (const char *at = text; *at != '\0'; at++)
        count += *at == ',';
    if (count > INFER_CONTEXT_LIMIT)
        return error_set(err, ERROR_USAGE, "--tokens: more than %d",
                         INFER_CONTEXT_LIMIT);
    tokens = arena_array(context->arena, count, sizeof(*tokens));
    for (size_t i = 0; i < count; i++) {
        char *end;
        unsigned long token;

        errno = 0;
        token = strtoul(text, &end, 10);
        if (errno != 0 || *text < '0' || *text > '9' || token > UINT32_MAX ||
            (*end != ',' && *end != '\0'))
            return error_set(err, ERROR_USAGE,
                             "--tokens: not numbers with commas between");
        tokens[i] = (uint32_t)token;
        text = end + 1;
    }
    *out = tokens;
    *out_count = count;
    return 0;
}

/* The logits after each token, as the machine has floats: little-endian. */
static int
write_logits(struct generator *generator, const uint32_t *tokens, size_t count,
             struct error *err)
{
    struct context *context = generator->context;
    const char *path = option_text(&context->options, "logits");
    size_t vocabulary = infer_describe(generator->infer)->vocabulary;
    size_t bytes = count * vocabulary * sizeof(float);
    float *logits;
    int result = -1;

    if (bytes == 0 || bytes > LOGITS_LIMIT || (logits = malloc(bytes)) == NULL)
        return error_set(err, ERROR_TOO_LARGE,
                         "--logits: %zu bytes are too many", bytes);
    if (infer_step_each(logits, generator->infer, tokens, count, err) == 0 &&
        file_write(path, logits, bytes, 0644, err) == 0)
        result = 0;
    free(logits);
    if (result == 0)
        command_result(context,
                       json_pack("{s:s,s:I,s:I}", "logits", path, "tokens",
                                 (json_int_t)count, "vocabulary",
                                 (json_int_t)vocabulary));
    return result;
}

/* The bytes of the model as a JSON string, which takes UTF-8 alone. */
static json_t *
text_to_json(struct arena *arena, const struct buffer *text)
{
    return json_string(terminal_clean(
        arena, text->length > 0 ? text->bytes : "", text->length));
}

static void
report(struct context *context, const char *prompt, size_t prompt_count,
       const struct generate_answer *answer)
{
    command_result(
        context,
        json_pack("{s:s,s:o,s:{s:I,s:I},s:s}", "prompt",
                  terminal_clean(context->arena, prompt, strlen(prompt)),
                  "text", text_to_json(context->arena, &answer->text), "tokens",
                  "prompt", (json_int_t)prompt_count, "generated",
                  (json_int_t)answer->count, "end",
                  generate_end_text(answer->end)));
}

/* Says the prompt, of count tokens, and what the model writes after it. */
static int
write_on(struct generator *generator, const char *prompt, size_t count,
         struct error *err)
{
    struct context *context = generator->context;
    struct generate_answer answer = {0};
    int result;

    command_say(context, "%s", prompt);
    result = generate_run(&answer, generator, NULL, err);
    command_say(context, "\n");
    if (result == 0)
        report(context, prompt, count, &answer);
    buffer_free(&answer.text);
    return result;
}

static int
write_text(struct generator *generator, const char *prompt, struct error *err)
{
    struct infer_text text = {
        .bytes = prompt, .length = strlen(prompt), .is_whole = true};
    size_t count;

    if (generate_add(&count, generator, &text, err) < 0)
        return -1;
    if (count == 0)
        return error_set(err, ERROR_USAGE, "the prompt has no tokens");
    return write_on(generator, prompt, count, err);
}

/* The tokens' text comes first, as a prompt does. */
static int
write_tokens(struct generator *generator, const uint32_t *tokens, size_t count,
             struct error *err)
{
    struct buffer text = {0};
    const char *prompt;

    if (infer_step(generator->logits, generator->infer, tokens, count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        infer_decode(&text, generator->infer, generator->last, tokens[i]);
        generator->last = tokens[i];
    }
    prompt = terminal_clean(generator->context->arena,
                            text.length > 0 ? text.bytes : "", text.length);
    buffer_free(&text);
    return write_on(generator, prompt, count, err);
}

static int
run(struct context *context, struct error *err)
{
    bool has_file = option_has(&context->options, "file");
    const char *given = option_text(&context->options, "tokens");
    const char *prompt = command_word(context, has_file ? 0 : 1);
    struct generator generator = {0};
    uint32_t *tokens = NULL;
    size_t count = 0;
    int result = -1;

    if (has_file && context->options.word_count > 1)
        return error_set(err, ERROR_USAGE, "one word too many: %s",
                         command_word(context, 1));
    if (given != NULL && prompt != NULL)
        return error_set(err, ERROR_USAGE, "a prompt and --tokens");
    if (given == NULL && option_has(&context->options, "logits"))
        return error_set(err, ERROR_USAGE, "--logits needs --tokens");
    if (given != NULL && read_tokens(&tokens, &count, context, given, err) < 0)
        return -1;
    if (generate_open(
            &generator, context, has_file ? NULL : command_word(context, 0),
            option_has(&context->options, "logits") ? count : 0, err) < 0)
        goto done;
    if (option_has(&context->options, "logits"))
        result = write_logits(&generator, tokens, count, err);
    else if (given != NULL)
        result = write_tokens(&generator, tokens, count, err);
    else
        result = write_text(&generator, prompt == NULL ? "" : prompt, err);

done:
    generate_close(&generator);
    return result;
}

const struct command command_run = {
    .name = "run",
    .usage = "MODEL [PROMPT]",
    .summary = "let a model go on with a text",
    .words_min = 0,
    .words_max = 2,
    .options = generate_options,
    .run = run,
    .details = "MODEL is one that `weigh pull` got and verified; --file FILE "
               "takes its place.\n"
               "The text appears as it is made; Ctrl-C ends it.",
};
