/*
 * client: a server in this process, and a client that sends what it is told.
 *
 * The client knows no HTTP but how to read an answer, so that a test can send
 * what no library would.  What fails here ends the test program.
 */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "registry/server.h"

struct test_server;

/*
 * Fills listeners, service and spool folder where they are missing and serves
 * on a free port of the loopback address, in a thread.
 */
struct test_server *test_server_open(struct server_options options);

/* The service that was made, for its members that a test wants set. */
struct service *test_server_service(struct test_server *test);
struct server *test_server_server(struct test_server *test);

/* Stops it orderly, waits, and checks that it ended well. */
void test_server_close(struct test_server *test);

/* A connection; reads give up after ten seconds. */
int test_connect(const struct test_server *test);

void test_send(int fd, const char *text);
void test_send_bytes(int fd, const void *bytes, size_t length);

/* An answer as it came; texts live until the next call of this thread. */
struct test_answer {
    int status; /* 0: the connection ended before one */
    const char *head;
    const char *body;
    size_t length;
};

/* Reads one answer; is_head: one without a body whatever its length says. */
struct test_answer test_read(int fd, bool is_head);

/* Sends a request and reads its answer, on a connection of its own. */
struct test_answer test_ask(const struct test_server *test,
                            const char *request);

/* A header of the last answer; NULL when it is missing. */
const char *test_header(const struct test_answer *answer, const char *name);

/* True when nothing more comes: the peer ended, or reset, the connection. */
bool test_is_ended(int fd);
bool test_is_reset(int fd);

#endif
