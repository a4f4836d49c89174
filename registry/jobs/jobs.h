/*
 * jobs: what a daemon does by itself, on a worker, at an interval.
 *
 * Each job is a file with one function of this shape.  A job that must run on
 * one daemon alone takes an advisory lock and returns 0 when another has it.
 */
#ifndef REGISTRY_JOBS_JOBS_H
#define REGISTRY_JOBS_JOBS_H

#include "registry/server.h"
#include "registry/service.h"

/* Hands all jobs to the server, before it runs; state is the service. */
void jobs_add(struct server *server, struct service *service);

/* Writes what the gate was asked and what was delivered. */
server_job record_run;

/* Numbers log entries that are committed. */
server_job sequencer_run;

/* Ends grants whose time is over. */
server_job expiry_run;

/* Sends mail that waits. */
server_job outbox_run;

/* Removes tries, sessions, links and questions whose time is over. */
server_job cleaner_run;

/* Removes weights that nothing refers to. */
server_job collector_run;

/* Gives back the places of uploads that are over. */
server_job uploads_run;

/* Reads all weights again in the background. */
server_job scrubber_run;

#endif
