/*
 * json: jansson with the bounds that hostile input needs.
 *
 * json_read refuses duplicate keys, NUL in strings, more than JSON_DEPTH
 * levels and trailing bytes.  The values it gives live as long as the arena;
 * members are borrowed.  JSON is built with jansson's own json_pack and
 * json_object_set_new, and written by json_write.
 */
#ifndef STORAGE_BASE_JSON_H
#define STORAGE_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

/* Levels of nesting that json_read takes. */
#define JSON_DEPTH 64

/*
 * Has jansson end the process when memory is out, as xcalloc does; called once,
 * at the start.  Its calls are too many to be asked one by one, and an answer
 * that lacks a member would pass for whole.
 */
void json_guard_memory(void);

/* ERROR_BAD_REQUEST when it is not one JSON value. */
int json_read(json_t **out, struct arena *arena, const char *bytes,
              size_t length, struct error *err);

/* The arena gives up value when it dies.  Returns value. */
json_t *json_keep(struct arena *arena, json_t *value);

/* Compact text in the arena, ended by NUL. */
char *json_write(size_t *out_length, struct arena *arena, const json_t *value);

/* The member as text; NULL when it is missing, null or no string. */
const char *json_text(const json_t *object, const char *key);

/* The member, or fallback when it is missing or of another type. */
int64_t json_number(const json_t *object, const char *key, int64_t fallback);
bool json_flag(const json_t *object, const char *key, bool fallback);

/*
 * The first member that is not among the names, which NULL ends; NULL when
 * there is none.
 */
const char *json_find_unknown(const json_t *object, const char *const *names);

/* ERROR_BAD_REQUEST that names the key when the member is not a text. */
int json_need_text(const char **out, const json_t *object, const char *key,
                   struct error *err);

#endif
