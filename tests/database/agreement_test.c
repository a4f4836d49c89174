/* Licences, and agreements to them, as evidence. */
#include <string.h>

#include "auth/agreement_store.h"
#include "auth/key/agreement.h"
#include "auth/key/receipt.h"
#include "auth/licence.h"
#include "storage/base/clock.h"
#include "storage/base/hex.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/scene.h"
#include "tests/database/seed.h"

#define DAY_MS INT64_C(86400000)

/* A gated model with a licence, and a person with a key. */
struct case_of {
    struct scene scene;
    struct key *key;
    struct licence licence;
    struct agreement agreement;
};

static void
add_licence(struct case_of *c, const char *text)
{
    struct scene *scene = &c->scene;
    char name[LICENCE_NAME_SIZE];

    c->licence = (struct licence){.text = text,
                                  .length = strlen(text),
                                  .label = "Acme Research Licence",
                                  .version = "1.0",
                                  .language = "en"};
    CHECK(licence_add(&c->licence, scene->db, scene->arena, &scene->err) == 0);
    licence_write_name(name, &c->licence.digest);
    CHECK(scene_set_gate(scene, arena_format(scene->arena,
                                             "{\"mode\":\"manual\",\"licence\":"
                                             "\"%s\"}",
                                             name)) == 0);
    c->agreement.licence = c->licence.digest;
    c->agreement.licence_bytes = (int64_t)c->licence.length;
}

static void
open_case(struct case_of *c)
{
    scene_open(&c->scene);
    CHECK(key_make(&c->key, KEY_ED25519, &c->scene.err) == 0);
    c->agreement = (struct agreement){
        .registry = "https://registry.example",
        .account = "person",
        .model = "acme/tiny",
        .revision = "0123456789012345678901234567890123456789",
        .licence_label = "Acme Research Licence 1.0",
        .answers = json_keep(c->scene.arena, json_object()),
        .way = AGREEMENT_TERMINAL,
        .phrase = "I agree",
        .shown = "whole text in a pager",
        .session = "",
        .at_ms = clock_now_ms(),
    };
    add_licence(c, "You may look at it.\n");
}

static void
close_case(struct case_of *c)
{
    key_free(c->key);
    scene_close(&c->scene);
}

static int
ask_with(struct case_of *c, const struct agreement_offer *offer)
{
    struct scene *scene = &c->scene;
    const struct ask ask = {
        &scene->repository, &scene->person, &scene->registry, NULL, *offer, 0};

    return ask_submit(&scene->asked, scene->db, scene->arena, &ask,
                      &scene->err);
}

/* Asks with the case's agreement, signed by the person's key. */
static int
ask_signed(struct case_of *c)
{
    struct agreement_offer offer = {.key = key_public_pem(c->key)};
    char *envelope;
    size_t length;

    CHECK(agreement_make(&envelope, &length, c->scene.arena, &c->agreement,
                         c->key, &c->scene.err) == 0);
    offer.envelope = envelope;
    return ask_with(c, &offer);
}

static int
ask_by_digest(struct case_of *c)
{
    char name[LICENCE_NAME_SIZE];
    const struct agreement_offer offer = {.digest = name};

    licence_write_name(name, &c->licence.digest);
    return ask_with(c, &offer);
}

TEST(a_licence_is_kept_exactly_and_can_always_be_shown)
{
    struct case_of c;
    struct licence found;
    struct digest other = {{0}};

    open_case(&c);
    add_licence(&c, "Another text, with \"quotes\" and é.");
    CHECK(licence_find(&found, c.scene.db, c.scene.arena, &c.licence.digest,
                       &c.scene.err) == 0);
    CHECK(found.length == c.licence.length);
    CHECK(memcmp(found.text, c.licence.text, found.length) == 0);
    CHECK_TEXT(found.version, "1.0");
    CHECK(licence_find(&found, c.scene.db, c.scene.arena, &other,
                       &c.scene.err) == 0);
    CHECK(found.text == NULL);
    c.licence.label = "Renamed";
    CHECK(licence_add(&c.licence, c.scene.db, c.scene.arena, &c.scene.err) ==
          0);
    CHECK(seed("SELECT count(*) FROM licence WHERE label = 'Renamed'") == 0);
    c.licence.text = "\xff";
    c.licence.length = 1;
    CHECK(licence_add(&c.licence, c.scene.db, c.scene.arena, &c.scene.err) < 0);
    close_case(&c);
}

