/* request: reads the licence, answers the questions, agrees, asks. */
#include <string.h>

#include "auth/key/agreement.h"
#include "auth/key/key.h"
#include "auth/key/receipt.h"
#include "cli/client/gate.h"
#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/home/keyring.h"
#include "cli/home/login.h"
#include "cli/home/receipt_store.h"
#include "cli/terminal/pager.h"
#include "cli/terminal/prompt.h"
#include "storage/base/clock.h"

#define PHRASE "I agree"
#define WAIT_STEP_MS 2000

static const struct option_row request_options[] = {
    {"answer", "LABEL=VALUE", "answer to a question of the gate", true},
    {"agree", "sha256:HEX", "agree to this licence, for scripts", false},
    {"wait", NULL, "wait for the decision", false},
    {0},
};

/* One ask, from the gate's words to the receipt. */
struct asking {
    struct context *context;
    struct model_name model;
    struct gate gate;
    const char *account;
    json_t *answers;
    struct pager_shown shown;
    enum agreement_way way;
};

static bool
is_at_terminal(const struct asking *asking)
{
    return asking->context->terminal.in_is_terminal &&
           asking->context->terminal.err_is_terminal;
}

/* What --answer says to this question; NULL when it says nothing. */
static const char *
given_answer(const struct asking *asking, const char *label)
{
    const struct options *options = &asking->context->options;
    size_t length = strlen(label);
    const char *given;

    for (size_t i = 0; (given = option_at(options, "answer", i)) != NULL; i++)
        if (strncmp(given, label, length) == 0 && given[length] == '=')
            return given + length + 1;
    return NULL;
}

/* "Purpose (research, teaching, other): " */
static const char *
question_text(struct arena *arena, const struct gate_question *question)
{
    const char *text = question->label;

    for (size_t i = 0; i < question->option_count; i++)
        text = arena_format(arena, "%s%s%s", text, i == 0 ? " (" : ", ",
                            question->options[i].label);
    if (question->option_count > 0)
        return arena_format(arena, "%s): ", text);
    if (strcmp(question->type, "checkbox") == 0)
        return arena_format(arena, "%s (yes or no): ", text);
    if (strcmp(question->type, "date_picker") == 0)
        return arena_format(arena, "%s (YYYY-MM-DD): ", text);
    if (strcmp(question->type, "country") == 0)
        return arena_format(arena, "%s (two letters): ", text);
    return arena_format(arena, "%s: ", text);
}

/* What the form keeps for words that a person typed; NULL: not an answer. */
static const char *
read_answer(const struct gate_question *question, const char *typed)
{
    if (strcmp(question->type, "checkbox") == 0)
        return strcmp(typed, "yes") == 0 || strcmp(typed, "on") == 0 ? "on"
                                                                     : NULL;
    for (size_t i = 0; i < question->option_count; i++)
        if (strcmp(typed, question->options[i].label) == 0 ||
            strcmp(typed, question->options[i].value) == 0)
            return question->options[i].value;
    return question->option_count > 0 || typed[0] == '\0' ? NULL : typed;
}

static int
answer_question(struct asking *asking, const struct gate_question *question,
                struct error *err)
{
    struct context *context = asking->context;
    const char *typed = given_answer(asking, question->label);
    const char *answer;

    if (strcmp(question->type, "ip_location") == 0)
        return 0;
    if (typed == NULL && !is_at_terminal(asking))
        return error_set(err, ERROR_USAGE,
                         "the gate asks \"%s\": --answer \"%s=…\"",
                         question->label, question->label);
    do {
        if (typed == NULL &&
            prompt_line(&typed, &context->terminal, context->arena,
                        question_text(context->arena, question), err) < 0)
            return -1;
        answer = read_answer(question, typed);
        if (answer == NULL && given_answer(asking, question->label) != NULL)
            return error_set(err, ERROR_USAGE, "\"%s\" takes no \"%s\"",
                             question->label, typed);
        typed = NULL;
    } while (answer == NULL);
    json_object_set_new(asking->answers, question->label, json_string(answer));
    return 0;
}

