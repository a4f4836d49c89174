#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/blocks.h"
#include "cli/client/journal.h"
#include "storage/base/file.h"
#include "tests/check.h"

#define SIZE ((uint64_t)10 * BLOCKS_BYTES + 5) /* 11 blocks */

static const char *
temporary(struct arena *arena)
{
    char *path = arena_text(arena, "/tmp/weigh-journal-XXXXXX");
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    close(fd);
    return path;
}

static struct journal *
reopen(struct blocks *blocks, struct arena *arena, const char *path,
       const char *boot)
{
    const struct journal_subject subject = {path, "e7a6", boot};
    struct journal *journal = NULL;
    struct error err;

    blocks_open(blocks, arena, SIZE);
    CHECK(journal_open(&journal, blocks, &subject, &err) == 0);
    return journal;
}

TEST(blocks_that_were_written_are_remembered)
{
    struct arena *arena = arena_open();
    const char *path = temporary(arena);
    struct blocks blocks;
    struct journal *journal = reopen(&blocks, arena, path, "boot-1");

    CHECK(blocks.missing == 11);
    journal_add_written(journal, 0);
    journal_add_written(journal, 10);
    journal_free(journal);
    for (int i = 0; i < 2; i++) { /* a journal that was read reads the same */
        journal = reopen(&blocks, arena, path, "boot-1");
        CHECK(blocks.missing == 9);
        CHECK(blocks_is_done(&blocks, 0) && blocks_is_done(&blocks, 10));
        CHECK(blocks.done_bytes == BLOCKS_BYTES + 5);
        journal_free(journal);
    }
    unlink(path);
    arena_free(arena);
}

TEST(after_another_boot_only_what_reached_the_disk_counts)
{
    struct arena *arena = arena_open();
    const char *path = temporary(arena);
    struct blocks blocks;
    struct journal *journal = reopen(&blocks, arena, path, "boot-1");

    journal_add_written(journal, 3);
    journal_add_written(journal, 4);
    journal_add_synced(journal, 4, 2);
    journal_free(journal);
    journal = reopen(&blocks, arena, path, "boot-2");
    CHECK(!blocks_is_done(&blocks, 3));
    CHECK(blocks_is_done(&blocks, 4) && blocks_is_done(&blocks, 5));
    journal_free(journal);
    unlink(path);
    arena_free(arena);
}

TEST(a_torn_last_line_is_dropped_and_the_rest_kept)
{
    static const char text[] = "weigh-journal 1 e7a6 10485765 boot-1\n"
                               "w 2\nw 7\nw 1";
    struct arena *arena = arena_open();
    const char *path = temporary(arena);
    struct journal *journal;
    struct blocks blocks;
    struct error err;

    CHECK(file_write(path, text, strlen(text), 0600, &err) == 0);
    journal = reopen(&blocks, arena, path, "boot-1");
    CHECK(blocks.missing == 9);
    CHECK(!blocks_is_done(&blocks, 1));
    journal_free(journal);
    unlink(path);
    arena_free(arena);
}

TEST(a_line_that_makes_no_sense_costs_its_own_block_alone)
{
    static const char *const lines[] = {
        "w 11",   "w -1", "x 2", "w 2 3",
        "w 2w 3", "w",    "",    "w 99999999999999999999999"};
    struct arena *arena = arena_open();
    const char *path = temporary(arena);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *text = arena_format(
            arena, "weigh-journal 1 e7a6 10485765 boot-1\nw 1\n%s\nw 4\n",
            lines[i]);
        struct journal *journal;
        struct blocks blocks;
        struct error err;

        CHECK(file_write(path, text, strlen(text), 0600, &err) == 0);
        journal = reopen(&blocks, arena, path, "boot-1");
        CHECK(blocks.missing == 9);
        CHECK(blocks_is_done(&blocks, 1) && blocks_is_done(&blocks, 4));
        journal_free(journal);
    }
    unlink(path);
    arena_free(arena);
}