TEST(a_licence_has_a_label_a_text_and_limits)
{
    const struct licence good = {.text = "You may.",
                                 .length = 8,
                                 .label = "Acme",
                                 .version = "",
                                 .language = "en"};
    struct case_of c;
    char *longest;
    struct licence bad[5];

    open_case(&c);
    longest = arena_alloc(c.scene.arena, LICENCE_LIMIT_BYTES + 1);
    memset(longest, 'a', LICENCE_LIMIT_BYTES + 1);
    for (size_t i = 0; i < 5; i++)
        bad[i] = good;
    bad[0].label = NULL;
    bad[1].label = "";
    bad[2].version =
        arena_bytes(c.scene.arena, longest, LICENCE_LABEL_LIMIT + 1);
    bad[3].length = 0;
    bad[4].text = longest;
    bad[4].length = LICENCE_LIMIT_BYTES + 1;
    for (size_t i = 0; i < 5; i++)
        CHECK(licence_add(&bad[i], c.scene.db, c.scene.arena, &c.scene.err) <
              0);
    CHECK(c.scene.err.code == ERROR_TOO_LARGE);
    CHECK(seed("SELECT count(*) FROM licence") == 1);
    bad[4].length = LICENCE_LIMIT_BYTES;
    CHECK(licence_add(&bad[4], c.scene.db, c.scene.arena, &c.scene.err) == 0);
    close_case(&c);
}

TEST(only_this_models_licence_is_agreed_to_by_its_digest)
{
    struct case_of c;
    struct agreement_offer offer = {.digest = "You may."};
    char name[LICENCE_NAME_SIZE];
    struct digest other;

    open_case(&c);
    other = c.licence.digest;
    CHECK(ask_with(&c, &offer) < 0);
    CHECK(strstr(c.scene.err.message, "that is no licence's digest") != NULL);
    add_licence(&c, "You may look at it twice.\n");
    licence_write_name(name, &other);
    offer.digest = name;
    CHECK(ask_with(&c, &offer) < 0);
    CHECK(strstr(c.scene.err.message, "not this model's licence") != NULL);
    CHECK(seed("SELECT count(*) FROM request") == 0);
    CHECK(ask_by_digest(&c) == 0);
    close_case(&c);
}

TEST(an_ask_without_the_licences_digest_names_digest_and_address)
{
    struct case_of c;
    const struct agreement_offer none = {0};
    char text[DIGEST_TEXT_SIZE];

    open_case(&c);
    CHECK(ask_with(&c, &none) < 0);
    CHECK(c.scene.err.status == 400);
    digest_write(text, &c.licence.digest);
    CHECK(strstr(c.scene.err.message,
                 arena_format(c.scene.arena, "sha256:%s", text)) != NULL);
    CHECK(strstr(c.scene.err.message,
                 arena_format(c.scene.arena,
                              "https://registry.example/api/licences/%s",
                              text)) != NULL);
    CHECK(seed("SELECT count(*) FROM request") == 0);
    close_case(&c);
}

TEST(a_signed_agreement_is_kept_byte_for_byte_and_countersigned)
{
    struct case_of c;
    const char *kept_receipt;
    struct receipt receipt;
    struct agreement kept;
    char *envelope;
    size_t length;

    open_case(&c);
    CHECK(ask_signed(&c) == 0);
    kept_receipt = c.scene.asked.receipt != NULL ? c.scene.asked.receipt : "";
    CHECK(receipt_read(&receipt, c.scene.arena, kept_receipt,
                       strlen(kept_receipt), c.scene.key, &c.scene.err) == 0);
    CHECK_TEXT(receipt.account, "person");
    CHECK_TEXT(receipt.request, c.scene.asked.request);
    CHECK(agreement_verify(&kept, c.scene.arena, receipt.agreement,
                           strlen(receipt.agreement), c.key,
                           &c.scene.err) == 0);
    CHECK(agreement_make(&envelope, &length, c.scene.arena, &c.agreement, c.key,
                         &c.scene.err) == 0);
    CHECK_TEXT(seed_text("SELECT convert_from(envelope, 'UTF8')"
                         " FROM agreement WHERE how = 'terminal'"),
               envelope);
    CHECK(seed("SELECT count(*) FROM log_entry WHERE kind = 'agreement'"
               " AND convert_from(leaf, 'UTF8') NOT LIKE '%%person%%'"
               " AND convert_from(leaf, 'UTF8') LIKE '%%acme/tiny%%'") == 1);
    close_case(&c);
}

