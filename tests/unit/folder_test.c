#include "auth/key/folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/key/key.h"
#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "tests/check.h"

#define MODEL VECTORS "/signature/model"

/* A folder of its own with a key, a model and a place for its signature. */
struct bench {
    struct arena *arena;
    char root[32];
    char *model;
    char *signature;
    struct key *key;
    struct error err;
};

static void
write_file(struct bench *bench, const char *name, const char *text)
{
    char *path = arena_format(bench->arena, "%s/%s", bench->root, name);
    char *folder =
        arena_bytes(bench->arena, path, (size_t)(strrchr(path, '/') - path));

    CHECK(file_make_folder(folder, 0755, &bench->err) == 0);
    CHECK(file_write(path, text, strlen(text), 0644, &bench->err) == 0);
}

static void
set_up(struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->arena = arena_open();
    strncpy(bench->root, "/tmp/weigh-test-XXXXXX", sizeof(bench->root) - 1);
    CHECK(mkdtemp(bench->root) != NULL);
    bench->model = arena_format(bench->arena, "%s/model", bench->root);
    bench->signature =
        arena_format(bench->arena, "%s/model/model.sig", bench->root);
    write_file(bench, "model/config.json", "{}");
    write_file(bench, "model/onnx/weights.bin", "weights");
    CHECK(key_read_private(&bench->key, VECTORS "/key/p256.pem", &bench->err) ==
          0);
}

static void
tear_down(struct bench *bench)
{
    CHECK(file_remove_tree(bench->root, &bench->err) == 0);
    key_free(bench->key);
    arena_free(bench->arena);
}

static int
sign(struct bench *bench, const char *const *ignored, size_t count)
{
    struct folder folder;
    struct folder_options options = {
        .ignored = ignored,
        .ignored_count = count,
        .signature_path = bench->signature,
    };

    return folder_sign(&folder, bench->arena, bench->model, &options,
                       bench->key, &bench->err);
}

static int
verify(struct bench *bench, const char *const *ignored, size_t count)
{
    struct signature signature;
    struct folder_check check = {
        .path = bench->model,
        .key = bench->key,
        .options = {.ignored = ignored,
                    .ignored_count = count,
                    .signature_path = bench->signature},
    };

    return folder_verify(&signature, NULL, bench->arena, &check, &bench->err);
}

/* Verifies, and wants it to fail with this in its message. */
static void
check_refused(struct bench *bench, const char *says)
{
    bench->err.message[0] = '\0';
    CHECK(verify(bench, NULL, 0) < 0);
    CHECK(bench->err.code == ERROR_SIGNATURE);
    if (strstr(bench->err.message, says) == NULL)
        CHECK_TEXT(bench->err.message, says);
}

static void
remove_file(struct bench *bench, const char *name)
{
    CHECK(remove(arena_format(bench->arena, "%s/%s", bench->root, name)) == 0);
}

TEST(a_signed_folder_verifies_until_a_file_changes_comes_or_goes)
{
    struct bench bench;

    set_up(&bench);
    CHECK(sign(&bench, NULL, 0) == 0);
    CHECK(verify(&bench, NULL, 0) == 0);
    write_file(&bench, "model/extra.py", "import os");
    check_refused(&bench, "extra.py is not signed");
    remove_file(&bench, "model/extra.py");
    write_file(&bench, "model/config.json", "[]");
    check_refused(&bench, "config.json is changed");
    remove_file(&bench, "model/config.json");
    check_refused(&bench, "config.json is missing");
    write_file(&bench, "model/config.json", "{}");
    CHECK(verify(&bench, NULL, 0) == 0);
    tear_down(&bench);
}

