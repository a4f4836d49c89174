/*
 * shelter: what the server child may reach, and nothing else.
 *
 * Apart from the child itself, so that a test tries to break the real rules.
 */
#ifndef REGISTRY_SHELTER_H
#define REGISTRY_SHELTER_H

#include "registry/config.h"
#include "storage/base/confine.h"

/* Blobs and spool to write; to read, what looks names up for mail and TLS. */
void shelter_fill_rules(struct confine_rules *out, const struct config *config,
                        const char *spool);

#endif
