/* weigh: one person's tool.  The commands, in the order of the journeys. */
#include <stdio.h>
#include <string.h>

#include "cli/command/table.h"
#include "version.h"

static const struct command *const commands[] = {
    &command_login,
    &command_logout,
    &command_whoami,
    &command_token,
    &command_create,
    &command_publish,
    &command_gate,
    &command_license,
    &command_request,
    &command_requests,
    &command_review,
    &command_pull,
    &command_verify,
    &command_list,
    &command_info,
    &command_run,
    &command_chat,
    &command_keygen,
    &command_sign,
    NULL,
};

int
main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "--version") == 0) {
        printf("weigh %s\n", version_text);
        return 0;
    }
    return command_main(commands, count, arguments);
}
