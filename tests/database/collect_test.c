#include "storage/content/collect.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storage/base/file.h"
#include "storage/content/object.h"
#include "storage/content/upload.h"
#include "storage/db/dump.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

struct fixture {
    char folder[40];
    struct content_store *store;
    struct db *db;
    struct content_owner owner;
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.folder = "/tmp/weighhouse-collect-XXXXXX"};

    CHECK(mkdtemp(f.folder) != NULL);
    CHECK(content_store_open(&f.store, f.folder, &f.err) == 0);
    f.db = test_database_open();
    f.owner.account = seed_account("acme");
    f.owner.repository = seed_model(f.owner.account, "tiny");
    return f;
}

static void
fixture_free(struct fixture *f)
{
    db_free(f->db);
    content_store_free(f->store);
    CHECK(file_remove_tree(f->folder, &f->err) == 0);
}

/* Puts the number's text into the owner's repository. */
static int
put(struct content_store *store, struct db *db,
    const struct content_owner *owner, int number, struct error *err)
{
    struct content_writer *writer = NULL;
    struct digest digest;
    char text[16];
    int result = -1;

    snprintf(text, sizeof(text), "%15d", number);
    digest_of(&digest, text, 15);
    if (content_writer_open(&writer, store, &digest, 15, err) == 0 &&
        content_writer_add(writer, text, 15, err) == 0)
        result = content_writer_commit(writer, db, owner, err);
    content_writer_free(writer);
    return result;
}

static bool
is_kept(struct content_store *store, struct db *db,
        const struct content_owner *owner, int number)
{
    struct content_permit permit = {.repository = owner->repository,
                                    .valid_until_ms = CLOCK_NEVER};
    struct content_reader *reader = NULL;
    struct error err;
    char text[16];
    char bytes[16] = "";
    bool is_same;

    snprintf(text, sizeof(text), "%15d", number);
    digest_of(&permit.object, text, 15);
    is_same = content_reader_open(&reader, store, db, &permit, &err) == 0 &&
              content_reader_read(reader, bytes, 0, 15, &err) == 0 &&
              strcmp(bytes, text) == 0;
    content_reader_free(reader);
    return is_same;
}

static void
take(struct db *db, const struct content_owner *owner, int number)
{
    struct digest digest;
    struct error err;
    char text[16];

    snprintf(text, sizeof(text), "%15d", number);
    digest_of(&digest, text, 15);
    CHECK(object_remove(db, owner->repository, &digest, 1, &err) == 0);
}

static struct collect_counts
collect(struct fixture *f)
{
    const struct collect_options options = {0};
    struct collect_counts counts = {0};

    CHECK(collect_run(&counts, f->store, f->db, &options, &f->err) == 0);
    return counts;
}

/* What nftw finds, and whether it makes it two days old. */
static int files;
static bool is_aging;

static int
visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    const time_t then = time(NULL) - (time_t)172800;
    const struct timespec times[] = {{then, 0}, {then, 0}};

    (void)status;
    (void)place;
    files += type == FTW_F;
    if (type == FTW_F && is_aging)
        CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
    return 0;
}

/* Makes files and rows of what was dropped two days old. */
static void
let_time_pass(struct fixture *f)
{
    is_aging = true;
    CHECK(nftw(f->folder, visit, 8, FTW_PHYS) == 0);
    seed("UPDATE blob_garbage SET dropped_at = dropped_at - interval '2 d'");
}

static int
count_files(struct fixture *f)
{
    files = 0;
    is_aging = false;
    CHECK(nftw(f->folder, visit, 8, FTW_PHYS) == 0);
    return files;
}

TEST(what_a_repository_has_is_left_alone_however_old)
{
    struct fixture f = fixture_open();
    struct collect_counts counts;

    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    let_time_pass(&f);
    counts = collect(&f);
    CHECK(counts.objects == 0 && counts.blobs == 0 && counts.removed == 0);
    CHECK(is_kept(f.store, f.db, &f.owner, 1));
    fixture_free(&f);
}

TEST(what_nobody_has_loses_its_rows_at_once_and_its_bytes_after_the_grace)
{
    struct fixture f = fixture_open();
    struct collect_counts counts;

    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    take(f.db, &f.owner, 1);
    counts = collect(&f);
    CHECK(counts.objects == 1 && counts.blobs == 1 && counts.removed == 0);
    CHECK(count_files(&f) == 1);
    CHECK(collect(&f).removed == 0);
    let_time_pass(&f);
    counts = collect(&f);
    CHECK(counts.removed == 1 && counts.orphans == 0);
    CHECK(count_files(&f) == 0);
    CHECK(seed("SELECT count(*) FROM blob_garbage") == 0);
    /* It may come back. */
    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    CHECK(is_kept(f.store, f.db, &f.owner, 1));
    fixture_free(&f);
}

