/* whoami: the account behind the token, as the registry sees it. */
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "storage/base/buffer.h"

/* "acme (admin), lab (read)" */
static const char *
list_organizations(struct arena *arena, const json_t *person)
{
    struct buffer text = {0};
    const json_t *organization;
    const char *list;
    size_t i;

    json_array_foreach(json_object_get(person, "orgs"), i, organization)
    {
        const char *name = json_text(organization, "name");
        const char *role = json_text(organization, "roleInOrg");

        buffer_append_format(&text, "%s%s (%s)", i == 0 ? "" : ", ",
                             name == NULL ? "?" : name,
                             role == NULL ? "member" : role);
    }
    list = arena_text(arena, text.bytes == NULL ? "none" : text.bytes);
    buffer_free(&text);
    return list;
}

static int
run(struct context *context, struct error *err)
{
    const char *name;
    const char *email;
    const char *role;
    json_t *person;

    if (session_open_signed_in(context, err) < 0 ||
        client_get(&person, context->client, context->arena, "/api/whoami-v2",
                   err) < 0 ||
        json_need_text(&name, person, "name", err) < 0)
        return -1;
    email = json_text(person, "email");
    role = json_text(
        json_object_get(json_object_get(person, "auth"), "accessToken"),
        "role");
    command_say(context, "name           %s\n", name);
    command_say(context, "e-mail         %s\n", email == NULL ? "none" : email);
    command_say(context, "organisations  %s\n",
                list_organizations(context->arena, person));
    command_say(context, "token          %s\n", role == NULL ? "?" : role);
    command_say(context, "registry       %s\n",
                client_registry(context->client));
    json_object_set_new(person, "registry",
                        json_string(client_registry(context->client)));
    command_result(context, json_incref(person));
    return 0;
}

const struct command command_whoami = {
    .name = "whoami",
    .usage = "",
    .summary = "show which account you are to the registry",
    .run = run,
};
