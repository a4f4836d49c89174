/* Requests from asking to the end of a grant, by ask, review and grant. */
#include <string.h>

#include "auth/grant.h"
#include "auth/review_list.h"
#include "storage/base/clock.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/scene.h"
#include "tests/database/seed.h"

#define DAY_MS INT64_C(86400000)

TEST(an_ungated_model_takes_no_requests)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_ask(&scene) < 0 && scene.err.code == ERROR_NOT_GATED);
    CHECK(scene_give(&scene) < 0 && scene.err.code == ERROR_NOT_GATED);
    CHECK_TEXT(scene.err.message, "model acme/tiny is not gated");
    scene_close(&scene);
}

TEST(an_automatic_gate_accepts_at_once)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"auto\"}") == 0);
    CHECK(scene_door(&scene) == GATE_NO_REQUEST);
    CHECK(scene_ask(&scene) == 0);
    CHECK_TEXT(scene.asked.status, "accepted");
    CHECK(scene_door(&scene) == GATE_GRANTED);
    scene_close(&scene);
}

TEST(a_manual_gate_waits_and_asking_again_changes_nothing)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0 && scene.asked.has_changed);
    CHECK(scene_door(&scene) == GATE_PENDING);
    seed("UPDATE request SET asked_at = '2020-01-01'");
    CHECK(scene_ask(&scene) == 0 && !scene.asked.has_changed);
    CHECK(seed("SELECT count(*) FROM request WHERE asked_at = '2020-01-01'"
               " AND round = 1") == 1);
    CHECK(scene_decide(&scene, &scene.owner, "accepted") == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    CHECK(scene_ask(&scene) == 0 && !scene.asked.has_changed);
    CHECK(scene_has_status("accepted"));
    scene_close(&scene);
}

/* Row by row what the Hub's state machine allows (reference rows 54 to 60). */
TEST(each_state_has_its_own_ways_out_and_no_others)
{
    static const struct {
        const char *from;
        const char *to;
        bool is_allowed;
    } cases[] = {
        {"pending", "accepted", true},   {"pending", "rejected", true},
        {"pending", "pending", false},   {"pending", "reset", true},
        {"accepted", "accepted", false}, {"accepted", "rejected", true},
        {"accepted", "pending", true},   {"accepted", "reset", true},
        {"rejected", "accepted", true},  {"rejected", "rejected", false},
        {"rejected", "pending", true},   {"rejected", "reset", true},
        {"reset", "accepted", false},    {"reset", "rejected", false},
        {"reset", "pending", false},     {"reset", "reset", false},
    };
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_allowed;

        seed("DELETE FROM access_grant");
        seed("UPDATE request SET status = '%s'", cases[i].from);
        if (strcmp(cases[i].from, "accepted") == 0)
            seed("INSERT INTO access_grant (public_id, repository, account,"
                 " request) SELECT 'g', repository, account, id FROM request");
        is_allowed = scene_decide(&scene, &scene.owner, cases[i].to) == 0;
        if (is_allowed != cases[i].is_allowed)
            CHECK_TEXT(cases[i].to, cases[i].from);
        if (!is_allowed) {
            CHECK(scene.err.status == 404);
            CHECK_TEXT(scene.err.message,
                       "No access request found matching your criteria");
            continue;
        }
        CHECK(scene_has_status(cases[i].to));
        CHECK(seed("SELECT count(*) FROM access_grant"
                   " WHERE revoked_at IS NULL") ==
              (strcmp(cases[i].to, "accepted") == 0));
        CHECK(seed("SELECT count(*) FROM request WHERE reviewed_at IS NULL") ==
              (strcmp(cases[i].to, "pending") == 0));
    }
    scene_close(&scene);
}

TEST(a_rejected_person_asks_in_vain_and_a_reset_one_begins_again)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_decide(&scene, &scene.owner, "rejected") == 0);
    CHECK(scene_ask(&scene) == 0 && !scene.asked.has_changed);
    CHECK(scene_door(&scene) == GATE_REJECTED);
    CHECK(scene_decide(&scene, &scene.owner, "reset") == 0);
    CHECK(scene_door(&scene) == GATE_RESET);
    seed("UPDATE request SET asked_at = '2020-01-01'");
    CHECK(scene_ask(&scene) == 0 && scene.asked.has_changed);
    CHECK(scene_door(&scene) == GATE_PENDING);
    CHECK(seed("SELECT round FROM request WHERE asked_at > '2020-01-02'") == 2);
    scene_close(&scene);
}