/* Every --answer belongs to a question of this gate. */
static int
check_given(const struct asking *asking, struct error *err)
{
    const struct options *options = &asking->context->options;
    const char *given;

    for (size_t i = 0; (given = option_at(options, "answer", i)) != NULL; i++) {
        const char *equals = strchr(given, '=');
        bool known = false;

        for (size_t n = 0; equals != NULL && n < asking->gate.question_count;
             n++)
            known |= strlen(asking->gate.questions[n].label) ==
                         (size_t)(equals - given) &&
                     strncmp(asking->gate.questions[n].label, given,
                             (size_t)(equals - given)) == 0;
        if (!known)
            return error_set(err, ERROR_USAGE,
                             "--answer \"%s\": the gate asks no such question",
                             given);
    }
    return 0;
}

static int
answer_all(struct asking *asking, struct error *err)
{
    if (check_given(asking, err) < 0)
        return -1;
    for (size_t i = 0; i < asking->gate.question_count; i++)
        if (answer_question(asking, &asking->gate.questions[i], err) < 0)
            return -1;
    return 0;
}

/* A script agrees by naming the very text. */
static int
agree_by_flag(struct asking *asking, const char *name, struct error *err)
{
    struct digest digest;

    if (!gate_parse_digest(&digest, name))
        return error_set(err, ERROR_USAGE, "--agree %s: not sha256:HEX", name);
    if (!digest_is_equal(&digest, &asking->gate.licence.digest))
        return error_set(err, ERROR_USAGE,
                         "the licence of %s is %s, not %s: read it with weigh "
                         "license %s",
                         asking->model.name, asking->gate.licence.digest_name,
                         name, asking->model.name);
    asking->way = AGREEMENT_FLAG;
    asking->shown.how = "named by its digest";
    return 0;
}

/* The licence whole in a pager; only before the questions. */
static int
show_licence(struct asking *asking, struct error *err)
{
    struct context *context = asking->context;
    const char *text;
    size_t length;

    if (!asking->gate.has_licence)
        return 0;
    if (option_text(&context->options, "agree") != NULL)
        return agree_by_flag(asking, option_text(&context->options, "agree"),
                             err);
    if (!is_at_terminal(asking)) {
        command_hint(context, "weigh license %s\nweigh request %s --agree %s",
                     asking->model.name, asking->model.name,
                     asking->gate.licence.digest_name);
        return error_set(err, ERROR_USAGE,
                         "to agree to \"%s\" takes a terminal, or --agree and "
                         "the digest of what was read",
                         asking->gate.licence.name);
    }
    asking->way = AGREEMENT_TERMINAL;
    if (gate_read_licence(&text, &length, context->client, context->arena,
                          &asking->gate.licence.digest, err) < 0)
        return -1;
    return pager_show(&asking->shown, &context->terminal, text, length, err);
}

/* The typed words, or nothing is agreed to. */
static int
take_words(struct asking *asking, struct error *err)
{
    struct context *context = asking->context;
    const char *typed;

    if (!asking->gate.has_licence || asking->way == AGREEMENT_FLAG)
        return 0;
    if (prompt_line(
            &typed, &context->terminal, context->arena,
            arena_format(
                context->arena, "Type \"" PHRASE "\" to agree to %s (%.13s…): ",
                asking->gate.licence.name, asking->gate.licence.digest_name),
            err) < 0)
        return -1;
    if (strcmp(typed, PHRASE) != 0)
        return error_set(err, ERROR_FORBIDDEN,
                         "not agreed: \"%s\" is not \"" PHRASE
                         "\"; nothing was sent",
                         typed);
    return 0;
}

/*
 * What is signed names a registry.  It has to be the one that is spoken to, or
 * that one could have people agree to what another one wants.
 */
