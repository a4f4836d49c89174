#include "registry/http/router.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/text.h"

#define KINDS 3 /* of repositories */

/* The more literal a segment is, the smaller its class. */
enum segment_class {
    SEGMENT_WORD,
    SEGMENT_ENDING, /* ":name.git" */
    SEGMENT_NAME,   /* ":name" */
    SEGMENT_REST,   /* "*name" */
};

struct segment {
    enum segment_class class;
    char *text;         /* the word, or the parameter's name */
    const char *ending; /* behind a parameter; "" for none */
};

struct variant {
    const struct route *route;
    int family;
    bool has_repository;
    enum repository_kind kind;
    struct segment segments[ROUTER_SEGMENTS];
    size_t count;
};

struct router {
    int family; /* of the table that is being read */
    struct variant *variants;
    size_t count;
};

/* A segment of the path that was asked for. */
struct piece {
    const char *text; /* decoded */
    size_t offset;    /* in the target */
    size_t length;    /* undecoded */
};

struct path {
    struct piece pieces[ROUTER_SEGMENTS + 1];
    size_t count; /* ROUTER_SEGMENTS + 1: there are more */
    size_t end;   /* of the path in the target */
};

static const char *const prefixes[KINDS] = {"", "datasets/", "spaces/"};
static const char *const types[KINDS] = {"models", "datasets", "spaces"};

static void
read_segment(struct segment *out, const char *text, size_t length)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyz_"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char *copy = xcalloc(1, length + 2);
    size_t name;

    memcpy(copy, text, length);
    out->class = SEGMENT_WORD;
    out->text = copy;
    out->ending = "";
    if (copy[0] != ':' && copy[0] != '*')
        return;
    name = strspn(copy + 1, letters);
    out->class = copy[0] == '*'           ? SEGMENT_REST
                 : copy[1 + name] != '\0' ? SEGMENT_ENDING
                                          : SEGMENT_NAME;
    memmove(copy, copy + 1, name);
    memmove(copy + name + 1, copy + 1 + name, length - name);
    copy[name] = '\0';
    out->ending = copy + name + 1;
}

static bool
has_parameter(const struct variant *variant, const char *name)
{
    for (size_t i = 0; i < variant->count; i++)
        if (variant->segments[i].class != SEGMENT_WORD &&
            strcmp(variant->segments[i].text, name) == 0)
            return true;
    return false;
}

static void
add_variant(struct router *router, const struct route *route,
            const char *pattern, bool has_kind, enum repository_kind kind)
{
    struct variant *variant;

    router->variants = xrealloc(
        router->variants, (router->count + 1) * sizeof(*router->variants));
    variant = &router->variants[router->count++];
    memset(variant, 0, sizeof(*variant));
    variant->route = route;
    variant->family = router->family;
    variant->kind = kind;
    assert(pattern[0] == '/');
    for (const char *at = pattern; *at != '\0';) {
        size_t length = strcspn(at + 1, "/");

        assert(variant->count < ROUTER_SEGMENTS);
        read_segment(&variant->segments[variant->count++], at + 1, length);
        at += 1 + length;
    }
    variant->has_repository = has_kind && has_parameter(variant, "namespace") &&
                              has_parameter(variant, "name");
}

/* pattern with word replaced by text.  The caller frees it. */
static char *
replace(const char *pattern, const char *word, const char *text)
{
    const char *at = strstr(pattern, word);
    size_t size = strlen(pattern) + strlen(text) + 1;
    char *out = xcalloc(1, size);

    snprintf(out, size, "%.*s%s%s", (int)(at - pattern), pattern, text,
             at + strlen(word));
    return out;
}

static void
add_route(struct router *router, const struct route *route)
{
    bool has_prefix = strstr(route->pattern, "{prefix}") != NULL;
    bool has_types = strstr(route->pattern, "{types}") != NULL;

    if (!has_prefix && !has_types) {
        add_variant(router, route, route->pattern, false, REPOSITORY_MODEL);
        return;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        char *pattern =
            has_prefix ? replace(route->pattern, "{prefix}", prefixes[kind])
                       : replace(route->pattern, "{types}", types[kind]);

        add_variant(router, route, pattern, true, (enum repository_kind)kind);
        free(pattern);
    }
}

struct router *
router_open(const struct route *const *tables)
{
    struct router *router = xcalloc(1, sizeof(*router));

    for (; *tables != NULL; tables++, router->family++)
        for (const struct route *route = *tables; route->method != NULL;
             route++)
            add_route(router, route);
    return router;
}

void
router_free(struct router *router)
{
    if (router == NULL)
        return;
    for (size_t i = 0; i < router->count; i++)
        for (size_t n = 0; n < router->variants[i].count; n++)
            free(router->variants[i].segments[n].text);
    free(router->variants);
    free(router);
}

/* Refuses what no file, name or revision may be called. */
static int
check_path(struct arena *arena, const char *target, size_t length,
           struct error *err)
{
    char *whole = text_percent_read(arena, target, length);

