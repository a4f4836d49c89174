/*
 * deliver: weights on their way out, behind the gate and on the record.
 */
#ifndef REGISTRY_ROUTES_DELIVER_H
#define REGISTRY_ROUTES_DELIVER_H

#include "auth/gate.h"
#include "registry/http/request.h"
#include "registry/http/response.h"
#include "storage/base/error.h"
#include "storage/model/pointer.h"

/*
 * Answers with the weights that object names: its repository, commit, path
 * and digest are set, and answer allows them.  The delivery is on record
 * before the first byte leaves; a HEAD delivers nothing and records nothing.
 */
int deliver_weights(struct request *request, struct response *response,
                    const struct gate_object *object,
                    const struct gate_answer *answer, struct error *err);

/* Content-Disposition with the path's last name. */
void deliver_name(struct response *response, const struct request *request,
                  const char *path);

#endif