/* Hostile input 31. */
TEST(what_a_signature_cannot_speak_of_is_refused)
{
    struct bench bench;
    char *path;

    set_up(&bench);
    CHECK(sign(&bench, NULL, 0) == 0);
    path = arena_format(bench.arena, "%s/new", bench.model);
    CHECK(symlink("config.json", path) == 0);
    check_refused(&bench, "new: a link has no place in a model");
    CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
    check_refused(&bench, "new: neither a file nor a folder");
    CHECK(unlink(path) == 0 && mkdir(path, 0700) == 0);
    check_refused(&bench, "new/: an empty folder");
    CHECK(sign(&bench, NULL, 0) < 0);
    CHECK(rmdir(path) == 0);
    CHECK(verify(&bench, NULL, 0) == 0);
    tear_down(&bench);
}

/* Hostile input 31. */
TEST(a_signed_file_that_became_a_link_is_refused)
{
    struct bench bench;
    char *path;

    set_up(&bench);
    CHECK(sign(&bench, NULL, 0) == 0);
    path = arena_format(bench.arena, "%s/config.json", bench.model);
    write_file(&bench, "elsewhere", "{}");
    CHECK(unlink(path) == 0 && symlink("../elsewhere", path) == 0);
    check_refused(&bench, "config.json: a link has no place in a model");
    tear_down(&bench);
}

