/*
 * inflow: what a client sends: heads, and bodies on their way to an intake.
 *
 * A step returns true when there is more to do at once, false when the
 * connection waits for its socket or a thread, or is gone.
 */
#ifndef REGISTRY_HTTP_INFLOW_H
#define REGISTRY_HTTP_INFLOW_H

#include "registry/http/channel.h"

/* Takes a head out of what was read, or reads on. */
bool inflow_take_head(struct connection *c);

/* The begin agreed: says so to who waits for it, and goes on with the body. */
bool inflow_start_body(struct connection *c);
bool inflow_take_body(struct connection *c);

/* Answers err in the place of a head that did not come, and ends. */
bool inflow_refuse_head(struct connection *c, const struct error *err);

/* Ends the body early with the answer for err. */
bool inflow_refuse_body(struct connection *c, const struct error *err);

#endif