/* Hostile input 42: an acceptance that is replayed. */
TEST(an_agreement_of_another_registry_account_model_licence_or_day_is_refused)
{
    struct case_of c;

    open_case(&c);
    c.agreement.registry = "https://other.example";
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    CHECK(strstr(c.scene.err.message, "https://other.example") != NULL);
    c.agreement.registry = "https://registry.example";
    c.agreement.account = "first";
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    c.agreement.account = "person";
    c.agreement.model = "acme/other";
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    c.agreement.model = "datasets/acme/tiny";
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    c.agreement.model = "acme/tiny";
    c.agreement.licence.bytes[0] ^= 1;
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    c.agreement.licence.bytes[0] ^= 1;
    c.agreement.at_ms -= 2 * DAY_MS;
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    c.agreement.at_ms += 3 * DAY_MS;
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    c.agreement.at_ms = clock_now_ms();
    c.agreement.way = AGREEMENT_PAGE;
    CHECK(ask_signed(&c) < 0 && c.scene.err.status == 400);
    CHECK(seed("SELECT count(*) FROM agreement") == 0);
    c.agreement.way = AGREEMENT_FLAG;
    CHECK(ask_signed(&c) == 0);
    close_case(&c);
}

TEST(an_agreement_is_signed_with_the_key_that_comes_with_it)
{
    struct case_of c;
    struct agreement_offer offer;
    struct key *other;
    char *envelope;
    size_t length;

    open_case(&c);
    CHECK(agreement_make(&envelope, &length, c.scene.arena, &c.agreement, c.key,
                         &c.scene.err) == 0);
    CHECK(key_make(&other, KEY_ED25519, &c.scene.err) == 0);
    offer = (struct agreement_offer){envelope, key_public_pem(other), NULL};
    CHECK(ask_with(&c, &offer) < 0);
    CHECK(c.scene.err.code == ERROR_SIGNATURE);
    offer.key = NULL;
    CHECK(ask_with(&c, &offer) < 0 && c.scene.err.status == 400);
    offer.key = key_public_pem(c.key);
    strstr(envelope, "payload\":\"")[20] ^= 1;
    CHECK(ask_with(&c, &offer) < 0);
    CHECK(seed("SELECT count(*) FROM request") == 0);
    key_free(other);
    close_case(&c);
}

TEST(an_agreement_is_signed_with_an_ed25519_key)
{
    struct case_of c;
    struct agreement_offer offer = {0};
    struct key *other;
    char *envelope;
    size_t length;

    open_case(&c);
    CHECK(agreement_make(&envelope, &length, c.scene.arena, &c.agreement, c.key,
                         &c.scene.err) == 0);
    CHECK(key_make(&other, KEY_P256, &c.scene.err) == 0);
    offer.envelope = envelope;
    offer.key = key_public_pem(other);
    CHECK(ask_with(&c, &offer) < 0);
    CHECK(c.scene.err.code == ERROR_BAD_REQUEST);
    CHECK(strstr(c.scene.err.message, "Ed25519") != NULL);
    key_free(other);
    close_case(&c);
}

TEST(the_answers_that_count_are_those_that_were_signed)
{
    struct case_of c;
    struct scene *scene = &c.scene;
    struct agreement_offer offer = {0};
    struct ask ask;
    char *envelope;
    size_t length;

    open_case(&c);
    CHECK(scene_set_gate(scene, "{\"questions\":{\"Name\":\"text\"}}") == 0);
    c.agreement.answers =
        json_keep(scene->arena, json_pack("{s:s}", "Name", "Ada"));
    CHECK(agreement_make(&envelope, &length, scene->arena, &c.agreement, c.key,
                         &scene->err) == 0);
    offer.envelope = envelope;
    offer.key = key_public_pem(c.key);
    ask = (struct ask){
        .repository = &scene->repository,
        .caller = &scene->person,
        .registry = &scene->registry,
        .answers = json_keep(scene->arena, json_pack("{s:s}", "Name", "Eve")),
        .offer = offer};
    CHECK(ask_submit(&scene->asked, scene->db, scene->arena, &ask,
                     &scene->err) < 0);
    CHECK(strstr(scene->err.message, "not those that were signed") != NULL);
    ask.answers = c.agreement.answers;
    CHECK(ask_submit(&scene->asked, scene->db, scene->arena, &ask,
                     &scene->err) == 0);
    CHECK_TEXT(seed_text("SELECT answers FROM request"), "{\"Name\":\"Ada\"}");
    close_case(&c);
}

