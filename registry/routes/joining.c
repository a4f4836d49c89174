/* joining: the pages on which people get an account, and back into one. */
#include "auth/join.h"
#include "auth/link.h"
#include "registry/config.h"
#include "registry/routes/notice.h"
#include "registry/routes/routes.h"

/* The e-mail address: a field, or what the invitation was sent to. */
static int
render_address(const struct html **out, struct request *request,
               const char *invitation, const char *email, struct error *err)
{
    struct link link;

    if (invitation == NULL)
        return page_render(out, request->arena, "join_address",
                           (struct page_hole[]){{"email", email, NULL}, {0}},
                           err);
    if (link_find(&link, request->db, request->arena, LINK_INVITE, invitation,
                  err) < 0)
        return -1;
    return page_render(out, request->arena, "join_invitation",
                       (struct page_hole[]){
                           {"link", invitation, NULL},
                           {"email", link.email, NULL},
                           {0},
                       },
                       err);
}

/* The form again, with what was typed, but for the password. */
static int
join_form(struct request *request, struct response *response,
          const struct join *join, const struct error *refusal,
          struct error *err)
{
    const struct html *address;
    const struct html *notice;
    const struct html *body;

    if (render_address(&address, request, join->invitation, join->email, err) <
            0 ||
        notice_bad(&notice, request->arena,
                   refusal != NULL ? refusal->message : NULL, err) < 0 ||
        page_render(&body, request->arena, "join",
                    (struct page_hole[]){
                        {"notice", NULL, notice},
                        {"address", NULL, address},
                        {"name", join->name, NULL},
                        {"fullname", join->fullname, NULL},
                        {0},
                    },
                    err) < 0 ||
        page_answer(request, response, "Make an account", body, err) < 0)
        return -1;
    if (refusal != NULL)
        notice_set_status(response, request, refusal);
    return 0;
}

static enum join_policy
policy_of(const struct request *request)
{
    enum join_policy policy = JOIN_CLOSED;

    join_policy_parse(&policy, request->service->config->sign_up);
    return policy;
}

static int
join_show(struct request *request, struct response *response, struct error *err)
{
    const struct join empty = {
        .name = "",
        .fullname = "",
        .email = "",
        .invitation = request_query(request, "link"),
    };
    enum join_policy policy = policy_of(request);

    if (policy == JOIN_CLOSED)
        return notice_answer(request, response, "No new accounts",
                             "This registry takes no new accounts. Ask "
                             "whoever runs it.",
                             err);
    if (policy == JOIN_INVITATION && empty.invitation == NULL)
        return notice_answer(request, response, "By invitation",
                             "This registry wants an invitation. Ask whoever "
                             "runs it, then open the link in the mail.",
                             err);
    return join_form(request, response, &empty, NULL, err);
}

static int
join_create(struct request *request, struct response *response,
            struct error *err)
{
    const struct join join = {
        .name = notice_field(request, "name"),
        .fullname = notice_field(request, "fullname"),
        .email = notice_field(request, "email"),
        .password = notice_field(request, "password"),
        .invitation = request_form(request, "link", 0),
        .address = request->caller.address,
        .policy = policy_of(request),
        .url = request->service->url,
    };
    struct error refusal;
    bool is_ready;

    if (join_ask(&is_ready, request->db, request->arena, &join, &refusal) < 0) {
        if (notice_is_for_form(&refusal))
            return join_form(request, response, &join, &refusal, err);
        *err = refusal;
        return -1;
    }
    if (is_ready) {
        response_redirect(response, 303, "/login");
        return 0;
    }
    return notice_answer(request, response, "Confirm your e-mail address",
                         "A link was sent to your e-mail address. Open it "
                         "within a day, then sign in.",
                         err);
}

/* Mail scanners open links; only the button confirms. */
static int
verify_show(struct request *request, struct response *response,
            struct error *err)
{
    const char *text = request_query(request, "link");
    const struct html *body;
    struct link link;

    if (link_find(&link, request->db, request->arena, LINK_VERIFY,
                  text != NULL ? text : "", err) < 0 ||
        page_render(&body, request->arena, "verify",
                    (struct page_hole[]){{"link", text, NULL}, {0}}, err) < 0)
        return -1;
    return page_answer(request, response, "Confirm your e-mail address", body,
                       err);
}

static int
verify_create(struct request *request, struct response *response,
              struct error *err)
{
    if (join_verify(request->db, request->arena, notice_field(request, "link"),
                    err) < 0)
        return -1;
    return notice_answer(request, response, "Your address is confirmed",
                         "You can sign in now.", err);
}

static int
password_form(struct request *request, struct response *response,
              const char *link, const struct error *refusal, struct error *err)
{
    const struct html *notice;
    const struct html *body;

    if (notice_bad(&notice, request->arena,
                   refusal != NULL ? refusal->message : NULL, err) < 0 ||
        page_render(&body, request->arena,
                    link != NULL ? "password_new" : "password",
                    (struct page_hole[]){
                        {"notice", NULL, notice},
                        {"link", link, NULL},
                        {0},
                    },
                    err) < 0 ||
        page_answer(request, response, "Password", body, err) < 0)
        return -1;
    if (refusal != NULL)
        notice_set_status(response, request, refusal);
    return 0;
}

static int
password_show(struct request *request, struct response *response,
              struct error *err)
{
    const char *text = request_query(request, "link");
    struct link link;

    if (text != NULL && link_find(&link, request->db, request->arena,
                                  LINK_PASSWORD, text, err) < 0)
        return -1;
    return password_form(request, response, text, NULL, err);
}

/* With a link: the new password; without one: where to send a link. */
static int
password_create(struct request *request, struct response *response,
                struct error *err)
{
    const char *link = request_form(request, "link", 0);
    struct error refusal;
    int result;

    if (link != NULL)
        result = join_set_password(request->db, request->arena, link,
                                   notice_field(request, "password"), &refusal);
    else
        result = join_forget(
            request->db, request->arena, notice_field(request, "email"),
            request->caller.address, request->service->url, &refusal);
    if (result < 0 && notice_is_for_form(&refusal))
        return password_form(request, response, link, &refusal, err);
    if (result < 0) {
        *err = refusal;
        return -1;
    }
    if (link != NULL)
        return notice_answer(request, response, "Your password is set",
                             "You can sign in with it now.", err);
    return notice_answer(request, response, "Look for a mail",
                         "If there is an account with this e-mail address, a "
                         "link to set a new password was sent to it.",
                         err);
}

const struct route joining_routes[] = {
    {"GET", "/join", RIGHT_PUBLIC, join_show, NULL, 0},
    {"POST", "/join", RIGHT_PUBLIC, join_create, NULL, 0},
    {"GET", "/verify", RIGHT_PUBLIC, verify_show, NULL, 0},
    {"POST", "/verify", RIGHT_PUBLIC, verify_create, NULL, 0},
    {"GET", "/password", RIGHT_PUBLIC, password_show, NULL, 0},
    {"POST", "/password", RIGHT_PUBLIC, password_create, NULL, 0},
    {0},
};
