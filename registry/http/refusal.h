/*
 * refusal: an error as an answer, with the Hub's codes and exact texts.
 *
 * The only place that turns an error or the gate's refusal into a status, the
 * X-Error headers, a body and X-HF-Warning.  Answers under /api, to
 * resolve and to who asks for JSON have a JSON body {"error": …}, others text.
 */
#ifndef REGISTRY_HTTP_REFUSAL_H
#define REGISTRY_HTTP_REFUSAL_H

#include "auth/gate.h"
#include "registry/http/request.h"
#include "registry/http/response.h"
#include "storage/base/error.h"

/*
 * The gate's refusal as an error: `return refuse_gate(err, &answer, request)`.
 * Names the repository of the request, its page and the reviewer's reason.
 * Keeps what X-HF-Warning says with the request.  Always -1.
 */
int refuse_gate(struct error *err, const struct gate_answer *answer,
                const struct request *request);

/*
 * Replaces whatever the handler set by the answer for err.  The texts of
 * ERROR_INTERNAL and ERROR_DATABASE that a cause is known for go to the log.
 * A browser's GET of a page that wants an account is sent to /login.
 */
void refusal_answer(struct response *response, const struct request *request,
                    const struct error *err);

/*
 * The headers that every refusal has, for an answer whose body is another: a
 * form that is shown again.  503 always says when to come again.
 */
void refusal_add_fields(struct response *response,
                        const struct request *request, const struct error *err);

/*
 * The one line that a person should see, for bodies of other shapes (LFS
 * errors, pkt-lines): the message, or the code's text when there is none.
 */
const char *refusal_text(const struct error *err);

/* True for paths of git and LFS, where a 401 asks for Basic. */
bool refusal_is_git(const struct request *request);

#endif
