#include "cli/client/pull.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client/download.h"
#include "cli/client/oid.h"
#include "cli/client/place.h"
#include "cli/home/pulled.h"
#include "cli/home/verified.h"
#include "storage/base/clock.h"

struct pull {
    struct client *client;
    const struct home *home;
    struct arena *arena;
    const struct pull_question *question;
    struct pull_result *result;
    struct place place;
    struct verified_reader reader;
    struct pulled_file *record; /* with what every file turned out to be */
};

/* Whether the open file is the expected one; *out is its SHA-256. */
static bool
is_right(struct digest *out, struct pull *pull, const struct model_file *file,
         int fd)
{
    struct digest expected;
    struct stat status;
    struct error err;
    char oid[OID_TEXT_SIZE];

    if (fstat(fd, &status) < 0 || (uint64_t)status.st_size != file->size_bytes)
        return false;
    if (verified_digest(out, &pull->reader, file->path, fd, &err) < 0)
        return false;
    if (release_expect(&expected, &pull->result->target, file) &&
        !digest_is_equal(&expected, out))
        return false;
    return file->is_lfs || (oid_of_file(oid, fd, file->size_bytes, &err) == 0 &&
                            strcmp(oid, file->oid) == 0);
}

static bool
is_here(struct digest *out, struct pull *pull, const struct model_file *file)
{
    int fd = place_open_file(&pull->place, pull->arena, file);
    bool is_it = fd >= 0 && is_right(out, pull, file, fd);

    if (fd >= 0)
        close(fd);
    return is_it;
}

static bool
is_listed(const struct partial_item *items, size_t count, const char *etag)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].etag, etag) == 0)
            return true;
    return false;
}

static struct partial_item
make_item(const struct pull *pull, const struct model_file *file)
{
    struct partial_item item = {
        .url =
            model_resolve_path(pull->arena, pull->question->release.model->name,
                               pull->result->target.commit, file->path),
        .name = file->path,
        .final = place_store_path(&pull->place, pull->arena, file),
        .size_bytes = file->size_bytes,
        .etag = file->etag,
        .oid = file->is_lfs ? NULL : file->oid,
    };

    item.partial = arena_format(pull->arena, "%s.incomplete", item.final);
    item.has_digest = release_expect(&item.digest, &pull->result->target, file);
    return item;
}

/* What has to be fetched: each object once, and none that is here. */
static int
list_missing(struct download_batch *out, struct pull *pull, struct error *err)
{
    const struct model_tree *tree = &pull->result->target.tree;
    struct partial_item *items =
        arena_array(pull->arena, tree->count, sizeof(*items));
    size_t count = 0;

    for (size_t i = 0; i < tree->count; i++) {
        const struct model_file *file = &tree->files[i];

        pull->record[i].path = file->path;
        pull->record[i].size_bytes = file->size_bytes;
        pull->result->size_bytes += file->size_bytes;
        if (interrupt_check(pull->question->terminal->interrupt, err) < 0)
            return -1;
        if (is_listed(items, count, file->etag) ||
            is_here(&pull->record[i].digest, pull, file))
            continue;
        items[count++] = make_item(pull, file);
        pull->result->fetched_bytes += file->size_bytes;
    }
    pull->result->fetched = count;
    out->items = items;
    out->count = count;
    return 0;
}

/*
 * The digests of what was fetched.  A file is on record as verified only when
 * it is old enough for its times to tell a later change, so wait that long.
 */
static int
record_fetched(struct pull *pull, const struct download_batch *batch,
               struct error *err)
{
    const struct model_tree *tree = &pull->result->target.tree;

    if (batch->count > 0 && interrupt_sleep(pull->question->terminal->interrupt,
                                            2 * VERIFIED_SETTLE_MS, err) < 0)
        return -1;
    for (size_t i = 0; i < tree->count; i++) {
        const struct model_file *file = &tree->files[i];
        bool is_known = release_expect(&pull->record[i].digest,
                                       &pull->result->target, file);
        int fd;

        if (!is_listed(batch->items, batch->count, file->etag))
            continue;
        fd = place_open_file(&pull->place, pull->arena, file);
        if (fd < 0)
            return error_set(err, ERROR_INTERNAL, "%s vanished", file->path);
        if (is_known)
            verified_add(pull->home, fd, &pull->record[i].digest);
        else
            is_known = is_right(&pull->record[i].digest, pull, file, fd);
        close(fd);
        if (!is_known)
            return error_set(err, ERROR_DIGEST_MISMATCH,
                             "%s changed while it was pulled", file->path);
    }
    return 0;
}

static int
keep_record(struct pull *pull, struct error *err)
{
    const struct release_target *target = &pull->result->target;
    const struct model_name *model = pull->question->release.model;
    char key[DIGEST_TEXT_SIZE] = "";
    struct pulled pulled = {
        .model = model->name,
        .revision = model->revision == NULL ? "" : model->revision,
        .label = target->label,
        .commit = target->commit,
        .registry = client_registry(pull->client),
        .key = key,
        .pulled_at_ms = clock_now_ms(),
        .files = pull->record,
        .count = target->tree.count,
    };

    if (target->is_signed)
        digest_write(key, &target->trust.key);
    if (pulled_add(pull->home, &pulled, err) < 0 ||
        hub_write_ref(&pull->place.hub, target->label, target->commit, err) < 0)
        return -1;
    /* Where transformers looks when it is asked for no revision. */
    if (model->revision == NULL)
        return hub_write_ref(&pull->place.hub, "main", target->commit, err);
    return 0;
}

static int
fetch(struct pull *pull, struct error *err)
{
    struct download_batch batch = {
        .connections = pull->question->connections,
        .terminal = pull->question->terminal,
        .is_quiet = pull->question->is_quiet,
    };

    if (list_missing(&batch, pull, err) < 0 ||
        download_check_space(&batch, pull->place.store, err) < 0 ||
        download_run(pull->client, &batch, err) < 0 ||
        place_finish(&pull->place, pull->arena, &pull->result->target.tree,
                     err) < 0 ||
        record_fetched(pull, &batch, err) < 0)
        return -1;
    return pull->question->folder != NULL ? 0 : keep_record(pull, err);
}

int
pull_run(struct pull_result *out, struct client *client,
         const struct home *home, struct arena *arena,
         const struct pull_question *question, struct error *err)
{
    struct place_question where = {
        .model = question->release.model->name,
        .folder = question->folder,
        .terminal = question->terminal,
    };
    struct pull pull = {
        .client = client,
        .home = home,
        .arena = arena,
        .question = question,
        .result = out,
        .reader = {home, interrupt_is_set_in, question->terminal->interrupt},
    };
    int result;

    *out = (struct pull_result){0};
    if (release_find(&out->target, client, home, arena, &question->release,
                     err) < 0)
        return -1;
    where.commit = out->target.commit;
    pull.record =
        arena_array(arena, out->target.tree.count, sizeof(*pull.record));
    if (place_open(&pull.place, home, arena, &where, err) < 0)
        return -1;
    result = fetch(&pull, err);
    out->path = pull.place.result;
    place_close(&pull.place);
    return result;
}
