#include "storage/base/log.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

#define PACKET_BYTES 65536

/* A log whose writes are told apart: each is a packet. */
struct scene {
    struct log log;
    int reader;
    char packet[PACKET_BYTES + 1];
};

static void
open_scene(struct scene *out)
{
    int pair[2];

    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    out->reader = pair[0];
    out->log.fd = pair[1];
}

/* The next write's length; its bytes are in packet. */
static size_t
read_packet(struct scene *scene)
{
    ssize_t length =
        recv(scene->reader, scene->packet, PACKET_BYTES, MSG_DONTWAIT);

    length = length > 0 ? length : 0;
    scene->packet[length] = '\0';
    return (size_t)length;
}

static void
close_scene(struct scene *scene)
{
    close(scene->reader);
    close(scene->log.fd);
}

static void
add_line(struct log_lines *lines, int number, const char *text)
{
    log_line_begin(lines, "test");
    log_line_int(lines, "number", number);
    log_line_text(lines, "text", text);
    log_line_bool(lines, "last", false);
    log_line_end(lines);
}

/* Reads the lines of one packet; the number that is due after them. */
static int
check_lines(char *packet, int number)
{
    char *rest = packet;
    char *text;

    while ((text = strsep(&rest, "\n")) != NULL && rest != NULL) {
        json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

        CHECK(line != NULL);
        CHECK(json_integer_value(json_object_get(line, "number")) == number);
        CHECK_TEXT(json_string_value(json_object_get(line, "event")), "test");
        CHECK(json_is_string(json_object_get(line, "time")));
        json_decref(line);
        number++;
    }
    CHECK_TEXT(text, ""); /* the last byte was a newline */
    return number;
}

TEST(lines_leave_whole_and_no_more_at_once_than_a_pipe_takes_undivided)
{
    struct scene scene;
    struct log_lines lines;
    size_t length;
    int packets = 0;
    int number = 0;

    open_scene(&scene);
    log_lines_open(&lines, &scene.log);
    for (int i = 0; i < 100; i++)
        add_line(&lines, i, "a \"quoted\" text\n");
    log_lines_write(&lines);
    for (; (length = read_packet(&scene)) > 0; packets++) {
        CHECK(length <= PIPE_BUF);
        number = check_lines(scene.packet, number);
    }
    CHECK(number == 100);
    CHECK(packets > 1 && packets < 10);
    close_scene(&scene);
}

TEST(a_line_that_is_longer_leaves_alone)
{
    static char text[PIPE_BUF + 1];
    struct scene scene;
    struct log_lines lines;

    memset(text, 'x', sizeof(text) - 1);
    open_scene(&scene);
    log_lines_open(&lines, &scene.log);
    add_line(&lines, 0, "short");
    add_line(&lines, 1, text);
    add_line(&lines, 2, "short");
    log_lines_write(&lines);
    CHECK(read_packet(&scene) < PIPE_BUF);
    CHECK(check_lines(scene.packet, 0) == 1);
    CHECK(read_packet(&scene) > PIPE_BUF);
    CHECK(check_lines(scene.packet, 1) == 2);
    CHECK(read_packet(&scene) < PIPE_BUF);
    CHECK(check_lines(scene.packet, 2) == 3);
    CHECK(read_packet(&scene) == 0);
    close_scene(&scene);
}

TEST(a_log_that_drops_lines_costs_nothing)
{
    const struct log log = {.fd = -1};
    struct log_lines lines;

    log_lines_open(&lines, &log);
    add_line(&lines, 0, "text");
    CHECK(lines.text.bytes == NULL);
    log_lines_write(&lines);
}
