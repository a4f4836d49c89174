/*
 * receipt_store: the receipts that a person keeps, one file each.
 */
#ifndef CLI_HOME_RECEIPT_STORE_H
#define CLI_HOME_RECEIPT_STORE_H

#include "cli/home/home.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

/* What a receipt's file is named after. */
struct receipt_name {
    const char *model;   /* "acme/tiny" */
    const char *request; /* public id, or "" */
};

/*
 * Writes receipts/acme-tiny-7c1e.json; *out_path is where.  An earlier receipt
 * with other bytes is never replaced: the name then takes more of the id, and
 * at last a number.
 */
int receipt_store_add(const char **out_path, const struct home *home,
                      struct arena *arena, const struct receipt_name *name,
                      const char *text, struct error *err);

#endif
