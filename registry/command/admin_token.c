#include <stdio.h>
#include <string.h>

#include "auth/account.h"
#include "auth/token.h"
#include "registry/command/admin.h"
#include "storage/base/clock.h"

static json_t *
token_to_json(const struct token *token)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id",
                     token->public_id, "account", token->account_name, "role",
                     token_role_name(token->role), "label", token->label,
                     "hint", token->hint, "createdAt",
                     admin_time_to_json(token->created_at_ms), "expiresAt",
                     admin_time_to_json(token->expires_at_ms), "lastUsedAt",
                     admin_time_to_json(token->last_used_at_ms));
}

static int
read_spec(struct token_spec *spec, struct token_right *rights,
          struct admin *admin, const char **out_name, struct error *err)
{
    struct admin_texts texts = {.count = 0};
    const char *role = NULL;
    const char *ends = NULL;
    const struct admin_option options[] = {
        {"--role", ADMIN_TEXT, &role},
        {"--value", ADMIN_TEXT, &spec->value},
        {"--label", ADMIN_TEXT, &spec->label},
        {"--right", ADMIN_REPEAT, &texts},
        {"--expires", ADMIN_TEXT, &ends},
        {0},
    };

    if (admin_need(out_name, admin, options, err) < 0)
        return -1;
    if (role == NULL || !token_role_parse(&spec->role, role))
        return error_set(err, ERROR_USAGE,
                         "--role is read, write or fine-grained");
    if (ends != NULL && !clock_parse(&spec->expires_at_ms, ends))
        return error_set(err, ERROR_USAGE, "--expires %s: not a date", ends);
    for (size_t i = 0; i < texts.count; i++)
        if (token_right_parse(&rights[i], admin->arena, texts.texts[i], err) <
            0)
            return -1;
    spec->rights = rights;
    spec->right_count = texts.count;
    return 0;
}

/* Prints the token alone, so that a script can take it. */
static int
token_add_run(struct admin *admin, struct error *err)
{
    struct token_spec spec = {.expires_at_ms = CLOCK_NEVER};
    struct token_right rights[ADMIN_REPEAT_LIMIT];
    struct account account;
    struct token token = {0};
    const char *text;
    const char *name;
    json_t *value;

    if (read_spec(&spec, rights, admin, &name, err) < 0 ||
        account_find(&account, admin->db, admin->arena, name, err) < 0)
        return -1;
    if (account.id == 0 || account.is_organization)
        return error_set(err, ERROR_NOT_FOUND, "there is no account %s", name);
    spec.account = account.id;
    if (token_add(&token, &text, admin->db, admin->arena, &spec, err) < 0)
        return -1;
    value = token_to_json(&token);
    json_object_set_new(value, "token", json_string(text));
    admin_say(admin, value, "%s", text);
    return 0;
}

/* Of one account, or of all. */
static int
list_tokens(struct token **out, size_t *out_count, struct admin *admin,
            const char *name, struct error *err)
{
    struct account account = {0};

    if (name != NULL) {
        if (account_find(&account, admin->db, admin->arena, name, err) < 0)
            return -1;
        if (account.id == 0)
            return error_set(err, ERROR_NOT_FOUND, "there is no account %s",
                             name);
    }
    return token_list(out, out_count, admin->db, admin->arena, account.id, err);
}

static int
token_list_run(struct admin *admin, struct error *err)
{
    struct token *list = NULL;
    const char *name;
    json_t *value;
    size_t count = 0;

    if (admin_read(&name, admin, NULL, err) < 0 ||
        list_tokens(&list, &count, admin, name, err) < 0)
        return -1;
    value = json_keep(admin->arena, json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(value, token_to_json(&list[i]));
    if (admin->is_json) {
        puts(json_write(NULL, admin->arena, value));
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        printf("%s %-20s %-12s %-10s %s\n", list[i].public_id,
               list[i].account_name, token_role_name(list[i].role),
               list[i].hint, list[i].label);
    return 0;
}

/* By id, or the part of it that is unique. */
static int
find_token(struct token *out, struct admin *admin, struct error *err)
{
    size_t matches = 0;
    struct token *list;
    const char *id;
    size_t count;

    if (admin_need(&id, admin, NULL, err) < 0 ||
        token_list(&list, &count, admin->db, admin->arena, 0, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strncmp(list[i].public_id, id, strlen(id)) == 0) {
            *out = list[i];
            matches++;
        }
    if (matches == 0)
        return error_set(err, ERROR_NOT_FOUND, "there is no token %s", id);
    if (matches > 1)
        return error_set(err, ERROR_USAGE, "%zu tokens begin with %s", matches,
                         id);
    return 0;
}

static int
token_show_run(struct admin *admin, struct error *err)
{
    struct token token = {0};

    if (find_token(&token, admin, err) < 0)
        return -1;
    admin_say(admin, token_to_json(&token),
              "id         %s\naccount    %s\nrole       %s\nlabel      %s\n"
              "token      %s\nmade       %s\nends       %s\nlast used  %s",
              token.public_id, token.account_name, token_role_name(token.role),
              token.label, token.hint, admin_time(admin, token.created_at_ms),
              admin_time(admin, token.expires_at_ms),
              admin_time(admin, token.last_used_at_ms));
    return 0;
}

static int
token_remove_run(struct admin *admin, struct error *err)
{
    struct token token = {0};

    if (find_token(&token, admin, err) < 0 ||
        token_revoke(admin->db, admin->arena, 0, token.public_id, err) < 0)
        return -1;
    admin_say(admin, json_pack("{s:s}", "removed", token.public_id),
              "removed    %s of %s", token.public_id, token.account_name);
    return 0;
}

const struct admin_verb admin_token_verbs[] = {
    {"token", "add",
     "NAME --role read|write|fine-grained [--value TEXT] [--label T]\n"
     "      [--right RIGHT[:NAMESPACE[/NAME]]]... [--expires DATE]",
     token_add_run},
    {"token", "list", "[NAME]", token_list_run},
    {"token", "show", "ID", token_show_run},
    {"token", "remove", "ID", token_remove_run},
    {0},
};
