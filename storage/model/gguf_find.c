#include "storage/model/gguf_find.h"

#include <stdlib.h>
#include <string.h>

static int
compare_key(const void *name, const void *element)
{
    const struct gguf_key *const *key = element;

    return strcmp(name, (*key)->name);
}

static int
compare_tensor(const void *name, const void *element)
{
    const struct gguf_tensor *const *tensor = element;

    return strcmp(name, (*tensor)->name);
}

const struct gguf_key *
gguf_find_key(const struct gguf *gguf, const char *name)
{
    const struct gguf_key **found;

    if (gguf->key_count == 0)
        return NULL;
    found = bsearch(name, gguf->keys_sorted, gguf->key_count, sizeof(void *),
                    compare_key);
    return found == NULL ? NULL : *found;
}

const struct gguf_tensor *
gguf_find_tensor(const struct gguf *gguf, const char *name)
{
    const struct gguf_tensor **found;

    if (gguf->tensor_count == 0)
        return NULL;
    found = bsearch(name, gguf->tensors_sorted, gguf->tensor_count,
                    sizeof(void *), compare_tensor);
    return found == NULL ? NULL : *found;
}

const char *
gguf_find_text(const struct gguf *gguf, const char *name)
{
    const struct gguf_key *key = gguf_find_key(gguf, name);

    return key == NULL ? NULL : key->text;
}

static bool
is_signed(enum gguf_kind kind)
{
    return kind == GGUF_I8 || kind == GGUF_I16 || kind == GGUF_I32 ||
           kind == GGUF_I64;
}

static bool
is_unsigned(enum gguf_kind kind)
{
    return kind == GGUF_U8 || kind == GGUF_U16 || kind == GGUF_U32 ||
           kind == GGUF_U64;
}

bool
gguf_find_count(uint64_t *out, const struct gguf *gguf, const char *name)
{
    const struct gguf_key *key = gguf_find_key(gguf, name);

    if (key == NULL)
        return false;
    if (!is_unsigned(key->kind) &&
        !(is_signed(key->kind) && key->number.integer >= 0))
        return false;
    *out = key->number.natural;
    return true;
}

bool
gguf_find_number(double *out, const struct gguf *gguf, const char *name)
{
    const struct gguf_key *key = gguf_find_key(gguf, name);

    if (key == NULL)
        return false;
    if (key->kind == GGUF_F32 || key->kind == GGUF_F64)
        *out = key->number.real;
    else if (is_unsigned(key->kind))
        *out = (double)key->number.natural;
    else if (is_signed(key->kind))
        *out = (double)key->number.integer;
    else
        return false;
    return true;
}

bool
gguf_find_flag(bool *out, const struct gguf *gguf, const char *name)
{
    const struct gguf_key *key = gguf_find_key(gguf, name);

    if (key == NULL || key->kind != GGUF_BOOL)
        return false;
    *out = key->number.natural != 0;
    return true;
}
