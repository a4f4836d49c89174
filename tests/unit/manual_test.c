/* weighd-http(7) lists every route with its right, and no other. */
#include <stdio.h>
#include <string.h>

#include "registry/routes/routes.h"
#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "tests/check.h"

#define PAGE VECTORS "/../../registry/weighd-http.7"
#define PAGE_LIMIT (1024 * 1024)

static const char *const rights[] = {
    [RIGHT_PUBLIC] = "public",   [RIGHT_SIGNED_IN] = "signed-in",
    [RIGHT_ACCOUNT] = "account", [RIGHT_LINK] = "link",
    [RIGHT_SEE] = "see",         [RIGHT_CONTENT] = "content",
    [RIGHT_ASK] = "ask",         [RIGHT_WRITE] = "write",
    [RIGHT_REVIEW] = "review",   [RIGHT_MANAGE] = "manage",
    [RIGHT_OPERATE] = "operate",
};

static char *
read_page(struct arena *arena)
{
    struct error err;
    size_t length;
    char *text = NULL;

    CHECK(file_read(&text, &length, arena, PAGE, PAGE_LIMIT, &err) == 0);
    return text != NULL ? text : arena_text(arena, "");
}

static int
count(const char *text, const char *what)
{
    int found = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        found++;
    return found;
}

TEST(every_route_is_in_the_manual_with_its_right)
{
    struct arena *arena = arena_open();
    const char *page = read_page(arena);
    int routes = 0;

    for (size_t i = 0; all_routes[i] != NULL; i++)
        for (const struct route *r = all_routes[i]; r->method != NULL; r++) {
            const char *line =
                arena_format(arena, "\n.It Cm %s Ar %s Pq %s\n", r->method,
                             r->pattern, rights[r->right]);

            routes++;
            if (count(page, line) != 1)
                printf("  missing: %s", line + 1);
            CHECK(count(page, line) == 1);
        }
    CHECK(count(page, "\n.It Cm ") == routes);
    arena_free(arena);
}

TEST(every_route_names_a_right)
{
    for (size_t i = 0; all_routes[i] != NULL; i++)
        for (const struct route *r = all_routes[i]; r->method != NULL; r++)
            CHECK(r->right != RIGHT_NONE);
}
