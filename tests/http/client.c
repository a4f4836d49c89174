#include "tests/http/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

#define ANSWER_LIMIT 16777216
#define WAIT_SECONDS 10

struct test_server {
    struct server *server;
    struct service service;
    struct server_options options;
    pthread_t thread;
    int listener;
    int port;
    int result;
    struct error err;
};

static void
must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static int
listen_somewhere(int *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(fd >= 0 &&
             bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
             listen(fd, 128) == 0 &&
             getsockname(fd, (struct sockaddr *)&address, &length) == 0,
         "listen");
    *out_port = ntohs(address.sin_port);
    return fd;
}

static void *
run(void *state)
{
    struct test_server *test = state;

    test->result = server_run(test->server, &test->err);
    return NULL;
}

struct test_server *
test_server_open(struct server_options options)
{
    struct test_server *test = xcalloc(1, sizeof(*test));

    test->listener = listen_somewhere(&test->port);
    test->service.url = "http://registry.test";
    test->service.log.fd = -1;
    test->options = options;
    if (options.service != NULL)
        test->service = *options.service;
    test->options.listeners = &test->listener;
    test->options.listener_count = 1;
    test->options.service = &test->service;
    if (options.spool_folder == NULL)
        test->options.spool_folder = "/tmp";
    if (server_open(&test->server, &test->options, &test->err) < 0) {
        fprintf(stderr, "server: %s\n", test->err.message);
        exit(1);
    }
    test->service.server = test->server;
    must(pthread_create(&test->thread, NULL, run, test) == 0, "thread");
    return test;
}

struct service *
test_server_service(struct test_server *test)
{
    return &test->service;
}

struct server *
test_server_server(struct test_server *test)
{
    return test->server;
}

void
test_server_close(struct test_server *test)
{
    server_stop(test->server);
    pthread_join(test->thread, NULL);
    CHECK(test->result == 0);
    server_free(test->server);
    close(test->listener);
    free(test);
}

int
test_connect(const struct test_server *test)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct timeval wait = {.tv_sec = WAIT_SECONDS};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)test->port);
    must(fd >= 0 &&
             connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
         "connect");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    return fd;
}

void
test_send_bytes(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the peer has had enough; the answer will say why */
        at += n;
        length -= (size_t)n;
    }
}

void
test_send(int fd, const char *text)
{
    test_send_bytes(fd, text, strlen(text));
}

const char *
test_header(const struct test_answer *answer, const char *name)
{
    static _Thread_local char value[8192];
    size_t length = strlen(name);

    for (const char *line = answer->head; line != NULL;
         line = strstr(line, "\r\n")) {
        line += strncmp(line, "\r\n", 2) == 0 ? 2 : 0;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            snprintf(value, sizeof(value), "%.*s",
                     (int)strcspn(line + length + 2, "\r"), line + length + 2);
            return value;
        }
    }
    return NULL;
}

/* Reads up to the blank line, a byte at a time: what follows is not ours. */
static size_t
read_head(char *out, size_t size, int fd)
{
    size_t length = 0;

    while (length + 1 < size && recv(fd, out + length, 1, 0) == 1) {
        length++;
        if (length >= 4 && memcmp(out + length - 4, "\r\n\r\n", 4) == 0) {
            out[length] = '\0';
            return length;
        }
    }
    return 0;
}

struct test_answer
test_read(int fd, bool is_head)
{
    static _Thread_local char head[65536];
    static _Thread_local char *body;
    struct test_answer answer = {.head = head, .body = ""};
    const char *length;

    if (body == NULL)
        body = xcalloc(1, ANSWER_LIMIT + 1);
    body[0] = '\0';
    if (read_head(head, sizeof(head), fd) == 0)
        return answer;
    answer.status = (int)strtol(head + strlen("HTTP/1.1 "), NULL, 10);
    answer.body = body;
    length = test_header(&answer, "Content-Length");
    if (length == NULL || is_head || answer.status == 304)
        return answer;
    answer.length = strtoul(length, NULL, 10);
    must(answer.length <= ANSWER_LIMIT, "an answer's length");
    for (size_t at = 0; at < answer.length;) {
        ssize_t n = recv(fd, body + at, answer.length - at, 0);

        if (n <= 0) {
            answer.length = at;
            answer.status = 0;
            break;
        }
        at += (size_t)n;
    }
    body[answer.length] = '\0';
    return answer;
}

struct test_answer
test_ask(const struct test_server *test, const char *request)
{
    int fd = test_connect(test);
    struct test_answer answer;

    test_send(fd, request);
    answer = test_read(fd, strncmp(request, "HEAD ", 5) == 0);
    close(fd);
    return answer;
}

bool
test_is_ended(int fd)
{
    char byte;

    errno = 0;
    return recv(fd, &byte, 1, 0) <= 0 && errno != EAGAIN;
}

bool
test_is_reset(int fd)
{
    char bytes[4096];
    ssize_t n;

    do {
        n = recv(fd, bytes, sizeof(bytes), 0);
    } while (n > 0);
    return n < 0 && errno == ECONNRESET;
}
