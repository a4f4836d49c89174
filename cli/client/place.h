/*
 * place: where a pulled model's files end up.
 *
 * In the Hub's cache a file is a blob and a link to it; in a folder of the
 * person's own it is a file, and what is not complete waits below
 * .cache/huggingface/weigh.  Both ways a file is first stored under the name
 * of its bytes, verified, and only when all are there appears in the model.
 */
#ifndef CLI_CLIENT_PLACE_H
#define CLI_CLIENT_PLACE_H

#include <stdbool.h>

#include "cli/client/model.h"
#include "cli/home/home.h"
#include "cli/home/hub.h"
#include "cli/terminal/terminal.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

struct place {
    struct hub_model hub;
    const char *folder; /* the person's own; NULL: the cache */
    const char *store;  /* where files wait under the names of their bytes */
    const char *result; /* the model's folder, in the end */
    const char *commit;
    int lock; /* held by this process */
};

struct place_question {
    const char *model; /* "acme/tiny" */
    const char *commit;
    const char *folder; /* NULL: the cache */
    const struct terminal *terminal;
};

/*
 * Makes the folders and waits for other pulls of the same model; waiting says
 * so through terminal.  The caller closes with place_close.
 */
int place_open(struct place *out, const struct home *home, struct arena *arena,
               const struct place_question *question, struct error *err);
void place_close(struct place *place);

/* The file in the store: blobs/ETAG. */
const char *place_store_path(const struct place *place, struct arena *arena,
                             const struct model_file *file);

/*
 * An open descriptor of the file that is there already, in the store or in the
 * model; -1 when there is none.
 */
int place_open_file(const struct place *place, struct arena *arena,
                    const struct model_file *file);

/* Makes every file of the tree appear in the model. */
int place_finish(const struct place *place, struct arena *arena,
                 const struct model_tree *tree, struct error *err);

#endif
