/* outbox: hands mail to the mailer, and notes what became of it. */
#include "auth/outbox.h"

#include <string.h>

#include "registry/hooks/mailer.h"
#include "registry/jobs/jobs.h"
#include "storage/base/clock.h"

/* Mails looked at in one run. */
#define OUTBOX_RUN_LIMIT 64

static const char no_server[] = "no mail server is configured";

static int
note_results(struct mailer *mailer, struct db *db, struct arena *arena,
             struct error *err)
{
    struct mailer_result result;

    while (mailer_take(&result, mailer)) {
        if (result.is_sent) {
            if (outbox_set_sent(db, arena, result.id, err) < 0)
                return -1;
        } else if (outbox_set_failed(db, arena, result.id, result.problem,
                                     result.is_final, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The first address of ours in a mail's text. */
static const char *
find_link(struct arena *arena, const char *body, const char *url)
{
    const char *at = strstr(body, url);

    return at != NULL ? arena_bytes(arena, at, strcspn(at, " \n")) : "";
}

/*
 * Without a mail server a link goes to the log, for the administrator to hand
 * on: the one secret that a log holds, and meant to.
 */
static int
log_instead(const struct service *service, const struct outbox_mail *mail,
            struct db *db, struct arena *arena, struct error *err)
{
    bool is_link =
        mail->dedupe != NULL && strncmp(mail->dedupe, "link:", 5) == 0;

    if (!is_link)
        return outbox_set_failed(db, arena, mail->id, no_server, true, err);
    log_write(&service->log, "mail not sent",
              json_pack("{s:s, s:s, s:s, s:s}", "why", no_server, "to",
                        mail->recipient, "subject", mail->subject, "link",
                        find_link(arena, mail->body, service->url)));
    return outbox_set_sent(db, arena, mail->id, err);
}

static int
pass_on(const struct service *service, const struct outbox_mail *mail,
        struct db *db, struct arena *arena, struct error *err)
{
    const struct mail message = {
        .id = mail->id,
        .recipient = mail->recipient,
        .subject = mail->subject,
        .body = mail->body,
        .at_ms = clock_now_ms(),
    };

    if (service->mailer == NULL)
        return log_instead(service, mail, db, arena, err);
    if (!mailer_offer(service->mailer, &message))
        return outbox_set_failed(db, arena, mail->id, "no thread to send it",
                                 false, err);
    return 0;
}

int
outbox_run(struct db *db, struct arena *arena, void *state, struct error *err)
{
    const struct service *service = state;
    struct outbox_mail mail;

    if (service->mailer != NULL &&
        note_results(service->mailer, db, arena, err) < 0)
        return -1;
    for (int i = 0; i < OUTBOX_RUN_LIMIT; i++) {
        if (service->mailer != NULL && !mailer_has_room(service->mailer))
            break;
        if (outbox_take(&mail, db, arena, err) < 0)
            return -1;
        if (mail.id == 0)
            break;
        if (pass_on(service, &mail, db, arena, err) < 0)
            return -1;
    }
    return 0;
}
