#include "cli/home/receipt_store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "auth/key/receipt.h"
#include "storage/base/file.h"

#define SHORT_ID_DIGITS 4
#define TRIES 1000

/* The n-th name to try. */
static const char *
name_at(struct arena *arena, const struct receipt_name *name, int n)
{
    char *model = arena_text(arena, name->model);
    int digits = n == 0 ? SHORT_ID_DIGITS : (int)strlen(name->request);

    for (char *at = model; *at != '\0'; at++)
        if (*at == '/')
            *at = '-';
    if (n <= 1)
        return arena_format(arena, "%s-%.*s.json", model, digits,
                            name->request);
    return arena_format(arena, "%s-%s-%d.json", model, name->request, n);
}

static bool
holds(struct arena *arena, const char *path, const char *bytes, size_t length)
{
    struct error err;
    char *there;
    size_t there_length;

    return file_read(&there, &there_length, arena, path, RECEIPT_LIMIT_BYTES,
                     &err) == 0 &&
           there_length == length && memcmp(there, bytes, length) == 0;
}

/* The whole file or none: a link fails when the name is taken. */
static int
add_new(const char *path, const char *bytes, size_t length, struct error *err)
{
    struct arena *arena = arena_open();
    const char *beside = arena_format(arena, "%s.%ld", path, (long)getpid());
    int result = file_write(beside, bytes, length, 0600, err);

    if (result == 0 && link(beside, path) < 0) {
        result = errno == EEXIST ? error_set(err, ERROR_CONFLICT, NULL)
                                 : error_set_system(err, path);
    }
    (void)unlink(beside);
    arena_free(arena);
    return result;
}

int
receipt_store_add(const char **out_path, const struct home *home,
                  struct arena *arena, const struct receipt_name *name,
                  const char *text, struct error *err)
{
    size_t length = strlen(text);
    const char *folder = arena_format(arena, "%s/receipts", home->data);

    if (file_make_folder(folder, 0700, err) < 0)
        return -1;
    for (int n = 0; n < TRIES; n++) {
        *out_path =
            arena_format(arena, "%s/%s", folder, name_at(arena, name, n));
        if (holds(arena, *out_path, text, length) ||
            add_new(*out_path, text, length, err) == 0)
            return 0;
        if (err->code != ERROR_CONFLICT)
            return -1;
    }
    return error_set(err, ERROR_CONFLICT, "%s has too many receipts of %s",
                     folder, name->model);
}
