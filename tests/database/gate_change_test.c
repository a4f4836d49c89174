#include "auth/gate_change.h"

#include <string.h>

#include "storage/base/clock.h"
#include "tests/check.h"
#include "tests/database/database.h"
#include "tests/database/scene.h"
#include "tests/database/seed.h"

/* Whether a change is refused with these words, and nothing is kept of it. */
static bool
is_refused(struct scene *scene, const char *change, const char *words)
{
    bool result = scene_set_gate(scene, change) < 0 &&
                  scene->err.code == ERROR_BAD_REQUEST &&
                  strstr(scene->err.message, words) != NULL;

    if (!result)
        CHECK_TEXT(
            arena_format(scene->arena, "%s: %s", change, scene->err.message),
            words);
    return result && seed("SELECT count(*) FROM gate") == 0;
}

TEST(each_setting_is_held_to_its_kind_and_its_range)
{
    static const struct {
        const char *change;
        const char *words;
    } cases[] = {
        {"[]", "a JSON object"},
        {"{\"door\": true}", "no setting \"door\""},
        {"{\"mode\": \"closed\"}", "mode must be"},
        {"{\"mode\": 1}", "mode must be"},
        {"{\"notificationsMode\": \"never\"}", "bulk or real-time"},
        {"{\"quorum\": 0}", "a number from 1 to 16"},
        {"{\"quorum\": 17}", "a number from 1 to 16"},
        {"{\"quorum\": \"2\"}", "a number from 1 to 16"},
        {"{\"grantDays\": 0}", "a number of days"},
        {"{\"grantDays\": 36501}", "a number of days"},
        {"{\"grantDays\": \"7\"}", "a number of days"},
        {"{\"releasedAt\": \"soon\"}", "a date, a time or null"},
        {"{\"releasedAt\": 7}", "a date, a time or null"},
        {"{\"orgMembersGated\": \"true\"}", "true or false"},
        {"{\"notificationsEmail\": 7}", "an e-mail address or null"},
        {"{\"notificationsEmail\": \"a@b@c\"}", "person@example.org"},
        {"{\"licence\": \"mit\"}", "sha256: and 64 hexadecimal digits"},
        {"{\"questions\": \"Name\"}", "a list, an object or null"},
        {"{\"questions\": [{\"type\": \"text\"}]}", "label"},
        {"{\"questions\": [{\"label\": \"A\", \"type\": \"text\"},"
         " {\"label\": \"A\", \"type\": \"text\"}]}",
         "two questions are called \"A\""},
        {"{\"prompt\": 7}", "a text or null"},
        {"{\"reviewers\": \"first\"}", "a list of at most 100 names"},
        {"{\"reviewers\": [7]}", "a list of at most 100 names"},
        {"{\"reviewers\": [\"\"]}", "a list of at most 100 names"},
        {"{\"acceptDomains\": [\"@example.org\"]}", "a list of domains"},
        {"{\"refuseDomains\": [\"%\"]}", "a list of domains"},
        {"{\"refuseDomains\": [\".org\"]}", "a list of domains"},
        {"{\"mode\": \"click\"}", "click needs a licence"},
        {"{\"mode\": \"quorum\"}", "as many reviewers"},
    };
    struct scene scene;

    scene_open(&scene);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK(is_refused(&scene, cases[i].change, cases[i].words));
    CHECK(is_refused(&scene,
                     "{\"licence\": \"sha256:00000000000000000000000000000000"
                     "00000000000000000000000000000000\"}",
                     "add its text first"));
    CHECK(scene_set_gate(&scene, "{\"questions\": {\"Name\": \"riddle\"}}") <
          0);
    CHECK(scene.err.code == ERROR_UNPROCESSABLE);
    scene_close(&scene);
}

TEST(nobody_unknown_is_a_reviewer_or_a_rule)
{
    struct scene scene;

    scene_open(&scene);
    seed_organization("lab");
    CHECK(is_refused(&scene, "{\"reviewers\": [\"first\", \"ghost\"]}",
                     "no person ghost"));
    CHECK(is_refused(&scene, "{\"reviewers\": [\"lab\"]}", "no person lab"));
    CHECK(is_refused(&scene, "{\"acceptOrganizations\": [\"first\"]}",
                     "no organization first"));
    CHECK(scene_set_gate(&scene, "{\"reviewers\": [\"FIRST\"],"
                                 " \"acceptOrganizations\": [\"LAB\"]}") == 0);
    scene_close(&scene);
}

