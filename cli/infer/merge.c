#include "cli/infer/merge.h"

#include <stdbool.h>

/* Two neighbours that may be joined. */
struct pair {
    uint32_t left;
    uint32_t right;
    uint32_t length; /* of both, to see later if they are still the same */
    float score;
};

struct merger {
    const struct vocabulary *vocabulary;
    struct merge_symbol *symbols;
    struct pair *heap; /* the best first */
    size_t heap_count;
};

uint32_t
merge_find(const struct vocabulary *vocabulary, const char *text, size_t length)
{
    uint32_t id = VOCABULARY_NONE;

    if (length <= vocabulary->longest)
        id = vocabulary_find(vocabulary, text, length);
    if (id == VOCABULARY_NONE)
        return id;
    switch (vocabulary->tokens[id].kind) {
    case VOCABULARY_NORMAL:
    case VOCABULARY_USER_DEFINED:
    case VOCABULARY_UNUSED:
        return id;
    default:
        return VOCABULARY_NONE;
    }
}

static bool
is_better(const struct pair *a, const struct pair *b)
{
    if (a->score > b->score)
        return true;
    return !(a->score < b->score) && a->left < b->left;
}

static void
swap(struct pair *a, struct pair *b)
{
    struct pair kept = *a;

    *a = *b;
    *b = kept;
}

static void
push(struct merger *merger, struct pair pair)
{
    struct pair *heap = merger->heap;
    size_t i = merger->heap_count++;

    heap[i] = pair;
    for (; i > 0 && is_better(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
}

static struct pair
pop(struct merger *merger)
{
    struct pair *heap = merger->heap;
    struct pair best = heap[0];
    size_t n = --merger->heap_count;
    size_t i = 0;

    heap[0] = heap[n];
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= n)
            return best;
        if (child + 1 < n && is_better(&heap[child + 1], &heap[child]))
            child++;
        if (!is_better(&heap[child], &heap[i]))
            return best;
        swap(&heap[i], &heap[child]);
        i = child;
    }
}

/* Enters the pair if what it makes is a token. */
static void
consider(struct merger *merger, uint32_t left, uint32_t right)
{
    const struct merge_symbol *symbols = merger->symbols;
    uint32_t length;
    uint32_t id;

    if (left == MERGE_END || right == MERGE_END)
        return;
    length = symbols[left].length + symbols[right].length;
    id = merge_find(merger->vocabulary, symbols[left].text, length);
    if (id == VOCABULARY_NONE)
        return;
    push(merger, (struct pair){left, right, length,
                               merger->vocabulary->tokens[id].score});
}

static void
join(struct merger *merger, const struct pair *pair)
{
    struct merge_symbol *symbols = merger->symbols;
    struct merge_symbol *left = &symbols[pair->left];
    struct merge_symbol *right = &symbols[pair->right];

    /* One of them may have gone into another pair in the meantime. */
    if (left->length == 0 || right->length == 0 ||
        left->length + right->length != pair->length)
        return;
    left->length = pair->length;
    right->length = 0;
    left->next = right->next;
    if (right->next != MERGE_END)
        symbols[right->next].previous = pair->left;
    consider(merger, left->previous, pair->left);
    consider(merger, pair->left, left->next);
}

/* How many bytes the character takes that begins with this one. */
static size_t
character_length(unsigned char byte)
{
    if (byte < 0xc0)
        return 1;
    if (byte < 0xe0)
        return 2;
    return byte < 0xf0 ? 3 : 4;
}

static size_t
count_characters(const char *text, size_t length)
{
    size_t count = 0;

    for (size_t at = 0; at < length; count++)
        at += character_length((unsigned char)text[at]);
    return count;
}

static void
cut(struct merge_symbol *symbols, const char *text, size_t length)
{
    size_t count = 0;

    for (size_t at = 0; at < length; count++) {
        size_t n = character_length((unsigned char)text[at]);

        if (n > length - at)
            n = length - at;
        symbols[count] = (struct merge_symbol){
            .text = text + at,
            .length = (uint32_t)n,
            .previous = count > 0 ? (uint32_t)count - 1 : MERGE_END,
            .next = (uint32_t)count + 1,
        };
        at += n;
    }
    symbols[count - 1].next = MERGE_END;
}

struct merge_symbol *
merge_text(struct arena *arena, const struct vocabulary *vocabulary,
           const char *text, size_t length)
{
    struct merger merger = {.vocabulary = vocabulary};
    size_t count;

    if (length == 0)
        return NULL;
    count = count_characters(text, length);
    merger.symbols = arena_array(arena, count, sizeof(*merger.symbols));
    cut(merger.symbols, text, length);
    /* One for each pair of neighbours, and at most two more a join. */
    merger.heap = arena_array(arena, 3 * count, sizeof(*merger.heap));
    for (uint32_t i = 0; i + 1 < count; i++)
        consider(&merger, i, i + 1);
    while (merger.heap_count > 0) {
        struct pair best = pop(&merger);

        join(&merger, &best);
    }
    return merger.symbols;
}
