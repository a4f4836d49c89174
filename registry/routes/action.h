/*
 * action: addresses that carry their own right, for LFS transfers.
 *
 * Clients send no token with the bytes that they upload, so the address names
 * for whom it was made and what for, under an HMAC of the registry's own key.
 * It gives no right by itself: account, token and right are asked for anew
 * when it is used, and the gate for what leaves.
 */
#ifndef REGISTRY_ROUTES_ACTION_H
#define REGISTRY_ROUTES_ACTION_H

#include <stdint.h>

#include "registry/http/request.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

/* A download begins within this time; its end is the gate's matter. */
#define ACTION_DOWNLOAD_MS (INT64_C(10) * 60 * 1000)
/* An upload, for each begun gibibyte: clients ask for all addresses at once. */
#define ACTION_UPLOAD_MS (INT64_C(60) * 60 * 1000)
/* However large what is uploaded is said to be. */
#define ACTION_LIFE_LIMIT_MS (INT64_C(7) * 24 * 60 * 60 * 1000)

enum action_kind {
    ACTION_UPLOAD,
    ACTION_PART,
    ACTION_COMPLETE,
    ACTION_DOWNLOAD,
};

struct action {
    enum action_kind kind;
    int64_t repository;
    int64_t account;
    int64_t token;
    int64_t grant; /* that the gate answered with; 0 for none */
    struct digest digest;
    uint64_t size_bytes;
    const char *upload; /* public id of one in parts; "" for none */
    int part;           /* from 1; 0 for none */
    int64_t expires_at_ms;
};

/* The whole address, "https://registry/lfs/upload/…", in the arena. */
const char *action_write(const struct request *request,
                         const struct action *action);

/*
 * Reads the address that the request came by, and fills the request's caller,
 * repository and standing as they are now.  ERROR_FORBIDDEN for an address
 * that is not ours, is for something else or too old; ERROR_UNAUTHENTICATED
 * and right_check's errors for one whose right is gone.
 */
int action_read(struct action *out, struct request *request,
                enum action_kind kind, struct error *err);

#endif
