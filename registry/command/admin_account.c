#include <stdio.h>
#include <string.h>

#include "auth/account.h"
#include "auth/organization.h"
#include "auth/password.h"
#include "registry/command/admin.h"
#include "storage/base/file.h"
#include "storage/base/secret.h"

static json_t *
account_to_json(const struct account *account)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s?, s:b, s:b, s:b, s:o}", "id", account->public_id,
        "name", account->name, "fullname", account->fullname, "email",
        account->email, "emailVerified", account->is_verified, "administrator",
        account->is_administrator, "disabled", account->is_disabled,
        "createdAt", admin_time_to_json(account->created_at_ms));
}

static int
find_person(struct account *out, struct admin *admin, const char *name,
            struct error *err)
{
    if (account_find(out, admin->db, admin->arena, name, err) < 0)
        return -1;
    if (out->id == 0 || out->is_organization)
        return error_set(err, ERROR_NOT_FOUND, "there is no account %s", name);
    return 0;
}

/* The first line of a file; the caller wipes it. */
static int
read_password(char **out, struct admin *admin, const char *path,
              struct error *err)
{
    size_t length;

    if (file_read(out, &length, admin->arena, path, PASSWORD_LIMIT + 2, err) <
        0)
        return -1;
    (*out)[strcspn(*out, "\r\n")] = '\0';
    return 0;
}

static int
account_add_run(struct admin *admin, struct error *err)
{
    struct account_spec spec = {.is_verified = true};
    const char *password_file = NULL;
    const char *avatar_file = NULL;
    char *password = NULL;
    char *avatar;
    const struct admin_option options[] = {
        {"--email", ADMIN_TEXT, &spec.email},
        {"--fullname", ADMIN_TEXT, &spec.fullname},
        {"--password-file", ADMIN_TEXT, &password_file},
        {"--id", ADMIN_TEXT, &spec.public_id},
        {"--avatar", ADMIN_TEXT, &avatar_file},
        {"--administrator", ADMIN_FLAG, &spec.is_administrator},
        {0},
    };
    struct account account;
    int result;

    if (admin_need(&spec.name, admin, options, err) < 0)
        return -1;
    if (avatar_file != NULL) {
        if (file_read(&avatar, &spec.avatar_length, admin->arena, avatar_file,
                      ACCOUNT_AVATAR_LIMIT, err) < 0)
            return -1;
        spec.avatar = avatar;
    }
    if (password_file != NULL &&
        read_password(&password, admin, password_file, err) < 0)
        return -1;
    spec.password = password;
    result = account_add(&account, admin->db, admin->arena, &spec, err);
    if (password != NULL)
        secret_wipe(password, strlen(password));
    if (result == 0)
        admin_say(admin, account_to_json(&account), "added      %s",
                  account.name);
    return result;
}

static int
account_list_run(struct admin *admin, struct error *err)
{
    struct account *list;
    json_t *value;
    size_t count;

    if (admin_read_none(admin, err) < 0 ||
        account_list(&list, &count, admin->db, admin->arena, false, err) < 0)
        return -1;
    value = json_keep(admin->arena, json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(value, account_to_json(&list[i]));
    if (admin->is_json) {
        puts(json_write(NULL, admin->arena, value));
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        printf("%-24s %-32s%s%s%s\n", list[i].name,
               list[i].email != NULL ? list[i].email : "",
               list[i].is_administrator ? " administrator" : "",
               list[i].is_verified ? "" : " unconfirmed",
               list[i].is_disabled ? " disabled" : "");
    return 0;
}

static int
account_show_run(struct admin *admin, struct error *err)
{
    struct account account;
    const char *name;

    if (admin_need(&name, admin, NULL, err) < 0 ||
        find_person(&account, admin, name, err) < 0)
        return -1;
    admin_say(admin, account_to_json(&account),
              "name       %s\nfull name  %s\nid         %s\n"
              "email      %s%s\nmade       %s\nrights     %s",
              account.name, account.fullname, account.public_id,
              account.email != NULL ? account.email : "",
              account.is_verified ? "" : " (unconfirmed)",
              admin_time(admin, account.created_at_ms),
              account.is_administrator ? "administrator" : "person");
    return 0;
}

static int
account_remove_run(struct admin *admin, struct error *err)
{
    struct account account;
    const char *name;

    if (admin_need(&name, admin, NULL, err) < 0 ||
        find_person(&account, admin, name, err) < 0 ||
        organization_check_left(admin->db, admin->arena, account.id, 0, err) <
            0 ||
        account_remove(admin->db, admin->arena, account.id, err) < 0)
        return -1;
    admin_say(admin, json_pack("{s:s}", "removed", account.name),
              "removed    %s", account.name);
    return 0;
}

const struct admin_verb admin_account_verbs[] = {
    {"account", "add",
     "NAME --email E [--fullname T] [--password-file F] [--id HEX24]\n"
     "      [--avatar FILE] [--administrator]",
     account_add_run},
    {"account", "list", "", account_list_run},
    {"account", "show", "NAME", account_show_run},
    {"account", "remove", "NAME", account_remove_run},
    {0},
};
