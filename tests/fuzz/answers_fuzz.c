/*
 * What a registry answers to weigh, which trusts none: a first byte for the
 * question, then the answers.  What is taken of a list of files can be put
 * into a path.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client/gate.h"
#include "cli/client/model.h"
#include "cli/client/release.h"
#include "storage/base/text.h"
#include "tests/fuzz/no_registry.h"

#define NAME "acme/tiny"
#define COMMIT "0123456789abcdef0123456789abcdef01234567"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask_tree(struct client *client, struct arena *arena)
{
    struct model_tree tree;
    struct error err;

    if (model_read_tree(&tree, client, arena, NAME, COMMIT, &err) < 0)
        return;
    for (size_t i = 0; i < tree.count; i++)
        if (text_check_path(tree.files[i].path, &err) < 0 ||
            tree.files[i].etag == NULL ||
            strpbrk(tree.files[i].etag, "/\\\r\n\"") != NULL)
            abort();
    (void)model_check_twins(&tree, &err);
}

static void
ask_commit(struct client *client, struct arena *arena)
{
    const struct model_name model = {NAME, "acme", "main"};
    const char *commit;
    struct error err;

    if (model_read_commit(&commit, client, arena, &model, &err) == 0 &&
        (strlen(commit) != strlen(COMMIT) ||
         strspn(commit, "0123456789abcdef") != strlen(COMMIT)))
        abort();
}

static void
ask_release(struct client *client, struct arena *arena)
{
    const char *commit;
    const char *tag;
    struct error err;

    if (release_find_newest(&tag, &commit, client, arena, NAME, &err) == 0 &&
        (tag == NULL) != (commit == NULL))
        abort();
}

static void
ask_gate(struct client *client, struct arena *arena)
{
    struct gate gate;
    struct error err;
    const char *text;
    size_t length;

    if (gate_read(&gate, client, arena, NAME, &err) < 0)
        return;
    if (gate.mode == NULL || gate.reason == NULL ||
        gate_standing(&gate) == NULL)
        abort();
    if (gate.has_licence)
        gate_read_licence(&text, &length, client, arena, &gate.licence.digest,
                          &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const questions[])(struct client *, struct arena *) = {
        ask_tree, ask_commit, ask_release, ask_gate};
    struct arena *arena = arena_open();

    if (size > 0)
        questions[data[0] % 4](no_registry_open(arena, data + 1, size - 1),
                               arena);
    arena_free(arena);
    return 0;
}
