/* scrub: reads all weights again, reports damage and keeps it from clients. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/command/command.h"
#include "registry/command/database.h"
#include "storage/base/json.h"
#include "storage/content/scrub.h"
#include "storage/db/migrate.h"
#include "storage_db_storage_sql.h"

#define MEGABYTE 1000000
#define RATE_LIMIT 1000000 /* MB/s */

struct call {
    uint64_t bytes_per_second;
    bool is_json;
    json_t *findings; /* an array */
};

static const char usage[] = "usage: weighd scrub [--rate MB/s] [--json]";

static int
read_rate(struct call *call, const char *text, struct error *err)
{
    char *end;
    long rate;

    errno = 0;
    rate = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || rate < 1 ||
        rate > RATE_LIMIT)
        return error_set(err, ERROR_USAGE, "--rate %s: not 1 to %d MB/s", text,
                         RATE_LIMIT);
    call->bytes_per_second = (uint64_t)rate * MEGABYTE;
    return 0;
}

static int
read_words(struct call *call, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            call->is_json = true;
        else if (strcmp(argv[i], "--rate") != 0 || i + 1 == argc)
            return error_set(err, ERROR_USAGE, "%s", usage);
        else if (read_rate(call, argv[++i], err) < 0)
            return -1;
    }
    return 0;
}

static void
print_finding(const struct scrub_finding *finding, const char *digest)
{
    printf("%s: %s", digest, finding->reason);
    for (size_t i = 0; i < finding->owner_count; i++)
        printf("%s%s", i == 0 ? "; in " : ", ", finding->owners[i]);
    printf("\n");
    fflush(stdout);
}

static void
note_finding(void *state, const struct scrub_finding *finding)
{
    struct call *call = state;
    char digest[DIGEST_TEXT_SIZE];
    json_t *owners;

    digest_write(digest, &finding->digest);
    if (!call->is_json) {
        print_finding(finding, digest);
        return;
    }
    owners = json_array();
    for (size_t i = 0; i < finding->owner_count; i++)
        json_array_append_new(owners, json_string(finding->owners[i]));
    json_array_append_new(call->findings,
                          json_pack("{s:s, s:s, s:I, s:s, s:o}", "sha256",
                                    digest, "blob", finding->blob, "size",
                                    (json_int_t)finding->size_bytes, "reason",
                                    finding->reason, "repositories", owners));
}

static void
show_progress(void *state, const struct scrub_counts *counts)
{
    (void)state;
    fprintf(stderr, "\r%" PRId64 " objects, %" PRIu64 " MB", counts->objects,
            counts->bytes / MEGABYTE);
}

static void
print_counts(const struct call *call, const struct scrub_counts *counts)
{
    struct arena *arena;
    json_t *answer;

    if (!call->is_json) {
        printf("%" PRId64 " objects, %" PRIu64 " bytes: %" PRId64
               " damaged, %" PRId64 " healed\n",
               counts->objects, counts->bytes, counts->damaged, counts->healed);
        return;
    }
    arena = arena_open();
    answer = json_keep(arena, json_pack("{s:I, s:I, s:I, s:O}", "objects",
                                        (json_int_t)counts->objects, "bytes",
                                        (json_int_t)counts->bytes, "healed",
                                        (json_int_t)counts->healed, "damaged",
                                        call->findings));
    puts(json_write(NULL, arena, answer));
    arena_free(arena);
}

static int
check_store(struct call *call, const struct config *config,
            const char *conninfo, const struct log *log, struct error *err)
{
    const struct db_options options = {
        .conninfo = conninfo,
        .statements = {storage_db_storage_sql},
        .log = log,
    };
    const struct scrub_options scrub = {
        call->bytes_per_second, note_finding,
        isatty(STDERR_FILENO) ? show_progress : NULL, call};
    struct content_store *store = NULL;
    struct scrub_counts counts;
    struct db *db = NULL;
    int result = -1;

    if (migrate_to(conninfo, MIGRATE_NEWEST, err) < 0 ||
        db_open(&db, &options, err) < 0 ||
        content_store_open(&store, config->blobs, err) < 0 ||
        scrub_check(&counts, store, db, &scrub, err) < 0)
        goto done;
    if (scrub.progress != NULL)
        fputs("\r\033[K", stderr);
    print_counts(call, &counts);
    result = 0;
    if (counts.damaged > 0)
        result = error_set(err, ERROR_DAMAGED,
                           "%" PRId64 " of %" PRId64 " objects are damaged",
                           counts.damaged, counts.objects);

done:
    content_store_free(store);
    db_free(db);
    return result;
}

int
scrub_run(const struct config *config, int argc, char **argv, struct error *err)
{
    const struct log log = {STDERR_FILENO};
    struct database *database = NULL;
    struct call call = {0};
    int result;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts(usage);
        return 0;
    }
    if (read_words(&call, argc, argv, err) < 0 ||
        database_borrow(&database, config, &log, err) < 0)
        return -1;
    call.findings = json_array();
    result = check_store(&call, config, database_conninfo(database), &log, err);
    json_decref(call.findings);
    database_close(database);
    return result;
}
