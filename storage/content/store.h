/*
 * store: what a struct content_store is, for this folder alone.
 */
#ifndef STORAGE_CONTENT_STORE_H
#define STORAGE_CONTENT_STORE_H

#include "storage/blob/blob.h"

struct content_store {
    struct blob_store *blobs; /* owned */
};

#endif
