/* publish: a folder as a signed release: scan, sign, upload, commit, tag. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/key/folder.h"
#include "cli/client/publish.h"
#include "cli/client/release.h"
#include "cli/client/upload.h"
#include "cli/command/gating.h"
#include "cli/command/session.h"
#include "cli/command/signing.h"
#include "cli/command/table.h"
#include "cli/home/keyring.h"
#include "cli/home/verified.h"
#include "cli/terminal/progress.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/model/scan.h"

#define ATTRIBUTES ".gitattributes"

static const struct option_row publish_options[] = {
    {"tag", "TAG", "name of the release", false},
    {"license", "FILE", "licence that people agree to", false},
    {"gate", "MODE", "open, click, auto, manual or quorum", false},
    {"reviewer", "NAME", "who decides about requests", true},
    {"quorum", "N", "votes that accept, with --gate quorum", false},
    {"grant-days", "N", "how long a grant lasts", false},
    {"key", "PEM", "private P-256 key to sign with", false},
    {"message", "TEXT", "what the commit says", false},
    {"private", NULL, "make a new model private", false},
    {"allow-unsafe", NULL, "send formats that can run code", false},
    {"dry-run", NULL, "show what is new and change nothing", false},
    {0},
};

/* One publication, from the folder to the tag. */
struct publication {
    struct context *context;
    const char *folder;
    struct model_name model;
    const char *tag;
    struct folder content;
    struct publish_files files; /* the folder's, and model.sig last */
    struct key *key;
    bool is_new_model;
    size_t new_count;
    uint64_t new_bytes; /* of all_bytes, which model.sig is part of */
    uint64_t all_bytes;
    size_t risky_count; /* files that can run code, which was allowed */
    const char **removed;
    size_t removed_count;
    json_t *gate; /* what the gate was asked to be, or NULL */
    const char *licence_name;
    const char *commit;
};

static const char *
option(const struct publication *p, const char *name)
{
    return option_text(&p->context->options, name);
}

static bool
has(const struct publication *p, const char *name)
{
    return option_has(&p->context->options, name);
}

static int
read_words(struct publication *p, struct error *err)
{
    struct context *context = p->context;
    struct error name_err;

    p->folder = command_word(context, 0);
    p->tag = option(p, "tag");
    if (session_read_model(&p->model, context, command_word(context, 1), err) <
        0)
        return -1;
    if (p->model.revision != NULL && p->tag == NULL)
        p->tag = p->model.revision;
    if (p->tag == NULL)
        return error_set(err, ERROR_USAGE, "a release needs a name: --tag v1");
    if (text_check_path(p->tag, &name_err) < 0)
        return error_set(err, ERROR_USAGE, "--tag %s: %s", p->tag,
                         name_err.message);
    return 0;
}

/*
 * A file that runs code when it is loaded does not go out by accident.  Fills
 * the file's size.
 */
static int
scan(bool *out_is_risky, const struct publication *p, struct publish_file *file,
     struct error *err)
{
    struct arena *arena = arena_open();
    struct file_source source;
    struct scan_result result;
    int status = -1;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        error_set_system(err, file->path);
        goto done;
    }
    if (source_of_file(&source, fd, err) < 0 ||
        scan_file(&result, &source.source, file->name, arena, err) < 0)
        goto done;
    *out_is_risky = result.risk == SCAN_UNSAFE;
    if (*out_is_risky && !has(p, "allow-unsafe")) {
        error_set(err, ERROR_UNSAFE_FORMAT,
                  "%s can run code on who loads it (%s); convert it to "
                  "safetensors",
                  file->name, result.detail);
        goto done;
    }
    file->size_bytes = source.source.size_bytes;
    status = 0;

done:
    if (fd >= 0)
        close(fd);
    arena_free(arena);
    return status;
}

static int
add_file(struct publication *p, size_t i, struct error *err)
{
    const struct signature_file *from = &p->content.files[i];
    struct publish_file *file = &p->files.items[i];
    bool is_risky;

    if (interrupt_check(p->context->interrupt, err) < 0)
        return -1;
    file->name = from->name;
    file->digest = from->digest;
    file->path =
        arena_format(p->context->arena, "%s/%s", p->folder, from->name);
    if (signature_is_git_file(from->name))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s: git's own files are no part of a release",
                         from->name);
    if (scan(&is_risky, p, file, err) < 0)
        return -1;
    p->risky_count += is_risky;
    return 0;
}

static bool
is_reading_stopped(void *reader)
{
    return interrupt_is_set_in(((struct verified_reader *)reader)->state);
}

