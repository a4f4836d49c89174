/*
 * A request's target in front of the first newline and its body behind: the
 * handler runs on it above a database that finds nothing, once with the body
 * as JSON and once as a form.  Bodies that are streamed go elsewhere.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/config.h"
#include "registry/http/answer.h"
#include "registry/http/input.h"
#include "registry/http/limits.h"
#include "registry/http/refusal.h"
#include "registry/http/router.h"
#include "registry/routes/routes.h"
#include "registry/service.h"

#define QUERY_FIELDS 64

struct world {
    struct arena *arena;
    struct config config;
    struct router *router;
    struct service service;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made at the first run, for all of them. */
static const struct world *
find_world(void)
{
    static struct world world;
    char *argv[] = {"weighd", NULL};
    struct error err;
    int argc = 1;

    if (world.router != NULL)
        return &world;
    json_guard_memory();
    world.arena = arena_open();
    if (config_load(&world.config, world.arena, &argc, argv, &err) < 0)
        abort();
    world.router = router_open(all_routes);
    world.service = (struct service){
        .config = &world.config, .url = "http://127.0.0.1:8470", .log = {-1}};
    return &world;
}

/* The first method that the target takes, with a body or without. */
static bool
find_route(struct request *request, const struct router *router,
           const char *target, bool has_body)
{
    static const char *const methods[][4] = {
        {"GET", "DELETE", "POST", "PUT"}, {"POST", "PUT", "PATCH", "DELETE"}};
    struct error err;

    for (size_t i = 0; i < 4; i++) {
        request->method = methods[has_body][i];
        if (router_find(&request->input->match, router, request->arena,
                        request->method, target, &err) == 0)
            return request->input->match.route->begin == NULL;
    }
    return false;
}

static void
fill_request(struct request *request, const struct route_match *match)
{
    const char *names[2] = {"acme", "tiny"};

    for (size_t i = 0; i < match->parameter_count; i++) {
        if (strcmp(match->parameters[i].name, "namespace") == 0)
            names[0] = match->parameters[i].value;
        if (strcmp(match->parameters[i].name, "name") == 0)
            names[1] = match->parameters[i].value;
    }
    request->repository = (struct repository){
        .id = 1,
        .public_id = "0123456789abcdef01234567",
        .kind = match->kind,
        .namespace_id = 1,
        .namespace_name = names[0],
        .name = names[1],
        .full_name = arena_format(request->arena, "%s/%s", names[0], names[1]),
        .gate_mode = "manual",
        .created_by = 1,
    };
    request->standing =
        (struct standing){true, true, true, true, "owner", true};
    request->caller = (struct caller){.account = 1,
                                      .name = "acme",
                                      .token = 1,
                                      .role = TOKEN_WRITE,
                                      .administrator = true,
                                      .address = "192.0.2.1",
                                      .user_agent = "fuzz",
                                      .request_id = "1"};
}

static void
handle(struct request *request)
{
    struct response response;
    struct error err;

    response_open(&response, request->arena, "/tmp");
    if (request->input->match.route->handle(request, &response, &err) < 0)
        refusal_answer(&response, request, &err);
    if (response.status < 200 || response.status > 599)
        abort();
    response_free(&response);
}

/* The body as JSON and as a form. */
static void
run(struct request *request, const char *body, size_t length)
{
    static const char *const types[] = {"application/json",
                                        "application/x-www-form-urlencoded"};

    for (size_t i = 0; i < (length > 0 ? 2 : 1); i++) {
        struct header header = {"Content-Type", types[i]};
        struct request_input input = {.match = request->input->match,
                                      .query = request->input->query,
                                      .spool = -1};
        struct request once = *request;

        input.head = (struct head){.method = request->method,
                                   .target = request->target,
                                   .headers = &header,
                                   .header_count = 1,
                                   .has_length = true,
                                   .length = length};
        buffer_append(&input.memory, body, length);
        source_of_memory(&input.memory_source, input.memory.bytes, length);
        once.input = &input;
        handle(&once);
        buffer_free(&input.memory);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct world *world = find_world();
    const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t length = newline != NULL ? (size_t)(newline - data) : size;
    size_t used = length + (newline != NULL);
    struct request_input input = {.spool = -1};
    struct request request = {.arena = arena_open(),
                              .service = &world->service,
                              .id = "1",
                              .input = &input};
    char *target = arena_bytes(request.arena, data, length);
    const char *query = strchr(target, '?');
    struct error err;

    request.target = target;
    request.is_api = strncmp(target, "/api/", 5) == 0;
    if (target[0] == '/' && strlen(target) == length &&
        find_route(&request, world->router, target, size > used) &&
        (query == NULL ||
         fields_parse(&input.query, request.arena, query + 1, strlen(query + 1),
                      QUERY_FIELDS, &err) == 0)) {
        fill_request(&request, &input.match);
        run(&request, (const char *)data + used, size - used);
    }
    arena_free(request.arena);
    return 0;
}
