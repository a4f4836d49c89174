/*
 * refdb: the ref database that libgit2 sees: the rows of ref.c, to be read.
 *
 * libgit2 itself moves no ref here: ref.c does, for auth/change.  Only
 * storage/git includes this header.
 */
#ifndef STORAGE_GIT_REFDB_H
#define STORAGE_GIT_REFDB_H

struct view;

/* Gives the view's git_repository its ref database; libgit2's result. */
int refdb_attach(struct view *view);

#endif
