#include "auth/review_list.h"

#include <stdio.h>
#include <string.h>

#include "auth/notice.h"
#include "storage/base/clock.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/scene.h"
#include "tests/database/seed.h"

TEST(lists_search_page_and_count_as_the_hub_does)
{
    struct scene scene;
    struct review_page page;
    struct review_query query = {.url = "http://r",
                                 .status = "pending",
                                 .before_ms = CLOCK_NEVER,
                                 .limit = 10};
    json_t *item;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    for (int i = 0; i < 12; i++) {
        char name[16];
        struct caller caller;

        snprintf(name, sizeof(name), "user%d", i);
        caller = scene_caller(arena_text(scene.arena, name));
        CHECK(scene_ask_as(&scene, scene.db, &caller, NULL) == 0);
    }
    CHECK(review_list(&page, scene.db, scene.arena, scene.repository.id, &query,
                      &scene.err) == 0);
    CHECK(json_array_size(page.items) == 10 && page.next != NULL);
    item = json_array_get(page.items, 0);
    CHECK_TEXT(json_text(json_object_get(item, "user"), "user"), "user11");
    CHECK_TEXT(json_text(json_object_get(item, "user"), "email"),
               "user11@example.org");
    CHECK(strlen(json_text(item, "requestId")) == 24);
    CHECK_TEXT(json_text(item, "status"), "pending");
    CHECK(json_object_get(item, "reviewedAt") == NULL);
    query.cursor = page.next;
    CHECK(review_list(&page, scene.db, scene.arena, scene.repository.id, &query,
                      &scene.err) == 0);
    CHECK(json_array_size(page.items) == 2 && page.next == NULL);
    query.cursor = NULL;
    query.search = "USER1";
    CHECK(review_list(&page, scene.db, scene.arena, scene.repository.id, &query,
                      &scene.err) == 0);
    CHECK(json_array_size(page.items) == 3);
    query.status = "accepted";
    CHECK(review_list(&page, scene.db, scene.arena, scene.repository.id, &query,
                      &scene.err) == 0);
    CHECK(json_array_size(page.items) == 0);
    scene_close(&scene);
}

TEST(a_queue_shows_what_one_may_decide_and_nothing_else)
{
    struct scene scene;
    struct review_page page;
    const struct review_query query = {
        .url = "", .status = "pending", .before_ms = CLOCK_NEVER, .limit = 10};
    struct review_query one = {.url = ""};
    const char *id;
    json_t *item;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\",\"reviewers\":"
                                 "[\"first\"]}") == 0);
    CHECK(scene_ask(&scene) == 0);
    id = arena_text(scene.arena, scene.asked.request);
    CHECK(review_list_queue(&page, scene.db, scene.arena, scene.first.account,
                            &query, &scene.err) == 0);
    CHECK(json_array_size(page.items) == 1);
    CHECK(review_list_queue(&page, scene.db, scene.arena, scene.owner.account,
                            &query, &scene.err) == 0);
    CHECK(json_array_size(page.items) == 1);
    CHECK(review_list_queue(&page, scene.db, scene.arena, scene.second.account,
                            &query, &scene.err) == 0);
    CHECK(json_array_size(page.items) == 0);
    one.search = arena_format(scene.arena, "%.6s", id);
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.first.account,
                           &one, &scene.err) == 0);
    one.search = id;
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.person.account,
                           &one, &scene.err) == 0);
    CHECK_TEXT(json_text(json_object_get(item, "repo"), "name"), "acme/tiny");
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.second.account,
                           &one, &scene.err) < 0);
    scene_close(&scene);
}

/* How many wait for an account's decision. */
static size_t
count_queue(struct scene *scene, int64_t account)
{
    const struct review_query query = {
        .url = "", .status = "pending", .before_ms = CLOCK_NEVER, .limit = 10};
    struct review_page page = {0};

    CHECK(review_list_queue(&page, scene->db, scene->arena, account, &query,
                            &scene->err) == 0);
    return json_array_size(page.items);
}

TEST(a_request_is_once_in_a_queue_and_moves_with_its_model)
{
    struct scene scene;
    int64_t shop;

    scene_open(&scene);
    shop = seed_organization("shop");
    seed_member(shop, scene.second.account, "write");
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\",\"reviewers\":"
                                 "[\"first\"]}") == 0);
    seed_member(seed("SELECT namespace FROM repository"), scene.first.account,
                "admin");
    CHECK(scene_ask(&scene) == 0);
    CHECK(count_queue(&scene, scene.owner.account) == 1);
    CHECK(count_queue(&scene, scene.first.account) == 1);
    CHECK(count_queue(&scene, scene.second.account) == 0);
    seed("UPDATE repository SET namespace = %lld", (long long)shop);
    CHECK(count_queue(&scene, scene.owner.account) == 0);
    CHECK(count_queue(&scene, scene.first.account) == 1);
    CHECK(count_queue(&scene, scene.second.account) == 1);
    seed("DELETE FROM repository");
    CHECK(count_queue(&scene, scene.second.account) == 0);
    CHECK(seed("SELECT count(namespace) FROM request") == 0);
    scene_close(&scene);
}

/* How many rows a query over the one repository gives. */
static size_t
count_listed(struct scene *scene, const struct review_query *query)
{
    struct review_page page = {0};

    CHECK(review_list(&page, scene->db, scene->arena, scene->repository.id,
                      query, &scene->err) == 0);
    return json_array_size(page.items);
}

