#include "storage/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int status;
    const char *wire;
    const char *text;
} kinds[] = {
    [ERROR_NONE] = {"NONE", 200, "", ""},
#define ERROR(name, status, wire, text)                                        \
    [ERROR_##name] = {#name, status, wire, text},
#include "storage/base/error.def"
#undef ERROR
};

int
error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;

    err->code = code;
    err->status = kinds[code].status;
    err->cause[0] = '\0';
    err->retry_after_seconds = 0;
    if (format == NULL) {
        snprintf(err->message, sizeof(err->message), "%s", kinds[code].text);
        return -1;
    }
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return -1;
}

int
error_set_cause(struct error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->cause, sizeof(err->cause), format, args);
    va_end(args);
    return -1;
}

int
error_set_system(struct error *err, const char *what)
{
    int number = errno;
    enum error_code code = ERROR_INTERNAL;

    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        code = ERROR_NO_SPACE;
    error_set(err, code, "%s: %s", what, strerror(number));
    return error_set_cause(err, "errno %d", number);
}

const char *
error_name(enum error_code code)
{
    return kinds[code].name;
}

const char *
error_wire(enum error_code code)
{
    return kinds[code].wire;
}

const char *
error_text(enum error_code code)
{
    return kinds[code].text;
}
