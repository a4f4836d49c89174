#include "registry/http/intake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "registry/http/request.h"
#include "storage/base/arena.h"

void
intake_open_memory(struct intake *intake, struct buffer *memory,
                   const struct body_sink *spill)
{
    memset(intake, 0, sizeof(*intake));
    intake->memory = memory;
    intake->spill = *spill;
    intake->limit_bytes = spill->limit_bytes;
}

void
intake_open_sink(struct intake *intake, const struct body_sink *sink)
{
    memset(intake, 0, sizeof(*intake));
    intake->sink = *sink;
    intake->limit_bytes = sink->limit_bytes;
}

void
intake_free(struct intake *intake)
{
    if (intake->sink.free != NULL)
        intake->sink.free(intake->sink.state);
    free(intake->filling);
    free(intake->flying);
    memset(intake, 0, sizeof(*intake));
}

size_t
intake_room(const struct intake *intake)
{
    if (intake->sink.add == NULL)
        return INTAKE_PIECE_BYTES;
    return INTAKE_PIECE_BYTES - intake->filling_length;
}

char *
intake_place(struct intake *intake)
{
    if (intake->sink.add == NULL)
        return NULL;
    if (intake->filling == NULL)
        intake->filling = xrealloc(NULL, INTAKE_PIECE_BYTES);
    return intake->filling + intake->filling_length;
}

/* What was read into its place is there but for what chunks have around it. */
static void
fill(struct intake *intake, const char *bytes, size_t length)
{
    char *place = intake_place(intake);

    assert(length <= INTAKE_PIECE_BYTES - intake->filling_length);
    if (bytes != place)
        memmove(place, bytes, length);
    intake->filling_length += length;
}

_Static_assert(INTAKE_PIECE_BYTES >= REQUEST_BODY_MEMORY,
               "a body that outgrew memory is a piece");

/* The body outgrew memory: what is there becomes the first piece to fly. */
static void
spill_over(struct intake *intake)
{
    intake->sink = intake->spill;
    /* It comes back to be filled as a whole piece. */
    intake->flying = xrealloc(intake->memory->bytes, INTAKE_PIECE_BYTES);
    intake->flying_length = intake->memory->length;
    memset(intake->memory, 0, sizeof(*intake->memory));
}

int
intake_add(struct intake *intake, const char *bytes, size_t length,
           struct error *err)
{
    if (length > intake->limit_bytes - intake->total_bytes)
        return error_set(err, ERROR_TOO_LARGE,
                         "the body is over the limit of %llu bytes",
                         (unsigned long long)intake->limit_bytes);
    intake->total_bytes += length;
    if (intake->sink.add == NULL &&
        intake->memory->length + length <= REQUEST_BODY_MEMORY) {
        buffer_append(intake->memory, bytes, length);
        return 0;
    }
    if (intake->sink.add == NULL)
        spill_over(intake);
    fill(intake, bytes, length);
    return 0;
}

bool
intake_launch(struct intake *intake)
{
    char *empty = intake->flying;

    if (intake->is_flying || intake->sink.add == NULL)
        return false;
    if (intake->flying_length == 0) { /* else spill_over filled it */
        if (intake->filling_length == 0)
            return false;
        intake->flying = intake->filling;
        intake->flying_length = intake->filling_length;
        intake->filling = empty;
        intake->filling_length = 0;
    }
    intake->is_flying = true;
    return true;
}

int
intake_fly(struct intake *intake, struct error *err)
{
    return intake->sink.add(intake->sink.state, intake->flying,
                            intake->flying_length, err);
}

void
intake_land(struct intake *intake)
{
    intake->is_flying = false;
    intake->flying_length = 0;
}

bool
intake_is_empty(const struct intake *intake)
{
    return !intake->is_flying && intake->flying_length == 0 &&
           intake->filling_length == 0;
}
