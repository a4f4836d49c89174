#include "auth/examine.h"

#include <stdlib.h>
#include <string.h>

#include "auth/change.h"
#include "auth/key/signature.h"
#include "auth/signing_key.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/json.h"
#include "storage/db/summary.h"
#include "storage/git/build.h"
#include "storage/git/ref.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/seed.h"

#define FILES_MAX 8

/* Parameters in the file of weights that the tests make by hand. */
static const char two_by_three[] =
    "\x3e\0\0\0\0\0\0\0"
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}     "
    "012345670123456701234567";

/* A model alice/tiny with a store, and a commit in the making. */
struct fixture {
    char folder[40];
    struct content_store *store;
    struct db *db;
    struct arena *arena;
    struct view *view;
    struct repository repository;
    struct edit edits[FILES_MAX];
    size_t edit_count;
    struct examination found; /* by the last examine */
    struct error err;
};

static struct fixture
fixture_open(void)
{
    struct fixture f = {.folder = "/tmp/weighhouse-examine-XXXXXX",
                        .db = test_database_open(),
                        .arena = arena_open()};

    CHECK(mkdtemp(f.folder) != NULL);
    CHECK(content_store_open(&f.store, f.folder, &f.err) == 0);
    CHECK(catalog_find_by_id(&f.repository, f.db, f.arena,
                             seed_model(seed_account("alice"), "tiny"),
                             &f.err) == 0);
    CHECK(view_open(&f.view, f.db, f.arena, f.repository.id, &f.err) == 0);
    return f;
}

static void
fixture_free(struct fixture *f)
{
    arena_free(f->arena);
    db_free(f->db);
    content_store_free(f->store);
    CHECK(file_remove_tree(f->folder, &f->err) == 0);
}

static void
add_text(struct fixture *f, const char *path, const char *text)
{
    struct edit *edit = &f->edits[f->edit_count++];

    *edit = (struct edit){path, EDIT_WRITE, {{0}}};
    CHECK(build_blob(&edit->blob, f->view, text, strlen(text), &f->err) == 0);
}

static void
add_pointer(struct fixture *f, const char *path, const struct pointer *pointer)
{
    struct edit *edit = &f->edits[f->edit_count++];

    *edit = (struct edit){path, EDIT_WRITE, {{0}}};
    CHECK(build_pointer(&edit->blob, f->view, pointer, &f->err) == 0);
}

/* Gives bytes to a repository, as an upload does. */
static struct pointer
upload(struct fixture *f, int64_t repository, const void *bytes, size_t length)
{
    const struct content_owner owner = {repository, 0};
    struct pointer pointer = {.size_bytes = length};
    struct content_writer *writer = NULL;

    digest_of(&pointer.digest, bytes, length);
    CHECK(content_writer_open(&writer, f->store, &pointer.digest, length,
                              &f->err) == 0);
    CHECK(content_writer_add(writer, bytes, length, &f->err) == 0);
    CHECK(content_writer_commit(writer, f->db, &owner, &f->err) == 0);
    content_writer_free(writer);
    return pointer;
}

static void
add_weights(struct fixture *f, const char *path, const void *bytes,
            size_t length)
{
    struct pointer pointer = upload(f, f->repository.id, bytes, length);

    add_pointer(f, path, &pointer);
}

static void
add_vector(struct fixture *f, const char *path, const char *vector)
{
    size_t length;
    char *bytes;

    CHECK(file_read(&bytes, &length, f->arena, vector, 4 << 20, &f->err) == 0);
    add_weights(f, path, bytes, length);
}

/* Commits what was added since the last commit. */
static struct oid
commit(struct fixture *f, const struct oid *parent)
{
    const struct build_draft draft = {.parent = parent,
                                      .edits = f->edits,
                                      .edit_count = f->edit_count,
                                      .author_name = "alice",
                                      .author_email = "a@b.c",
                                      .at_ms = 1700000000000,
                                      .message = "x"};
    struct oid oid = {{0}};

    CHECK(build_commit(&oid, f->view, &draft, &f->err) == 0);
    CHECK(build_flush(f->view, &f->err) == 0);
    f->edit_count = 0;
    return oid;
}