static void
say_checked(struct publication *p)
{
    char size[PROGRESS_SIZE_TEXT];

    progress_size(size, p->content.size_bytes);
    if (p->risky_count == 0)
        command_say(p->context,
                    "checked    %zu files, %s, nothing executable\n",
                    p->content.count, size);
    else
        command_say(p->context,
                    "checked    %zu files, %s, %zu of them can run code\n",
                    p->content.count, size, p->risky_count);
}

/* Lists, hashes and scans the folder; what was hashed before is remembered. */
static int
read_folder(struct publication *p, struct error *err)
{
    static const char *const ignored[] = {".git", ATTRIBUTES, ".github",
                                          ".gitignore"};
    struct arena *arena = p->context->arena;
    struct verified_reader reader = {p->context->home, interrupt_is_set_in,
                                     p->context->interrupt};
    const struct folder_options options = {
        .digest = verified_digest,
        .is_stopped = is_reading_stopped,
        .state = &reader,
        .ignored = ignored,
        .ignored_count = sizeof(ignored) / sizeof(ignored[0]),
        .signature_path = arena_format(arena, "%s/" SIGNATURE_NAME, p->folder),
    };

    if (folder_read(&p->content, arena, p->folder, &options, err) < 0)
        return -1;
    if (p->content.count == 0)
        return error_set(err, ERROR_UNPROCESSABLE, "%s: there are no files",
                         p->folder);
    p->files.count = p->content.count + 1;
    p->files.items =
        arena_array(arena, p->files.count, sizeof(*p->files.items));
    for (size_t i = 0; i < p->content.count; i++)
        if (add_file(p, i, err) < 0)
            return -1;
    say_checked(p);
    return 0;
}

/*
 * Makes the namespace's first key.  One that signs already is on some other
 * machine, and no second one takes its place by accident.
 */
static int
make_key(struct publication *p, struct error *err)
{
    struct context *context = p->context;
    const char *owner = p->model.namespace_name;
    const char *path =
        keyring_publisher_path(context->home, context->arena, owner);
    const char *signer;

    if (publish_find_signer(&signer, context->client, context->arena, owner,
                            err) < 0)
        return -1;
    if (signer != NULL) {
        command_hint(context, "bring its file here, as %s or by --key PEM",
                     session_show_path(context, path));
        return error_set(err, ERROR_CONFLICT,
                         "%s signs with key %.4s:%.2s, which is not on this "
                         "machine",
                         owner, signer, signer + 4);
    }
    if (has(p, "dry-run")) {
        command_say(context, "key        one to sign for %s would be made\n",
                    owner);
        return 0;
    }
    if (keyring_make_publisher(&p->key, context->home, owner, err) < 0)
        return -1;
    command_say(context, "key        made to sign for %s: %s\n", owner,
                session_show_path(context, path));
    return 0;
}

static int
find_key(struct publication *p, struct error *err)
{
    if (option(p, "key") != NULL)
        return key_read_private(&p->key, option(p, "key"), err);
    if (keyring_find_publisher(&p->key, p->context->home,
                               p->model.namespace_name, err) == 0)
        return 0;
    return err->code == ERROR_NOT_FOUND ? make_key(p, err) : -1;
}

/* The model.sig that main has, when this key made it over these files. */
static bool
take_signature(struct publication *p, struct publish_file *file)
{
    struct arena *arena = p->context->arena;
    const struct exchange_request request = {
        .method = "GET",
        .url = model_resolve_path(arena, p->model.name, "main", SIGNATURE_NAME),
        .limit_bytes = SIGNATURE_LIMIT_BYTES,
    };
    struct signature signature;
    struct answer answer;
    struct error err;

    if (p->is_new_model ||
        client_send(&answer, p->context->client, arena, &request, &err) < 0 ||
        signature_parse(&signature, arena, answer.body, answer.length, &err) <
            0 ||
        signature_verify(&signature, p->key, &err) < 0 ||
        signature_compare(NULL, arena, &signature, p->content.files,
                          p->content.count, &err) < 0)
        return false;
    file->bytes = answer.body;
    file->size_bytes = answer.length;
    return true;
}

static int
sign(struct publication *p, struct error *err)
{
    const struct signature signature = {
        .subject = strchr(p->model.name, '/') + 1,
        .files = p->content.files,
        .count = p->content.count,
    };
    struct publish_file *file = &p->files.items[p->content.count];
    struct digest fingerprint;
    char shown[KEY_SHORT_SIZE];
    size_t length;
    char *bytes;

    file->name = SIGNATURE_NAME;
    file->is_new = true;
    if (p->key == NULL)
        return 0;
    if (!take_signature(p, file)) {
        if (signature_make(&bytes, &length, p->context->arena, &signature,
                           p->key, err) < 0)
            return -1;
        file->bytes = bytes;
        file->size_bytes = length;
    } else {
        file->is_new = false;
    }
    digest_of(&file->digest, file->bytes, (size_t)file->size_bytes);
    key_fingerprint(&fingerprint, p->key);
    key_write_short(shown, &fingerprint);
    command_say(p->context, "signed     by %s, key %s (%s)\n",
                p->model.namespace_name, shown, key_kind_text(p->key));
    return 0;
}

