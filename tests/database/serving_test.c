#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access_access_sql.h"
#include "auth/gate.h"
#include "auth/session.h"
#include "auth/token.h"
#include "auth/vault.h"
#include "registry/http/cookie.h"
#include "registry/http/page.h"
#include "registry/http/refusal.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/content/content.h"
#include "storage_db_storage_sql.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"
#include "tests/http/client.h"

/* More than the sockets' buffers hold, so that a download can be met midway. */
#define WEIGHTS_BYTES (48 << 20)
#define HOST "Host: registry.test\r\n"

static struct digest weights_digest;

/* How far the last download came, as response_on_sent told. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
    uint64_t bytes;
    bool is_whole;
} sent = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER};

static void
note_sent(void *state, uint64_t bytes, bool is_whole)
{
    (void)state;
    pthread_mutex_lock(&sent.lock);
    sent.count++;
    sent.bytes = bytes;
    sent.is_whole = is_whole;
    pthread_cond_broadcast(&sent.changed);
    pthread_mutex_unlock(&sent.lock);
}

static void
wait_for_sent(int count)
{
    pthread_mutex_lock(&sent.lock);
    while (sent.count < count)
        pthread_cond_wait(&sent.changed, &sent.lock);
    pthread_mutex_unlock(&sent.lock);
}

static int
resolve(struct request *request, struct response *response, struct error *err)
{
    const struct gate_object object = {
        .repository = &request->repository,
        .standing = &request->standing,
        .path = request_param(request, "path"),
        .digest = &weights_digest,
        .arena = request->arena,
    };
    struct content_reader *reader;
    struct content_permit permit;
    struct gate_answer answer;

    if (gate_check(&answer, request->db, &request->caller, &object, err) < 0)
        return -1;
    if (!answer.allowed)
        return refuse_gate(err, &answer, request);
    if (gate_permit(&permit, &answer, &weights_digest, err) < 0 ||
        content_reader_open(&reader, request->service->content, request->db,
                            &permit, err) < 0)
        return -1;
    response_etag(response, "\"weights\"");
    response_content(response, "application/octet-stream", reader, &answer);
    response_on_sent(response, note_sent, NULL);
    return 0;
}

static int
show_caller(struct request *request, struct response *response,
            struct error *err)
{
    (void)err;
    response_text(response, 200, request->caller.name);
    return 0;
}

static int
show_name(struct request *request, struct response *response, struct error *err)
{
    (void)err;
    response_text(response, 200, request->repository.full_name);
    return 0;
}

static int
take_form(struct request *request, struct response *response, struct error *err)
{
    if (request_check_csrf(request, err) < 0)
        return -1;
    response_redirect(response, 303, "/done");
    return 0;
}

static int
show_csrf(struct request *request, struct response *response, struct error *err)
{
    (void)err;
    response_text(response, 200, page_csrf(request));
    return 0;
}

static const struct route routes[] = {
    {"GET", "/caller", RIGHT_PUBLIC, show_caller, NULL, 0},
    {"GET", "/csrf", RIGHT_SIGNED_IN, show_csrf, NULL, 0},
    {"POST", "/form", RIGHT_SIGNED_IN, take_form, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name", RIGHT_SEE, show_name, NULL, 0},
    {"POST", "/api/{types}/:namespace/:name/x", RIGHT_SEE, show_name, NULL, 0},
    {"GET", "/{prefix}:namespace/:name/resolve/:rev/*path", RIGHT_CONTENT,
     resolve, NULL, 0},
    {"GET", "/{prefix}:namespace/:name.git/info/refs", RIGHT_SEE, show_name,
     NULL, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

/* A server, and a gated model acme/tiny that person has a grant for. */
struct scene {
    struct db *db;
    struct arena *arena;
    int64_t acme;
    int64_t person;
    int64_t model;
    const char *token;
    char folder[40];
    struct service service;
    struct vault *vault;
    struct db_options database;
    struct test_server *test;
};

static void
seed_weights(struct scene *scene)
{
    const struct content_owner owner = {scene->model, scene->person};
    struct content_writer *writer;
    char *block = xcalloc(1, 1 << 20);
    struct digest_stream *stream = digest_stream_open();
    struct error err;

    for (int i = 0; i < WEIGHTS_BYTES >> 20; i++)
        digest_stream_add(stream, block, 1 << 20);
    digest_stream_read(&weights_digest, stream);
    digest_stream_free(stream);
    CHECK(content_writer_open(&writer, scene->service.content, &weights_digest,
                              WEIGHTS_BYTES, &err) == 0);
    for (int i = 0; i < WEIGHTS_BYTES >> 20; i++)
        CHECK(content_writer_add(writer, block, 1 << 20, &err) == 0);
    CHECK(content_writer_commit(writer, scene->db, &owner, &err) == 0);
    content_writer_free(writer);
    free(block);
}

