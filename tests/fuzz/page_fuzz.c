/*
 * A model's card as its page shows it: the Markdown is text, whatever is in
 * it, so that no byte of it becomes markup.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/html.h"
#include "registry/http/page.h"
#include "storage/model/card.h"

#define PAGE "model_card"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct html *
render(struct arena *arena, const char *text)
{
    const struct html *page;
    struct error err;

    if (page_render(&page, arena, PAGE,
                    (struct page_hole[]){{"text", text, NULL}, {0}}, &err) < 0)
        abort();
    return page;
}

/* Signs that begin markup or end an attribute. */
static size_t
count_signs(const struct html *page)
{
    size_t count = 0;

    for (size_t i = 0; i < page->length; i++)
        count += strchr("<>\"'", page->bytes[i]) != NULL;
    return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *text = arena_bytes(arena, data, size);
    struct card card = {0};
    struct error err;

    if (card_parse(&card, arena, text, size, &err) < 0)
        card.body_offset = 0;
    if (card.body_offset > size)
        abort();
    if (count_signs(render(arena, text + card.body_offset)) !=
        count_signs(render(arena, "")))
        abort();
    arena_free(arena);
    return 0;
}
