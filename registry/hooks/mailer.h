/*
 * mailer: a thread that sends mail, so that no worker waits for a mail server.
 *
 * A job (registry/jobs/outbox) offers what is to be sent and later takes the
 * results.  The thread begins with the first mail.  Offering and taking are
 * for one thread at a time.
 */
#ifndef REGISTRY_HOOKS_MAILER_H
#define REGISTRY_HOOKS_MAILER_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/config.h"
#include "registry/hooks/mail.h"

#define MAILER_WAITING 8 /* mails that it has at once */

struct mailer;

struct mailer_result {
    int64_t id;
    bool is_sent;
    bool is_final; /* not sent, and no other try will help */
    char problem[256];
};

/*
 * With no smtp_url *out is NULL.  Reads the password file.  The caller frees
 * *out with mailer_free.
 */
int mailer_open(struct mailer **out, const struct config *config,
                struct error *err);

/* Breaks off what is being sent.  NULL is allowed. */
void mailer_free(struct mailer *mailer);

/* Copies the mail; false when it has enough, or no thread. */
bool mailer_offer(struct mailer *mailer, const struct mail *mail);
bool mailer_has_room(struct mailer *mailer);

/* Whether a mail was done with since the last call. */
bool mailer_take(struct mailer_result *out, struct mailer *mailer);

#endif