static void
seed_grant(const struct scene *scene, const char *ends)
{
    int64_t request =
        seed("INSERT INTO request (public_id, repository, repository_name,"
             " account, account_name, status)"
             " VALUES ('0123456789abcdef01234567', %lld, 'acme/tiny', %lld,"
             " 'person', 'accepted') RETURNING id",
             (long long)scene->model, (long long)scene->person);

    seed("INSERT INTO access_grant (public_id, repository, account, request,"
         " ends_at) VALUES ('a', %lld, %lld, %lld, %s)",
         (long long)scene->model, (long long)scene->person, (long long)request,
         ends);
}

static const char *
seed_token(const struct scene *scene, int64_t account)
{
    const struct token_spec spec = {
        .account = account, .role = TOKEN_READ, .expires_at_ms = CLOCK_NEVER};
    struct token token;
    const char *text = NULL;
    struct error err;

    CHECK(token_add(&token, &text, scene->db, scene->arena, &spec, &err) == 0);
    return text;
}

static void
open_scene(struct scene *scene, bool has_weights)
{
    uint8_t secret[SECRET_KEY_BYTES] = {1};
    struct error err;

    *scene =
        (struct scene){.db = test_database_open(),
                       .arena = arena_open(),
                       .folder = "/tmp/weighhouse-serving-XXXXXX",
                       .service = {.url = "http://registry.test", .log = {-1}}};
    scene->acme = seed_organization("acme");
    scene->person = seed_account("person");
    scene->model = seed_model(scene->acme, "tiny");
    scene->token = seed_token(scene, scene->person);
    seed("INSERT INTO gate (repository, mode) VALUES (%lld, 'manual')",
         (long long)scene->model);
    CHECK(mkdtemp(scene->folder) != NULL);
    CHECK(content_store_open(&scene->service.content, scene->folder, &err) ==
          0);
    CHECK(vault_open(&scene->vault, scene->db, secret, &err) == 0);
    scene->service.vault = scene->vault;
    if (has_weights)
        seed_weights(scene);
    scene->database = (struct db_options){
        .conninfo = test_database_conninfo(),
        .statements = {storage_db_storage_sql, access_access_sql},
        .log = &scene->service.log,
    };
    scene->test = test_server_open((struct server_options){
        .routes = tables,
        .database = &scene->database,
        .service = &scene->service,
        .loops = 2,
        .workers = 2,
        .io_threads = 1,
        .spool_folder = scene->folder,
    });
    sent.count = 0;
}

static void
close_scene(struct scene *scene)
{
    struct error err;

    test_server_close(scene->test);
    content_store_free(scene->service.content);
    vault_free(scene->vault);
    db_free(scene->db);
    arena_free(scene->arena);
    CHECK(file_remove_tree(scene->folder, &err) == 0);
}

static struct test_answer
ask(const struct scene *scene, const char *line, const char *headers)
{
    return test_ask(scene->test,
                    arena_format(scene->arena, "%s HTTP/1.1\r\n" HOST "%s\r\n",
                                 line, headers));
}

static const char *
bearer(const struct scene *scene)
{
    return arena_format(scene->arena, "Authorization: bearer %s\r\n",
                        scene->token);
}

static const char *
basic(const struct scene *scene)
{
    const char *pair = arena_format(scene->arena, "any:%s", scene->token);

    return arena_format(scene->arena, "Authorization: Basic %s\r\n",
                        base64_write(scene->arena, pair, strlen(pair)));
}

TEST(a_caller_is_known_by_bearer_and_by_basic)
{
    struct scene scene;
    struct test_answer answer;

    open_scene(&scene, false);
    CHECK_TEXT(ask(&scene, "GET /caller", "").body, "");
    CHECK_TEXT(ask(&scene, "GET /caller", bearer(&scene)).body, "person");
    CHECK_TEXT(ask(&scene, "GET /caller", basic(&scene)).body, "person");
    answer = ask(&scene, "GET /caller", "Authorization: Bearer hf_no\r\n");
    CHECK(answer.status == 401);
    CHECK_TEXT(test_header(&answer, "X-Error-Message"),
               "Invalid credentials in Authorization header");
    close_scene(&scene);
}

