#include "storage/model/pickle.h"

#include <stdint.h>
#include <string.h>

#include "storage/model/cursor.h"

/* What is valid for so long is no accident, and no reason to go on. */
#define STEPS_LIMIT (1u << 20)
#define LINE_BYTES_LIMIT (64u << 20) /* of all lines together */
#define MARKS_LIMIT 1024
#define LINE_LIMIT 1024
#define PROTO 0x80
#define PROTOCOL_LIMIT 5

/* What stands behind an instruction. */
enum argument {
    NOTHING,
    BYTES_1,
    BYTES_2,
    BYTES_4,
    BYTES_8,
    LENGTH_1, /* a length of one byte, and as many bytes */
    LENGTH_4,
    LENGTH_8,
    LINE,   /* up to a newline */
    NUMBER, /* the same, of what numbers are written with */
    NAMES,  /* two lines: module and name */
};

enum effect {
    PLAIN,
    MARK,      /* remembers the stack's depth */
    TO_MARK,   /* takes all down to the mark */
    GLOBAL,    /* names a thing of a module */
    CALL,      /* calls a thing, or sets a state, which may call */
    CALL_MARK, /* the same, with all down to the mark */
    STOP,
};

static const struct instruction {
    uint8_t code;
    uint8_t argument;
    uint8_t pops; /* after those down to the mark */
    uint8_t pushes;
    uint8_t effect;
} instructions[] = {
    {'(', NOTHING, 0, 0, MARK},      {'.', NOTHING, 1, 0, STOP},
    {'0', NOTHING, 1, 0, PLAIN},     {'1', NOTHING, 0, 0, TO_MARK},
    {'2', NOTHING, 1, 2, PLAIN},     {'F', NUMBER, 0, 1, PLAIN},
    {'I', NUMBER, 0, 1, PLAIN},      {'J', BYTES_4, 0, 1, PLAIN},
    {'K', BYTES_1, 0, 1, PLAIN},     {'L', NUMBER, 0, 1, PLAIN},
    {'M', BYTES_2, 0, 1, PLAIN},     {'N', NOTHING, 0, 1, PLAIN},
    {'P', LINE, 0, 1, PLAIN},        {'Q', NOTHING, 1, 1, PLAIN},
    {'R', NOTHING, 2, 1, CALL},      {'S', LINE, 0, 1, PLAIN},
    {'T', LENGTH_4, 0, 1, PLAIN},    {'U', LENGTH_1, 0, 1, PLAIN},
    {'V', LINE, 0, 1, PLAIN},        {'X', LENGTH_4, 0, 1, PLAIN},
    {'a', NOTHING, 2, 1, PLAIN},     {'b', NOTHING, 2, 1, CALL},
    {'c', NAMES, 0, 1, GLOBAL},      {'d', NOTHING, 0, 1, TO_MARK},
    {'}', NOTHING, 0, 1, PLAIN},     {'e', NOTHING, 1, 1, TO_MARK},
    {'g', NUMBER, 0, 1, PLAIN},      {'h', BYTES_1, 0, 1, PLAIN},
    {'i', NAMES, 0, 1, CALL_MARK},   {'j', BYTES_4, 0, 1, PLAIN},
    {'l', NOTHING, 0, 1, TO_MARK},   {']', NOTHING, 0, 1, PLAIN},
    {'o', NOTHING, 0, 1, CALL_MARK}, {'p', NUMBER, 1, 1, PLAIN},
    {'q', BYTES_1, 1, 1, PLAIN},     {'r', BYTES_4, 1, 1, PLAIN},
    {'s', NOTHING, 3, 1, PLAIN},     {'t', NOTHING, 0, 1, TO_MARK},
    {')', NOTHING, 0, 1, PLAIN},     {'u', NOTHING, 1, 1, TO_MARK},
    {'G', BYTES_8, 0, 1, PLAIN},     {'B', LENGTH_4, 0, 1, PLAIN},
    {'C', LENGTH_1, 0, 1, PLAIN},    {PROTO, BYTES_1, 0, 0, PLAIN},
    {0x81, NOTHING, 2, 1, CALL},     {0x82, BYTES_1, 0, 1, GLOBAL},
    {0x83, BYTES_2, 0, 1, GLOBAL},   {0x84, BYTES_4, 0, 1, GLOBAL},
    {0x85, NOTHING, 1, 1, PLAIN},    {0x86, NOTHING, 2, 1, PLAIN},
    {0x87, NOTHING, 3, 1, PLAIN},    {0x88, NOTHING, 0, 1, PLAIN},
    {0x89, NOTHING, 0, 1, PLAIN},    {0x8a, LENGTH_1, 0, 1, PLAIN},
    {0x8b, LENGTH_4, 0, 1, PLAIN},   {0x8c, LENGTH_1, 0, 1, PLAIN},
    {0x8d, LENGTH_8, 0, 1, PLAIN},   {0x8e, LENGTH_8, 0, 1, PLAIN},
    {0x8f, NOTHING, 0, 1, PLAIN},    {0x90, NOTHING, 1, 1, TO_MARK},
    {0x91, NOTHING, 0, 1, TO_MARK},  {0x92, NOTHING, 3, 1, CALL},
    {0x93, NOTHING, 2, 1, GLOBAL},   {0x94, NOTHING, 1, 1, PLAIN},
    {0x95, BYTES_8, 0, 0, PLAIN},    {0x96, LENGTH_8, 0, 1, PLAIN},
    {0x97, NOTHING, 0, 1, PLAIN},    {0x98, NOTHING, 1, 1, PLAIN},
};
#define INSTRUCTIONS (sizeof(instructions) / sizeof(instructions[0]))

