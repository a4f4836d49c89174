#include <string.h>

#include "registry/http/router.h"
#include "tests/check.h"

static const struct route routes[] = {
    {"GET", "/", RIGHT_PUBLIC, NULL, NULL, 0},
    {"GET", "/:namespace", RIGHT_PUBLIC, NULL, NULL, 0},
    {"GET", "/login", RIGHT_PUBLIC, NULL, NULL, 0},
    {"POST", "/login", RIGHT_PUBLIC, NULL, NULL, 0},
    {"GET", "/api/{types}", RIGHT_PUBLIC, NULL, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name", RIGHT_SEE, NULL, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name/tree/:rev", RIGHT_SEE, NULL, NULL,
     0},
    {"GET", "/api/{types}/:namespace/:name/tree/:rev/*path", RIGHT_SEE, NULL,
     NULL, 0},
    {"GET", "/{prefix}:namespace/:name", RIGHT_SEE, NULL, NULL, 0},
    {"GET", "/{prefix}:namespace/:name/resolve/:rev/*path", RIGHT_CONTENT, NULL,
     NULL, 0},
    {"GET", "/{prefix}:namespace/:name.git/info/refs", RIGHT_SEE, NULL, NULL,
     0},
    {"GET", "/{prefix}:namespace/:name/info/refs", RIGHT_SEE, NULL, NULL, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

struct found {
    struct router *router;
    struct arena *arena;
    struct route_match match;
    struct error err;
};

static int
find(struct found *it, const char *method, const char *target)
{
    it->router = router_open(tables);
    it->arena = arena_open();
    return router_find(&it->match, it->router, it->arena, method, target,
                       &it->err);
}

static void
end(struct found *it)
{
    arena_free(it->arena);
    router_free(it->router);
}

static void
check_route(const char *target, const char *pattern)
{
    struct found it;

    CHECK_TEXT(find(&it, "GET", target) == 0 ? it.match.route->pattern
                                             : it.err.message,
               pattern);
    end(&it);
}

static const char *
parameter(const struct found *it, const char *name)
{
    for (size_t i = 0; i < it->match.parameter_count; i++)
        if (strcmp(it->match.parameters[i].name, name) == 0)
            return it->match.parameters[i].value;
    return NULL;
}

TEST(the_more_literal_pattern_wins_wherever_it_stands)
{
    check_route("/", "/");
    check_route("/login", "/login");
    check_route("/acme", "/:namespace");
    check_route("/login?next=/x", "/login");
    check_route("/acme/tiny", "/{prefix}:namespace/:name");
    check_route("/acme/tiny.git/info/refs",
                "/{prefix}:namespace/:name.git/info/refs");
    check_route("/acme/tiny/info/refs", "/{prefix}:namespace/:name/info/refs");
    check_route("/api/models", "/api/{types}");
}

TEST(a_kind_of_repository_is_read_from_the_path)
{
    struct found it;

    CHECK(find(&it, "GET", "/acme/tiny") == 0);
    CHECK(it.match.has_repository && it.match.kind == REPOSITORY_MODEL);
    end(&it);
    CHECK(find(&it, "GET", "/datasets/acme/tiny") == 0);
    CHECK(it.match.has_repository && it.match.kind == REPOSITORY_DATASET);
    CHECK_TEXT(parameter(&it, "namespace"), "acme");
    end(&it);
    CHECK(find(&it, "GET", "/api/spaces/acme/tiny") == 0);
    CHECK(it.match.kind == REPOSITORY_SPACE);
    end(&it);
    CHECK(find(&it, "GET", "/api/spaces") == 0);
    CHECK(!it.match.has_repository && it.match.kind == REPOSITORY_SPACE);
    end(&it);
}

TEST(parameters_are_decoded_and_know_their_place)
{
    static const char target[] =
        "/acme/tiny/resolve/refs%2Fpr%2F1/a%20b/c%2Fd?download=true";
    struct found it;

    CHECK(find(&it, "GET", target) == 0);
    CHECK_TEXT(parameter(&it, "rev"), "refs/pr/1");
    CHECK_TEXT(parameter(&it, "path"), "a b/c/d");
    CHECK(it.match.parameters[1].offset == strlen("/acme/"));
    CHECK(it.match.parameters[1].length == strlen("tiny"));
    end(&it);
    CHECK(find(&it, "GET", "/acme/tiny.git/info/refs") == 0);
    CHECK_TEXT(parameter(&it, "name"), "tiny");
    end(&it);
}

TEST(a_rest_may_be_empty_but_not_missing)
{
    struct found it;

    check_route("/api/models/a/b/tree/main",
                "/api/{types}/:namespace/:name/tree/:rev");
    check_route("/api/models/a/b/tree/main/",
                "/api/{types}/:namespace/:name/tree/:rev/*path");
    CHECK(find(&it, "GET", "/a/b/resolve/main") < 0);
    CHECK(it.err.code == ERROR_NOT_FOUND);
    end(&it);
}

TEST(a_path_that_no_pattern_has_is_not_found)
{
    static const char *const targets[] = {
        "/acme/tiny/",
        "//",
        "/acme//resolve/main/x",
        "/acme/.git/x/y",
        "/api/nosuch", /* no repository is called so */
        "/api/tiny.git/info/refs",
        "/api",
    };

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct found it;

        if (find(&it, "GET", targets[i]) == 0 || it.err.code != ERROR_NOT_FOUND)
            check_text(__FILE__, __LINE__, targets[i], "not found");
        end(&it);
    }
}

TEST(a_method_that_the_path_lacks_is_405_with_those_it_has)
{
    struct found it;

    CHECK(find(&it, "DELETE", "/login") < 0);
    CHECK(it.err.status == 405);
    CHECK_TEXT(it.match.allow, "GET, HEAD, POST");
    end(&it);
    CHECK(find(&it, "HEAD", "/acme/tiny") == 0);
    end(&it);
}

TEST(dots_control_characters_and_bad_escapes_are_refused)
{
    static const char *const targets[] = {
        "/acme/../login",
        "/acme/%2e%2E/x",
        "/acme/tiny/resolve/main/a%2F..%2Fb",
        "/acme/./x",
        "/acme/%00",
        "/acme/%0a",
        "/acme/%zz",
        "/acme/%4",
        "/acme/%ff",
    };

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct found it;

        if (find(&it, "GET", targets[i]) == 0 || it.err.status != 400)
            check_text(__FILE__, __LINE__, targets[i], "refused");
        end(&it);
    }
}
