#include "cli/command/gating.h"

#include <string.h>

#include "cli/client/gate.h"
#include "cli/client/licence.h"

#define DAYS_MOST 36500
#define QUORUM_MOST 16

/* Options that repeat, and the member of the gate that they make. */
static const struct {
    const char *option;
    const char *member;
} lists[] = {
    {"reviewer", "reviewers"},
    {"accept-domain", "acceptDomains"},
    {"refuse-domain", "refuseDomains"},
    {"accept-organization", "acceptOrganizations"},
    {"refuse-organization", "refuseOrganizations"},
};

static void
read_lists(json_t *change, const struct options *options)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        json_t *list = json_array();
        const char *value;

        for (size_t n = 0;
             (value = option_at(options, lists[i].option, n)) != NULL; n++)
            if (value[0] != '\0')
                json_array_append_new(list, json_string(value));
        if (option_has(options, lists[i].option))
            json_object_set(change, lists[i].member, list);
        json_decref(list);
    }
}

static int
read_numbers(json_t *change, const struct options *options, struct error *err)
{
    static const int64_t days[] = {0, DAYS_MOST};
    static const int64_t votes[] = {1, QUORUM_MOST};
    int64_t number;

    if (option_number(&number, options, "grant-days", -1, days, err) < 0)
        return -1;
    if (number >= 0)
        json_object_set_new(change, "grantDays",
                            number > 0 ? json_integer(number) : json_null());
    if (option_number(&number, options, "quorum", 0, votes, err) < 0)
        return -1;
    if (number > 0)
        json_object_set_new(change, "quorum", json_integer(number));
    return 0;
}

int
gating_read(json_t *change, const struct options *options, struct error *err)
{
    const char *released = option_text(options, "released-at");
    const char *members = option_text(options, "members-gated");

    read_lists(change, options);
    if (read_numbers(change, options, err) < 0)
        return -1;
    if (released != NULL)
        json_object_set_new(change, "releasedAt",
                            strcmp(released, "none") == 0
                                ? json_null()
                                : json_string(released));
    if (members == NULL)
        return 0;
    if (strcmp(members, "yes") != 0 && strcmp(members, "no") != 0)
        return error_set(err, ERROR_USAGE, "--members-gated is yes or no");
    json_object_set_new(change, "orgMembersGated",
                        json_boolean(strcmp(members, "yes") == 0));
    return 0;
}

const char *
gating_show_days(const struct context *context)
{
    const char *days = option_text(&context->options, "grant-days");

    if (days == NULL)
        return "";
    if (strcmp(days, "0") == 0)
        return ", grants have no end";
    return arena_format(context->arena, ", grants last %s days", days);
}

int
gating_read_licence(const char **out, json_t *change, struct context *context,
                    struct error *err)
{
    const char *given = option_text(&context->options, "license");
    char name[GATE_DIGEST_NAME_SIZE];
    struct licence licence;
    struct digest digest;

    *out = NULL;
    if (given == NULL)
        return 0;
    if (gate_parse_digest(&digest, given)) {
        gate_write_digest(name, &digest);
        json_object_set_new(change, "licence", json_string(name));
        *out = arena_format(context->arena, "%.13s…", name);
        return 0;
    }
    if (licence_send(&licence, context->client, context->arena, given, err) < 0)
        return -1;
    json_object_set_new(change, "licence", json_string(licence.digest));
    *out = arena_format(context->arena, "%s, %.13s…", licence.name,
                        licence.digest);
    return 0;
}
