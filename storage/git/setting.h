/*
 * setting: git's configuration as libgit2 sees it here: a table of ours.
 *
 * A repository without one would go looking for files.  Only storage/git
 * includes this header.
 */
#ifndef STORAGE_GIT_SETTING_H
#define STORAGE_GIT_SETTING_H

struct view;

/* Gives the view's git_repository its configuration; libgit2's result. */
int setting_attach(struct view *view);

#endif
