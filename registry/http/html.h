/*
 * html: markup that is known to be safe, for its makers alone.
 *
 * Only page.c and registry/web/markdown.c include this header; everybody else
 * passes a struct html along.
 */
#ifndef REGISTRY_HTTP_HTML_H
#define REGISTRY_HTTP_HTML_H

#include <stddef.h>

struct html {
    const char *bytes; /* in the arena it was made in */
    size_t length;
};

#endif
