/*
 * no_registry: cli/client/client.h without a network: each question gets the
 * next answer of a text.
 *
 * Answers end at a byte 0x1e.  One is its status in a line, headers in lines,
 * an empty line, and the body; the last one is given again when there are no
 * more.  Linked in the place of cli/client/client.c.
 */
#ifndef TESTS_FUZZ_NO_REGISTRY_H
#define TESTS_FUZZ_NO_REGISTRY_H

#include "cli/client/client.h"

/* In the arena; the bytes outlive it. */
struct client *no_registry_open(struct arena *arena, const void *bytes,
                                size_t length);

#endif