/* Before any byte goes up, so that none is to be had past the gate. */
static int
set_gate(struct publication *p, struct error *err)
{
    const struct client_question question = {
        .method = "PUT",
        .path = model_path(p->context->arena, p->model.name, "%s", "/gate"),
        .body = p->gate,
    };

    if (gating_read_licence(&p->licence_name, p->gate, p->context, err) < 0)
        return -1;
    if (json_object_size(p->gate) == 0)
        return 0;
    return client_call(NULL, p->context->client, p->context->arena, &question,
                       err);
}

static bool
has_changes(const struct publication *p)
{
    return p->new_count > 0 || p->removed_count > 0;
}

static bool
is_ours(const struct publication *p, const char *path)
{
    for (size_t i = 0; i < p->files.count; i++)
        if (strcmp(p->files.items[i].name, path) == 0)
            return true;
    return false;
}

/* What main has and the folder has not: a release is the folder. */
static int
find_removed(struct publication *p, struct error *err)
{
    struct arena *arena = p->context->arena;
    const struct model_name main = {p->model.name, p->model.namespace_name,
                                    NULL};
    struct model_tree tree;

    if (model_read_commit(&p->commit, p->context->client, arena, &main, err) <
            0 ||
        model_read_tree(&tree, p->context->client, arena, p->model.name,
                        p->commit, err) < 0)
        return -1;
    p->removed = arena_array(arena, tree.count, sizeof(*p->removed));
    p->removed_count = 0;
    for (size_t i = 0; i < tree.count; i++)
        if (strcmp(tree.files[i].path, ATTRIBUTES) != 0 &&
            !is_ours(p, tree.files[i].path))
            p->removed[p->removed_count++] = tree.files[i].path;
    return 0;
}

static int
compare(struct publication *p, struct error *err)
{
    struct publish_file *signature = &p->files.items[p->content.count];
    const struct publish_files content = {p->files.items, p->content.count};

    if (p->is_new_model) {
        for (size_t i = 0; i < content.count; i++)
            content.items[i].is_new = true;
        signature->is_new = true;
    } else if (publish_compare(&content, p->context->client, p->context->arena,
                               p->model.name, err) < 0 ||
               find_removed(p, err) < 0) {
        return -1;
    }
    p->all_bytes = p->content.size_bytes + signature->size_bytes;
    p->new_bytes = 0;
    p->new_count = 0;
    for (size_t i = 0; i < p->files.count; i++) {
        if (!p->files.items[i].is_new)
            continue;
        p->new_bytes += p->files.items[i].size_bytes;
        p->new_count++;
    }
    return 0;
}

static json_t *
list_new(const struct publication *p)
{
    json_t *list = json_array();

    for (size_t i = 0; i < p->files.count; i++)
        if (p->files.items[i].is_new)
            json_array_append_new(list, json_string(p->files.items[i].name));
    return list;
}

static void
say_new(const struct publication *p)
{
    char size[PROGRESS_SIZE_TEXT];
    char all[PROGRESS_SIZE_TEXT];

    for (size_t i = 0; i < p->files.count; i++) {
        progress_size(size, p->files.items[i].size_bytes);
        if (p->files.items[i].is_new &&
            (i < p->content.count || p->key != NULL))
            command_say(p->context, "new        %s, %s\n",
                        p->files.items[i].name, size);
    }
    for (size_t i = 0; i < p->removed_count; i++)
        command_say(p->context, "gone       %s\n", p->removed[i]);
    progress_size(size, p->new_bytes);
    progress_size(all, p->all_bytes);
    command_say(p->context, "would send %s of %s; nothing was changed\n", size,
                all);
    command_result(p->context, json_pack("{s:s, s:s, s:b, s:o, s:I}", "model",
                                         p->model.name, "tag", p->tag, "dryRun",
                                         1, "new", list_new(p), "newBytes",
                                         (json_int_t)p->new_bytes));
}