TEST(a_reason_is_kept_told_and_at_most_200_characters)
{
    struct scene scene;
    struct review review;
    char reason[512] = "";

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    review = scene_review(&scene, &scene.owner, "rejected");
    for (size_t i = 0; i < 201; i++)
        memcpy(reason + 2 * i, "é", 3);
    review.reason = reason;
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(scene.err.status == 400);
    CHECK(strstr(scene.err.message, "at rejectionReason") != NULL);
    reason[400] = '\0';
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) == 0);
    CHECK(seed("SELECT count(*) FROM decision WHERE kind = 'reject'"
               " AND length(reason) = 200 AND account_name = 'acme'") == 1);
    CHECK(seed("SELECT count(*) FROM outbox WHERE"
               " recipient = 'person@example.org' AND body LIKE '%%ééé%%'") ==
          1);
    scene_close(&scene);
}

TEST(withdrawing_works_only_while_pending_and_leaves_no_trace_to_find)
{
    struct scene scene;
    struct review_page page;
    const struct review_query query = {
        .url = "", .before_ms = CLOCK_NEVER, .limit = 10};

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(ask_withdraw(scene.db, scene.arena, &scene.repository, &scene.person,
                       &scene.err) < 0);
    CHECK_TEXT(scene.err.message, "No pending access request found for this"
                                  " repo and this user");
    CHECK(scene_ask(&scene) == 0);
    CHECK(ask_withdraw(scene.db, scene.arena, &scene.repository, &scene.person,
                       &scene.err) == 0);
    CHECK(scene_door(&scene) == GATE_NO_REQUEST);
    CHECK(review_list(&page, scene.db, scene.arena, scene.repository.id, &query,
                      &scene.err) == 0);
    CHECK(json_array_size(page.items) == 0);
    CHECK(scene_decide(&scene, &scene.owner, "accepted") < 0);
    CHECK(scene_ask(&scene) == 0 && scene.asked.has_changed);
    CHECK(scene_decide(&scene, &scene.owner, "accepted") == 0);
    CHECK(ask_withdraw(scene.db, scene.arena, &scene.repository, &scene.person,
                       &scene.err) < 0);
    CHECK(seed("SELECT count(*) FROM request") == 2);
    scene_close(&scene);
}

TEST(a_grant_needs_no_request_lifts_any_state_and_is_given_once)
{
    static const char *const states[] = {"pending", "rejected", "reset"};
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\",\"grantDays\":2}") == 0);
    CHECK(scene_give(&scene) == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    CHECK(seed("SELECT count(*) FROM request WHERE NOT asked AND granted_by ="
               " %lld",
               (long long)scene.owner.account) == 1);
    CHECK_TEXT(seed_text("SELECT email FROM request_item"), "");
    CHECK(seed("SELECT count(*) FROM access_grant WHERE ends_at BETWEEN now() +"
               " interval '47 hours' AND now() + interval '49 hours'") == 1);
    CHECK(scene_give(&scene) < 0 && scene.err.status == 400);
    CHECK_TEXT(scene.err.message, "That user already has access to the repo");
    for (size_t i = 0; i < 3; i++) {
        seed("DELETE FROM access_grant");
        seed("UPDATE request SET status = '%s'", states[i]);
        CHECK(scene_give(&scene) == 0);
        CHECK(scene_door(&scene) == GATE_GRANTED);
    }
    scene_close(&scene);
}

TEST(the_end_of_a_grant_may_be_sooner_than_the_gate_says_but_not_later)
{
    struct scene scene;
    struct review review;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\",\"grantDays\":10}") ==
          0);
    CHECK(scene_ask(&scene) == 0);
    review = scene_review(&scene, &scene.owner, "accepted");
    review.until_ms = clock_now_ms() + 12 * DAY_MS;
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(scene.err.status == 400);
    review.until_ms = clock_now_ms() - 1;
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(scene_has_status("pending"));
    review.until_ms = clock_now_ms() + DAY_MS;
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) == 0);
    CHECK(seed("SELECT count(*) FROM access_grant"
               " WHERE ends_at < now() + interval '25 hours'") == 1);
    scene_close(&scene);
}

