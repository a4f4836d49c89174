#include "storage/git/wants.h"

#include <stdlib.h>
#include <string.h>

#include "storage/git/pktline.h"

#define LIST_FIRST 16 /* names there is room for, then twice as many */

/* Room for one more name, by what was sent and not by what may be. */
static void
make_room(struct oid_list *list, struct arena *arena)
{
    struct oid *oids;
    size_t count = list->count;

    if (count != 0 && (count < LIST_FIRST || (count & (count - 1)) != 0))
        return;
    oids =
        arena_array(arena, count == 0 ? LIST_FIRST : 2 * count, sizeof(*oids));
    if (count > 0)
        memcpy(oids, list->oids, count * sizeof(*oids));
    list->oids = oids;
}

/* Puts the name at the beginning of text into a list. */
static int
add_oid(struct oid_list *list, struct arena *arena, const char *text,
        size_t length, struct error *err)
{
    char digits[OID_TEXT_SIZE];

    if (list->count == WANTS_LIMIT)
        return error_set(err, ERROR_TOO_LARGE, "more than %d names in one list",
                         WANTS_LIMIT);
    if (length < sizeof(digits) - 1)
        return error_set(err, ERROR_BAD_REQUEST, "an object's name is cut");
    memcpy(digits, text, sizeof(digits) - 1);
    digits[sizeof(digits) - 1] = '\0';
    make_room(list, arena);
    if (!oid_parse(&list->oids[list->count], digits))
        return error_set(err, ERROR_BAD_REQUEST,
                         "an object's name has 40 hexadecimal digits");
    list->count++;
    return 0;
}

static bool
has_word(const char *text, size_t length, const char *word)
{
    size_t wanted = strlen(word);

    for (size_t i = 0; i + wanted <= length; i++)
        if (memcmp(text + i, word, wanted) == 0 &&
            (i == 0 || text[i - 1] == ' ') &&
            (i + wanted == length || text[i + wanted] == ' '))
            return true;
    return false;
}

/* What follows the first want, behind a blank. */
static void
read_capabilities(struct wants *out, const char *text, size_t length)
{
    out->has_sideband = has_word(text, length, "side-band-64k");
    out->has_acks = has_word(text, length, "multi_ack_detailed");
}

/* What follows word and a blank; NULL for another line. */
static const char *
after(const struct pktline *line, const char *word, size_t *out_length)
{
    size_t length = strlen(word);

    if (line->length <= length || memcmp(line->bytes, word, length) != 0 ||
        line->bytes[length] != ' ')
        return NULL;
    *out_length = line->length - length - 1;
    return line->bytes + length + 1;
}

static int
read_depth(struct wants *out, const char *text, size_t length,
           struct error *err)
{
    char digits[16] = "";
    char *end;
    long depth;

    if (length < sizeof(digits))
        memcpy(digits, text, length);
    depth = strtol(digits, &end, 10);
    if (*end != '\0' || depth < 1)
        return error_set(err, ERROR_BAD_REQUEST, "\"deepen\" wants a number");
    out->depth = depth < WANTS_DEPTH_LIMIT ? (int)depth : WANTS_DEPTH_LIMIT;
    return 0;
}

static int
read_want(struct wants *out, struct arena *arena, const struct pktline *line,
          struct error *err)
{
    bool is_first = out->wants.count == 0;
    const char *text;
    size_t length;

    if ((text = after(line, "want", &length)) != NULL) {
        if (add_oid(&out->wants, arena, text, length, err) < 0)
            return -1;
        if (is_first)
            read_capabilities(out, text + OID_TEXT_SIZE - 1,
                              length - OID_TEXT_SIZE + 1);
        return 0;
    }
    if ((text = after(line, "shallow", &length)) != NULL)
        return add_oid(&out->shallows, arena, text, length, err);
    if ((text = after(line, "deepen", &length)) != NULL)
        return read_depth(out, text, length, err);
    return error_set(err, ERROR_BAD_REQUEST, "\"%.*s\" is not offered here",
                     (int)(line->length < 40 ? line->length : 40), line->bytes);
}

static int
read_have(struct wants *out, struct arena *arena, const struct pktline *line,
          struct error *err)
{
    size_t length;
    const char *text = after(line, "have", &length);

    out->has_negotiation = true;
    if (text != NULL)
        return add_oid(&out->haves, arena, text, length, err);
    if (line->length != 4 || memcmp(line->bytes, "done", 4) != 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a line that is neither \"have\" nor \"done\"");
    out->is_done = true;
    return 0;
}

int
wants_parse(struct wants *out, struct arena *arena, const char *bytes,
            size_t length, struct error *err)
{
    const char *end = bytes + length;
    bool is_wanting = true;
    struct pktline line;

    *out = (struct wants){0};
    for (;;) {
        if (pktline_read(&line, &bytes, end, err) < 0)
            return -1;
        if (line.kind == PKTLINE_END)
            break;
        if (out->is_done)
            return error_set(err, ERROR_BAD_REQUEST, "a line after \"done\"");
        if (line.kind == PKTLINE_FLUSH) {
            out->has_negotiation = out->has_negotiation || !is_wanting;
            is_wanting = false;
        } else if ((is_wanting ? read_want(out, arena, &line, err)
                               : read_have(out, arena, &line, err)) < 0) {
            return -1;
        }
    }
    if (is_wanting && out->wants.count > 0)
        return error_set(err, ERROR_BAD_REQUEST, "the wants are cut");
    return 0;
}