static int
examine(struct fixture *f, const struct oid *before, const struct oid *after)
{
    const struct examine_question question = {&f->repository, before, *after};

    return examine_commit(&f->found, f->view, f->store, &question, &f->err);
}

/* Examines a commit of what was added, alone. */
static int
examine_added(struct fixture *f)
{
    struct oid after = commit(f, NULL);

    return examine(f, NULL, &after);
}

TEST(a_gated_model_takes_what_runs_code_only_where_its_owner_lets_it)
{
    struct fixture f = fixture_open();
    struct oid after;

    add_vector(&f, "a.bin", VECTORS "/scan/pickle-2.bin");
    after = commit(&f, NULL);
    f.repository.gate_mode = "manual";
    CHECK(examine(&f, NULL, &after) < 0);
    CHECK(f.err.code == ERROR_UNSAFE_FORMAT);
    CHECK(strstr(f.err.message, "a.bin can run code") != NULL);
    f.repository.allow_unsafe = true;
    CHECK(examine(&f, NULL, &after) == 0);
    fixture_free(&f);
}

TEST(a_tree_with_a_signature_takes_nothing_that_runs_code)
{
    struct fixture f = fixture_open();

    add_vector(&f, "a.bin", VECTORS "/scan/torch.pt");
    add_text(&f, "model.sig", "{}");
    CHECK(examine_added(&f) < 0);
    CHECK(f.err.code == ERROR_UNSAFE_FORMAT);
    fixture_free(&f);
}

TEST(code_among_the_files_of_git_itself_is_judged_like_weights)
{
    struct fixture f = fixture_open();

    /* A pickle of protocol 0 is plain text. */
    add_text(&f, "a.txt", "cos\nsystem\n(S'true'\ntR.");
    f.repository.gate_mode = "auto";
    CHECK(examine_added(&f) < 0);
    CHECK(f.err.code == ERROR_UNSAFE_FORMAT);
    fixture_free(&f);
}

TEST(an_open_model_takes_what_runs_code_and_marks_it)
{
    struct fixture f = fixture_open();

    add_vector(&f, "a.bin", VECTORS "/scan/pickle-2.bin");
    add_weights(&f, "b.safetensors", two_by_three, sizeof(two_by_three) - 1);
    CHECK(examine_added(&f) == 0);
    CHECK_TEXT(seed_text("SELECT string_agg(format || ' ' || unsafe, ', '"
                         " ORDER BY format) FROM content"),
               "pickle true, safetensors false");
    fixture_free(&f);
}

