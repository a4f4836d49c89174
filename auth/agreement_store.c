#include "auth/agreement_store.h"

#include <inttypes.h>
#include <string.h>

#include "auth/key/agreement.h"
#include "auth/key/receipt.h"
#include "auth/licence.h"
#include "auth/log.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/text.h"

/* In place of a commit, for a repository that has none. */
static const char no_commit[] = "0000000000000000000000000000000000000000";

/* An agreement about to be kept. */
struct work {
    struct db *db;
    struct arena *arena;
    const struct agreement_case *offered;
    struct agreement agreement;
    const char *envelope;
    size_t envelope_length;
    const char *key;
    const char *how;
    const char *receipt;
    size_t receipt_length;
};

static int
refuse(const struct agreement_case *offered, const char *why, struct error *err)
{
    const struct gate_settings *settings = offered->settings;
    char name[LICENCE_NAME_SIZE];

    licence_write_name(name, &settings->licence);
    return error_set(
        err, ERROR_BAD_REQUEST,
        "%s: agree to \"%.120s\", %s, shown at %.200s/api/licences/%s", why,
        settings->licence_name, name, offered->registry->url,
        name + strlen("sha256:"));
}

static int
check_digest(const struct agreement_case *offered, struct error *err)
{
    const char *text = offered->offer->digest;
    struct digest digest;

    if (text == NULL || text[0] == '\0')
        return refuse(offered, "this model has a licence", err);
    if (!licence_parse_name(&digest, text))
        return refuse(offered, "that is no licence's digest", err);
    if (!digest_is_equal(&digest, &offered->settings->licence))
        return refuse(offered, "that is not this model's licence", err);
    return 0;
}

static int
verify(struct agreement *out, struct arena *arena,
       const struct agreement_case *offered, struct error *err)
{
    const struct agreement_offer *offer = offered->offer;
    const char *pem = offer->key != NULL ? offer->key : "";
    struct key *key;
    int result = -1;

    if (key_parse_public(&key, pem, strlen(pem), err) < 0)
        return -1;
    if (key_kind(key) != KEY_ED25519)
        error_set(err, ERROR_BAD_REQUEST,
                  "an agreement is signed with an Ed25519 key");
    else
        result = agreement_verify(out, arena, offer->envelope,
                                  strlen(offer->envelope), key, err);
    key_free(key);
    return result;
}

/* Whether a signed agreement is about this very case. */
static int
check_subject(const struct agreement *agreement, struct arena *arena,
              const struct agreement_case *offered, struct error *err)
{
    const char *model = access_repository_name(arena, offered->repository);
    int64_t age_ms = clock_now_ms() - agreement->at_ms;

    /* Or another registry, that somebody agreed at, could ask here for them. */
    if (strcmp(agreement->registry, offered->registry->url) != 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement is with %.200s, and this is %s",
                         agreement->registry, offered->registry->url);
    if (!text_is_same_name(agreement->account, offered->caller->name))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement is of another account");
    if (!text_is_same_name(agreement->model, model))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement is for another model");
    if (!digest_is_equal(&agreement->licence, &offered->settings->licence))
        return refuse(offered, "the agreement is to another licence", err);
    if (agreement->way == AGREEMENT_PAGE)
        return error_set(err, ERROR_BAD_REQUEST,
                         "only the registry signs what a page was told");
    if (age_ms > AGREEMENT_STORE_PAST_MS || age_ms < -AGREEMENT_STORE_FUTURE_MS)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the agreement is not of today: agree again");
    return 0;
}

int
agreement_store_check(json_t **out_answers, struct arena *arena,
                      const struct agreement_case *offered, struct error *err)
{
    struct agreement agreement;

    *out_answers = NULL;
    if (offered->offer->envelope == NULL)
        return check_digest(offered, err);
    if (verify(&agreement, arena, offered, err) < 0 ||
        check_subject(&agreement, arena, offered, err) < 0)
        return -1;
    *out_answers = agreement.answers;
    return 0;
}

/* What a page, or a program without a key, said; signed by the registry. */
static int
sign_for_person(struct work *work, struct error *err)
{
    const struct agreement_case *offered = work->offered;
    const struct caller *caller = offered->caller;
    bool is_page = caller->session != 0;
    char *envelope;

    work->how = is_page ? "page" : "api";
    work->agreement = (struct agreement){
        .registry = offered->registry->url,
        .account = caller->name,
        .model = access_repository_name(work->arena, offered->repository),
        .revision = offered->commit != NULL ? offered->commit : no_commit,
        .licence = offered->settings->licence,
        .licence_bytes = offered->settings->licence_bytes,
        .licence_label = offered->settings->licence_name,
        .answers = (json_t *)offered->answers,
        .way = is_page ? AGREEMENT_PAGE : AGREEMENT_FLAG,
        .phrase = "I agree",
        .shown = is_page ? "whole text on the model's page, with a tick box"
                         : "nothing: a program gave the digest with a token",
        .session = is_page
                       ? arena_format(work->arena, "%" PRId64, caller->session)
                       : "",
        .at_ms = clock_now_ms(),
    };
    if (agreement_make(&envelope, &work->envelope_length, work->arena,
                       &work->agreement, offered->registry->key, err) < 0)
        return -1;
    work->envelope = envelope;
    work->key = key_public_pem(offered->registry->key);
    return 0;
}