TEST(an_expired_grant_is_reset_and_asking_again_works)
{
    struct scene scene;
    int64_t count;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"auto\",\"grantDays\":1}") == 0);
    CHECK(scene_ask(&scene) == 0);
    seed("UPDATE access_grant SET ends_at = now()");
    CHECK(scene_door(&scene) == GATE_EXPIRED);
    CHECK(grant_expire_all(&count, scene.db, &scene.err) == 0 && count == 1);
    CHECK(grant_expire_all(&count, scene.db, &scene.err) == 0 && count == 0);
    CHECK(scene_has_status("reset"));
    CHECK(scene_door(&scene) == GATE_EXPIRED);
    CHECK(seed("SELECT count(*) FROM decision WHERE kind = 'expire'") == 1);
    CHECK(seed("SELECT count(*) FROM log_entry WHERE kind = 'expire'") == 1);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    /* And without waiting for the job. */
    seed("UPDATE access_grant SET ends_at = now()");
    CHECK(scene_ask(&scene) == 0 && scene.asked.has_changed);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    scene_close(&scene);
}

TEST(a_revoked_grant_is_reset_or_finally_rejected)
{
    struct scene scene;
    struct review review;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"auto\"}") == 0);
    review = scene_review(&scene, &scene.owner, "reset");
    CHECK(review_revoke(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(scene.err.status == 404);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(review_revoke(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(scene.err.status == 404 && scene_has_status("pending"));
    CHECK(scene_decide(&scene, &scene.owner, "accepted") == 0);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"auto\"}") == 0);
    review.reason = "left the project";
    CHECK(review_revoke(scene.db, scene.arena, &review, &scene.err) == 0);
    CHECK(scene_door(&scene) == GATE_RESET);
    CHECK(scene_ask(&scene) == 0);
    review.status = "rejected";
    CHECK(review_revoke(scene.db, scene.arena, &review, &scene.err) == 0);
    CHECK(scene_door(&scene) == GATE_REJECTED);
    CHECK(seed("SELECT count(*) FROM log_entry WHERE kind = 'revoke'") == 2);
    scene_close(&scene);
}

TEST(switching_the_mode_keeps_every_state)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"auto\"}") == 0);
    CHECK(scene_has_status("pending"));
    CHECK(scene_set_gate(&scene, "{\"mode\":\"open\"}") == 0);
    CHECK(scene_door(&scene) == GATE_OPEN);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_door(&scene) == GATE_PENDING);
    scene_close(&scene);
}

