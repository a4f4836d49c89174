/*
 * weigh chat: a conversation that the model keeps in its context.
 *
 * The words around a turn come from a table, found by a mark in the model's
 * own template; rendering the template itself is a later matter.  They are
 * trusted, so control tokens in them are such; what a person types is not.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/command/generate.h"
#include "cli/command/table.h"
#include "storage/base/json.h"

#define LINE_LIMIT (1u << 20) /* bytes a person may type at once */

/* How a model wants turns to be told apart. */
struct style {
    const char *mark;    /* in its template */
    const char *before;  /* what a person says */
    const char *between; /* that and the answer */
    const char *after;   /* the answer */
    const char *stop;    /* begins the person's turn; NULL: a token does */
};

static const struct style styles[] = {
    {"<|im_start|>", "<|im_start|>user\n",
     "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>\n", NULL},
    {"<|end|>", "<|user|>\n", "<|end|>\n<|assistant|>\n", "<|end|>\n", NULL},
    {"<|user|>", "<|user|>\n", "</s>\n<|assistant|>\n", "</s>\n", NULL},
    {"<start_of_turn>", "<start_of_turn>user\n",
     "<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>\n", NULL},
    {"[INST]", "[INST] ", " [/INST]", "</s><s>", NULL},
};
static const struct style plain = {NULL, "User: ", "\nAssistant:", "\n",
                                   "\nUser:"};

struct chat {
    struct context *context;
    struct generator generator;
    const struct style *style;
    struct buffer typed; /* read, but not yet a line */
    bool is_at_end;      /* of standard input */
    json_t *turns;       /* for --json; in the arena */
};

static const struct style *
find_style(const char *template)
{
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
        if (template != NULL && strstr(template, styles[i].mark) != NULL)
            return &styles[i];
    return &plain;
}

/* Waits for more of standard input, or for Ctrl-C. */
static int
read_more(struct chat *chat, struct error *err)
{
    struct interrupt *interrupt = chat->context->interrupt;
    struct pollfd waiting[2] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = interrupt_fd(interrupt), .events = POLLIN},
    };
    char bytes[4096];
    ssize_t n;

    if (poll(waiting, 2, -1) < 0 && errno != EINTR)
        return error_set_system(err, "standard input");
    if (interrupt_check(interrupt, err) < 0)
        return -1;
    if (waiting[0].revents == 0)
        return 0;
    n = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return error_set_system(err, "standard input");
    chat->is_at_end = n == 0;
    if (n <= 0)
        return 0;
    return buffer_add(&chat->typed, bytes, (size_t)n, LINE_LIMIT, err);
}

static const char *
find_line_end(const struct buffer *typed)
{
    if (typed->length == 0)
        return NULL;
    return memchr(typed->bytes, '\n', typed->length);
}

/* The next line without its end, in the arena; NULL when there is none. */
static int
read_line(const char **out, struct chat *chat, struct error *err)
{
    struct buffer *typed = &chat->typed;
    const char *end;
    size_t length;

    *out = NULL;
    while ((end = find_line_end(typed)) == NULL && !chat->is_at_end)
        if (read_more(chat, err) < 0)
            return -1;
    if (end == NULL && typed->length == 0)
        return 0;
    length = end == NULL ? typed->length : (size_t)(end - typed->bytes);
    *out = arena_bytes(chat->context->arena, typed->bytes, length);
    buffer_consume(typed, length + (end != NULL));
    return 0;
}

static int
add(struct chat *chat, const char *text, bool is_trusted, struct error *err)
{
    bool is_first = infer_position(chat->generator.infer) == 0;
    struct infer_text added = {
        .bytes = text,
        .length = strlen(text),
        .is_whole = is_first,
        .is_continued = !is_first,
        .is_trusted = is_trusted,
    };
    size_t count;

    return generate_add(&count, &chat->generator, &added, err);
}

/*
 * Leaves the context as if the model had ended its turn by itself: what it
 * said is said again without what came behind the stop text or Ctrl-C.
 */
static int
settle(struct chat *chat, size_t start, const struct buffer *text,
       struct error *err)
{
    infer_rewind(chat->generator.infer, start);
    return add(chat, text->length > 0 ? text->bytes : "", false, err);
}

/* For --json, which takes UTF-8 alone. */
static void
note_turn(struct chat *chat, const char *line,
          const struct generate_answer *answer)
{
    struct arena *arena = chat->context->arena;
    const struct buffer *text = &answer->text;

    json_array_append_new(
        chat->turns,
        json_pack("{s:s,s:s,s:I,s:s}", "prompt",
                  terminal_clean(arena, line, strlen(line)), "text",
                  terminal_clean(arena, text->length > 0 ? text->bytes : "",
                                 text->length),
                  "tokens", (json_int_t)answer->count, "end",
                  generate_end_text(answer->end)));
}

/* One answer; Ctrl-C ends it and not the conversation. */
static int
answer(struct chat *chat, const char *line, struct error *err)
{
    struct generate_answer answer = {0};
    size_t start = infer_position(chat->generator.infer);
    int result =
        generate_run(&answer, &chat->generator, chat->style->stop, err);

    command_say(chat->context, "\n");
    if (result < 0 && err->code == ERROR_INTERRUPTED) {
        interrupt_clear(chat->context->interrupt);
        result = 0;
    }
    if (result == 0 && chat->context->is_json)
        note_turn(chat, line, &answer);
    if (result == 0)
        result = terminal_flush(&chat->context->terminal, err);
    if (result == 0)
        result = settle(chat, start, &answer.text, err);
    buffer_free(&answer.text);
    return result;
}

static int
take_turn(struct chat *chat, const char *line, struct error *err)
{
    if (infer_position(chat->generator.infer) > 0 &&
        add(chat, chat->style->after, true, err) < 0)
        return -1;
    if (add(chat, chat->style->before, true, err) < 0 ||
        add(chat, line, false, err) < 0 ||
        add(chat, chat->style->between, true, err) < 0)
        return -1;
    return answer(chat, line, err);
}

static int
converse(struct chat *chat, struct error *err)
{
    const struct terminal *terminal = &chat->context->terminal;
    const char *line;

    for (;;) {
        if (terminal->in_is_terminal)
            terminal_note(terminal, "> ");
        if (read_line(&line, chat, err) < 0)
            return -1;
        if (line == NULL || strcmp(line, "/exit") == 0)
            return 0;
        if (line[0] != '\0' && take_turn(chat, line, err) < 0)
            return -1;
    }
}

static int
run(struct context *context, struct error *err)
{
    struct chat chat = {.context = context};
    int result = -1;

    chat.turns = json_keep(context->arena, json_array());
    if (generate_open(&chat.generator, context, command_word(context, 0), 0,
                      err) == 0) {
        chat.style =
            find_style(infer_describe(chat.generator.infer)->chat_template);
        result = converse(&chat, err);
        command_result(context, json_pack("{s:O}", "turns", chat.turns));
    }
    generate_close(&chat.generator);
    buffer_free(&chat.typed);
    return result;
}

const struct command command_chat = {
    .name = "chat",
    .usage = "MODEL",
    .summary = "talk with a model",
    .words_min = 0,
    .words_max = 1,
    .options = &generate_options[GENERATE_CHAT_ROW],
    .run = run,
    .details = "Each line is a turn.  Ctrl-C ends an answer, and at the prompt "
               "the conversation;\n"
               "so do /exit and the end of the input.",
};