    if (whole == NULL || !text_is_utf8(whole, strlen(whole)))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the path is not percent-encoded UTF-8");
    for (const char *at = whole; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return error_set(err, ERROR_BAD_REQUEST,
                             "a control character in the path");
    for (const char *at = whole; at != NULL; at = strchr(at, '/')) {
        size_t dots;

        at += *at == '/';
        dots = strspn(at, ".");
        if ((dots == 1 || dots == 2) && (at[dots] == '/' || at[dots] == '\0'))
            return error_set(err, ERROR_BAD_REQUEST,
                             "\".\" or \"..\" in the path");
    }
    return 0;
}

static int
split(struct path *out, struct arena *arena, const char *target,
      struct error *err)
{
    out->count = 0;
    out->end = strcspn(target, "?#");
    if (check_path(arena, target, out->end, err) < 0)
        return -1;
    for (size_t at = 0; at < out->end;) {
        struct piece *piece = &out->pieces[out->count++];

        piece->offset = at + 1;
        piece->length = strcspn(target + at + 1, "/?#");
        piece->text =
            text_percent_read(arena, target + piece->offset, piece->length);
        at = piece->offset + piece->length;
        if (out->count == ROUTER_SEGMENTS + 1)
            break;
    }
    return 0;
}

static bool
fits_segment(const struct segment *segment, const struct piece *piece)
{
    size_t ending = strlen(segment->ending);
    size_t length;

    assert(piece->text != NULL); /* the path has that many */
    length = strlen(piece->text);
    if (segment->class == SEGMENT_WORD)
        return strcmp(segment->text, piece->text) == 0;
    return length > ending &&
           strcmp(piece->text + length - ending, segment->ending) == 0;
}

/* What a path there is called is never a namespace's. */
static bool
is_reserved(const struct piece *first)
{
    assert(first->text != NULL); /* a path has one piece at least */
    return strcmp(first->text, "api") == 0;
}

static bool
fits(const struct variant *variant, const struct path *path)
{
    bool has_rest = variant->segments[variant->count - 1].class == SEGMENT_REST;

    if (has_rest ? path->count < variant->count : path->count != variant->count)
        return false;
    if (variant->segments[0].class != SEGMENT_WORD &&
        is_reserved(&path->pieces[0]))
        return false;
    for (size_t i = 0; i < variant->count - has_rest; i++)
        if (!fits_segment(&variant->segments[i], &path->pieces[i]))
            return false;
    return true;
}

static bool
is_better(const struct variant *a, const struct variant *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (a->segments[i].class != b->segments[i].class)
            return a->segments[i].class < b->segments[i].class;
    return false;
}

static void
add_allow(struct route_match *out, const char *method)
{
    size_t used = strlen(out->allow);

    if (strstr(out->allow, method) != NULL ||
        used + strlen(method) + 3 > sizeof(out->allow))
        return;
    if (used > 0) {
        memcpy(out->allow + used, ", ", 3);
        used += 2;
    }
    memcpy(out->allow + used, method, strlen(method) + 1);
}

static void
read_parameters(struct route_match *out, struct arena *arena,
                const struct variant *variant, const struct path *path,
                const char *target)
{
    for (size_t i = 0; i < variant->count; i++) {
        const struct segment *segment = &variant->segments[i];
        const struct piece *piece = &path->pieces[i];
        struct parameter *parameter = &out->parameters[out->parameter_count];
        size_t ending = strlen(segment->ending);

        if (segment->class == SEGMENT_WORD)
            continue;
        assert(out->parameter_count < ROUTER_PARAMETERS);
        out->parameter_count++;
        parameter->name = segment->text;
        parameter->offset = piece->offset;
        parameter->length = piece->length - ending;
        if (segment->class == SEGMENT_REST) {
            parameter->length = path->end - piece->offset;
            parameter->value = text_percent_read(arena, target + piece->offset,
                                                 parameter->length);
        } else {
            parameter->value =
                arena_bytes(arena, piece->text, strlen(piece->text) - ending);
        }
    }
}

static bool
takes(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

int
router_find(struct route_match *out, const struct router *router,
            struct arena *arena, const char *method, const char *target,
            struct error *err)
{
    const struct variant *best = NULL;
    struct path path = {0};

    memset(out, 0, sizeof(*out));
    if (split(&path, arena, target, err) < 0)
        return -1;
    for (size_t i = 0; i < router->count; i++) {
        const struct variant *variant = &router->variants[i];

        if (!fits(variant, &path))
            continue;
        add_allow(out, variant->route->method);
        if (strcmp(variant->route->method, "GET") == 0)
            add_allow(out, "HEAD");
        if (takes(variant->route, method) &&
            (best == NULL || is_better(variant, best)))
            best = variant;
    }
    if (best == NULL && out->allow[0] != '\0')
        return error_set(err, ERROR_METHOD_NOT_ALLOWED,
                         "%s is not allowed here, only %s", method, out->allow);
    if (best == NULL)
        return error_set(err, ERROR_NOT_FOUND,
                         is_reserved(&path.pieces[0])
                             ? "there is no such route of the API"
                             : "there is no such page");
    out->route = best->route;
    out->family = best->family;
    out->has_repository = best->has_repository;
    out->kind = best->kind;
    read_parameters(out, arena, best, &path, target);
    return 0;
}
