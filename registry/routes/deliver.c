#include "registry/routes/deliver.h"

#include <stdlib.h>
#include <string.h>

#include "auth/delivery.h"
#include "storage/base/text.h"
#include "storage/content/content.h"

/* What is to be noted when the answer has left. */
struct sending {
    struct delivery_queue *queue; /* the service's */
    int64_t delivery;
};

static void
note(void *state, uint64_t bytes, bool all)
{
    struct sending *sending = state;

    if (sending->queue != NULL)
        delivery_note(sending->queue, sending->delivery, bytes, all);
    free(sending);
}

static int
begin(struct request *request, struct response *response,
      const struct delivery *delivery, struct error *err)
{
    struct sending *sending;
    int64_t id;

    if (delivery_begin(&id, request->db, &request->caller, delivery, err) < 0)
        return -1;
    sending = xcalloc(1, sizeof(*sending));
    *sending = (struct sending){request->service->deliveries, id};
    response_on_sent(response, note, sending);
    return 0;
}

/* Whoever gets code sees it said, by the one channel that clients show. */
static void
warn(struct response *response, const struct request *request,
     const struct gate_object *object)
{
    const char *name = object->path != NULL ? object->path : "this object";

    response_header(response, "X-HF-Warning",
                    arena_format(request->arena,
                                 "unsafe; %.300s can run code when it is "
                                 "loaded: open it only if you trust %s",
                                 name, request->repository.namespace_name));
}

int
deliver_weights(struct request *request, struct response *response,
                const struct gate_object *object,
                const struct gate_answer *answer, struct error *err)
{
    struct delivery delivery = {object, answer, 0};
    struct content_reader *reader = NULL;
    struct content_permit permit;
    char digest[DIGEST_TEXT_SIZE];

    if (gate_permit(&permit, answer, object->digest, err) < 0 ||
        content_reader_open(&reader, request->service->content, request->db,
                            &permit, err) < 0)
        return -1;
    delivery.size_bytes = content_reader_size(reader);
    if (!request->is_head && begin(request, response, &delivery, err) < 0) {
        content_reader_free(reader);
        return -1;
    }
    digest_write(digest, content_reader_digest(reader));
    response_etag(response, arena_format(request->arena, "\"%s\"", digest));
    response_header(response, "X-Linked-Etag",
                    arena_format(request->arena, "\"%s\"", digest));
    response_header(response, "X-Linked-Size",
                    arena_format(request->arena, "%llu",
                                 (unsigned long long)delivery.size_bytes));
    if (content_reader_is_unsafe(reader))
        warn(response, request, object);
    response_content(response, "application/octet-stream", reader, answer);
    return 0;
}

void
deliver_name(struct response *response, const struct request *request,
             const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *plain = arena_text(request->arena, name);

    for (char *at = plain; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e ||
            strchr("\"\\%", *at) != NULL)
            *at = '_';
    response_header(
        response, "Content-Disposition",
        arena_format(request->arena,
                     "inline; filename*=UTF-8''%s; filename=\"%s\";",
                     text_percent_write(request->arena, name, ""), plain));
}
