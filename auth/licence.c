#include "auth/licence.h"

#include <stdio.h>
#include <string.h>

#include "storage/base/text.h"

static const char name_prefix[] = "sha256:";

void
licence_write_name(char out[LICENCE_NAME_SIZE], const struct digest *digest)
{
    char text[DIGEST_TEXT_SIZE];

    digest_write(text, digest);
    snprintf(out, LICENCE_NAME_SIZE, "%s%s", name_prefix, text);
}

bool
licence_parse_name(struct digest *out, const char *text)
{
    size_t length = strlen(name_prefix);

    if (strncmp(text, name_prefix, length) == 0)
        text += length;
    return digest_parse(out, text);
}

static int
check_label(const struct licence *licence, struct error *err)
{
    if (licence->label == NULL || licence->label[0] == '\0')
        return error_set(err, ERROR_BAD_REQUEST, "a licence needs a label");
    if (strlen(licence->label) > LICENCE_LABEL_LIMIT ||
        strlen(licence->version) > LICENCE_LABEL_LIMIT ||
        strlen(licence->language) > LICENCE_LABEL_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a licence's label is over %d bytes",
                         LICENCE_LABEL_LIMIT);
    return 0;
}

static int
check_text(const struct licence *licence, struct error *err)
{
    if (licence->length > LICENCE_LIMIT_BYTES)
        return error_set(err, ERROR_TOO_LARGE,
                         "a licence's text is over %zu bytes",
                         LICENCE_LIMIT_BYTES);
    if (licence->length == 0)
        return error_set(err, ERROR_BAD_REQUEST, "a licence needs a text");
    if (!text_is_utf8(licence->text, licence->length))
        return error_set(err, ERROR_BAD_REQUEST,
                         "a licence's text is not UTF-8");
    return 0;
}

int
licence_add(struct licence *licence, struct db *db, struct arena *arena,
            struct error *err)
{
    if (check_label(licence, err) < 0 || check_text(licence, err) < 0)
        return -1;
    digest_of(&licence->digest, licence->text, licence->length);
    return DB_RUN(NULL, db, arena, "licence_add", err,
                  db_bytes(licence->digest.bytes, DIGEST_BYTES),
                  db_bytes(licence->text, licence->length),
                  db_text(text_printable(arena, licence->label)),
                  db_text(text_printable(arena, licence->version)),
                  db_text(text_printable(arena, licence->language)),
                  licence->added_by != 0 ? db_int(licence->added_by)
                                         : db_null());
}

int
licence_find(struct licence *out, struct db *db, struct arena *arena,
             const struct digest *digest, struct error *err)
{
    struct db_rows *rows;

    *out = (struct licence){.digest = *digest};
    if (DB_RUN(&rows, db, arena, "licence_find", err,
               db_bytes(digest->bytes, DIGEST_BYTES)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    out->text = db_get_bytes(&out->length, rows, 0, 0);
    out->label = db_get_text(rows, 0, 1);
    out->version = db_get_text(rows, 0, 2);
    out->language = db_get_text(rows, 0, 3);
    return 0;
}
