#include "auth/key/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/key/hashing.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

/* Files and folders that are looked at; a model has far fewer. */
#define ENTRIES_LIMIT 200000
#define ATTRIBUTES ".gitattributes"
#define ATTRIBUTES_LIMIT_BYTES 65536

/* What huggingface_hub keeps beside the files of a --local-dir. */
#define HUB_NOTES ".cache/huggingface"

/* What model signing leaves out of every signature, at the root. */
static const char *const git_names[] = {".git", ATTRIBUTES, ".github",
                                        ".gitignore"};
#define GIT_NAMES (sizeof(git_names) / sizeof(git_names[0]))

struct walk {
    struct arena *arena;
    const struct folder_options *options;
    const char *root; /* resolved */
    const char *links_root;
    const char **ignored; /* relative to root, without "./" and last '/' */
    size_t ignored_count;
    const char *signature; /* relative to root; NULL when it lies elsewhere */
    int fd;                /* the root */
    struct hashing_job *jobs;
    size_t count;
    size_t capacity;
    size_t entries;
    uint64_t size_bytes;
};

/* The path below root: "./a/" is "a"; NULL when it lies elsewhere. */
static const char *
relative_path(struct walk *walk, const char *path)
{
    size_t length = strlen(walk->root);
    char *copy;

    if (path[0] == '/') {
        if (strncmp(path, walk->root, length) != 0 || path[length] != '/')
            return NULL;
        path += length;
    }
    while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
        path += path[0] == '/' ? 1 : 2;
    copy = arena_text(walk->arena, path);
    for (length = strlen(copy); length > 0 && copy[length - 1] == '/';)
        copy[--length] = '\0';
    return length > 0 ? copy : NULL;
}

/* The file need not be there yet, but its folder must. */
static const char *
signature_below_root(struct walk *walk, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = ".";
    char *resolved;
    char *whole;

    if (slash != NULL)
        folder = slash == path
                     ? "/"
                     : arena_bytes(walk->arena, path, (size_t)(slash - path));
    resolved = realpath(folder, NULL);
    if (resolved == NULL)
        return NULL;
    whole = arena_format(walk->arena, "%s/%s", resolved,
                         slash != NULL ? slash + 1 : path);
    free(resolved);
    return relative_path(walk, whole);
}

static void
add_ignored(struct walk *walk, const char *path)
{
    const char *relative = relative_path(walk, path);

    if (relative != NULL)
        walk->ignored[walk->ignored_count++] = relative;
}

/* A resolved path in the arena; NULL when there is none. */
static const char *
resolve(struct arena *arena, const char *path)
{
    char *resolved = realpath(path, NULL);
    const char *copy = arena_text(arena, resolved);

    free(resolved);
    return copy;
}