TEST(a_quorum_needs_enough_named_reviewers_and_never_the_requester)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"quorum\",\"quorum\":2,"
                                 "\"reviewers\":[\"first\"]}") < 0);
    CHECK(scene_set_gate(&scene,
                         "{\"mode\":\"quorum\",\"quorum\":2,\"reviewers\":"
                         "[\"first\",\"second\",\"person\"]}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_give(&scene) < 0 && scene.err.status == 403);
    CHECK(scene_decide(&scene, &scene.owner, "accepted") < 0);
    CHECK(scene.err.status == 403);
    CHECK(scene_decide(&scene, &scene.person, "accepted") < 0);
    CHECK(scene.err.status == 403);
    CHECK(scene_decide(&scene, &scene.first, "accepted") == 0);
    CHECK(scene_has_status("pending"));
    CHECK(scene_decide(&scene, &scene.first, "accepted") < 0);
    CHECK_TEXT(scene.err.message, "you have voted on this request already");
    CHECK(scene.err.status == 409);
    CHECK(scene_door(&scene) == GATE_PENDING);
    CHECK(scene_decide(&scene, &scene.second, "accepted") == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    scene_close(&scene);
}

TEST(what_a_quorum_rejected_no_vote_brings_back)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"quorum\",\"quorum\":1,"
                                 "\"reviewers\":[\"first\"]}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_decide(&scene, &scene.first, "rejected") == 0);
    CHECK(scene_decide(&scene, &scene.first, "accepted") < 0);
    CHECK(scene.err.status == 404);
    CHECK(scene_door(&scene) == GATE_REJECTED);
    CHECK(scene_decide(&scene, &scene.first, "pending") == 0);
    CHECK(scene_decide(&scene, &scene.first, "accepted") == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    scene_close(&scene);
}

TEST(votes_of_who_is_no_reviewer_any_more_do_not_count)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"quorum\",\"quorum\":2,"
                                 "\"reviewers\":[\"first\",\"second\"]}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_decide(&scene, &scene.first, "accepted") == 0);
    CHECK(scene_set_gate(&scene, "{\"reviewers\":[\"acme\",\"second\"]}") == 0);
    CHECK(scene_decide(&scene, &scene.second, "accepted") == 0);
    CHECK(scene_door(&scene) == GATE_PENDING);
    CHECK(scene_decide(&scene, &scene.owner, "accepted") == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    scene_close(&scene);
}

TEST(votes_of_an_earlier_round_do_not_count)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"quorum\",\"quorum\":2,"
                                 "\"reviewers\":[\"first\",\"second\"]}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_decide(&scene, &scene.first, "accepted") == 0);
    CHECK(scene_decide(&scene, &scene.second, "reset") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_decide(&scene, &scene.second, "accepted") == 0);
    CHECK(scene_has_status("pending"));
    CHECK(scene_decide(&scene, &scene.first, "accepted") == 0);
    CHECK(scene_has_status("accepted"));
    scene_close(&scene);
}

TEST(domains_and_organizations_are_accepted_or_refused_at_once)
{
    struct scene scene;
    int64_t lab;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\",\"acceptDomains\":"
                                 "[\"example.org\"]}") == 0);
    seed("UPDATE account SET email = 'person@student.Example.org'"
         " WHERE name = 'person'");
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    seed("UPDATE access_grant SET revoked_at = now()");
    seed("UPDATE request SET withdrawn_at = now()");
    seed("UPDATE account SET email = 'person@badexample.org'"
         " WHERE name = 'person'");
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_door(&scene) == GATE_PENDING);
    seed("UPDATE request SET withdrawn_at = now()");
    lab = seed_organization("lab");
    seed_member(lab, scene.person.account, "read");
    CHECK(scene_set_gate(&scene, "{\"refuseOrganizations\":[\"Lab\"]}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_door(&scene) == GATE_REJECTED);
    scene_close(&scene);
}

TEST(who_is_refused_by_one_rule_is_not_accepted_by_another)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"auto\","
                                 "\"acceptDomains\":[\"example.org\"],"
                                 "\"refuseOrganizations\":[]}") == 0);
    seed_member(seed_organization("lab"), scene.person.account, "read");
    CHECK(scene_set_gate(&scene, "{\"refuseOrganizations\":[\"lab\"]}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK_TEXT(scene.asked.status, "rejected");
    CHECK(scene_door(&scene) == GATE_REJECTED);
    scene_close(&scene);
}

TEST(the_requests_that_wait_for_one_account_have_a_limit)
{
    struct scene scene;
    struct repository other;
    struct ask ask;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    ask = (struct ask){.repository = &scene.repository,
                       .caller = &scene.person,
                       .registry = &scene.registry,
                       .open_limit = 1};
    CHECK(ask_submit(&scene.asked, scene.db, scene.arena, &ask, &scene.err) ==
          0);
    other = scene.repository;
    other.id = seed_model(scene.owner.account, "other");
    other.full_name = "acme/other";
    seed("INSERT INTO gate (repository, mode) VALUES (%lld, 'manual')",
         (long long)other.id);
    ask.repository = &other;
    CHECK(ask_submit(&scene.asked, scene.db, scene.arena, &ask, &scene.err) <
          0);
    CHECK(scene.err.status == 429 && scene.err.retry_after_seconds > 0);
    CHECK(seed("SELECT count(*) FROM request") == 1);
    /* What nobody waits for is not counted. */
    seed("UPDATE gate SET mode = 'auto' WHERE repository = %lld",
         (long long)other.id);
    CHECK(ask_submit(&scene.asked, scene.db, scene.arena, &ask, &scene.err) ==
          0);
    scene_close(&scene);
}

TEST(a_decision_names_a_person_by_id_and_a_request_by_its_beginning)
{
    struct scene scene;
    struct review review;
    const char *id;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    id = arena_text(scene.arena, scene.asked.request);
    CHECK(scene_ask_as(&scene, scene.db, &scene.first, NULL) == 0);
    seed("UPDATE request SET public_id = left('%s', 6) || substr(public_id, 7)",
         id);
    review = scene_review(&scene, &scene.owner, "accepted");
    review.target = (struct review_target){
        .request = arena_format(scene.arena, "%.6s", id)};
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(strstr(scene.err.message, "several requests begin with") != NULL);
    review.target.request = arena_format(scene.arena, "%.3s", id);
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(scene.err.code == ERROR_NOT_FOUND);
    CHECK(review_grant(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK(scene.err.code == ERROR_BAD_REQUEST);
    review.target.request = id;
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) == 0);
    CHECK(scene_door(&scene) == GATE_GRANTED);
    review.status = "rejected";
    review.target = (struct review_target){
        .user_id =
            arena_text(scene.arena, seed_text("SELECT public_id FROM account"
                                              " WHERE name = 'person'"))};
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) == 0);
    CHECK(scene_door(&scene) == GATE_REJECTED);
    review.target.user_id = "ffffffffffffffffffffffff";
    CHECK(review_decide(scene.db, scene.arena, &review, &scene.err) < 0);
    CHECK_TEXT(scene.err.message, "User not found");
    scene_close(&scene);
}

