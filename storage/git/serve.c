#include "storage/git/serve.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/file.h"
#include "storage/git/closure.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"
#include "storage/git/pktline.h"
#include "storage/git/ref.h"
#include "storage/git/revision.h"
#include "storage/git/wants.h"

/* Bytes of a pack in one line of side-band-64k, with the band's number. */
#define BAND_LIMIT 65515
#define BAND_PACK 1

static const char capabilities[] =
    "multi_ack_detailed side-band-64k ofs-delta shallow no-progress "
    "symref=HEAD:" REF_MAIN " object-format=sha1 agent=weighhouse";

/* One ref; the first of all carries what is offered. */
static void
advertise(struct buffer *out, const struct oid *oid, const char *name,
          bool *is_first)
{
    char text[OID_TEXT_SIZE];

    oid_write(text, oid);
    if (*is_first) {
        /* The NUL stands in the middle of the line. */
        struct buffer line = {0};

        buffer_append_format(&line, "%s %s", text, name);
        buffer_append(&line, "", 1);
        buffer_append_format(&line, "%s\n", capabilities);
        buffer_append_format(out, "%04zx", line.length + 4);
        buffer_append(out, line.bytes, line.length);
        buffer_free(&line);
    } else {
        pktline_write(out, "%s %s\n", text, name);
    }
    *is_first = false;
}

/* A tag object is followed by what it comes to. */
static int
advertise_ref(struct buffer *out, struct view *view, const struct ref *ref,
              bool *is_first, struct error *err)
{
    struct oid commit;

    if (revision_peel(&commit, view, &ref->target, err) < 0)
        return -1;
    advertise(out, &ref->target, ref->name, is_first);
    if (!oid_is_equal(&commit, &ref->target))
        advertise(out, &commit, arena_format(view->arena, "%s^{}", ref->name),
                  is_first);
    return 0;
}

int
serve_advertise(struct buffer *out, struct view *view, struct error *err)
{
    static const struct oid zero;
    struct ref_list refs;
    bool is_first = true;

    if (ref_list(&refs, view, "", err) < 0)
        return -1;
    pktline_write(out, "# service=git-upload-pack\n");
    pktline_flush(out);
    for (size_t i = 0; i < refs.count; i++)
        if (strcmp(refs.refs[i].name, REF_MAIN) == 0)
            advertise(out, &refs.refs[i].target, "HEAD", &is_first);
    for (size_t i = 0; i < refs.count; i++)
        if (refs.refs[i].symbolic == NULL &&
            advertise_ref(out, view, &refs.refs[i], &is_first, err) < 0)
            return -1;
    if (is_first)
        advertise(out, &zero, "capabilities^{}", &is_first);
    pktline_flush(out);
    return 0;
}

/* A want is a ref's, or was one when it was advertised. */
static int
check_want(bool *out, struct view *view, const struct oid *want,
           const struct ref_list *refs, struct error *err)
{
    *out = false;
    for (size_t i = 0; i < refs->count && !*out; i++)
        *out = oid_is_equal(&refs->refs[i].target, want);
    if (*out)
        return 0;
    return revision_is_reachable(out, view, want, err);
}

/* Says in the answer which want is not ours; *out_bad is then true. */
static int
check_wants(bool *out_bad, struct buffer *out, struct view *view,
            const struct wants *wants, struct error *err)
{
    struct ref_list refs;

    *out_bad = false;
    if (ref_list(&refs, view, "", err) < 0)
        return -1;
    for (size_t i = 0; i < wants->wants.count && !*out_bad; i++) {
        char text[OID_TEXT_SIZE];
        bool is_ours;

        if (check_want(&is_ours, view, &wants->wants.oids[i], &refs, err) < 0)
            return -1;
        if (is_ours)
            continue;
        oid_write(text, &wants->wants.oids[i]);
        pktline_write(out, "ERR upload-pack: not our ref %s\n", text);
        *out_bad = true;
    }
    return 0;
}

static void
write_oids(struct buffer *out, const char *word, const struct oid_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        char text[OID_TEXT_SIZE];

        oid_write(text, &list->oids[i]);
        pktline_write(out, "%s %s\n", word, text);
    }
}

/*
 * Answers the haves.  Any commit in common is enough for us to make the pack;
 * a client that is told so ends the negotiation.
 */