/* room is for ignored paths that callers add.  The caller closes walk->fd. */
static int
open_walk(struct walk *walk, const char *path,
          const struct folder_options *options, size_t room, struct error *err)
{
    walk->options = options;
    walk->ignored = arena_array(walk->arena, options->ignored_count + room + 2,
                                sizeof(*walk->ignored));
    walk->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    walk->root = resolve(walk->arena, path);
    if (walk->fd < 0 || walk->root == NULL)
        return error_set(err, ERROR_NOT_FOUND, "%s: no such folder", path);
    if (options->links_root != NULL) {
        walk->links_root = resolve(walk->arena, options->links_root);
        if (walk->links_root == NULL)
            return error_set(err, ERROR_NOT_FOUND, "%s: no such folder",
                             options->links_root);
    }
    for (size_t i = 0; i < options->ignored_count; i++)
        add_ignored(walk, options->ignored[i]);
    if (options->signature_path != NULL)
        walk->signature = signature_below_root(walk, options->signature_path);
    if (walk->signature != NULL)
        walk->ignored[walk->ignored_count++] = walk->signature;
    if (faccessat(walk->fd, HUB_NOTES, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        walk->ignored[walk->ignored_count++] = HUB_NOTES;
    return 0;
}

static bool
is_ignored(const struct walk *walk, const char *name)
{
    for (size_t i = 0; i < walk->ignored_count; i++) {
        size_t length = strlen(walk->ignored[i]);

        if (strncmp(name, walk->ignored[i], length) == 0 &&
            (name[length] == '\0' || name[length] == '/'))
            return true;
    }
    return false;
}

/* ERROR_SIGNATURE that begins with the name. */
static int
refuse(const struct walk *walk, const char *name, const char *why,
       struct error *err)
{
    return error_set(err, ERROR_SIGNATURE, "%s: %s",
                     text_line(walk->arena, name), why);
}

static int
add_file(struct walk *walk, const char *name, const struct stat *status,
         struct error *err)
{
    struct hashing_job *job;

    if (S_ISLNK(status->st_mode) && walk->links_root == NULL)
        return refuse(walk, name, "a link has no place in a model", err);
    if (!S_ISREG(status->st_mode) && !S_ISLNK(status->st_mode))
        return refuse(walk, name, "neither a file nor a folder", err);
    if (walk->count == SIGNATURE_FILES_LIMIT)
        return error_set(err, ERROR_SIGNATURE, "there are over %d files",
                         SIGNATURE_FILES_LIMIT);
    if (walk->count == walk->capacity) {
        struct hashing_job *old = walk->jobs;

        walk->capacity = walk->capacity > 0 ? 2 * walk->capacity : 64;
        walk->jobs = arena_array(walk->arena, walk->capacity, sizeof(*job));
        if (walk->count > 0)
            memcpy(walk->jobs, old, walk->count * sizeof(*job));
    }
    job = &walk->jobs[walk->count++];
    job->file.name = name;
    job->is_link = S_ISLNK(status->st_mode);
    return 0;
}

/* One entry of a folder, which lies at depth; fd is the folder. */
static int
walk_entry(struct walk *walk, int fd, const char *last, const char *name,
           struct stat *out, struct error *err)
{
    struct error inner;

    if (++walk->entries > ENTRIES_LIMIT)
        return error_set(err, ERROR_SIGNATURE,
                         "there are over %d files and folders", ENTRIES_LIMIT);
    if (text_check_path(name, &inner) < 0)
        return refuse(walk, name, inner.message, err);
    if (fstatat(fd, last, out, AT_SYMLINK_NOFOLLOW) < 0)
        return error_set_system(err, name);
    return S_ISDIR(out->st_mode) ? 0 : add_file(walk, name, out, err);
}

/* Takes over fd.  prefix is "" for the root, else it ends in '/'. */
static int
walk_folder(struct walk *walk, int fd, const char *prefix, int depth,
            struct error *err)
{
    DIR *folder = fdopendir(fd);
    size_t seen = 0;
    int result = -1;

    if (folder == NULL) {
        close(fd);
        return error_set_system(err, prefix);
    }
    if (depth > FOLDER_DEPTH_LIMIT) {
        refuse(walk, prefix, "folders are nested too deeply", err);
        goto done;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *last = entry->d_name;
        struct stat status = {0};
        char *name;
        int inner;

        if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
            continue;
        seen++;
        name = arena_format(walk->arena, "%s%s", prefix, last);
        if (is_ignored(walk, name))
            continue;
        if (walk_entry(walk, fd, last, name, &status, err) < 0)
            goto done;
        if (!S_ISDIR(status.st_mode))
            continue;
        inner =
            openat(fd, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0) {
            error_set_system(err, name);
            goto done;
        }
        if (walk_folder(walk, inner, arena_format(walk->arena, "%s/", name),
                        depth + 1, err) < 0)
            goto done;
    }
    if (seen == 0 && depth > 0)
        refuse(walk, prefix, "an empty folder has no place in a model", err);
    else
        result = 0;

done:
    closedir(folder);
    return result;
}

static int
walk_root(struct walk *walk, struct error *err)
{
    int fd = openat(walk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_set_system(err, walk->root);
    return walk_folder(walk, fd, "", 0, err);
}

static int
compare_jobs(const void *a, const void *b)
{
    return signature_compare_files(&((const struct hashing_job *)a)->file,
                                   &((const struct hashing_job *)b)->file);
}

/* Hashes all jobs and gives what they found, sorted by name. */
static int
hash(struct folder *out, struct walk *walk, struct error *err)
{
    struct hashing hashing = {
        .folder = walk->fd,
        .root = walk->root,
        .links_root = walk->links_root,
        .digest = walk->options->digest,
        .is_stopped = walk->options->is_stopped,
        .state = walk->options->state,
        .jobs = walk->jobs,
        .count = walk->count,
    };

    if (walk->count > 0)
        qsort(walk->jobs, walk->count, sizeof(*walk->jobs), compare_jobs);
    if (hashing_run(&hashing, err) < 0)
        return -1;
    out->files = arena_array(walk->arena, walk->count, sizeof(*out->files));
    out->count = walk->count;
    out->size_bytes = 0;
    for (size_t i = 0; i < walk->count; i++) {
        out->files[i] = walk->jobs[i].file;
        out->size_bytes += walk->jobs[i].size_bytes;
    }
    return 0;
}

int
folder_read(struct folder *out, struct arena *arena, const char *path,
            const struct folder_options *options, struct error *err)
{
    struct walk walk = {.arena = arena, .fd = -1};
    int result = -1;

    if (open_walk(&walk, path, options, 0, err) == 0 &&
        walk_root(&walk, err) == 0)
        result = hash(out, &walk, err);
    if (walk.fd >= 0)
        close(walk.fd);
    return result;
}

/* The last part of the folder's path names the model. */
static const char *
subject_of(const struct walk *walk)
{
    const char *slash = strrchr(walk->root, '/');

    return slash[1] != '\0' ? slash + 1 : "model";
}

int
folder_sign(struct folder *out, struct arena *arena, const char *path,
            const struct folder_options *options, const struct key *key,
            struct error *err)
{
    struct walk walk = {.arena = arena, .fd = -1};
    struct signature signature = {0};
    char *text;
    size_t length;
    int result = -1;

    if (open_walk(&walk, path, options, GIT_NAMES, err) < 0)
        goto done;
    for (size_t i = 0; i < GIT_NAMES; i++)
        walk.ignored[walk.ignored_count++] = git_names[i];
    if (walk_root(&walk, err) < 0 || hash(out, &walk, err) < 0)
        goto done;
    signature.subject = subject_of(&walk);
    signature.files = out->files;
    signature.count = out->count;
    signature.ignored = walk.ignored;
    signature.ignored_count = walk.ignored_count;
    if (signature_make(&text, &length, arena, &signature, key, err) < 0)
        goto done;
    result = file_write(options->signature_path, text, length, 0644, err);

done:
    if (walk.fd >= 0)
        close(walk.fd);
    return result;
}

/* The files that were signed, sorted, so that a name is found quickly. */
struct signed_files {
    const struct signature_file *files;
    size_t count;
};

static void
sort_signed(struct signed_files *out, struct arena *arena,
            const struct signature *signature)
{
    struct signature_file *copy =
        arena_array(arena, signature->count, sizeof(*copy));

    memcpy(copy, signature->files, signature->count * sizeof(*copy));
    qsort(copy, signature->count, sizeof(*copy), signature_compare_files);
    *out = (struct signed_files){copy, signature->count};
}

/* The first of the name's shards, or the file; NULL when it is not signed. */
static const struct signature_file *
find_signed(const struct signed_files *list, const char *name)
{
    size_t low = 0;
    size_t high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(list->files[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < list->count && strcmp(list->files[low].name, name) == 0)
        return &list->files[low];
    return NULL;
}

/* With --ignore-unsigned-files nothing but the signed names is looked at. */
static int
find_files(struct walk *walk, const struct signed_files *list,
           struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->files[i].name;
        struct stat status;

        if (i > 0 && strcmp(name, list->files[i - 1].name) == 0)
            continue;
        if (fstatat(walk->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (add_file(walk, name, &status, err) < 0)
            return -1;
    }
    return 0;
}

static bool
has_plain_attributes(const struct walk *walk)
{
    char *bytes;
    size_t length;
    struct error unused;
    const char *path = arena_format(walk->arena, "%s/" ATTRIBUTES, walk->root);

    return file_read(&bytes, &length, walk->arena, path, ATTRIBUTES_LIMIT_BYTES,
                     &unused) == 0 &&
           signature_is_plain_attributes(bytes, length);
}

static bool
is_empty(const struct walk *walk, const char *name)
{
    struct stat status;

    return fstatat(walk->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && status.st_size == 0;
}

/* Plain attributes need no signature, and shards cannot name empty files. */
static bool
may_be_unsigned(const struct walk *walk, const char *name, bool is_sharded)
{
    if (strcmp(name, ATTRIBUTES) == 0 && has_plain_attributes(walk))
        return true;
    return is_sharded && is_empty(walk, name);
}

/*
 * What is to be hashed: each signed file, or each of its shards.  A file that
 * nobody signed stays in the list unhashed, as one that is too many.
 */
static void
plan_jobs(struct walk *walk, const struct signed_files *list, bool is_sharded)
{
    struct hashing_job *jobs =
        arena_array(walk->arena, walk->count + list->count, sizeof(*jobs));
    size_t n = 0;

    for (size_t i = 0; i < walk->count; i++) {
        struct hashing_job *job = &walk->jobs[i];
        const struct signature_file *file = find_signed(list, job->file.name);

        if (file == NULL && may_be_unsigned(walk, job->file.name, is_sharded))
            continue;
        if (file == NULL) {
            job->is_skipped = true;
            jobs[n++] = *job;
            continue;
        }
        for (; file < list->files + list->count &&
               strcmp(file->name, job->file.name) == 0;
             file++) {
            jobs[n] = *job;
            jobs[n].file.begin = file->begin;
            jobs[n++].file.end = file->end;
        }
    }
    walk->jobs = jobs;
    walk->count = n;
}

/* The signer's own list may not hide what git or an attacker left there. */
static void
ignore_as_signed(struct walk *walk, const struct signature *signature)
{
    for (size_t i = 0; i < signature->ignored_count; i++)
        if (!signature_is_git_file(signature->ignored[i]))
            add_ignored(walk, signature->ignored[i]);
}

static int
verify_files(struct walk *walk, const struct folder_check *check,
             const struct signature *signature,
             struct signature_differences *differences, struct error *err)
{
    struct signed_files list;
    struct folder folder;

    sort_signed(&list, walk->arena, signature);
    if (check->ignore_unsigned) {
        if (find_files(walk, &list, err) < 0)
            return -1;
    } else {
        ignore_as_signed(walk, signature);
        if (walk_root(walk, err) < 0)
            return -1;
    }
    plan_jobs(walk, &list, signature->is_sharded);
    if (hash(&folder, walk, err) < 0)
        return -1;
    return signature_compare(differences, walk->arena, signature, folder.files,
                             folder.count, err);
}

int
folder_verify(struct signature *out, struct signature_differences *differences,
              struct arena *arena, const struct folder_check *check,
              struct error *err)
{
    struct walk walk = {.arena = arena, .fd = -1};
    char *text;
    size_t length;
    int result = -1;

    if (differences != NULL)
        *differences = (struct signature_differences){0};
    if (file_read(&text, &length, arena, check->options.signature_path,
                  SIGNATURE_LIMIT_BYTES, err) < 0 ||
        signature_parse(out, arena, text, length, err) < 0 ||
        signature_verify(out, check->key, err) < 0)
        return -1;
    if (open_walk(&walk, check->path, &check->options, out->ignored_count,
                  err) == 0)
        result = verify_files(&walk, check, out, differences, err);
    if (walk.fd >= 0)
        close(walk.fd);
    return result;
}