TEST(a_journal_about_something_else_counts_for_nothing)
{
    static const char *const texts[] = {
        "",
        "\n",
        "w 1\n",
        "weigh-journal 1 e7a6 10485765\nw 1\n",
        "weigh-journal 1 e7a6 10485766 boot-1\nw 1\n",
        "weigh-journal 1 e7a7 10485765 boot-1\nw 1\n",
        "weigh-journal 2 e7a6 10485765 boot-1\nw 1\n",
    };
    struct arena *arena = arena_open();
    const char *path = temporary(arena);
    struct journal *journal;
    struct blocks blocks;
    struct error err;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(file_write(path, texts[i], strlen(texts[i]), 0600, &err) == 0);
        journal = reopen(&blocks, arena, path, "boot-1");
        CHECK(blocks.missing == 11 && blocks.done_bytes == 0);
        journal_free(journal);
    }
    unlink(path);
    arena_free(arena);
}

TEST(ranges_cover_every_missing_block_once)
{
    struct arena *arena = arena_open();
    struct blocks_range range;
    struct blocks blocks;
    uint64_t bytes = 0;
    uint64_t end = 0;

    blocks_open(&blocks, arena, SIZE);
    blocks_set_done(&blocks, 5);
    while (blocks_next(&range, &blocks, 4)) {
        CHECK(range.begin % BLOCKS_BYTES == 0);
        CHECK(range.begin >= end && range.end > range.begin);
        end = range.end;
        bytes += range.end - range.begin;
    }
    CHECK(end == SIZE);
    CHECK(bytes == SIZE - BLOCKS_BYTES);
    CHECK(blocks.missing == 0 && !blocks_is_complete(&blocks));
    arena_free(arena);
}

TEST(what_of_a_range_did_not_come_is_asked_for_again)
{
    struct arena *arena = arena_open();
    struct blocks_range range;
    struct blocks_range again;
    struct blocks blocks;

    blocks_open(&blocks, arena, SIZE);
    CHECK(blocks_next(&range, &blocks, 1));
    CHECK(range.begin == 0 && range.end == 5 * (uint64_t)BLOCKS_BYTES);
    blocks_set_done(&blocks, 0);
    blocks_set_done(&blocks, 1);
    CHECK(blocks_ready_bytes(&blocks) == 2 * (uint64_t)BLOCKS_BYTES);
    blocks_give_back(&blocks, &range, 2 * (uint64_t)BLOCKS_BYTES);
    CHECK(blocks_next(&again, &blocks, 1));
    CHECK(again.begin == 2 * (uint64_t)BLOCKS_BYTES);
    arena_free(arena);
}

TEST(a_range_that_broke_goes_on_at_its_next_byte)
{
    const uint64_t at = 2 * (uint64_t)BLOCKS_BYTES + 7;
    struct arena *arena = arena_open();
    struct blocks_range range;
    struct blocks_range again;
    struct blocks blocks;

    blocks_open(&blocks, arena, SIZE);
    CHECK(blocks_next(&range, &blocks, 1));
    blocks_set_done(&blocks, 0);
    blocks_set_done(&blocks, 1);
    blocks_give_back(&blocks, &range, at);
    CHECK(blocks_next(&again, &blocks, 1));
    CHECK(again.begin == at);
    /* Nothing came: the same again, also where it would only be passed. */
    blocks_give_back(&blocks, &again, again.begin);
    blocks_set_done(&blocks, 3);
    CHECK(blocks_next(&again, &blocks, 1));
    CHECK(again.begin == at && again.end == 3 * (uint64_t)BLOCKS_BYTES);
    blocks_give_back(&blocks, &again, again.begin);
    blocks_clear(&blocks);
    CHECK(blocks_next(&again, &blocks, 1));
    CHECK(again.begin == 0 && again.end == range.end);
    arena_free(arena);
}

TEST(no_range_begins_far_ahead_of_the_first_missing_block)
{
    struct arena *arena = arena_open();
    struct blocks_range range;
    struct blocks blocks;

    blocks_open(&blocks, arena, (uint64_t)1000 * BLOCKS_BYTES);
    while (blocks_next(&range, &blocks, 4))
        CHECK(range.begin <= (uint64_t)BLOCKS_AHEAD * BLOCKS_BYTES);
    CHECK(blocks.missing > 0);
    for (size_t i = 0; i < 100; i++)
        blocks_set_done(&blocks, i);
    CHECK(blocks_next(&range, &blocks, 4));
    arena_free(arena);
}

TEST(an_empty_file_is_complete)
{
    struct arena *arena = arena_open();
    struct blocks_range range;
    struct blocks blocks;

    blocks_open(&blocks, arena, 0);
    CHECK(blocks_is_complete(&blocks));
    CHECK(!blocks_next(&range, &blocks, 4));
    arena_free(arena);
}