TEST(a_list_is_narrowed_by_time_account_domain_and_status)
{
    struct review_query query = {
        .url = "", .before_ms = CLOCK_NEVER, .limit = 10};
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_ask_as(&scene, scene.db, &scene.first, NULL) == 0);
    seed("UPDATE account SET email = 'first@lab.example' WHERE name = 'first'");
    seed("UPDATE request SET asked_at = asked_at - interval '1 hour'"
         " WHERE account_name = 'first'");
    CHECK(count_listed(&scene, &query) == 2);
    query.after_ms = clock_now_ms() - 1800000;
    CHECK(count_listed(&scene, &query) == 1);
    query.before_ms = query.after_ms;
    query.after_ms = 0;
    CHECK(count_listed(&scene, &query) == 1);
    query.before_ms = CLOCK_NEVER;
    query.account = scene.first.account;
    CHECK(count_listed(&scene, &query) == 1);
    query.account = 0;
    query.search = "Lab.example";
    CHECK(count_listed(&scene, &query) == 1);
    query.search = "ab.example";
    CHECK(count_listed(&scene, &query) == 0);
    query.search = NULL;
    CHECK(scene_decide(&scene, &scene.owner, "accepted") == 0);
    query.status = "pending";
    CHECK(count_listed(&scene, &query) == 1);
    query.after_ms = 1;
    CHECK(count_listed(&scene, &query) == 1);
    scene_close(&scene);
}

TEST(a_member_sees_the_queue_and_its_requests_only_where_they_may_write)
{
    const struct review_query queue = {
        .url = "", .status = "pending", .before_ms = CLOCK_NEVER, .limit = 10};
    struct review_query one = {.url = ""};
    struct review_page page;
    struct scene scene;
    json_t *item;
    int64_t lab;

    scene_open(&scene);
    lab = seed_organization("lab");
    seed("UPDATE repository SET namespace = %lld", (long long)lab);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    one.search = arena_text(scene.arena, scene.asked.request);
    seed_member(lab, scene.first.account, "read");
    CHECK(review_list_queue(&page, scene.db, scene.arena, scene.first.account,
                            &queue, &scene.err) == 0);
    CHECK(json_array_size(page.items) == 0);
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.first.account,
                           &one, &scene.err) < 0);
    seed("UPDATE membership SET role = 'write'");
    CHECK(review_list_queue(&page, scene.db, scene.arena, scene.first.account,
                            &queue, &scene.err) == 0);
    CHECK(json_array_size(page.items) == 1);
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.first.account,
                           &one, &scene.err) == 0);
    scene_close(&scene);
}

TEST(a_person_lists_their_own_requests_alone)
{
    const struct review_query all = {
        .url = "", .before_ms = CLOCK_NEVER, .limit = 10};
    struct review_page page;
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(scene_ask_as(&scene, scene.db, &scene.first, NULL) == 0);
    CHECK(review_list_own(&page, scene.db, scene.arena, scene.person.account,
                          &all, &scene.err) == 0);
    CHECK(json_array_size(page.items) == 1);
    CHECK_TEXT(json_text(json_object_get(json_array_get(page.items, 0), "user"),
                         "user"),
               "person");
    scene_close(&scene);
}

TEST(a_request_is_found_by_a_beginning_that_is_its_own)
{
    struct review_query one = {.url = ""};
    struct scene scene;
    const char *id;
    json_t *item;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    id = arena_text(scene.arena, scene.asked.request);
    CHECK(scene_ask_as(&scene, scene.db, &scene.first, NULL) == 0);
    seed("UPDATE request SET public_id = left('%s', 6) || substr(public_id, 7)",
         id);
    one.search = arena_format(scene.arena, "%.6s", id);
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.owner.account,
                           &one, &scene.err) < 0);
    CHECK(scene.err.code == ERROR_BAD_REQUEST);
    /* Of one's own there is but one. */
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.person.account,
                           &one, &scene.err) == 0);
    one.search = arena_format(scene.arena, "%.3s", id);
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.person.account,
                           &one, &scene.err) < 0);
    one.search = "xyz'%";
    CHECK(review_list_find(&item, scene.db, scene.arena, scene.person.account,
                           &one, &scene.err) < 0);
    CHECK(scene.err.code == ERROR_BAD_REQUEST);
    scene_close(&scene);
}

TEST(reviewers_who_want_mail_in_bulk_get_none_at_once)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\","
                                 "\"notificationsMode\":\"bulk\"}") == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK(seed("SELECT count(*) FROM outbox") == 0);
    /* Nor does an address that nobody confirmed get a decision. */
    seed("UPDATE account SET email_verified_at = NULL"
         " WHERE name = 'person'");
    CHECK(scene_decide(&scene, &scene.owner, "rejected") == 0);
    CHECK(seed("SELECT count(*) FROM outbox") == 0);
    scene_close(&scene);
}

TEST(reviewers_are_told_of_a_request_and_once_a_day_where_they_want)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\":\"manual\",\"reviewers\":"
                                 "[\"first\",\"second\"]}") == 0);
    CHECK(notice_set_wanted(scene.db, scene.arena, scene.second.account, false,
                            &scene.err) == 0);
    CHECK(scene_ask(&scene) == 0);
    CHECK_TEXT(seed_text("SELECT string_agg(recipient, ' ' ORDER BY recipient)"
                         " FROM outbox"),
               "acme@example.org first@example.org");
    seed("DELETE FROM outbox");
    seed("UPDATE request SET asked_at = asked_at - interval '1 day'");
    CHECK(scene_set_gate(&scene,
                         "{\"notificationsMode\":\"bulk\","
                         "\"notificationsEmail\":\"gate@acme.org\"}") == 0);
    CHECK(notice_send_daily(scene.db, "", &scene.err) == 0);
    CHECK(notice_send_daily(scene.db, "", &scene.err) == 0);
    CHECK_TEXT(seed_text("SELECT string_agg(recipient, ' ' ORDER BY recipient)"
                         " FROM outbox"),
               "first@example.org gate@acme.org");
    scene_close(&scene);
}
