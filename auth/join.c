#include "auth/join.h"

#include <string.h>

#include "auth/account.h"
#include "auth/attempt.h"
#include "auth/link.h"
#include "auth/outbox.h"
#include "auth/password.h"
#include "storage/base/random.h"

static const struct {
    const char *name;
    enum join_policy policy;
} policies[] = {
    {"open", JOIN_OPEN},
    {"invitation", JOIN_INVITATION},
    {"closed", JOIN_CLOSED},
};

/* A mail around a link, by what the link is for. */
static const struct {
    const char *subject;
    const char *path;
    const char *text;
} mails[] = {
    [LINK_VERIFY] = {"Confirm your e-mail address", "/verify?link=",
                     "Somebody, probably you, asked for an account with this "
                     "e-mail address.\nOpen this page within a day to confirm "
                     "that it is yours:"},
    [LINK_INVITE] = {"You are invited", "/join?link=",
                     "You are invited to this registry of models.\nOpen this "
                     "page within a week to make an account:"},
    [LINK_PASSWORD] = {"Set a new password", "/password?link=",
                       "Somebody, probably you, wants to set a new password "
                       "for your account.\nOpen this page within an hour to "
                       "do so:"},
};

static const char no_need[] =
    "If it was not you, nothing has to be done, and nothing happens.";

bool
join_policy_parse(enum join_policy *out, const char *text)
{
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        if (strcmp(policies[i].name, text) == 0) {
            *out = policies[i].policy;
            return true;
        }
    return false;
}

static int
send_link(struct db *db, struct arena *arena, const struct link *link,
          const char *url, struct error *err)
{
    const char *text;
    struct outbox_mail mail = {.recipient = link->email,
                               .subject = mails[link->kind].subject};
    char id[RANDOM_ID_SIZE];

    random_id(id);
    if (link_add(&text, db, arena, link, err) < 0)
        return -1;
    mail.body =
        arena_format(arena, "%s\n\n%s%s%s\n\n%s\n", mails[link->kind].text, url,
                     mails[link->kind].path, text, no_need);
    mail.dedupe = arena_format(arena, "link:%s", id);
    return outbox_add(db, arena, &mail, err);
}

/* Costs what an account costs, so that time does not tell either. */
static int
tell_owner(struct db *db, struct arena *arena, const struct account *owner,
           const struct join *join, struct error *err)
{
    const struct outbox_mail mail = {
        .recipient = owner->email,
        .subject = "You have an account already",
        .body = arena_format(arena,
                             "Somebody, probably you, asked for an account "
                             "with this e-mail address, which\nbelongs to the "
                             "account %s at %s.\n\nA forgotten password can "
                             "be set anew at %s/password.\n\n%s\n",
                             owner->name, join->url, join->url, no_need),
    };
    char hash[PASSWORD_HASH_SIZE];

    if (password_hash(hash, join->password, err) < 0)
        return -1;
    return outbox_add(db, arena, &mail, err);
}

static int
add_account(struct db *db, struct arena *arena, const struct join *join,
            const char *email, bool is_verified, struct error *err)
{
    const struct account_spec spec = {
        .name = join->name,
        .fullname = join->fullname,
        .email = email,
        .password = join->password,
        .is_verified = is_verified,
    };
    struct account account;
    struct link link = {.kind = LINK_VERIFY, .email = email};

    if (account_add(&account, db, arena, &spec, err) < 0)
        return -1;
    if (is_verified)
        return 0;
    link.account = account.id;
    return send_link(db, arena, &link, join->url, err);
}

/* In a transaction: all of it or nothing. */
static int
join_in(bool *out_is_ready, struct db *db, struct arena *arena,
        const struct join *join, struct error *err)
{
    struct link invitation = {.email = join->email};
    struct account found;

    *out_is_ready = join->invitation != NULL;
    if (join->invitation != NULL &&
        link_use(&invitation, db, arena, LINK_INVITE, join->invitation, err) <
            0)
        return -1;
    if (account_find(&found, db, arena, join->name, err) < 0)
        return -1;
    if (found.id != 0)
        return error_set(err, ERROR_CONFLICT, "the name \"%s\" is taken",
                         join->name);
    if (account_find_by_email(&found, db, arena, invitation.email, err) < 0)
        return -1;
    if (found.id == 0)
        return add_account(db, arena, join, invitation.email, *out_is_ready,
                           err);
    /* Whoever holds an invitation may know that its address is in use. */
    if (*out_is_ready)
        return error_set(err, ERROR_CONFLICT,
                         "there is an account with this e-mail address");
    return tell_owner(db, arena, &found, join, err);
}