TEST(a_session_is_known_by_its_cookie_and_its_forms_by_their_field)
{
    const struct caller from = {.address = "127.0.0.1", .user_agent = ""};
    struct scene scene;
    const char *value = NULL;
    const char *cookie;
    const char *csrf;
    struct error err;

    open_scene(&scene, false);
    CHECK(session_add(&value, scene.db, scene.arena, scene.person, &from,
                      &err) == 0);
    cookie = arena_format(scene.arena, "Cookie: a=b; " COOKIE_SESSION "=%s\r\n",
                          value);
    CHECK_TEXT(ask(&scene, "GET /caller", cookie).body, "person");
    csrf = arena_text(scene.arena, ask(&scene, "GET /csrf", cookie).body);
    CHECK(strlen(csrf) == 64);
    CHECK(ask(&scene, "POST /form",
              arena_format(scene.arena, "%sContent-Length: 0\r\n", cookie))
              .status == 403);
    CHECK(
        test_ask(scene.test, arena_format(scene.arena,
                                          "POST /form HTTP/1.1\r\n" HOST
                                          "%sContent-Length: 69\r\n\r\ncsrf=%s",
                                          cookie, csrf))
            .status == 303);
    close_scene(&scene);
}

TEST(a_due_session_gets_its_new_cookie_with_whatever_answer)
{
    const struct caller from = {.address = "127.0.0.1", .user_agent = ""};
    struct scene scene;
    struct test_answer answer;
    const char *value = NULL;
    struct error err;

    open_scene(&scene, false);
    CHECK(session_add(&value, scene.db, scene.arena, scene.person, &from,
                      &err) == 0);
    seed("UPDATE session SET rotated_at = now() - interval '2 hours'");
    answer = ask(
        &scene, "GET /api/models/acme/none",
        arena_format(scene.arena, "Cookie: " COOKIE_SESSION "=%s\r\n", value));
    CHECK(answer.status == 404);
    CHECK(test_header(&answer, "Set-Cookie") != NULL &&
          strncmp(test_header(&answer, "Set-Cookie"), COOKIE_SESSION "=",
                  strlen(COOKIE_SESSION "=")) == 0);
    close_scene(&scene);
}

TEST(a_hidden_repository_looks_like_none)
{
    struct scene scene;
    struct test_answer answer;

    open_scene(&scene, false);
    seed("UPDATE repository SET private = true");
    answer = ask(&scene, "GET /api/models/acme/tiny", "");
    CHECK(answer.status == 401);
    CHECK_TEXT(test_header(&answer, "X-Error-Code"), "RepoNotFound");
    CHECK(test_header(&answer, "WWW-Authenticate") != NULL);
    answer = ask(&scene, "GET /api/models/acme/tiny", bearer(&scene));
    CHECK(answer.status == 404);
    CHECK_TEXT(answer.body, "{\"error\":\"Repository not found\"}");
    CHECK_TEXT(ask(&scene, "GET /api/models/acme/none", bearer(&scene)).body,
               "{\"error\":\"Repository not found\"}");
    answer = ask(&scene, "GET /acme/tiny.git/info/refs", "");
    CHECK(answer.status == 401);
    CHECK_TEXT(test_header(&answer, "WWW-Authenticate"),
               "Basic realm=\"Weighhouse\"");
    close_scene(&scene);
}

TEST(names_have_no_case_and_a_move_is_followed)
{
    struct scene scene;
    struct test_answer answer;

    open_scene(&scene, false);
    CHECK_TEXT(ask(&scene, "GET /api/models/Acme/TINY", "").body, "acme/tiny");
    seed("INSERT INTO repository_redirect VALUES ('model', 'acme', 'old',"
         " %lld)",
         (long long)scene.model);
    answer = ask(&scene, "GET /acme/Old/resolve/refs%2Fpr%2F1/a%20b?x=y", "");
    CHECK(answer.status == 307);
    CHECK_TEXT(test_header(&answer, "Location"),
               "/acme/tiny/resolve/refs%2Fpr%2F1/a%20b?x=y");
    answer = ask(&scene, "POST /api/models/acme/old/x", "");
    CHECK(answer.status == 307);
    CHECK_TEXT(test_header(&answer, "Location"), "/api/models/acme/tiny/x");
    answer = ask(&scene, "GET /acme/old.git/info/refs?service=x", "");
    CHECK_TEXT(test_header(&answer, "Location"),
               "/acme/tiny.git/info/refs?service=x");
    close_scene(&scene);
}

