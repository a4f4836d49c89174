#include "registry/http/head.h"

#include <strings.h>

const char *
head_find(const struct head *head, const char *name)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (strcasecmp(head->headers[i].name, name) == 0)
            return head->headers[i].value;
    return NULL;
}

bool
head_has_body(const struct head *head)
{
    return head->is_chunked || (head->has_length && head->length > 0);
}
