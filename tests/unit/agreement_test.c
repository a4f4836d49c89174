#include "auth/key/agreement.h"

#include <string.h>

#include "auth/key/dsse.h"
#include "auth/key/receipt.h"
#include "storage/base/arena.h"
#include "storage/base/json.h"
#include "tests/check.h"

struct bench {
    struct arena *arena;
    struct key *person;
    struct key *registry;
    struct agreement agreement;
    char *text;
    size_t length;
    struct error err;
};

static void
set_up(struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->arena = arena_open();
    CHECK(key_make(&bench->person, KEY_ED25519, &bench->err) == 0);
    CHECK(key_make(&bench->registry, KEY_ED25519, &bench->err) == 0);
    bench->agreement = (struct agreement){
        .registry = "http://127.0.0.1:8470",
        .account = "requester",
        .model = "acme/tiny",
        .revision = "8f3c21a08f3c21a08f3c21a08f3c21a08f3c21a0",
        .licence_bytes = 12,
        .licence_label = "Acme Research Licence 1.0",
        .answers = json_keep(bench->arena,
                             json_pack("{s:s, s:s}", "Purpose", "research",
                                       "Affiliation", "ETH Z\xc3\xbcrich")),
        .way = AGREEMENT_TERMINAL,
        .phrase = "I agree",
        .shown = "whole text in a pager",
        .shown_ms = 30000,
        .session = "",
        .at_ms = 1795500000000,
    };
    digest_of(&bench->agreement.licence, "licence text", 12);
    CHECK(agreement_make(&bench->text, &bench->length, bench->arena,
                         &bench->agreement, bench->person, &bench->err) == 0);
}

static void
tear_down(struct bench *bench)
{
    key_free(bench->person);
    key_free(bench->registry);
    arena_free(bench->arena);
}

TEST(an_agreement_reads_back_as_it_was_signed)
{
    struct bench bench;
    struct agreement is;

    set_up(&bench);
    CHECK(agreement_verify(&is, bench.arena, bench.text, bench.length,
                           bench.person, &bench.err) == 0);
    CHECK_TEXT(is.account, "requester");
    CHECK_TEXT(is.model, "acme/tiny");
    CHECK_TEXT(is.licence_label, "Acme Research Licence 1.0");
    CHECK_TEXT(is.phrase, "I agree");
    CHECK_TEXT(agreement_way_text(is.way), "terminal");
    CHECK(is.at_ms == bench.agreement.at_ms && is.shown_ms == 30000);
    CHECK(digest_is_equal(&is.licence, &bench.agreement.licence));
    CHECK_TEXT(json_write(NULL, bench.arena, is.answers),
               "{\"Purpose\":\"research\",\"Affiliation\":\"ETH "
               "Z\xc3\xbcrich\"}");
    tear_down(&bench);
}

TEST(an_agreement_by_another_key_is_refused)
{
    struct bench bench;
    struct agreement is;

    set_up(&bench);
    CHECK(agreement_verify(&is, bench.arena, bench.text, bench.length,
                           bench.registry, &bench.err) < 0);
    CHECK(bench.err.code == ERROR_SIGNATURE);
    tear_down(&bench);
}

/* Signs a payload that agreement_make would not make. */
static int
parse_changed(struct bench *bench, const char *key, json_t *value)
{
    struct dsse dsse;
    struct agreement is;
    json_t *envelope;
    json_t *payload;
    char *text;
    size_t length;

    CHECK(json_read(&envelope, bench->arena, bench->text, bench->length,
                    &bench->err) == 0);
    CHECK(dsse_parse(&dsse, bench->arena, envelope, AGREEMENT_TYPE,
                     &bench->err) == 0);
    CHECK(json_read(&payload, bench->arena, dsse.payload, dsse.payload_length,
                    &bench->err) == 0);
    json_object_set_new(payload, key, value);
    dsse.payload = json_write(&dsse.payload_length, bench->arena, payload);
    CHECK(dsse_sign(&dsse, bench->arena, bench->person, &bench->err) == 0);
    text =
        json_write(&length, bench->arena,
                   json_keep(bench->arena, dsse_to_json(&dsse, bench->arena)));
    return agreement_verify(&is, bench->arena, text, length, bench->person,
                            &bench->err);
}