TEST(what_a_page_was_told_is_signed_by_the_registry_and_says_so)
{
    struct case_of c;

    open_case(&c);
    c.scene.person.session = 7;
    CHECK(ask_by_digest(&c) == 0);
    CHECK(seed("SELECT count(*) FROM agreement WHERE how = 'page'") == 1);
    CHECK_TEXT(seed_text("SELECT key FROM agreement"),
               key_public_pem(c.scene.key));
    CHECK_TEXT(seed_text("SELECT convert_from(decode(convert_from(envelope,"
                         " 'UTF8')::json ->> 'payload', 'base64'), 'UTF8')"
                         "::json ->> 'given' FROM agreement"),
               "page");
    close_case(&c);
}

/* Hostile input 41: a licence swapped after it was shown. */
TEST(a_changed_licence_asks_everybody_again_and_the_old_agreement_stays)
{
    struct case_of c;

    open_case(&c);
    CHECK(ask_signed(&c) == 0);
    CHECK(scene_decide(&c.scene, &c.scene.owner, "accepted") == 0);
    CHECK(scene_door(&c.scene) == GATE_GRANTED);
    add_licence(&c, "You may look at it twice.\n");
    CHECK(scene_door(&c.scene) == GATE_LICENCE);
    CHECK(scene_ask(&c.scene) < 0 && c.scene.err.status == 400);
    CHECK(ask_signed(&c) == 0 && c.scene.asked.has_changed);
    CHECK_TEXT(c.scene.asked.status, "accepted");
    CHECK(scene_door(&c.scene) == GATE_GRANTED);
    CHECK(seed("SELECT count(*) FROM agreement") == 2);
    CHECK(seed("SELECT count(*) FROM decision WHERE kind = 'ask'") == 1);
    CHECK(scene_ask(&c.scene) == 0 && !c.scene.asked.has_changed);
    close_case(&c);
}

TEST(a_changed_licence_asks_nothing_of_who_was_rejected)
{
    struct case_of c;

    open_case(&c);
    CHECK(ask_signed(&c) == 0);
    CHECK(scene_decide(&c.scene, &c.scene.owner, "rejected") == 0);
    add_licence(&c, "You may look at it twice.\n");
    CHECK(scene_ask(&c.scene) == 0 && !c.scene.asked.has_changed);
    CHECK(ask_signed(&c) == 0 && !c.scene.asked.has_changed);
    CHECK(scene_door(&c.scene) == GATE_REJECTED);
    CHECK(seed("SELECT count(*) FROM agreement") == 1);
    close_case(&c);
}

TEST(what_comes_beside_a_new_agreement_is_no_answer)
{
    struct case_of c;
    struct scene *scene = &c.scene;
    char name[LICENCE_NAME_SIZE];
    struct ask ask;

    open_case(&c);
    CHECK(scene_give(scene) == 0);
    licence_write_name(name, &c.licence.digest);
    ask = (struct ask){
        .repository = &scene->repository,
        .caller = &scene->person,
        .registry = &scene->registry,
        .answers = json_keep(scene->arena, json_pack("{s:i}", "stray", 1)),
        .offer = {.digest = name}};
    CHECK(ask_submit(&scene->asked, scene->db, scene->arena, &ask,
                     &scene->err) == 0);
    CHECK_TEXT(seed_text("SELECT answers FROM agreement"), "{}");
    close_case(&c);
}

TEST(a_grant_without_a_request_waits_for_the_agreement)
{
    struct case_of c;

    open_case(&c);
    CHECK(scene_give(&c.scene) == 0);
    CHECK(scene_door(&c.scene) == GATE_LICENCE);
    CHECK(ask_signed(&c) == 0);
    CHECK(scene_door(&c.scene) == GATE_GRANTED);
    close_case(&c);
}

TEST(an_agreement_is_there_only_with_its_request)
{
    struct case_of c;

    open_case(&c);
    seed("ALTER TABLE decision ADD CHECK (kind <> 'ask')");
    CHECK(ask_signed(&c) < 0);
    CHECK(seed("SELECT count(*) FROM request") == 0);
    CHECK(seed("SELECT count(*) FROM agreement") == 0);
    CHECK(seed("SELECT count(*) FROM log_entry WHERE kind = 'agreement'") == 0);
    close_case(&c);
}

TEST(click_wants_a_licence_and_asks_no_questions)
{
    struct case_of c;

    open_case(&c);
    CHECK(scene_set_gate(&c.scene, "{\"mode\":\"click\",\"licence\":null}") <
          0);
    CHECK(scene_set_gate(&c.scene,
                         "{\"mode\":\"click\",\"questions\":{\"Name\":"
                         "\"text\"}}") == 0);
    CHECK(ask_by_digest(&c) == 0);
    CHECK(seed("SELECT count(*) FROM agreement WHERE how = 'api'") == 1);
    CHECK(scene_door(&c.scene) == GATE_GRANTED);
    close_case(&c);
}
