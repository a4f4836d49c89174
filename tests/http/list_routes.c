/* Prints every route of weighd, a line each: its method and its pattern. */
#include <stdio.h>

#include "registry/http/route.h"

int
main(void)
{
    for (const struct route *const *table = all_routes; *table; table++)
        for (const struct route *route = *table; route->method; route++)
            printf("%s %s\n", route->method, route->pattern);
    return 0;
}
