/* terminal: whatever bytes come, what is shown moves no cursor. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/terminal/terminal.h"
#include "storage/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *shown = terminal_clean(arena, (const char *)data, size);
    size_t length = strlen(shown);

    if (length > size || !text_is_utf8(shown, length))
        abort();
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)shown[i];

        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            abort();
        /* C1 in UTF-8 is C2 80 to C2 9F. */
        if (c == 0xc2 && (unsigned char)shown[i + 1] < 0xa0)
            abort();
    }
    (void)terminal_width(shown);
    arena_free(arena);
    return 0;
}
