/*
 * table: every command's declaration; cli/main.c lists them for a person, in
 * the order of the journeys.
 */
#ifndef CLI_COMMAND_TABLE_H
#define CLI_COMMAND_TABLE_H

#include "cli/command/command.h"

extern const struct command command_login;
extern const struct command command_logout;
extern const struct command command_whoami;
extern const struct command command_keygen;
extern const struct command command_create;
extern const struct command command_publish;
extern const struct command command_gate;
extern const struct command command_license;
extern const struct command command_request;
extern const struct command command_requests;
extern const struct command command_review;
extern const struct command command_pull;
extern const struct command command_verify;
extern const struct command command_sign;
extern const struct command command_list;
extern const struct command command_info;
extern const struct command command_run;
extern const struct command command_chat;
extern const struct command command_token;

#endif