TEST(the_gate_refuses_with_its_code_and_warning)
{
    struct scene scene;
    struct test_answer answer;

    open_scene(&scene, false);
    answer = ask(&scene, "HEAD /acme/tiny/resolve/main/w", bearer(&scene));
    CHECK(answer.status == 403);
    CHECK_TEXT(test_header(&answer, "X-Error-Code"), "GatedRepo");
    CHECK(strncmp(test_header(&answer, "X-HF-Warning"), "gate; ", 6) == 0);
    close_scene(&scene);
}

/* Begins to download and leaves most of it waiting in the server. */
static int
begin_download(const struct scene *scene)
{
    int fd = test_connect(scene->test);
    char bytes[4096];

    test_send(fd, arena_format(scene->arena,
                               "GET /acme/tiny/resolve/main/w HTTP/1.1\r\n" HOST
                               "%s\r\n",
                               bearer(scene)));
    CHECK(read(fd, bytes, sizeof(bytes)) > 0);
    CHECK(strncmp(bytes, "HTTP/1.1 200 ", 13) == 0);
    return fd;
}

/* Waits for the connection's end without taking what it holds. */
static void
check_stopped(int fd)
{
    struct pollfd poller = {.fd = fd}; /* tells of errors alone */

    CHECK(poll(&poller, 1, 20000) == 1);
    CHECK(test_is_reset(fd));
    close(fd);
    wait_for_sent(1);
    CHECK(!sent.is_whole && sent.bytes < WEIGHTS_BYTES);
}

TEST(a_revoked_grant_stops_its_download)
{
    struct scene scene;
    int fd;

    open_scene(&scene, true);
    seed_grant(&scene, "NULL");
    fd = begin_download(&scene);
    seed("UPDATE access_grant SET revoked_at = now()");
    check_stopped(fd);
    close_scene(&scene);
}

TEST(a_revoked_token_stops_its_download)
{
    struct scene scene;
    int fd;

    open_scene(&scene, true);
    seed_grant(&scene, "NULL");
    fd = begin_download(&scene);
    seed("UPDATE token SET revoked_at = now()");
    check_stopped(fd);
    close_scene(&scene);
}

TEST(a_gate_that_closes_stops_what_was_open)
{
    struct scene scene;
    int fd;

    open_scene(&scene, true);
    seed("DELETE FROM gate");
    fd = begin_download(&scene);
    seed("INSERT INTO gate (repository, mode) VALUES (%lld, 'manual')",
         (long long)scene.model);
    check_stopped(fd);
    close_scene(&scene);
}

TEST(a_download_stops_when_its_grant_ends)
{
    struct scene scene;
    int fd;

    open_scene(&scene, true);
    seed_grant(&scene, "now() + interval '2 seconds'");
    fd = begin_download(&scene);
    check_stopped(fd);
    close_scene(&scene);
}

TEST(a_change_that_does_not_concern_it_leaves_a_download_alone)
{
    struct scene scene;
    char *bytes = xcalloc(1, 1 << 20);
    size_t total = 4096;
    ssize_t n;
    int fd;

    open_scene(&scene, true);
    seed_grant(&scene, "NULL");
    fd = begin_download(&scene);
    seed("UPDATE account SET disabled_at = now() WHERE id = %lld",
         (long long)seed_account("other"));
    seed("UPDATE access_grant SET ends_at = now() + interval '1 hour'");
    while (total < WEIGHTS_BYTES && (n = read(fd, bytes, 1 << 20)) > 0)
        total += (size_t)n;
    CHECK(total >= WEIGHTS_BYTES);
    close(fd);
    wait_for_sent(1);
    CHECK(sent.is_whole && sent.bytes == WEIGHTS_BYTES);
    free(bytes);
    close_scene(&scene);
}

TEST(a_range_of_weights_is_not_the_whole)
{
    struct scene scene;
    struct test_answer answer;

    open_scene(&scene, true);
    seed_grant(&scene, "NULL");
    answer = ask(&scene, "GET /acme/tiny/resolve/main/w",
                 arena_format(scene.arena, "%sRange: bytes=1000-1999\r\n",
                              bearer(&scene)));
    CHECK(answer.status == 206 && answer.length == 1000);
    wait_for_sent(1);
    CHECK(!sent.is_whole && sent.bytes == 1000);
    answer = ask(&scene, "GET /acme/tiny/resolve/main/w",
                 arena_format(scene.arena, "%sRange: bytes=999999999-\r\n",
                              bearer(&scene)));
    CHECK(answer.status == 416);
    wait_for_sent(2);
    CHECK(!sent.is_whole && sent.bytes == 0);
    close_scene(&scene);
}