struct walk {
    struct cursor cursor;
    struct arena *arena;
    uint64_t depth;
    uint64_t marks[MARKS_LIMIT];
    size_t mark_count;
    uint64_t line_bytes;
    struct error error; /* of the source, if reading failed */
    bool has_global;
    bool has_called;
    bool has_stopped;
    struct pickle *out;
};

/* Takes bytes; false at the end of the file, or when reading failed. */
static bool
take(struct walk *walk, void *out, size_t length)
{
    return cursor_take(&walk->cursor, out, length, "pickle", &walk->error) == 0;
}

/* Steps over a length of size bytes and over what it counts. */
static bool
skip_counted(struct walk *walk, size_t size)
{
    uint8_t bytes[8] = {0};
    uint64_t length = 0;

    if (!take(walk, bytes, size))
        return false;
    for (size_t i = size; i > 0; i--)
        length = length << 8 | bytes[i - 1];
    return cursor_skip(&walk->cursor, length, "pickle", &walk->error) == 0;
}

/* Keeps the first bytes of a line; the newline is taken and left out. */
static bool
take_line(struct walk *walk, char line[LINE_LIMIT], size_t *length)
{
    uint8_t byte;

    *length = 0;
    while (walk->line_bytes < LINE_BYTES_LIMIT && take(walk, &byte, 1)) {
        walk->line_bytes++;
        if (byte == '\n') {
            line[*length] = '\0';
            return true;
        }
        if (*length < LINE_LIMIT - 1)
            line[(*length)++] = (char)byte;
    }
    return false;
}

static bool
take_number(struct walk *walk)
{
    char line[LINE_LIMIT];
    size_t length;

    return take_line(walk, line, &length) && length > 0 &&
           strspn(line, "0123456789+-.eExXaAnNiIfFL\r") == length;
}

/* A module or a name: no blanks, nothing that a text has between words. */
static bool
is_name(const char *line, size_t length)
{
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] <= ' ' ||
            strchr("()[]{},;:'\"=+*/\\<>!?#", line[i]) != NULL)
            return false;
    return true;
}

static bool
take_names(struct walk *walk)
{
    char module[LINE_LIMIT];
    char name[LINE_LIMIT];
    size_t length;
    size_t name_length;

    if (!take_line(walk, module, &length) ||
        !take_line(walk, name, &name_length) || !is_name(module, length) ||
        !is_name(name, name_length))
        return false;
    if (walk->out->global == NULL)
        walk->out->global =
            arena_format(walk->arena, "%.100s.%.100s", module, name);
    return true;
}