static int
check_registry(struct asking *asking, const char *named, struct error *err)
{
    struct context *context = asking->context;
    const char *own = client_registry(context->client);
    const char *address;
    struct error unknown;

    if (login_check_url(&address, context->arena, named, &unknown) < 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s does not say who it is: nothing was signed", own);
    if (strcmp(address, own) == 0)
        return 0;
    command_hint(context, "weigh request %s --registry %s", asking->model.name,
                 address);
    return error_set(err, ERROR_SIGNATURE,
                     "%s wants an agreement with %s: nothing was signed", own,
                     address);
}

/* The statement, signed by the person's own key on this machine. */
static int
sign_agreement(json_t *body, struct asking *asking, struct error *err)
{
    struct context *context = asking->context;
    struct agreement agreement = {
        .registry = json_text(asking->gate.body, "registry"),
        .account = asking->account,
        .model = json_text(asking->gate.body, "id"),
        .revision = asking->gate.commit,
        .licence = asking->gate.licence.digest,
        .licence_bytes = json_number(
            json_object_get(asking->gate.body, "licence"), "size", 0),
        .licence_label = asking->gate.licence.name,
        .answers = asking->answers,
        .way = asking->way,
        .phrase = asking->way == AGREEMENT_FLAG ? "--agree" : PHRASE,
        .shown = asking->shown.how,
        .shown_ms = asking->shown.shown_ms,
        .session = "",
        .at_ms = clock_now_ms(),
    };
    struct key *key = NULL;
    bool is_new_key;
    size_t length;
    char *envelope;
    int result = -1;

    if (agreement.registry == NULL || agreement.model == NULL ||
        agreement.revision == NULL)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s has no commit to agree about", asking->model.name);
    if (check_registry(asking, agreement.registry, err) < 0 ||
        keyring_find_person(&key, &is_new_key, context->home, err) < 0)
        return -1;
    if (agreement_make(&envelope, &length, context->arena, &agreement, key,
                       err) < 0)
        goto done;
    json_object_set_new(body, "agreement", json_string(envelope));
    json_object_set_new(body, "key", json_string(key_public_pem(key)));
    json_object_set_new(body, "agree",
                        json_string(asking->gate.licence.digest_name));
    result = 0;

done:
    key_free(key);
    return result;
}

/* A receipt that holds other words than these is worth nothing. */
static int
check_receipt(struct asking *asking, const char *text, const json_t *body,
              struct error *err)
{
    const char *signed_words = json_text(body, "agreement");
    struct receipt receipt;

    if (receipt_read(&receipt, asking->context->arena, text, strlen(text), NULL,
                     err) < 0)
        return -1;
    if (signed_words != NULL && strcmp(receipt.agreement, signed_words) != 0)
        return error_set(err, ERROR_SIGNATURE,
                         "the registry's receipt holds another agreement than "
                         "the one that was sent");
    return 0;
}

static int
keep_receipt(const char **out, struct asking *asking, const json_t *body,
             const json_t *answer, struct error *err)
{
    const char *request = json_text(answer, "requestId");
    const char *text = json_text(answer, "receipt");
    const struct receipt_name name = {asking->model.name,
                                      request != NULL ? request : ""};

    *out = NULL;
    if (text == NULL)
        return 0;
    if (check_receipt(asking, text, body, err) < 0)
        return -1;
    return receipt_store_add(out, asking->context->home, asking->context->arena,
                             &name, text, err);
}

/* "a day", "3 hours": how long this gate usually takes. */
static const char *
show_wait(struct arena *arena, int64_t seconds)
{
    if (seconds <= 3600)
        return "an hour";
    if (seconds <= 86400)
        return "a day";
    return arena_format(arena, "%lld days",
                        (long long)((seconds + 86399) / 86400));
}

static bool
is_status(const json_t *answer, const char *status)
{
    const char *is = json_text(answer, "status");

    return is != NULL && strcmp(is, status) == 0;
}

static void
say_asked(struct asking *asking, const json_t *answer, const char *receipt)
{
    struct context *context = asking->context;
    const char *request = json_text(answer, "requestId");
    const char *status = json_text(answer, "status");

    if (is_status(answer, "accepted"))
        command_say(context, "accepted   you may pull %s\n",
                    asking->model.name);
    else if (asking->gate.waiting > 1)
        command_say(context,
                    "asked      request %.4s; %s has %lld people waiting and "
                    "usually answers within %s\n",
                    request != NULL ? request : "?",
                    asking->model.namespace_name,
                    (long long)asking->gate.waiting,
                    show_wait(context->arena, asking->gate.usual_wait_s));
    else
        command_say(context, "asked      request %.4s; %s decides\n",
                    request != NULL ? request : "?",
                    asking->model.namespace_name);
    if (receipt != NULL)
        command_say(context, "receipt    %s\n",
                    session_show_path(context, receipt));
    command_result(context, json_pack("{s:s, s:s?, s:s?, s:s?}", "model",
                                      asking->model.name, "request", request,
                                      "status", status, "receipt", receipt));
}

static int
send_ask(struct asking *asking, struct error *err)
{
    struct context *context = asking->context;
    struct client_question question = {
        .method = "POST",
        .path = model_path(context->arena, asking->model.name,
                           "/user-access-request"),
    };
    json_t *body = json_keep(context->arena,
                             json_pack("{s:O}", "answers", asking->answers));
    const char *receipt;
    json_t *answer;

    if (asking->gate.has_licence && sign_agreement(body, asking, err) < 0)
        return -1;
    question.body = body;
    if (client_call(&answer, context->client, context->arena, &question, err) <
            0 ||
        keep_receipt(&receipt, asking, body, answer, err) < 0)
        return -1;
    if (is_status(answer, "rejected")) {
        command_hint(context, "weigh requests");
        return error_set(err, ERROR_GATED,
                         "%s: your request was rejected before; only a "
                         "reviewer can reset it",
                         asking->model.name);
    }
    say_asked(asking, answer, receipt);
    return 0;
}

static int
find_account(struct asking *asking, struct error *err)
{
    json_t *person;

    if (client_get(&person, asking->context->client, asking->context->arena,
                   "/api/whoami-v2", err) < 0)
        return -1;
    return json_need_text(&asking->account, person, "name", err);
}

/* Asks once; what is worth keeping outlives the arena of one try. */
static int
look_again(struct asking *asking, struct error *err)
{
    struct arena *arena = arena_open();
    struct gate *gate = &asking->gate;
    int result = gate_read(gate, asking->context->client, arena,
                           asking->model.name, err);

    if (result == 0) {
        gate->reason = arena_text(asking->context->arena, gate->reason);
        gate->detail = arena_text(asking->context->arena, gate->detail);
        gate->until = arena_text(asking->context->arena, gate->until);
    }
    arena_free(arena);
    return result;
}

/* --wait: until somebody decided, or Ctrl-C. */
static int
wait_decision(struct asking *asking, struct error *err)
{
    struct context *context = asking->context;
    const struct gate *gate = &asking->gate;

    for (;;) {
        if (look_again(asking, err) < 0)
            return -1;
        if (strcmp(gate->reason, "pending") != 0)
            break;
        if (interrupt_sleep(context->interrupt, WAIT_STEP_MS, err) < 0)
            return -1;
    }
    if (!gate->is_allowed)
        return error_set(err, ERROR_GATED,
                         "%s: your request was not accepted%s%s",
                         asking->model.name, gate->detail != NULL ? ": " : "",
                         gate->detail != NULL ? gate->detail : "");
    command_say(context, "accepted   you may pull %s%s%.10s\n",
                asking->model.name, gate->until != NULL ? " until " : "",
                gate->until != NULL ? gate->until : "");
    json_object_set_new(context->result, "status", json_string("accepted"));
    return 0;
}

/* Whoever may have the bytes already has nothing to ask for. */
static bool
has_access(struct asking *asking)
{
    struct context *context = asking->context;

    if (!asking->gate.is_allowed)
        return false;
    if (strcmp(asking->gate.mode, "open") == 0)
        command_say(context, "open       nobody needs to ask for %s\n",
                    asking->model.name);
    else
        command_say(context, "accepted   you may pull %s already\n",
                    asking->model.name);
    command_result(context, json_pack("{s:s, s:s}", "model", asking->model.name,
                                      "status", asking->gate.reason));
    return true;
}

static int
ask(struct asking *asking, struct error *err)
{
    struct context *context = asking->context;

    if (asking->gate.prompt != NULL && is_at_terminal(asking))
        terminal_note(&context->terminal, "%s\n", asking->gate.prompt);
    if (find_account(asking, err) < 0 || show_licence(asking, err) < 0 ||
        answer_all(asking, err) < 0 || take_words(asking, err) < 0)
        return -1;
    return send_ask(asking, err);
}

static int
run(struct context *context, struct error *err)
{
    struct asking asking = {.context = context};

    if (session_read_model(&asking.model, context, command_word(context, 0),
                           err) < 0 ||
        session_open_signed_in(context, err) < 0 ||
        gate_read(&asking.gate, context->client, context->arena,
                  asking.model.name, err) < 0)
        return -1;
    if (has_access(&asking))
        return 0;
    asking.answers = json_keep(context->arena, json_object());
    if (ask(&asking, err) < 0)
        return -1;
    return option_has(&context->options, "wait") ? wait_decision(&asking, err)
                                                 : 0;
}

const struct command command_request = {
    .name = "request",
    .usage = "MODEL",
    .summary = "read the licence, agree, and ask for access",
    .words_min = 1,
    .words_max = 1,
    .options = request_options,
    .run = run,
    .details =
        "At a terminal the licence is shown whole, the questions are asked,\n"
        "and the typed words are signed with your own key.  A script gives\n"
        "each --answer and names the licence that it agrees to by digest.",
};
