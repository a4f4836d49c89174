#include "cli/client/licence.h"

#include <string.h>

#include "storage/base/file.h"

#define LABEL_LIMIT 120 /* bytes; the registry's */

/* At most LABEL_LIMIT bytes of a line, whole characters. */
static size_t
label_length(const char *line)
{
    size_t length = strcspn(line, "\r\n");

    if (length > LABEL_LIMIT)
        length = LABEL_LIMIT;
    while (length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* "Acme Research Licence 1.0": the first line, its last word a version. */
static void
split_title(struct licence *out, struct arena *arena, const char *text)
{
    char *line;
    char *space;

    text += strspn(text, " \t\r\n#");
    line = arena_bytes(arena, text, label_length(text));
    space = strrchr(line, ' ');
    out->label = *line != '\0' ? line : "Licence";
    out->version = "";
    out->name = arena_text(arena, out->label);
    if (space != NULL && space[1] >= '0' && space[1] <= '9') {
        *space = '\0';
        out->version = space + 1;
    }
}

int
licence_send(struct licence *out, struct client *client, struct arena *arena,
             const char *path, struct error *err)
{
    struct client_question question = {.method = "POST",
                                       .path = "/api/licences"};
    json_t *answer;
    size_t length;
    char *text;

    if (file_read(&text, &length, arena, path, LICENCE_LIMIT_BYTES, err) < 0)
        return -1;
    split_title(out, arena, text);
    question.body = json_keep(arena, json_pack("{s:s%, s:s, s:s}", "text", text,
                                               length, "label", out->label,
                                               "version", out->version));
    if (question.body == NULL)
        return error_set(err, ERROR_UNPROCESSABLE, "%s: no UTF-8 text", path);
    if (client_call(&answer, client, arena, &question, err) < 0)
        return -1;
    return json_need_text(&out->digest, answer, "digest", err);
}