TEST(lists_and_texts_have_limits)
{
    struct scene scene;
    char *text;

    scene_open(&scene);
    text = arena_alloc(scene.arena, GATE_CHANGE_TEXT_LIMIT + 2);
    memset(text, 'x', GATE_CHANGE_TEXT_LIMIT + 1);
    text[GATE_CHANGE_TEXT_LIMIT + 1] = '\0';
    CHECK(is_refused(&scene,
                     arena_format(scene.arena, "{\"prompt\": \"%s\"}", text),
                     "at most 65536 bytes"));
    CHECK(is_refused(
        &scene,
        arena_format(scene.arena, "{\"refuseDomains\": [\"%.254s\"]}", text),
        "a list of at most 100 names"));
    CHECK(scene_set_gate(&scene, arena_format(scene.arena,
                                              "{\"prompt\": \"%s\","
                                              " \"refuseDomains\": "
                                              "[\"%.253s\"]}",
                                              text + 1, text)) == 0);
    scene_close(&scene);
}

TEST(a_text_of_the_form_is_set_alone_and_taken_away_by_null)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"prompt\": \"Why?\","
                                 " \"button\": \"Send\"}") == 0);
    CHECK(scene_set_gate(&scene, "{\"heading\": \"Ask\"}") == 0);
    CHECK(scene_set_gate(&scene, "{\"prompt\": null}") == 0);
    CHECK_TEXT(seed_text("SELECT form FROM gate"),
               "{\"button\":\"Send\",\"heading\":\"Ask\"}");
    scene_close(&scene);
}

static struct gate_settings
find(struct scene *scene)
{
    struct gate_settings settings;

    CHECK(gate_settings_find(&settings, scene->db, scene->arena,
                             scene->repository.id, &scene->err) == 0);
    return settings;
}

TEST(what_null_takes_away_is_as_if_it_had_never_been)
{
    struct gate_settings settings;
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\": \"manual\", \"grantDays\": 30,"
                                 " \"releasedAt\": \"2026-11-24\","
                                 " \"questions\": {\"Name\": \"text\"},"
                                 " \"notificationsEmail\": \"a@b.org\"}") == 0);
    settings = find(&scene);
    CHECK(settings.grant_days == 30 && settings.questions != NULL);
    CHECK(settings.released_at_ms != CLOCK_NEVER);
    CHECK_TEXT(settings.notifications_email, "a@b.org");
    CHECK(scene_set_gate(&scene, "{\"grantDays\": null, \"releasedAt\": null,"
                                 " \"questions\": null,"
                                 " \"notificationsEmail\": null}") == 0);
    settings = find(&scene);
    CHECK(settings.grant_days == 0 && settings.questions == NULL);
    CHECK(settings.released_at_ms == CLOCK_NEVER);
    CHECK(settings.notifications_email == NULL);
    CHECK_TEXT(settings.mode, "manual");
    scene_close(&scene);
}

TEST(what_the_settings_say_can_be_given_to_another_gate)
{
    struct gate_settings settings;
    struct scene scene;
    json_t *first;
    json_t *form;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\": \"quorum\", \"quorum\": 2,"
                                 " \"reviewers\": [\"first\", \"second\"],"
                                 " \"acceptDomains\": [\"example.org\"],"
                                 " \"refuseDomains\": [\"evil.example\"],"
                                 " \"orgMembersGated\": true, \"grantDays\": 7,"
                                 " \"releasedAt\": \"2026-11-24T05:23:06Z\","
                                 " \"notificationsMode\": \"bulk\"}") == 0);
    settings = find(&scene);
    first = json_deep_copy(gate_settings_to_json(&settings, scene.arena));
    seed("DELETE FROM gate_reviewer");
    seed("DELETE FROM gate");
    form = json_object_get(first, "form");
    CHECK(json_object_size(form) == 0);
    json_object_del(first, "form");
    CHECK(scene_set_gate(&scene, json_write(NULL, scene.arena, first)) == 0);
    settings = find(&scene);
    json_object_set_new(first, "form", json_object());
    CHECK(json_equal(first, gate_settings_to_json(&settings, scene.arena)));
    CHECK(json_is_true(json_object_get(first, "orgMembersGated")));
    json_decref(first);
    scene_close(&scene);
}

TEST(a_change_of_the_gate_is_in_the_log_without_its_rules)
{
    struct scene scene;

    scene_open(&scene);
    CHECK(scene_set_gate(&scene, "{\"mode\": \"manual\","
                                 " \"reviewers\": [\"first\"]}") == 0);
    CHECK(seed("SELECT count(*) FROM log_entry WHERE kind = 'gate'"
               " AND convert_from(leaf, 'UTF8') LIKE '%%manual%%'"
               " AND convert_from(leaf, 'UTF8') NOT LIKE '%%first%%'") == 1);
    CHECK(scene_set_gate(&scene, "{\"mode\": \"nonsense\"}") < 0);
    CHECK(seed("SELECT count(*) FROM log_entry WHERE kind = 'gate'") == 1);
    scene_close(&scene);
}
