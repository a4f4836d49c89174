/* form: a gate's questions, and answers to them, both from outside. */
#include <stdint.h>
#include <stdlib.h>

#include "auth/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct form form = {.button = ""};
    struct card_field *fields;
    struct error err;
    json_t *answers;
    json_t *input;

    if (json_read(&input, arena, (const char *)data, size, &err) == 0 &&
        json_is_object(input) &&
        card_parse_fields(&fields, &form.count, arena,
                          json_object_get(input, "questions"), &err) == 0) {
        form.fields = fields;
        if (form_check_answers(&answers, arena, &form,
                               json_object_get(input, "answers"), "192.0.2.1",
                               &err) == 0 &&
            json_object_size(answers) > form.count)
            abort();
        (void)form_to_json(&form, arena);
    }
    arena_free(arena);
    return 0;
}