TEST(no_bytes_go_while_a_backup_is_made)
{
    struct fixture f = fixture_open();
    struct dump *dump = NULL;

    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    take(f.db, &f.owner, 1);
    CHECK(collect(&f).blobs == 1);
    let_time_pass(&f);
    CHECK(dump_open(&dump, test_database_conninfo(), &f.err) == 0);
    CHECK(collect(&f).removed == 0);
    CHECK(dump_commit(dump, &f.err) == 0); /* weights are copied after it */
    CHECK(collect(&f).removed == 0);
    CHECK(count_files(&f) == 1);
    dump_free(dump);
    while (seed("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database"
                "                  WHERE datname = current_database())") > 0)
        continue; /* the server is at ending the session */
    CHECK(collect(&f).removed == 1);
    fixture_free(&f);
}

TEST(two_collectors_do_not_run_at_once)
{
    const struct db_call begin = {"collect_begin", NULL, 0};
    const struct db_call end = {"collect_end", NULL, 0};
    struct fixture f = fixture_open();
    struct db *other = test_database_connect();
    struct arena *arena = arena_open();

    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    take(f.db, &f.owner, 1);
    CHECK(db_run(NULL, other, arena, &begin, &f.err) == 0);
    CHECK(collect(&f).objects == 0);
    CHECK(db_run(NULL, other, arena, &end, &f.err) == 0);
    CHECK(collect(&f).objects == 1);
    arena_free(arena);
    db_free(other);
    fixture_free(&f);
}

TEST(an_object_of_a_removed_repository_goes_and_one_that_another_has_stays)
{
    struct fixture f = fixture_open();
    const struct content_owner other = {seed_model(f.owner.account, "other"),
                                        0};

    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    CHECK(put(f.store, f.db, &f.owner, 2, &f.err) == 0);
    CHECK(put(f.store, f.db, &other, 2, &f.err) == 0);
    seed("DELETE FROM repository WHERE id = %lld",
         (long long)f.owner.repository);
    CHECK(collect(&f).objects == 1);
    CHECK(is_kept(f.store, f.db, &other, 2));
    fixture_free(&f);
}

TEST(an_object_that_no_commit_named_in_time_goes_and_a_named_one_stays)
{
    struct fixture f = fixture_open();
    struct digest digest;
    struct collect_counts counts;

    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    CHECK(put(f.store, f.db, &f.owner, 2, &f.err) == 0);
    CHECK(put(f.store, f.db, &f.owner, 3, &f.err) == 0);
    digest_of(&digest, "              2", 15);
    CHECK(object_set_committed(f.db, f.owner.repository, &digest, 1, &f.err) ==
          0);
    seed("UPDATE repository_content SET added_at = now() - interval '8 d'");
    CHECK(put(f.store, f.db, &f.owner, 3, &f.err) == 0); /* waits anew */
    counts = collect(&f);
    CHECK(counts.uncommitted == 1 && counts.objects == 1);
    CHECK(!is_kept(f.store, f.db, &f.owner, 1));
    CHECK(is_kept(f.store, f.db, &f.owner, 2));
    CHECK(is_kept(f.store, f.db, &f.owner, 3));
    fixture_free(&f);
}

TEST(bytes_without_a_row_are_left_alone_until_the_grace_is_over)
{
    struct fixture f = fixture_open();
    struct content_writer *under_way = NULL;
    struct digest digest;
    struct collect_counts counts;

    CHECK(put(f.store, f.db, &f.owner, 1, &f.err) == 0);
    CHECK(put(f.store, f.db, &f.owner, 2, &f.err) == 0);
    seed("DELETE FROM repository_content");
    seed("DELETE FROM content");
    seed("DELETE FROM blob"); /* as after a kill before the rows */
    digest_of(&digest, "x", 1);
    CHECK(content_writer_open(&under_way, f.store, &digest, 1, &f.err) == 0);
    CHECK(collect(&f).removed == 0);
    CHECK(count_files(&f) == 3);
    let_time_pass(&f);
    counts = collect(&f);
    CHECK(counts.removed == 3 && counts.orphans == 3);
    CHECK(count_files(&f) == 0);
    content_writer_free(under_way);
    fixture_free(&f);
}

TEST(an_uploads_parts_stay_while_it_lives_and_go_when_it_is_over)
{
    struct fixture f = fixture_open();
    struct upload_part *part = NULL;
    struct upload upload;
    struct digest digest;
    struct collect_counts counts;

    digest_of(&digest, "x", 1);
    CHECK(upload_open(&upload, f.db, &f.owner, &digest, 1, &f.err) == 0);
    CHECK(upload_part_open(&part, f.store, &upload, 1, &f.err) == 0);
    CHECK(upload_part_add(part, "x", 1, &f.err) == 0);
    CHECK(upload_part_commit(&digest, part, f.db, &f.err) == 0);
    upload_part_free(part);
    let_time_pass(&f);
    counts = collect(&f);
    CHECK(counts.uploads == 0 && counts.blobs == 0 && counts.removed == 0);
    seed("UPDATE content_upload SET expires_at = now() - interval '1 s'");
    counts = collect(&f);
    CHECK(counts.uploads == 1 && counts.blobs == 1);
    let_time_pass(&f);
    CHECK(collect(&f).removed == 1);
    CHECK(count_files(&f) == 0);
    fixture_free(&f);
}

