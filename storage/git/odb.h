/*
 * odb: the object database that libgit2 sees: the rows of objects.c.
 *
 * It has no look-up by prefix: revision.c finds short ids by itself, among
 * commits alone, where libgit2 would call one ambiguous with a tree.
 * Only storage/git includes this header.
 */
#ifndef STORAGE_GIT_ODB_H
#define STORAGE_GIT_ODB_H

struct view;

/* Gives the view's git_repository its object database; libgit2's result. */
int odb_attach(struct view *view);

#endif
