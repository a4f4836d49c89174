/*
 * scene: acme/tiny with a gate, its owner, two reviewers, and who asks.
 */
#ifndef TESTS_DATABASE_SCENE_H
#define TESTS_DATABASE_SCENE_H

#include "auth/ask.h"
#include "auth/caller.h"
#include "auth/gate.h"
#include "auth/review.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

struct scene {
    struct db *db;
    struct arena *arena;
    struct key *key; /* the registry's */
    struct agreement_registry registry;
    struct repository repository;
    struct caller owner;
    struct caller first;
    struct caller second;
    struct caller person;
    struct ask_result asked; /* by the last ask */
    struct error err;        /* of the last refusal */
};

void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* A caller for a new account. */
struct caller scene_caller(const char *name);

/* Changes the gate by a JSON object. */
int scene_set_gate(struct scene *scene, const char *json);

/* The person asks, without answers. */
int scene_ask(struct scene *scene);

/* Somebody asks, by another connection perhaps; answers may be NULL. */
int scene_ask_as(struct scene *scene, struct db *db,
                 const struct caller *caller, const char *answers);

/* A decision on the person's request, with nothing but a status. */
struct review scene_review(const struct scene *scene,
                           const struct caller *caller, const char *status);
int scene_decide(struct scene *scene, const struct caller *caller,
                 const char *status);
/* The owner grants access to the person. */
int scene_give(struct scene *scene);

/* What the gate answers the person. */
enum gate_reason scene_door(struct scene *scene);

/* Whether the one request there is has this status. */
bool scene_has_status(const char *status);

#endif