TEST(gits_own_files_come_in_only_as_plain_attributes)
{
    static const char *const ignored[] = {".gitignore"};
    struct bench bench;

    set_up(&bench);
    write_file(&bench, "model/.gitattributes",
               "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    CHECK(sign(&bench, NULL, 0) == 0);
    CHECK(verify(&bench, NULL, 0) == 0);
    write_file(&bench, "model/.gitattributes", "*.bin filter=evil\n");
    check_refused(&bench, ".gitattributes is not signed");
    remove_file(&bench, "model/.gitattributes");
    write_file(&bench, "model/.gitignore", "x\n");
    check_refused(&bench, ".gitignore is not signed");
    CHECK(verify(&bench, ignored, 1) == 0);
    remove_file(&bench, "model/.gitignore");
    write_file(&bench, "model/.git/config", "[core]\n");
    check_refused(&bench, ".git: a path holds no '.git'");
    tear_down(&bench);
}

TEST(ignored_paths_are_left_out_with_all_below_them)
{
    static const char *const ignored[] = {"./logs/", "onnx/weights.bin"};
    struct bench bench;

    set_up(&bench);
    write_file(&bench, "model/logs/a/b.txt", "x");
    CHECK(sign(&bench, ignored, 2) == 0);
    CHECK(verify(&bench, NULL, 0) == 0);
    write_file(&bench, "model/onnx/weights.bin", "others");
    write_file(&bench, "model/logs/c.txt", "y");
    CHECK(verify(&bench, NULL, 0) == 0);
    write_file(&bench, "model/logs.txt", "y");
    check_refused(&bench, "logs.txt is not signed");
    tear_down(&bench);
}

TEST(unsigned_files_pass_when_asked_for_and_signed_ones_do_not)
{
    struct bench bench;
    struct signature signature;
    struct signature_differences differences;
    struct folder_check check = {.ignore_unsigned = true};

    set_up(&bench);
    check.path = bench.model;
    check.key = bench.key;
    check.options.signature_path = bench.signature;
    CHECK(sign(&bench, NULL, 0) == 0);
    write_file(&bench, "model/.git/config", "[core]\n");
    write_file(&bench, "model/more.bin", "x");
    CHECK(folder_verify(&signature, &differences, bench.arena, &check,
                        &bench.err) == 0);
    remove_file(&bench, "model/config.json");
    CHECK(folder_verify(&signature, &differences, bench.arena, &check,
                        &bench.err) < 0);
    CHECK(differences.count == 1);
    CHECK_TEXT(differences.items[0].name, "config.json");
    tear_down(&bench);
}

/* Hostile input 31. */
TEST(links_of_the_hubs_cache_are_followed_inside_it_alone)
{
    struct bench bench;
    struct signature signature;
    struct folder_check check = {0};
    char *link;

    set_up(&bench);
    CHECK(sign(&bench, NULL, 0) == 0);
    link = arena_format(bench.arena, "%s/config.json", bench.model);
    write_file(&bench, "blobs/1", "{}");
    CHECK(unlink(link) == 0 && symlink("../blobs/1", link) == 0);
    check.path = bench.model;
    check.key = bench.key;
    check.options.signature_path = bench.signature;
    check.options.links_root = bench.root;
    CHECK(folder_verify(&signature, NULL, bench.arena, &check, &bench.err) ==
          0);
    /* A folder beside it whose name begins like its own is not it. */
    write_file(&bench, "blob/2", "");
    check.options.links_root = arena_format(bench.arena, "%s/blob", bench.root);
    CHECK(folder_verify(&signature, NULL, bench.arena, &check, &bench.err) < 0);
    check.options.links_root = bench.model;
    CHECK(folder_verify(&signature, NULL, bench.arena, &check, &bench.err) < 0);
    CHECK_TEXT(bench.err.message, "config.json: the link leaves the cache");
    CHECK(unlink(link) == 0 && symlink("../none", link) == 0);
    CHECK(folder_verify(&signature, NULL, bench.arena, &check, &bench.err) < 0);
    CHECK_TEXT(bench.err.message, "config.json: the link leads nowhere");
    tear_down(&bench);
}

TEST(what_the_hubs_client_notes_beside_files_is_left_out)
{
    struct bench bench;

    set_up(&bench);
    CHECK(sign(&bench, NULL, 0) == 0);
    write_file(&bench, "model/.cache/huggingface/x.lock", "");
    CHECK(verify(&bench, NULL, 0) == 0);
    write_file(&bench, "model/.cache/other", "");
    check_refused(&bench, ".cache/other is not signed");
    tear_down(&bench);
}

TEST(folders_that_the_reference_signed_verify)
{
    static const char *const bundles[][2] = {
        {"reference-p256.sig", "p256.pub.pem"},
        {"reference-p384.sig", "p384.pub.pem"},
        {"reference-shards.sig", "p256.pub.pem"},
    };
    struct arena *arena = arena_open();

    for (size_t i = 0; i < 3; i++) {
        struct folder_check check = {.path = MODEL};
        struct signature signature;
        struct key *key = NULL;
        struct error err;

        CHECK(key_read_public(
                  &key, arena_format(arena, VECTORS "/key/%s", bundles[i][1]),
                  &err) == 0);
        check.key = key;
        check.options.signature_path =
            arena_format(arena, VECTORS "/signature/%s", bundles[i][0]);
        CHECK(folder_verify(&signature, NULL, arena, &check, &err) == 0);
        key_free(key);
    }
    arena_free(arena);
}

TEST(a_file_in_shards_that_grew_or_shrank_is_changed)
{
    struct bench bench;
    struct signature signature;
    struct folder_check check = {0};
    char *weights;
    size_t length;

    set_up(&bench);
    check.path = bench.model;
    check.key = bench.key;
    check.options.signature_path = VECTORS "/signature/reference-shards.sig";
    CHECK(file_read(&weights, &length, bench.arena, MODEL "/weights.bin", 4096,
                    &bench.err) == 0);
    remove_file(&bench, "model/onnx/weights.bin");
    write_file(&bench, "model/config.json", "{\"a\": 1}\n");
    write_file(&bench, "model/onnx/b c.bin", "x");
    write_file(&bench, "model/weights.bin", weights);
    CHECK(folder_verify(&signature, NULL, bench.arena, &check, &bench.err) ==
          0);
    write_file(&bench, "model/weights.bin",
               arena_format(bench.arena, "%sw", weights));
    CHECK(folder_verify(&signature, NULL, bench.arena, &check, &bench.err) < 0);
    write_file(&bench, "model/weights.bin", weights + 1);
    CHECK(folder_verify(&signature, NULL, bench.arena, &check, &bench.err) < 0);
    tear_down(&bench);
}