static void
acknowledge(struct buffer *out, const struct view *view,
            const struct wants *wants)
{
    char last[OID_TEXT_SIZE] = "";

    for (size_t i = 0; i < wants->haves.count; i++) {
        const struct cached *known =
            cache_find(view->cache, &wants->haves.oids[i]);

        if (known == NULL || known->kind != OBJECT_COMMIT)
            continue;
        if (last[0] == '\0' || wants->has_acks) {
            oid_write(last, &wants->haves.oids[i]);
            pktline_write(out, wants->has_acks ? "ACK %s common\n" : "ACK %s\n",
                          last);
        }
    }
    if (!wants->is_done && wants->has_acks && last[0] != '\0')
        pktline_write(out, "ACK %s ready\n", last);
    if (last[0] == '\0' || (wants->has_acks && !wants->is_done))
        pktline_write(out, "NAK\n");
    else if (wants->has_acks)
        pktline_write(out, "ACK %s\n", last);
}

/* Where the pack goes. */
struct sink {
    int fd;
    bool has_sideband;
    struct error *err;
};

static int
write_band(struct sink *sink, const char *bytes, size_t length)
{
    char head[8];
    int size = snprintf(head, sizeof(head), "%04zx%c", length + 5, BAND_PACK);

    if (file_write_all(sink->fd, head, (size_t)size, sink->err) < 0)
        return -1;
    return file_write_all(sink->fd, bytes, length, sink->err);
}

static int
write_piece(void *bytes, size_t length, void *state)
{
    struct sink *sink = state;
    const char *at = bytes;

    if (!sink->has_sideband)
        return file_write_all(sink->fd, at, length, sink->err);
    while (length > 0) {
        size_t now = length < BAND_LIMIT ? length : BAND_LIMIT;

        if (write_band(sink, at, now) < 0)
            return -1;
        at += now;
        length -= now;
    }
    return 0;
}

static int
write_pack(int fd, struct view *view, const struct wants *wants,
           const struct oid_list *objects, struct error *err)
{
    struct sink sink = {fd, wants->has_sideband, &view->failure};
    git_packbuilder *builder = NULL;
    int result = -1;

    view->ahead =
        (struct ahead){.oids = objects->oids, .count = objects->count};
    if (git_packbuilder_new(&builder, view->git) < 0)
        return library_refuse(view, "make a pack", err);
    /* One thread: the view's connection belongs to this one. */
    git_packbuilder_set_threads(builder, 1);
    for (size_t i = 0; i < objects->count; i++)
        if (git_packbuilder_insert(builder, to_git(&objects->oids[i]), NULL) <
            0) {
            library_refuse(view, "make a pack", err);
            goto done;
        }
    if (git_packbuilder_foreach(builder, write_piece, &sink) < 0) {
        library_refuse(view, "make a pack", err);
        goto done;
    }
    result = wants->has_sideband ? file_write_all(fd, "0000", 4, err) : 0;

done:
    view->ahead = (struct ahead){0};
    git_packbuilder_free(builder);
    return result;
}

/* The answer up to the pack; *out_pack says whether one follows. */
static int
answer(struct buffer *out, struct closure *closure, bool *out_pack,
       struct view *view, const struct wants *wants, struct error *err)
{
    bool is_bad;

    *out_pack = false;
    if (check_wants(&is_bad, out, view, wants, err) < 0)
        return -1;
    if (is_bad)
        return 0;
    if ((wants->is_done ? closure_find(closure, view, wants, err)
                        : closure_find_shallow(closure, view, wants, err)) < 0)
        return -1;
    if (wants->depth > 0) {
        write_oids(out, "shallow", &closure->shallows);
        write_oids(out, "unshallow", &closure->unshallows);
        pktline_flush(out);
    }
    if (wants->has_negotiation)
        acknowledge(out, view, wants);
    *out_pack = wants->is_done;
    return 0;
}

int
serve_fetch(int fd, struct view *view, const char *body, size_t length,
            struct error *err)
{
    struct closure closure = {0};
    struct buffer out = {0};
    struct wants wants;
    bool has_pack;
    int result = -1;

    if (wants_parse(&wants, view->arena, body, length, err) < 0)
        return -1;
    if (wants.wants.count == 0)
        return 0;
    if (answer(&out, &closure, &has_pack, view, &wants, err) < 0 ||
        file_write_all(fd, out.bytes, out.length, err) < 0)
        goto done;
    if (has_pack && write_pack(fd, view, &wants, &closure.objects, err) < 0)
        goto done;
    result = 0;

done:
    buffer_free(&out);
    return result;
}