TEST(an_agreement_of_another_shape_is_refused)
{
    static const char other[] = "51ab3c0051ab3c0051ab3c0051ab3c00"
                                "51ab3c0051ab3c0051ab3c0051ab3c00";
    struct bench bench;

    set_up(&bench);
    CHECK(parse_changed(&bench, "phrase", json_string("yes")) == 0);
    CHECK(parse_changed(&bench, "more", json_true()) < 0);
    CHECK(parse_changed(&bench, "version", json_integer(2)) < 0);
    CHECK(parse_changed(&bench, "key", json_string(other)) < 0);
    CHECK(bench.err.code == ERROR_SIGNATURE);
    CHECK(parse_changed(&bench, "given", json_string("thought")) < 0);
    CHECK(parse_changed(&bench, "licence", json_string("MIT")) < 0);
    CHECK(parse_changed(&bench, "revision", json_string("main")) < 0);
    CHECK(parse_changed(&bench, "account", json_string("")) < 0);
    CHECK(parse_changed(&bench, "time", json_string("yesterday")) < 0);
    CHECK(parse_changed(&bench, "answers", json_array()) < 0);
    CHECK(parse_changed(&bench, "answers", json_pack("{s:i}", "a", 1)) < 0);
    CHECK(bench.err.code == ERROR_BAD_REQUEST);
    tear_down(&bench);
}

/* A text of so many bytes. */
static json_t *
long_text(struct bench *bench, size_t length)
{
    char *text = arena_alloc(bench->arena, length + 1);

    memset(text, 'x', length);
    text[length] = '\0';
    return json_string(text);
}

TEST(what_an_agreement_holds_is_whole_and_bounded)
{
    struct bench bench;
    struct agreement is;
    json_t *many = json_object();
    json_t *licence;
    char *longest;

    set_up(&bench);
    for (int i = 0; i <= AGREEMENT_ANSWERS_LIMIT; i++)
        json_object_set_new(many, arena_format(bench.arena, "question %d", i),
                            json_string("a"));
    licence =
        json_pack("{s:s, s:i, s:s}", "sha256", "00", "length", 1, "label", "x");
    CHECK(parse_changed(&bench, "answers", many) < 0);
    CHECK(parse_changed(&bench, "answers",
                        json_pack("{s:o}", "a", long_text(&bench, 65536))) < 0);
    CHECK(parse_changed(&bench, "account", long_text(&bench, 65536)) < 0);
    CHECK(parse_changed(&bench, "licence", json_incref(licence)) < 0);
    json_object_set_new(licence, "sha256",
                        json_string("51ab3c0051ab3c0051ab3c0051ab3c00"
                                    "51ab3c0051ab3c0051ab3c0051ab3c00"));
    CHECK(parse_changed(&bench, "licence", json_deep_copy(licence)) == 0);
    json_object_set_new(licence, "length", json_integer(-1));
    CHECK(parse_changed(&bench, "licence", licence) < 0);
    CHECK(parse_changed(&bench, "shown", json_pack("{s:s}", "what", "")) < 0);
    CHECK(parse_changed(&bench, "shown", json_null()) < 0);
    CHECK(parse_changed(&bench, "model", json_integer(7)) < 0);
    CHECK(bench.err.code == ERROR_BAD_REQUEST);
    longest = arena_alloc(bench.arena, AGREEMENT_LIMIT_BYTES + 1);
    memset(longest, ' ', AGREEMENT_LIMIT_BYTES + 1);
    CHECK(agreement_parse(&is, bench.arena, longest, AGREEMENT_LIMIT_BYTES + 1,
                          &bench.err) < 0);
    CHECK(bench.err.code == ERROR_BAD_REQUEST);
    bench.agreement.phrase = "\xff";
    CHECK(agreement_make(&bench.text, &bench.length, bench.arena,
                         &bench.agreement, bench.person, &bench.err) < 0);
    CHECK(strstr(bench.err.message, "UTF-8") != NULL);
    tear_down(&bench);
}