int
join_ask(bool *out_is_ready, struct db *db, struct arena *arena,
         const struct join *join, struct error *err)
{
    const struct attempt attempt = {.kind = ATTEMPT_JOIN,
                                    .address = join->address};

    if (join->policy == JOIN_CLOSED)
        return error_set(err, ERROR_FORBIDDEN,
                         "this registry takes no new accounts; ask whoever "
                         "runs it");
    if (join->policy == JOIN_INVITATION && join->invitation == NULL)
        return error_set(err, ERROR_FORBIDDEN,
                         "this registry wants an invitation; ask whoever runs "
                         "it");
    if (account_check_name(join->name, err) < 0 ||
        (join->invitation == NULL &&
         account_check_email(join->email, err) < 0) ||
        password_check(join->password, err) < 0 ||
        attempt_add(db, arena, &attempt, err) < 0 || db_begin(db, err) < 0)
        return -1;
    return db_end(db, join_in(out_is_ready, db, arena, join, err), err);
}

int
join_verify(struct db *db, struct arena *arena, const char *text,
            struct error *err)
{
    struct link link;
    int result = -1;

    if (db_begin(db, err) < 0)
        return -1;
    if (link_use(&link, db, arena, LINK_VERIFY, text, err) == 0 &&
        account_set_verified(db, arena, link.account, err) == 0)
        result = 0;
    return db_end(db, result, err);
}

static int
send_in_transaction(struct db *db, struct arena *arena, const struct link *link,
                    const char *url, struct error *err)
{
    if (db_begin(db, err) < 0)
        return -1;
    return db_end(db, send_link(db, arena, link, url, err), err);
}

int
join_remind(struct db *db, struct arena *arena, int64_t account,
            const char *url, struct error *err)
{
    struct link link = {.kind = LINK_VERIFY, .account = account};
    struct attempt attempt = {.kind = ATTEMPT_MAIL};
    struct account found;

    if (account_find_by_id(&found, db, arena, account, err) < 0)
        return -1;
    if (found.id == 0 || found.is_verified)
        return 0;
    link.email = found.email;
    attempt.account = found.email;
    if (attempt_add(db, arena, &attempt, err) < 0)
        return -1;
    return send_in_transaction(db, arena, &link, url, err);
}

int
join_invite(struct db *db, struct arena *arena, int64_t account,
            const char *email, const char *url, struct error *err)
{
    const struct link link = {
        .kind = LINK_INVITE, .email = email, .created_by = account};

    if (account_check_email(email, err) < 0)
        return -1;
    return send_in_transaction(db, arena, &link, url, err);
}

int
join_forget(struct db *db, struct arena *arena, const char *email,
            const char *address, const char *url, struct error *err)
{
    const struct attempt attempt = {
        .kind = ATTEMPT_MAIL, .account = email, .address = address};
    struct link link = {.kind = LINK_PASSWORD, .email = email};
    struct account found;

    if (account_check_email(email, err) < 0 ||
        attempt_add(db, arena, &attempt, err) < 0 ||
        account_find_by_email(&found, db, arena, email, err) < 0)
        return -1;
    /*
     * For nobody the same rows are written: a link that no one ever sees, and
     * a mail to no address.  What was done does not tell who has an account.
     */
    if (found.id == 0 || found.is_disabled) {
        link.email = "";
    } else {
        link.account = found.id;
        link.email = found.email;
    }
    return send_in_transaction(db, arena, &link, url, err);
}

int
join_set_password(struct db *db, struct arena *arena, const char *text,
                  const char *password, struct error *err)
{
    struct link link;
    int result = -1;

    if (password_check(password, err) < 0 || db_begin(db, err) < 0)
        return -1;
    /* Who opened the link has shown that the address is theirs. */
    if (link_use(&link, db, arena, LINK_PASSWORD, text, err) == 0 &&
        account_set_password(db, arena, link.account, password, 0, err) == 0 &&
        account_set_verified(db, arena, link.account, err) == 0)
        result = 0;
    return db_end(db, result, err);
}