static int
take_envelope(struct work *work, struct error *err)
{
    const struct agreement_offer *offer = work->offered->offer;

    if (agreement_parse(&work->agreement, work->arena, offer->envelope,
                        strlen(offer->envelope), err) < 0)
        return -1;
    work->how = agreement_way_text(work->agreement.way);
    work->envelope = offer->envelope;
    work->envelope_length = strlen(offer->envelope);
    work->key = offer->key;
    return 0;
}

static int
countersign(struct work *work, struct error *err)
{
    const struct agreement_case *offered = work->offered;
    const struct receipt receipt = {
        .registry = offered->registry->url,
        .request = offered->access->public_id,
        .account = offered->caller->name,
        .agreement = work->envelope,
        .received_at_ms = clock_now_ms(),
    };
    char *bytes;

    if (receipt_make(&bytes, &work->receipt_length, work->arena, &receipt,
                     offered->registry->key, err) < 0)
        return -1;
    work->receipt = bytes;
    return 0;
}

static int
write_row(struct work *work, const char *public_id, struct error *err)
{
    const struct agreement_case *offered = work->offered;
    const struct agreement *agreement = &work->agreement;

    return DB_RUN(
        NULL, work->db, work->arena, "agreement_add", err, db_text(public_id),
        db_int(offered->repository->id),
        db_text(access_repository_name(work->arena, offered->repository)),
        db_int(offered->caller->account), db_text(offered->caller->name),
        db_bytes(agreement->licence.bytes, DIGEST_BYTES),
        db_text(agreement->revision),
        db_text(json_write(NULL, work->arena, agreement->answers)),
        db_text(work->how), db_text(agreement->shown), db_text(work->key),
        db_bytes(work->envelope, work->envelope_length),
        db_bytes(work->receipt, work->receipt_length));
}

/* The leaf says that somebody agreed; the record says who, and to what. */
static int
log_agreement(struct work *work, const char *public_id, struct error *err)
{
    const struct agreement_case *offered = work->offered;
    char licence[LICENCE_NAME_SIZE];
    char digest_text[DIGEST_TEXT_SIZE];
    struct digest digest;
    json_t *open;
    struct log_fact fact = {.kind = "agreement"};

    licence_write_name(licence, &work->agreement.licence);
    digest_of(&digest, work->envelope, work->envelope_length);
    digest_write(digest_text, &digest);
    open = json_keep(work->arena, json_pack("{s:s, s:s, s:s}", "revision",
                                            work->agreement.revision, "licence",
                                            licence, "given", work->how));
    log_name_model(open, offered->repository);
    fact.open = open;
    fact.record = json_keep(
        work->arena,
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "repository",
                  access_repository_name(work->arena, offered->repository),
                  "request", offered->access->public_id, "account",
                  offered->caller->name, "agreement", public_id, "envelope",
                  digest_text));
    return log_add(NULL, work->db, work->arena, &fact, err);
}

int
agreement_store_add(const char **out, struct db *db, struct arena *arena,
                    const struct agreement_case *offered, struct error *err)
{
    struct work work = {.db = db, .arena = arena, .offered = offered};
    char public_id[RANDOM_ID_SIZE];

    random_id(public_id);
    if ((offered->offer->envelope != NULL ? take_envelope(&work, err)
                                          : sign_for_person(&work, err)) < 0 ||
        countersign(&work, err) < 0 || write_row(&work, public_id, err) < 0 ||
        log_agreement(&work, public_id, err) < 0)
        return -1;
    *out = work.receipt;
    return 0;
}

int
agreement_store_has(bool *out, struct db *db, struct arena *arena,
                    const struct agreement_case *offered, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "agreement_find", err,
               db_int(offered->repository->id),
               db_int(offered->caller->account),
               db_bytes(offered->settings->licence.bytes, DIGEST_BYTES)) < 0)
        return -1;
    *out = db_rows_count(rows) > 0;
    return 0;
}

int
agreement_store_find_receipt(const char **out, struct db *db,
                             struct arena *arena, int64_t repository,
                             int64_t account, struct error *err)
{
    struct db_rows *rows;
    size_t length;

    *out = NULL;
    if (DB_RUN(&rows, db, arena, "agreement_find_receipt", err,
               db_int(repository), db_int(account)) < 0)
        return -1;
    if (db_rows_count(rows) > 0)
        *out = db_get_bytes(&length, rows, 0, 0);
    return 0;
}