static int
upload(struct publication *p, struct error *err)
{
    struct context *context = p->context;
    struct upload_file *weights =
        arena_array(context->arena, p->files.count, sizeof(*weights));
    struct upload_batch batch = {.model = p->model.name,
                                 .files = weights,
                                 .terminal = &context->terminal,
                                 .is_quiet = context->is_json};
    char size[PROGRESS_SIZE_TEXT];
    char all[PROGRESS_SIZE_TEXT];
    uint64_t sent;

    for (size_t i = 0; i < p->content.count; i++) {
        const struct publish_file *file = &p->files.items[i];

        if (file->is_weights && file->is_new)
            weights[batch.count++] = (struct upload_file){
                file->name, file->path, file->digest, file->size_bytes};
    }
    if (upload_run(&sent, context->client, context->arena, &batch, err) < 0)
        return -1;
    progress_size(size, p->new_bytes);
    progress_size(all, p->all_bytes);
    command_say(context, "uploaded   %s new of %s\n", size, all);
    return 0;
}

static int
commit(struct publication *p, struct error *err)
{
    const char *message = option(p, "message");
    const struct publish_commit change = {
        .model = p->model.name,
        .message = message != NULL
                       ? message
                       : arena_format(p->context->arena, "Release %s", p->tag),
        .parent = p->commit,
        .files = &p->files,
        .removed = p->removed,
        .removed_count = p->removed_count,
    };

    if (has_changes(p) && publish_commit(&p->commit, p->context->client,
                                         p->context->arena, &change, err) < 0)
        return -1;
    return publish_tag(p->context->client, p->context->arena, p->model.name,
                       p->tag, p->commit, err);
}

static void
say_published(const struct publication *p)
{
    struct context *context = p->context;
    const char *url =
        arena_format(context->arena, "%s/%s", client_registry(context->client),
                     p->model.name);
    const char *mode = option(p, "gate");

    command_say(context, "published  %s %s   %s\n", p->model.name, p->tag, url);
    if (p->licence_name != NULL || mode != NULL)
        command_say(context, "licence    %s   gate: %s%s\n",
                    p->licence_name != NULL ? p->licence_name : "unchanged",
                    mode != NULL ? mode : "unchanged",
                    gating_show_days(context));
    command_result(context,
                   json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:s}", "model",
                             p->model.name, "tag", p->tag, "commit", p->commit,
                             "url", url, "new", list_new(p), "newBytes",
                             (json_int_t)p->new_bytes, "key",
                             signing_fingerprint(context, p->key)));
}

/* The registry's side: model, key, gate, and only then bytes. */
static int
send(struct publication *p, struct error *err)
{
    struct context *context = p->context;
    bool is_new_key;

    if (p->is_new_model &&
        publish_make_model(context->client, context->arena, &p->model,
                           has(p, "private"), err) < 0)
        return -1;
    if (publish_register_key(&is_new_key, context->client, context->arena,
                             p->model.namespace_name, p->key, err) < 0)
        return -1;
    if (set_gate(p, err) < 0)
        return -1;
    if (has(p, "allow-unsafe") &&
        publish_allow_unsafe(context->client, context->arena, p->model.name,
                             err) < 0)
        return -1;
    if (p->is_new_model) {
        p->is_new_model = false;
        if (compare(p, err) < 0)
            return -1;
    }
    if (upload(p, err) < 0 || commit(p, err) < 0)
        return -1;
    say_published(p);
    return 0;
}

static int
publish(struct publication *p, struct error *err)
{
    struct context *context = p->context;
    bool is_there;

    p->gate = json_keep(context->arena, json_object());
    if (option(p, "gate") != NULL)
        json_object_set_new(p->gate, "mode", json_string(option(p, "gate")));
    if (read_words(p, err) < 0 ||
        gating_read(p->gate, &context->options, err) < 0 ||
        session_open_signed_in(context, err) < 0 || read_folder(p, err) < 0 ||
        find_key(p, err) < 0)
        return -1;
    if (publish_find_model(&is_there, context->client, context->arena,
                           p->model.name, err) < 0)
        return -1;
    p->is_new_model = !is_there;
    if (sign(p, err) < 0 || compare(p, err) < 0)
        return -1;
    if (!p->is_new_model &&
        publish_check_tag(context->client, context->arena, p->model.name,
                          p->tag, has_changes(p) ? NULL : p->commit, err) < 0)
        return -1;
    if (has(p, "dry-run")) {
        say_new(p);
        return 0;
    }
    return send(p, err);
}

static int
run(struct context *context, struct error *err)
{
    struct publication p = {.context = context};
    int result = publish(&p, err);

    if (result < 0)
        session_hint_again(context, err);
    key_free(p.key);
    return result;
}

const struct command command_publish = {
    .name = "publish",
    .usage = "DIR MODEL",
    .summary = "sign a folder and publish it as a release",
    .words_min = 2,
    .words_max = 2,
    .options = publish_options,
    .run = run,
    .details =
        "The folder becomes the model's main branch and the tag a release:\n"
        "what main has and the folder has not is removed.  The signature is\n"
        "made on this machine.  Interrupted, the same command goes on where\n"
        "it was.",
};
