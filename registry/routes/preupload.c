/* preupload: which files are to come as weights, and which are there. */
#include <string.h>

#include "registry/routes/routes.h"
#include "registry/routes/shape.h"
#include "registry/routes/target.h"
#include "storage/base/hex.h"
#include "storage/base/text.h"
#include "storage/git/rules.h"

#define FILES_LIMIT 1000
#define SAMPLE_LIMIT 4096 /* bytes; clients send the first 512 */

/* What is larger goes to the store of weights, whatever it is. */
#define REGULAR_LIMIT_BYTES (INT64_C(10) * 1024 * 1024)

static const char no_xet[] =
    "xet; This registry takes large files by git-lfs and not by Xet: set "
    "HF_HUB_DISABLE_XET=1 and upload again.";

/* What files are judged by. */
struct judge {
    struct rules ignore;
    struct rules weights;
};

/* A file of rules: from the body, else as the revision has it. */
static int
read_rules_file(const char **out, size_t *out_length, const char *given,
                const struct target *target, const char *path,
                struct error *err)
{
    const struct entry_wish wish = {&path, 1};
    struct entry_list found;
    const void *bytes = "";

    *out = given != NULL ? given : "";
    *out_length = strlen(*out);
    if (given != NULL)
        return 0;
    if (entry_pick(&found, target->view, &target->revision.commit, &wish, err) <
        0)
        return -1;
    if (found.count > 0 && !found.entries[0].is_folder &&
        entry_read(&bytes, out_length, target->view, &found.entries[0], err) <
            0)
        return -1;
    *out = bytes;
    return 0;
}

static int
read_judge(struct judge *out, struct request *request,
           const struct target *target, const json_t *body, struct error *err)
{
    const char *bytes;
    size_t length;

    if (read_rules_file(&bytes, &length, json_text(body, "gitIgnore"), target,
                        ".gitignore", err) < 0)
        return -1;
    rules_parse_ignore(&out->ignore, request->arena, bytes, length);
    if (read_rules_file(&bytes, &length, json_text(body, "gitAttributes"),
                        target, ".gitattributes", err) < 0)
        return -1;
    rules_parse_weights(&out->weights, request->arena, bytes, length);
    return 0;
}

/* Text is UTF-8 without NUL; a sample may end inside of a character. */
static bool
is_text(const char *sample, size_t length, bool is_cut)
{
    size_t most = is_cut ? 3 : 0;

    if (memchr(sample, '\0', length) != NULL)
        return false;
    for (size_t end = 0; end <= most && end < length; end++)
        if (text_is_utf8(sample, length - end))
            return true;
    return length == 0;
}

/* By size, then by what the file is, and only then by its name. */
static int
judge_file(bool *out_weights, struct request *request, struct judge *judge,
           const json_t *file, struct error *err)
{
    const char *path = json_text(file, "path");
    const char *encoded = json_text(file, "sample");
    int64_t size = json_number(file, "size", -1);
    const char *sample = "";
    size_t length = 0;

    if (size < 0)
        return error_set(err, ERROR_BAD_REQUEST, "\"size\" is missing");
    if (encoded != NULL) {
        sample = base64_read(&length, request->arena, encoded, strlen(encoded));
        if (sample == NULL || length > SAMPLE_LIMIT)
            return error_set(err, ERROR_BAD_REQUEST,
                             "\"sample\" is base64 of the first bytes");
    }
    /* Git keeps nothing of an empty file either way. */
    *out_weights =
        size > REGULAR_LIMIT_BYTES ||
        (size > 0 && (!is_text(sample, length, (int64_t)length < size) ||
                      rules_is_weights(&judge->weights, path)));
    return 0;
}

/* What the revision has under the path, or null. */
static json_t *
present_oid(const struct entry_list *present, const char *path)
{
    char text[DIGEST_TEXT_SIZE];

    for (size_t i = 0; i < present->count; i++) {
        const struct entry *entry = &present->entries[i];

        if (entry->is_folder || strcmp(entry->path, path) != 0)
            continue;
        if (!entry->is_weights)
            return shape_oid(&entry->oid);
        digest_write(text, &entry->pointer.digest);
        return json_string(text);
    }
    return NULL;
}

static int
read_wish(struct entry_wish *out, struct request *request, const json_t *files,
          struct error *err)
{
    size_t count = json_array_size(files);
    const char **paths;

    if (!json_is_array(files) || count > FILES_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"files\" is a list of at most %d", FILES_LIMIT);
    paths = arena_array(request->arena, count, sizeof(*paths));
    for (size_t i = 0; i < count; i++)
        if (json_need_text(&paths[i], json_array_get(files, i), "path", err) <
                0 ||
            text_check_path(paths[i], err) < 0)
            return -1;
    *out = (struct entry_wish){paths, count};
    return 0;
}

static int
answer(json_t *array, bool *out_any, struct request *request,
       const struct target *target, const json_t *body, struct error *err)
{
    const json_t *files = json_object_get(body, "files");
    struct entry_list present;
    struct entry_wish wish = {0};
    struct judge judge;

    if (read_wish(&wish, request, files, err) < 0 ||
        read_judge(&judge, request, target, body, err) < 0 ||
        entry_pick(&present, target->view, &target->revision.commit, &wish,
                   err) < 0)
        return -1;
    for (size_t i = 0; i < wish.count; i++) {
        const char *path = wish.paths[i];
        bool is_weights = false;
        json_t *oid;

        if (judge_file(&is_weights, request, &judge, json_array_get(files, i),
                       err) < 0)
            return -1;
        *out_any = *out_any || is_weights;
        oid = present_oid(&present, path);
        json_array_append_new(
            array,
            json_pack("{s:s, s:s, s:b, s:o*}", "path", path, "uploadMode",
                      is_weights ? "lfs" : "regular", "shouldIgnore",
                      rules_is_ignored(&judge.ignore, path), "oid", oid));
    }
    return 0;
}

static int
preupload_show(struct request *request, struct response *response,
               struct error *err)
{
    json_t *array = json_keep(request->arena, json_array());
    struct target target;
    bool has_weights = false;
    json_t *body;

    if (request_query_flag(request, "create_pr"))
        return error_set(err, ERROR_NOT_IMPLEMENTED,
                         "pull requests are not offered here yet");
    if (request_json(&body, request, err) < 0 ||
        target_find(&target, request, err) < 0 ||
        answer(array, &has_weights, request, &target, body, err) < 0)
        return -1;
    if (has_weights)
        response_header(response, "X-HF-Warning", no_xet);
    response_json(
        response, 200,
        json_keep(request->arena, json_pack("{s:O}", "files", array)));
    return 0;
}

const struct route preupload_routes[] = {
    {"POST", "/api/{types}/:namespace/:name/preupload/:revision", RIGHT_WRITE,
     preupload_show, NULL, 0},
    {0},
};