/* The envelope's signature is over other answers than its payload holds. */
TEST(an_agreement_for_one_licence_does_not_serve_for_another)
{
    struct bench bench;
    struct agreement is;
    json_t *first;
    json_t *second;
    char *text;
    size_t length;

    set_up(&bench);
    CHECK(json_read(&first, bench.arena, bench.text, bench.length,
                    &bench.err) == 0);
    digest_of(&bench.agreement.licence, "another text", 12);
    CHECK(agreement_make(&text, &length, bench.arena, &bench.agreement,
                         bench.person, &bench.err) == 0);
    CHECK(json_read(&second, bench.arena, text, length, &bench.err) == 0);
    json_object_set(first, "payload", json_object_get(second, "payload"));
    text = json_write(&length, bench.arena, first);
    CHECK(agreement_parse(&is, bench.arena, text, length, &bench.err) == 0);
    CHECK(agreement_verify(&is, bench.arena, text, length, bench.person,
                           &bench.err) < 0);
    CHECK(bench.err.code == ERROR_SIGNATURE);
    tear_down(&bench);
}

TEST(a_receipt_keeps_the_agreement_to_the_byte)
{
    struct bench bench;
    struct receipt receipt = {
        .registry = "http://127.0.0.1:8470",
        .request = "7c1e00000000000000000000",
        .account = "requester",
        .received_at_ms = 1795500001000,
    };
    struct receipt is;
    struct agreement agreement;
    char *text;
    size_t length;

    set_up(&bench);
    receipt.agreement = bench.text;
    CHECK(receipt_make(&text, &length, bench.arena, &receipt, bench.registry,
                       &bench.err) == 0);
    CHECK(receipt_read(&is, bench.arena, text, length, bench.registry,
                       &bench.err) == 0);
    CHECK_TEXT(is.agreement, bench.text);
    CHECK(is.received_at_ms == receipt.received_at_ms);
    CHECK(agreement_verify(&agreement, bench.arena, is.agreement,
                           strlen(is.agreement), bench.person,
                           &bench.err) == 0);
    CHECK(receipt_read(&is, bench.arena, text, length, bench.person,
                       &bench.err) < 0);
    CHECK(receipt_read(&is, bench.arena, text, length, NULL, &bench.err) == 0);
    tear_down(&bench);
}

/* Signs a receipt that has another value for one member, and reads it. */
static int
read_changed(struct bench *bench, const char *key, json_t *value)
{
    struct dsse dsse = {.type = RECEIPT_TYPE, .key_id = ""};
    char fingerprint[DIGEST_TEXT_SIZE];
    struct digest digest;
    struct receipt is;
    json_t *payload;
    char *text;
    size_t length;

    key_fingerprint(&digest, bench->registry);
    digest_write(fingerprint, &digest);
    payload =
        json_keep(bench->arena,
                  json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "version", 1,
                            "registry", "r", "request", "q", "account", "a",
                            "agreement", bench->text, "received",
                            "2026-11-24T05:23:06.000Z", "key", fingerprint));
    if (key != NULL)
        json_object_set_new(payload, key, value);
    dsse.payload = json_write(&dsse.payload_length, bench->arena, payload);
    CHECK(dsse_seal(&text, &length, bench->arena, &dsse, bench->registry,
                    &bench->err) == 0);
    return receipt_read(&is, bench->arena, text, length, bench->registry,
                        &bench->err);
}

TEST(a_receipt_of_another_shape_is_refused)
{
    struct bench bench;
    struct receipt is;
    char *longest;

    set_up(&bench);
    CHECK(read_changed(&bench, NULL, NULL) == 0);
    CHECK(read_changed(&bench, "version", json_integer(2)) < 0);
    CHECK(read_changed(&bench, "account", json_null()) < 0);
    CHECK(read_changed(&bench, "received", json_string("yesterday")) < 0);
    CHECK(read_changed(&bench, "key", json_string("00")) < 0);
    CHECK(bench.err.code == ERROR_BAD_REQUEST);
    longest = arena_alloc(bench.arena, RECEIPT_LIMIT_BYTES + 1);
    memset(longest, ' ', RECEIPT_LIMIT_BYTES + 1);
    CHECK(receipt_read(&is, bench.arena, longest, RECEIPT_LIMIT_BYTES + 1, NULL,
                       &bench.err) < 0);
    CHECK(receipt_read(&is, bench.arena, "[]", 2, NULL, &bench.err) < 0);
    tear_down(&bench);
}