TEST(an_unverified_address_has_no_domain)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\",\"acceptDomains\":"
                                 "[\"example.org\"]}") == 0);
    seed("UPDATE account SET email_verified_at = NULL WHERE name = 'person'");
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_door(&scene) == GATE_PENDING);
    scene_close(&scene);
}

TEST(every_question_wants_its_answer)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(
              &scene, "{\"mode\":\"manual\",\"questions\":["
                      "{\"label\":\"Affiliation\",\"type\":\"text\"},"
                      "{\"label\":\"I agree\",\"type\":\"checkbox\"},"
                      "{\"label\":\"Country\",\"type\":\"country\"},"
                      "{\"label\":\"Born\",\"type\":\"date_picker\"},"
                      "{\"label\":\"Purpose\",\"type\":\"select\",\"options\":"
                      "[\"research\",\"teaching\"]}]}") == 0);
    CHECK(scene_ask(&scene) < 0 && scene.err.status == 400);
    CHECK(strstr(scene.err.message, "Affiliation") != NULL);
    CHECK(scene_ask_as(
              &scene, scene.db, &scene.person,
              "{\"Affiliation\":\"ETH\",\"I agree\":\"on\",\"Country\":"
              "\"ch\",\"Born\":\"2000-01-01\",\"Purpose\":\"research\"}") < 0);
    CHECK(strstr(scene.err.message, "Country") != NULL);
    CHECK(seed("SELECT count(*) FROM request") == 0);
    CHECK(scene_ask_as(&scene, scene.db, &scene.person,
                       "{\"Purpose\":\"research\",\"Affiliation\":\"ETH\","
                       "\"I agree\":true,\"Country\":\"CH\",\"Born\":"
                       "\"2000-01-01\",\"Extra\":\"left out\"}") == 0);
    CHECK_TEXT(seed_text("SELECT answers FROM request"),
               "{\"Affiliation\":\"ETH\",\"I agree\":\"on\",\"Country\":\"CH\","
               "\"Born\":\"2000-01-01\",\"Purpose\":\"research\"}");
    scene_close(&scene);
}

TEST(of_two_reviewers_at_once_one_decides)
{
    struct scene scene;
    struct db *other;
    struct review review;

    scene_open(&scene);
    other = test_database_connect();
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_decide(&scene, &scene.owner, "accepted") == 0);
    review = scene_review(&scene, &scene.first, "accepted");
    CHECK(review_decide(other, scene.arena, &review, &scene.err) < 0);
    CHECK(scene.err.status == 404);
    CHECK(seed("SELECT count(*) FROM access_grant") == 1);
    CHECK(seed("SELECT count(*) FROM decision WHERE kind = 'accept'") == 1);
    db_free(other);
    scene_close(&scene);
}