TEST(a_pointer_that_tells_another_size_is_refused)
{
    struct fixture f = fixture_open();
    struct pointer pointer = upload(&f, f.repository.id, "weights", 7);

    pointer.size_bytes = 8;
    add_pointer(&f, "a.bin", &pointer);
    CHECK(examine_added(&f) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(strstr(f.err.message, "says 8 bytes, but its object has 7") != NULL);
    fixture_free(&f);
}

TEST(weights_of_another_repository_are_not_this_ones)
{
    struct fixture f = fixture_open();
    int64_t other = seed_model(seed_account("bob"), "other");
    struct pointer pointer = upload(&f, other, "weights", 7);

    add_pointer(&f, "a.bin", &pointer);
    CHECK(examine_added(&f) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    CHECK(strstr(f.err.message, "not uploaded to this repository") != NULL);
    fixture_free(&f);
}

TEST(weights_that_break_the_rules_of_their_name_are_refused)
{
    static const char *const names[] = {"a.safetensors", "a.gguf"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fixture f = fixture_open();

        add_weights(&f, names[i], "\x02\0\0\0\0\0\0\0[]", 10);
        CHECK(examine_added(&f) < 0);
        CHECK(f.err.code == ERROR_UNPROCESSABLE);
        fixture_free(&f);
    }
}

TEST(a_pointer_that_git_lfs_might_read_otherwise_is_refused)
{
    struct fixture f = fixture_open();

    add_text(&f, "a.bin",
             "version https://git-lfs.github.com/spec/v1\n"
             "oid sha256:"
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
             "\nsize 3\nsize 4\n");
    CHECK(examine_added(&f) < 0);
    CHECK(f.err.code == ERROR_UNPROCESSABLE);
    fixture_free(&f);
}

TEST(what_was_there_before_is_fresh_only_where_it_changed)
{
    struct fixture f = fixture_open();
    struct oid before;
    struct oid after;

    add_text(&f, "a.txt", "a");
    add_text(&f, "c.txt", "c");
    add_text(&f, "d.txt", "d");
    before = commit(&f, NULL);
    add_text(&f, "b.txt", "b");
    add_text(&f, "c.txt", "another");
    f.edits[f.edit_count++] = (struct edit){"d.txt", EDIT_REMOVE, {{0}}};
    after = commit(&f, &before);
    CHECK(examine(&f, &before, &after) == 0);
    CHECK(f.found.files.count == 3 && f.found.fresh_count == 2);
    CHECK_TEXT(f.found.fresh[0]->path, "b.txt");
    CHECK_TEXT(f.found.fresh[1]->path, "c.txt");
    fixture_free(&f);
}

TEST(an_object_of_several_files_is_kept_once)
{
    struct fixture f = fixture_open();
    struct pointer one = upload(&f, f.repository.id, "one", 3);
    struct pointer two = upload(&f, f.repository.id, "two", 3);

    add_pointer(&f, "a.bin", &one);
    add_pointer(&f, "b.bin", &two);
    add_pointer(&f, "c.bin", &one);
    CHECK(examine_added(&f) == 0);
    CHECK(f.found.digest_count == 2);
    CHECK(!digest_is_equal(&f.found.digests[0], &f.found.digests[1]));
    fixture_free(&f);
}

static int
move(struct fixture *f, const char *ref, const struct oid *from,
     const struct oid *to)
{
    const struct caller caller = {.account = f->repository.namespace_id,
                                  .name = "alice"};
    const struct standing standing = {.may_write = true};
    const struct change change = {.caller = &caller,
                                  .standing = &standing,
                                  .repository = &f->repository,
                                  .ref = ref,
                                  .from = from,
                                  .to = to};

    f->err = (struct error){0};
    return change_ref(f->view, f->store, &change, &f->err);
}

/* Adds a model.sig over the one file, by a key of the namespace's. */
static void
add_signature(struct fixture *f, const char *path, const struct digest *digest)
{
    const struct signature_file file = {.name = path, .digest = *digest};
    const struct signature signature = {
        .subject = "tiny", .files = &file, .count = 1};
    struct signing_key_spec spec = {.namespace_id = f->repository.namespace_id,
                                    .namespace_name = "alice",
                                    .account = f->repository.namespace_id};
    struct signing_key added;
    struct key *key = NULL;
    char *bundle;
    size_t length;

    CHECK(key_make(&key, KEY_P256, &f->err) == 0);
    spec.pem = key_public_pem(key);
    spec.pem_length = strlen(spec.pem);
    CHECK(db_begin(f->db, &f->err) == 0);
    CHECK(signing_key_add(&added, f->db, f->arena, &spec, &f->err) == 0);
    CHECK(db_commit(f->db, &f->err) == 0);
    CHECK(signature_make(&bundle, &length, f->arena, &signature, key,
                         &f->err) == 0);
    add_text(f, "model.sig", arena_bytes(f->arena, bundle, length));
    key_free(key);
}

TEST(what_becomes_a_release_is_examined_whole_whatever_led_to_it)
{
    struct fixture f = fixture_open();
    struct pointer pointer;
    struct oid first;
    struct oid second;
    size_t length;
    char *bytes;

    CHECK(file_read(&bytes, &length, f.arena, VECTORS "/scan/pickle-2.bin",
                    1 << 20, &f.err) == 0);
    pointer = upload(&f, f.repository.id, bytes, length);
    add_pointer(&f, "a.bin", &pointer);
    first = commit(&f, NULL);
    CHECK(move(&f, REF_MAIN, NULL, &first) == 0);
    CHECK(move(&f, "refs/tags/v1", NULL, &first) == 0);
    add_signature(&f, "a.bin", &pointer.digest);
    second = commit(&f, &first);
    CHECK(move(&f, REF_MAIN, &first, &second) == 0);
    /* Both came by main, and the first by the tag itself. */
    CHECK(move(&f, "refs/tags/v2", NULL, &second) < 0);
    CHECK(f.err.code == ERROR_UNSAFE_FORMAT);
    CHECK(move(&f, "refs/tags/v1", &first, &second) < 0);
    CHECK(f.err.code == ERROR_UNSAFE_FORMAT);
    f.repository.allow_unsafe = true;
    CHECK(move(&f, "refs/tags/v1", &first, &second) == 0);
    CHECK(seed("SELECT count(*) FROM release WHERE tag = 'v1'") == 1);
    fixture_free(&f);
}

/* Moves main to a commit of what was added; what the catalogue then says. */
static struct summary
publish(struct fixture *f)
{
    struct oid to = commit(f, NULL);
    struct summary summary;

    CHECK(move(f, REF_MAIN, NULL, &to) == 0);
    CHECK_TEXT(f->err.message, "");
    CHECK(summary_find(&summary, f->db, f->arena, f->repository.id, &f->err) ==
          0);
    return summary;
}

static json_int_t
number_in(struct fixture *f, const char *json, const char *member)
{
    json_t *object = NULL;

    if (json == NULL)
        return -1;
    CHECK(json_read(&object, f->arena, json, strlen(json), &f->err) == 0);
    return json_number(object, member, -1);
}

TEST(the_catalogue_adds_up_what_the_headers_of_weights_say)
{
    struct fixture f = fixture_open();
    struct summary summary;

    add_weights(&f, "a.safetensors", two_by_three, sizeof(two_by_three) - 1);
    add_weights(&f, "b.safetensors", two_by_three, sizeof(two_by_three) - 1);
    add_vector(&f, "c.gguf", VECTORS "/models/stories260K.gguf");
    summary = publish(&f);
    CHECK_TEXT(summary.safetensors, "{\"parameters\":{\"F32\":12},"
                                    "\"total\":12}");
    CHECK(number_in(&f, summary.gguf, "total") > 250000);
    CHECK(number_in(&f, summary.gguf, "context_length") == 2048);
    CHECK(summary.gguf != NULL &&
          strstr(summary.gguf, "\"architecture\":\"llama\"") != NULL);
    /* Both names are one object. */
    CHECK(summary.used_bytes == (uint64_t)seed("SELECT sum(size) FROM blob"));
    fixture_free(&f);
}

TEST(tags_are_each_once_bounded_and_of_plain_text)
{
    struct fixture f = fixture_open();
    struct summary summary;

    add_weights(&f, "a.safetensors", two_by_three, sizeof(two_by_three) - 1);
    add_text(&f, "README.md",
             "---\n"
             "library_name: transformers\n"
             "pipeline_tag: text-generation\n"
             "license: mit\n"
             "language: [en, de, en]\n"
             "datasets: acme/pile\n"
             "base_model: acme/base\n"
             "tags: [tiny, transformers, \"a\\nb\", \"\"]\n"
             "---\n");
    summary = publish(&f);
    CHECK_TEXT(seed_text("SELECT array_to_string(tags, ' ') FROM catalog"),
               "transformers safetensors text-generation tiny en de"
               " dataset:acme/pile base_model:acme/base license:mit");
    CHECK(summary.tag_count == 9);
    CHECK_TEXT(summary.license, "mit");
    fixture_free(&f);
}
