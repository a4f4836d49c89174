#include "cli/client/journal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/buffer.h"
#include "storage/base/file.h"

/* Of 16 TiB: two lines of at most 12 bytes a block, and the first line. */
#define JOURNAL_LIMIT_BYTES ((size_t)512 * 1024 * 1024)
#define BOOT_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_LIMIT 64

struct journal {
    int fd; /* appends */
    char *head;
};

const char *
journal_find_boot(struct arena *arena)
{
    char text[BOOT_LIMIT + 1] = "";
    int fd = open(BOOT_PATH, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return "";
    n = read(fd, text, BOOT_LIMIT);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n ")] = '\0';
    return arena_text(arena, text);
}

/* "weigh-journal 1 ETAG SIZE ": what the file has to be about. */
static const char *
describe(struct arena *arena, const struct journal_subject *subject,
         uint64_t size_bytes)
{
    return arena_format(arena, "weigh-journal 1 %s %" PRIu64 " ", subject->name,
                        size_bytes);
}

/* Marks one line's block; false when it is no line of a journal. */
/* A line that a full disk cut in two says nothing; the others still count. */
static void
read_line(struct blocks *blocks, const char *line, bool only_synced)
{
    char *end;
    uint64_t index;

    if ((line[0] != 'w' && line[0] != 's') || line[1] != ' ' || line[2] < '0' ||
        line[2] > '9')
        return;
    index = strtoull(line + 2, &end, 10);
    if (*end == '\0' && index < blocks->count &&
        (line[0] == 's' || !only_synced))
        blocks_set_done(blocks, (size_t)index);
}

static void
read_lines(struct blocks *blocks, char *text, bool only_synced)
{
    char *end;

    for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        *end = '\0';
        read_line(blocks, text, only_synced);
    }
}

/* Marks what an earlier run left; false when that is of no use. */
static bool
read_earlier(struct blocks *blocks, struct arena *arena,
             const struct journal_subject *subject)
{
    const char *about = describe(arena, subject, blocks->size_bytes);
    size_t about_length = strlen(about);
    struct error err;
    size_t length;
    char *text;
    char *line;

    if (file_read(&text, &length, arena, subject->path, JOURNAL_LIMIT_BYTES,
                  &err) < 0)
        return false;
    line = strchr(text, '\n');
    if (line == NULL || strncmp(text, about, about_length) != 0)
        return false;
    *line = '\0';
    read_lines(blocks, line + 1,
               strcmp(text + about_length, subject->boot) != 0);
    return true;
}

/* Writes what is known as a new journal of this boot. */
static int
write_new(const struct blocks *blocks, const char *path, const char *head,
          struct error *err)
{
    struct buffer text = {0};
    int result;

    buffer_append_text(&text, head);
    for (size_t i = 0; i < blocks->count; i++)
        if (blocks_is_done(blocks, i))
            buffer_append_format(&text, "w %zu\n", i);
    result = file_write(path, text.bytes, text.length, 0600, err);
    buffer_free(&text);
    return result;
}

int
journal_open(struct journal **out, struct blocks *blocks,
             const struct journal_subject *subject, struct error *err)
{
    struct arena *arena = arena_open();
    const char *head;
    int result = -1;
    int fd;

    if (!read_earlier(blocks, arena, subject))
        blocks_clear(blocks);
    head = arena_format(arena, "%s%s\n",
                        describe(arena, subject, blocks->size_bytes),
                        subject->boot);
    if (write_new(blocks, subject->path, head, err) < 0)
        goto done;
    fd = open(subject->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) {
        error_set_system(err, subject->path);
        goto done;
    }
    *out = xcalloc(1, sizeof(**out));
    (*out)->fd = fd;
    (*out)->head = xstrdup(head);
    result = 0;

done:
    arena_free(arena);
    return result;
}

void
journal_free(struct journal *journal)
{
    if (journal == NULL)
        return;
    close(journal->fd);
    free(journal->head);
    free(journal);
}

/* Best effort: what is not on record is fetched again. */
static void
append(struct journal *journal, const char *text, size_t length)
{
    ssize_t written = write(journal->fd, text, length);

    (void)written;
}

void
journal_add_written(struct journal *journal, size_t index)
{
    char line[32];
    int length = snprintf(line, sizeof(line), "w %zu\n", index);

    append(journal, line, (size_t)length);
}

void
journal_add_synced(struct journal *journal, size_t first, size_t count)
{
    struct buffer lines = {0};

    for (size_t i = 0; i < count; i++)
        buffer_append_format(&lines, "s %zu\n", first + i);
    append(journal, lines.bytes, lines.length);
    buffer_free(&lines);
}

int
journal_clear(struct journal *journal, struct error *err)
{
    if (ftruncate(journal->fd, 0) < 0)
        return error_set_system(err, "journal");
    return file_write_all(journal->fd, journal->head, strlen(journal->head),
                          err);
}
