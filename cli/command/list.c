/* list: models of the registry. */
#include <string.h>

#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/home/pulled.h"
#include "cli/terminal/table.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"

#define LIST_MOST 1000

static const struct option_row list_options[] = {
    {"author", "NAME", "those of one namespace", false},
    {"search", "TEXT", "those whose name holds this", false},
    {"limit", "N", "at most so many (50)", false},
    {"local", NULL, "what was pulled onto this machine", false},
    {0},
};

/* What stands for a gate: "open", "auto", "manual". */
static const char *
show_gated(const json_t *item)
{
    const char *mode = json_text(item, "gated");

    return mode != NULL ? mode : "open";
}

static int
list_path(const char **out, struct context *context, struct error *err)
{
    static const int64_t bounds[] = {1, LIST_MOST};
    static const char *const filters[] = {"author", "search"};
    struct arena *arena = context->arena;
    int64_t limit;
    const char *path;

    if (option_number(&limit, &context->options, "limit", 50, bounds, err) < 0)
        return -1;
    path = arena_format(arena, "/api/models?full=true&limit=%lld",
                        (long long)limit);
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        const char *value = option_text(&context->options, filters[i]);

        if (value != NULL)
            path = arena_format(arena, "%s&%s=%s", path, filters[i],
                                text_percent_write(arena, value, ""));
    }
    *out = path;
    return 0;
}

static json_t *
pulled_to_json(const struct pulled *pulled, const char *day)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "model", pulled->model,
                     "revision", pulled->label, "commit", pulled->commit,
                     "registry", pulled->registry, "key", pulled->key, "day",
                     day);
}

/* A release is on record by its tag and as the newest: shown once. */
static bool
is_listed(const struct pulled *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].model, list[count].model) == 0 &&
            strcmp(list[i].label, list[count].label) == 0 &&
            strcmp(list[i].commit, list[count].commit) == 0)
            return true;
    return false;
}

/* Needs no registry. */
static int
list_local(struct context *context, struct error *err)
{
    static const char *const head[] = {"MODEL",  "REVISION", "COMMIT",
                                       "PULLED", "REGISTRY", NULL};
    struct table *table = table_open(context->arena, head);
    json_t *result = json_keep(context->arena, json_array());
    struct pulled *list;
    size_t count;

    if (session_open_home(context, err) < 0)
        return -1;
    pulled_list(&list, &count, context->home, context->arena);
    for (size_t i = 0; i < count; i++) {
        char at[CLOCK_TEXT_SIZE];
        const char *const cells[] = {
            list[i].model, list[i].label,
            arena_format(context->arena, "%.12s", list[i].commit), at,
            list[i].registry};

        if (is_listed(list, i))
            continue;
        clock_write(at, list[i].pulled_at_ms);
        at[10] = '\0'; /* the day alone */
        table_add(table, cells);
        json_array_append_new(result, pulled_to_json(&list[i], at));
    }
    if (!context->is_json && count == 0)
        terminal_note(&context->terminal, "nothing was pulled yet\n");
    if (!context->is_json)
        table_print(table, &context->terminal);
    command_result(context, json_pack("{s:O}", "pulled", result));
    return 0;
}

static int
list_registry(struct context *context, struct error *err)
{
    static const char *const head[] = {"MODEL", "GATE", "CHANGED", NULL};
    struct table *table = table_open(context->arena, head);
    const char *path;
    const json_t *item;
    json_t *items;
    size_t i;

    if (list_path(&path, context, err) < 0 || session_open(context, err) < 0 ||
        client_get(&items, context->client, context->arena, path, err) < 0)
        return -1;
    json_array_foreach(items, i, item)
    {
        const char *changed = json_text(item, "lastModified");
        const char *const cells[] = {
            json_text(item, "id"),
            show_gated(item),
            arena_format(context->arena, "%.10s",
                         changed != NULL ? changed : ""),
        };

        table_add(table, cells);
    }
    if (!context->is_json && table_count(table) == 0)
        terminal_note(&context->terminal, "no model that you may see\n");
    if (!context->is_json)
        table_print(table, &context->terminal);
    command_result(context, json_pack("{s:O}", "models", items));
    return 0;
}

static int
run(struct context *context, struct error *err)
{
    if (option_has(&context->options, "local"))
        return list_local(context, err);
    return list_registry(context, err);
}

const struct command command_list = {
    .name = "list",
    .usage = "",
    .summary = "list models of the registry, or of this machine",
    .options = list_options,
    .run = run,
};