/*
 * Several uploaders put, read and take the same few objects, each in its own
 * repository, while several collectors run.
 */
#define UPLOADERS 3
#define COLLECTORS 2
#define ROUNDS 40
#define OBJECTS 3

struct worker {
    pthread_t thread;
    struct fixture *f;
    struct content_owner owner;
    struct db *db;
    atomic_int *running; /* uploaders */
    const char *failure;
    struct error err;
};

static void *
upload(void *state)
{
    struct worker *w = state;

    for (int i = 0; i < ROUNDS && w->failure == NULL; i++) {
        int number = i % OBJECTS;
        struct digest digest;
        char text[16];

        snprintf(text, sizeof(text), "%15d", number);
        digest_of(&digest, text, 15);
        if (put(w->f->store, w->db, &w->owner, number, &w->err) < 0)
            w->failure = "put";
        else if (!is_kept(w->f->store, w->db, &w->owner, number))
            w->failure = "get";
        else if (object_remove(w->db, w->owner.repository, &digest, 1,
                               &w->err) < 0)
            w->failure = "remove";
    }
    atomic_fetch_sub(w->running, 1);
    return NULL;
}

static void *
collect_on(void *state)
{
    struct worker *w = state;
    const struct collect_options options = {0};
    struct collect_counts counts;

    while (w->failure == NULL && atomic_load(w->running) > 0)
        if (collect_run(&counts, w->f->store, w->db, &options, &w->err) < 0)
            w->failure = "collect";
    return NULL;
}

TEST(collectors_take_nothing_from_uploads_that_run_at_the_same_time)
{
    struct fixture f = fixture_open();
    struct worker workers[UPLOADERS + COLLECTORS] = {0};
    atomic_int running = UPLOADERS;

    for (int i = 0; i < UPLOADERS + COLLECTORS; i++) {
        char name[24];

        snprintf(name, sizeof(name), "model%d", i);
        workers[i].f = &f;
        workers[i].running = &running;
        workers[i].owner.repository = seed_model(f.owner.account, name);
        workers[i].db = test_database_connect();
    }
    for (int i = 0; i < UPLOADERS + COLLECTORS; i++)
        CHECK(pthread_create(&workers[i].thread, NULL,
                             i < UPLOADERS ? upload : collect_on,
                             &workers[i]) == 0);
    for (int i = 0; i < UPLOADERS + COLLECTORS; i++) {
        pthread_join(workers[i].thread, NULL);
        CHECK_TEXT(workers[i].failure != NULL ? workers[i].failure : "", "");
        CHECK_TEXT(workers[i].err.message, "");
        db_free(workers[i].db);
    }
    collect(&f);
    let_time_pass(&f);
    collect(&f);
    CHECK(count_files(&f) == 0);
    CHECK(seed("SELECT count(*) FROM blob") == 0);
    fixture_free(&f);
}

/* Uploads numbers one after the other and says each when it is there. */
static _Noreturn void
upload_until_killed(struct fixture *f, int acknowledge)
{
    struct content_store *store;
    struct error err;
    struct db *db = test_database_connect();

    if (content_store_open(&store, f->folder, &err) < 0)
        _exit(1);
    for (int i = 0;; i++)
        if (put(store, db, &f->owner, i, &err) < 0 ||
            write(acknowledge, &i, sizeof(i)) != sizeof(i))
            _exit(1);
}

TEST(a_kill_loses_no_acknowledged_object_and_leaves_nothing_for_ever)
{
    struct fixture f = fixture_open();

    for (int round = 0; round < 20; round++) {
        int pipes[2];
        int number = -1;
        int last = -1;
        pid_t pid;

        CHECK(pipe(pipes) == 0);
        pid = fork();
        if (pid == 0)
            upload_until_killed(&f, pipes[1]);
        close(pipes[1]);
        while (last < round && read(pipes[0], &number, sizeof(number)) > 0)
            last = number;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
            last = number;
        close(pipes[0]);
        for (int i = 0; i <= last; i++)
            CHECK(is_kept(f.store, f.db, &f.owner, i));
        for (int i = 0; i <= last + 1; i++)
            take(f.db, &f.owner, i);
        collect(&f);
    }
    let_time_pass(&f);
    collect(&f);
    CHECK(count_files(&f) == 0);
    CHECK(seed("SELECT count(*) FROM blob") == 0);
    fixture_free(&f);
}
