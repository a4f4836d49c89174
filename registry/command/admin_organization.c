#include <stdio.h>
#include <string.h>

#include "auth/organization.h"
#include "registry/command/admin.h"

static json_t *
organization_to_json(const struct account *organization,
                     const struct membership *members, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "name",
                                              members[i].account.name, "role",
                                              members[i].role));
    return json_pack(
        "{s:s, s:s, s:s, s:b, s:o, s:o}", "id", organization->public_id, "name",
        organization->name, "fullname", organization->fullname,
        "privateByDefault", organization->private_by_default, "createdAt",
        admin_time_to_json(organization->created_at_ms), "members", list);
}

/* Cuts "NAME:ROLE" in two. */
static int
read_member(struct organization_member *out, struct arena *arena,
            const char *text, struct error *err)
{
    char *name = arena_text(arena, text);
    char *colon = strrchr(name, ':');

    if (colon != NULL) {
        *colon = '\0';
        out->name = name;
        out->role = organization_find_role(colon + 1);
    }
    if (colon == NULL || out->role == NULL)
        return error_set(err, ERROR_USAGE,
                         "--member %s: wants NAME:ROLE, and a role is admin, "
                         "write or read",
                         text);
    return 0;
}

static int
say_organization(struct admin *admin, const struct account *organization,
                 const char *heading, struct error *err)
{
    struct membership *members;
    size_t count;

    if (organization_list_members(&members, &count, admin->db, admin->arena,
                                  organization->id, err) < 0)
        return -1;
    if (admin->is_json) {
        admin_say(admin, organization_to_json(organization, members, count),
                  "%s", "");
        return 0;
    }
    printf("%-10s %s\n", heading, organization->name);
    for (size_t i = 0; i < count; i++)
        printf("member     %s (%s)\n", members[i].account.name,
               members[i].role);
    return 0;
}

static int
organization_add_run(struct admin *admin, struct error *err)
{
    struct organization_member members[ADMIN_REPEAT_LIMIT];
    struct organization_spec spec = {.members = members};
    struct admin_texts texts = {.count = 0};
    const struct admin_option options[] = {
        {"--fullname", ADMIN_TEXT, &spec.account.fullname},
        {"--member", ADMIN_REPEAT, &texts},
        {"--private-by-default", ADMIN_FLAG, &spec.account.private_by_default},
        {0},
    };
    struct account organization;

    if (admin_need(&spec.account.name, admin, options, err) < 0)
        return -1;
    for (size_t i = 0; i < texts.count; i++)
        if (read_member(&members[i], admin->arena, texts.texts[i], err) < 0)
            return -1;
    spec.member_count = texts.count;
    if (organization_add(&organization, admin->db, admin->arena, &spec, err) <
        0)
        return -1;
    return say_organization(admin, &organization, "added", err);
}

static int
organization_list_run(struct admin *admin, struct error *err)
{
    struct account *list;
    json_t *value;
    size_t count;

    if (admin_read_none(admin, err) < 0 ||
        account_list(&list, &count, admin->db, admin->arena, true, err) < 0)
        return -1;
    value = json_keep(admin->arena, json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            value, json_pack("{s:s, s:s, s:s}", "id", list[i].public_id, "name",
                             list[i].name, "fullname", list[i].fullname));
    if (admin->is_json)
        puts(json_write(NULL, admin->arena, value));
    for (size_t i = 0; !admin->is_json && i < count; i++)
        printf("%-24s %s\n", list[i].name, list[i].fullname);
    return 0;
}

static int
find_organization(struct account *out, struct admin *admin, struct error *err)
{
    const char *name;

    if (admin_need(&name, admin, NULL, err) < 0 ||
        account_find(out, admin->db, admin->arena, name, err) < 0)
        return -1;
    if (out->id == 0 || !out->is_organization)
        return error_set(err, ERROR_NOT_FOUND, "there is no organization %s",
                         name);
    return 0;
}

static int
organization_show_run(struct admin *admin, struct error *err)
{
    struct account organization;

    if (find_organization(&organization, admin, err) < 0)
        return -1;
    return say_organization(admin, &organization, "name", err);
}

static int
organization_remove_run(struct admin *admin, struct error *err)
{
    struct account organization;

    if (find_organization(&organization, admin, err) < 0 ||
        account_remove(admin->db, admin->arena, organization.id, err) < 0)
        return -1;
    admin_say(admin, json_pack("{s:s}", "removed", organization.name),
              "removed    %s", organization.name);
    return 0;
}

const struct admin_verb admin_organization_verbs[] = {
    {"organization", "add",
     "NAME [--fullname T] [--member NAME:ROLE]...\n"
     "      [--private-by-default]",
     organization_add_run},
    {"organization", "list", "", organization_list_run},
    {"organization", "show", "NAME", organization_show_run},
    {"organization", "remove", "NAME", organization_remove_run},
    {0},
};
