#include "storage/content/digester.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "tests/check.h"

#define SIZE ((size_t)(4 * DIGESTER_PIECE_BYTES + 7))

static char *
make_bytes(void)
{
    char *bytes = xcalloc(1, SIZE);

    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 31 + i / 4096);
    return bytes;
}

/* Pieces of these lengths in turn, overwritten once they are waited for. */
static void
hash_in_pieces(struct digest *out, const char *bytes, const size_t *lengths,
               size_t count)
{
    struct digester *digester = digester_open();
    char *piece = xcalloc(1, SIZE);
    size_t done = 0;

    for (size_t i = 0; done < SIZE; i++) {
        size_t n = lengths[i % count];

        if (n > SIZE - done)
            n = SIZE - done;
        memcpy(piece, bytes + done, n);
        digester_begin(digester, piece, n);
        digester_wait(digester);
        memset(piece, 0, n);
        done += n;
    }
    digester_read(out, digester);
    digester_free(digester);
    free(piece);
}

TEST(any_cut_of_a_stream_gives_the_digest_of_the_whole)
{
    const size_t cuts[][3] = {
        {SIZE, SIZE, SIZE},
        {1000, DIGESTER_PIECE_BYTES, 1},
        {DIGESTER_PIECE_BYTES - 1, DIGESTER_PIECE_BYTES + 1, 0},
        {DIGESTER_PIECE_BYTES, DIGESTER_PIECE_BYTES, 64},
    };
    char *bytes = make_bytes();
    struct digest whole;
    struct digest is;

    digest_of(&whole, bytes, SIZE);
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        hash_in_pieces(&is, bytes, cuts[i], 3);
        CHECK(digest_is_equal(&is, &whole));
    }
    free(bytes);
}

TEST(nothing_hashed_is_the_digest_of_nothing)
{
    struct digester *digester = digester_open();
    struct digest nothing;
    struct digest is;

    digester_wait(digester);
    digester_read(&is, digester);
    digest_of(&nothing, "", 0);
    CHECK(digest_is_equal(&is, &nothing));
    digester_free(digester);
    digester_free(NULL);
}

TEST(a_digester_may_be_freed_while_it_hashes)
{
    struct digester *digester = digester_open();
    char *bytes = make_bytes();

    digester_begin(digester, bytes, SIZE);
    digester_free(digester);
    free(bytes);
}
