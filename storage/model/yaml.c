#include "storage/model/yaml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "storage/base/json.h"

#define TAG "tag:yaml.org,2002:"
#define NUMBER_LIMIT 64 /* characters; longer ones stay text */

static const char *const tags[] = {TAG "str",  TAG "int",      TAG "float",
                                   TAG "bool", TAG "null",     TAG "seq",
                                   TAG "map",  TAG "timestamp"};

static const struct {
    const char *text;
    enum { NONE, FALSE, TRUE } value;
} words[] = {
    {"", NONE},       {"~", NONE},      {"null", NONE},   {"Null", NONE},
    {"NULL", NONE},   {"true", TRUE},   {"True", TRUE},   {"TRUE", TRUE},
    {"false", FALSE}, {"False", FALSE}, {"FALSE", FALSE},
};

struct reader {
    yaml_document_t *document;
    const struct yaml_limits *limits;
    size_t nodes;
};

static int
refuse(const yaml_mark_t *mark, const char *what, struct error *err)
{
    return error_set(err, ERROR_UNPROCESSABLE, "YAML, line %zu, column %zu: %s",
                     mark->line + 1, mark->column + 1, what);
}

static size_t
count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* [-+]? digits, or 0o and 0x forms; NULL when text is none of them. */
static json_t *
read_integer(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char *end;
    long long value;
    int base = 10;

    if (text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
        base = text[1] == 'o' ? 8 : 16;
        digits = text + 2;
        if (strspn(digits, base == 8 ? "01234567" : "0123456789abcdefABCDEF") !=
            strlen(digits))
            return NULL;
    } else if (count_digits(digits) != strlen(digits)) {
        return NULL;
    }
    if (*digits == '\0')
        return NULL;
    errno = 0;
    value = strtoll(base == 10 ? text : digits, &end, base);
    if (errno != 0)
        return base == 10 ? json_real(strtod(text, NULL)) : NULL;
    return json_integer(value);
}

/* [-+]? digits with a point or an exponent; NULL when text is none. */
static json_t *
read_real(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    size_t before = count_digits(at);
    size_t after = 0;

    at += before;
    if (*at == '.') {
        after = count_digits(at + 1);
        at += 1 + after;
    }
    if (before + after == 0)
        return NULL;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        if (count_digits(at) == 0)
            return NULL;
        at += count_digits(at);
    }
    /* NULL again for what is over a double's range. */
    return *at == '\0' ? json_real(strtod(text, NULL)) : NULL;
}

static json_t *
read_plain(const char *text, size_t length)
{
    json_t *value = NULL;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i].text) == 0)
            return words[i].value == NONE
                       ? json_null()
                       : json_boolean(words[i].value == TRUE);
    if (length <= NUMBER_LIMIT && strchr("0123456789.+-", *text) != NULL) {
        value = read_integer(text);
        if (value == NULL)
            value = read_real(text);
    }
    return value != NULL ? value : json_stringn(text, length);
}

static bool
has_known_tag(const yaml_node_t *node)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (strcmp((const char *)node->tag, tags[i]) == 0)
            return true;
    return false;
}

/* A text without NUL, or NULL. */
static const char *
scalar_text(const yaml_node_t *node)
{
    const char *text = (const char *)node->data.scalar.value;

    return strlen(text) == node->data.scalar.length ? text : NULL;
}

static json_t *read_node(struct reader *reader, int index, int depth,
                         struct error *err);

static json_t *
read_list(struct reader *reader, const yaml_node_t *node, int depth,
          struct error *err)
{
    json_t *list = json_array();

    for (const yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        json_t *value = read_node(reader, *item, depth + 1, err);

        if (value == NULL) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, value);
    }
    return list;
}

static int
read_pair(struct reader *reader, json_t *object, const yaml_node_pair_t *pair,
          int depth, struct error *err)
{
    const yaml_node_t *key =
        yaml_document_get_node(reader->document, pair->key);
    const char *name;
    json_t *value;

    if (key->type != YAML_SCALAR_NODE)
        return refuse(&key->start_mark, "a key is no text", err);
    name = scalar_text(key);
    if (name == NULL)
        return refuse(&key->start_mark, "a key holds a NUL", err);
    if (json_object_get(object, name) != NULL)
        return refuse(&key->start_mark, "the key stands there twice", err);
    value = read_node(reader, pair->value, depth + 1, err);
    if (value == NULL)
        return -1;
    json_object_set_new(object, name, value);
    return 0;
}

static json_t *
read_object(struct reader *reader, const yaml_node_t *node, int depth,
            struct error *err)
{
    json_t *object = json_object();

    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++)
        if (read_pair(reader, object, pair, depth, err) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static json_t *
read_scalar(const yaml_node_t *node, struct error *err)
{
    const char *text = scalar_text(node);
    json_t *value;

    if (text == NULL) {
        refuse(&node->start_mark, "a text holds a NUL", err);
        return NULL;
    }
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        value = read_plain(text, node->data.scalar.length);
    else
        value = json_stringn(text, node->data.scalar.length);
    if (value == NULL)
        refuse(&node->start_mark, "a text is not UTF-8", err);
    return value;
}

/* A new reference, or NULL with err filled. */
static json_t *
read_node(struct reader *reader, int index, int depth, struct error *err)
{
    const yaml_node_t *node = yaml_document_get_node(reader->document, index);

    if (depth > reader->limits->depth) {
        refuse(&node->start_mark, "nested too deeply", err);
        return NULL;
    }
    if (++reader->nodes > reader->limits->nodes) {
        refuse(&node->start_mark, "too many values", err);
        return NULL;
    }
    if (!has_known_tag(node)) {
        refuse(&node->start_mark, "an unknown tag", err);
        return NULL;
    }
    switch (node->type) {
    case YAML_SCALAR_NODE:
        return read_scalar(node, err);
    case YAML_SEQUENCE_NODE:
        return read_list(reader, node, depth, err);
    case YAML_MAPPING_NODE:
        return read_object(reader, node, depth, err);
    default:
        refuse(&node->start_mark, "no value", err);
        return NULL;
    }
}

/* Loads the next document and converts it; NULL with err filled. */
static json_t *
read_document(yaml_parser_t *parser, const struct yaml_limits *limits,
              struct error *err)
{
    struct reader reader = {.limits = limits};
    yaml_document_t document;
    json_t *value = NULL;

    if (yaml_parser_load(parser, &document) != 1) {
        refuse(&parser->problem_mark,
               parser->problem != NULL ? parser->problem : "malformed", err);
        return NULL;
    }
    reader.document = &document;
    if (yaml_document_get_root_node(&document) == NULL)
        value = json_null();
    else
        value = read_node(&reader, 1, 1, err);
    yaml_document_delete(&document);
    return value;
}

int
yaml_read(json_t **out, struct arena *arena, const char *bytes, size_t length,
          const struct yaml_limits *limits, struct error *err)
{
    yaml_parser_t parser;
    json_t *second = NULL;
    int result = -1;

    if (yaml_parser_initialize(&parser) != 1)
        abort();
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    *out = json_keep(arena, read_document(&parser, limits, err));
    if (*out == NULL)
        goto done;
    if (!json_is_null(*out)) {
        second = read_document(&parser, limits, err);
        if (second == NULL)
            goto done;
        if (!json_is_null(second)) {
            error_set(err, ERROR_UNPROCESSABLE, "YAML with two documents");
            goto done;
        }
    }
    result = 0;

done:
    json_decref(second);
    yaml_parser_delete(&parser);
    return result;
}