static bool
take_argument(struct walk *walk, enum argument argument)
{
    char line[LINE_LIMIT];
    uint8_t bytes[8];
    size_t length;

    switch (argument) {
    case NOTHING:
        return true;
    case BYTES_1:
    case BYTES_2:
    case BYTES_4:
    case BYTES_8:
        return take(walk, bytes, (size_t)1 << (argument - BYTES_1));
    case LENGTH_1:
        return skip_counted(walk, 1);
    case LENGTH_4:
        return skip_counted(walk, 4);
    case LENGTH_8:
        return skip_counted(walk, 8);
    case LINE:
        return take_line(walk, line, &length);
    case NUMBER:
        return take_number(walk);
    case NAMES:
        return take_names(walk);
    }
    return false;
}

/* Moves the stack; false where the unpickler would stop with an error. */
static bool
apply(struct walk *walk, const struct instruction *instruction)
{
    uint64_t floor =
        walk->mark_count > 0 ? walk->marks[walk->mark_count - 1] : 0;

    switch ((enum effect)instruction->effect) {
    case MARK:
        if (walk->mark_count == MARKS_LIMIT)
            return false;
        walk->marks[walk->mark_count++] = walk->depth;
        return true;
    case TO_MARK:
    case CALL_MARK:
        if (walk->mark_count == 0)
            return false;
        walk->depth = floor;
        walk->mark_count--;
        break;
    default:
        break;
    }
    floor = walk->mark_count > 0 ? walk->marks[walk->mark_count - 1] : 0;
    if (instruction->code == '0' && walk->depth == floor &&
        walk->mark_count > 0) {
        walk->mark_count--; /* POP takes a mark like a value */
        return true;
    }
    if (walk->depth - floor < instruction->pops)
        return false;
    walk->depth += instruction->pushes;
    walk->depth -= instruction->pops;
    return true;
}

/* One instruction; false when there is none, or it is not valid. */
static bool
step(struct walk *walk)
{
    const struct instruction *instruction = NULL;
    uint8_t code;

    if (!take(walk, &code, 1))
        return false;
    for (size_t i = 0; i < INSTRUCTIONS && instruction == NULL; i++)
        if (instructions[i].code == code)
            instruction = &instructions[i];
    if (instruction == NULL || !take_argument(walk, instruction->argument) ||
        !apply(walk, instruction))
        return false;
    if (instruction->effect == GLOBAL || code == 'i')
        walk->has_global = true;
    if (instruction->effect == CALL || instruction->effect == CALL_MARK)
        walk->has_called = walk->has_called || walk->has_global;
    walk->has_stopped = instruction->effect == STOP;
    return true;
}

int
pickle_check(struct pickle *out, struct arena *arena,
             const struct source *source, struct error *err)
{
    struct walk *walk = arena_alloc(arena, sizeof(*walk));
    uint8_t head[2] = {0};
    size_t steps = 0;

    *out = (struct pickle){0};
    if (source->size_bytes < 2)
        return 0;
    if (source_read(source, head, 0, sizeof(head), err) < 0)
        return -1;
    cursor_open(&walk->cursor, arena, source);
    walk->arena = arena;
    walk->out = out;
    while (!walk->has_called && !walk->has_stopped && steps < STEPS_LIMIT &&
           step(walk))
        steps++;
    /* The file's end is an error of ours, anything else one of the source. */
    if (walk->error.code != ERROR_NONE &&
        walk->error.code != ERROR_UNPROCESSABLE) {
        *err = walk->error;
        return -1;
    }
    if (head[0] == PROTO && head[1] <= PROTOCOL_LIMIT)
        out->protocol = head[1];
    out->is_pickle =
        (head[0] == PROTO && head[1] <= PROTOCOL_LIMIT && steps > 1) ||
        walk->has_called || (walk->has_stopped && walk->has_global) ||
        steps == STEPS_LIMIT || walk->line_bytes == LINE_BYTES_LIMIT;
    return 0;
}
