/*
 * library: libgit2, started once and kept away from every file.
 *
 * Without this it would read /etc/gitconfig and a home folder's settings.  Only
 * storage/git includes this header.
 */
#ifndef STORAGE_GIT_LIBRARY_H
#define STORAGE_GIT_LIBRARY_H

#include "storage/base/error.h"
#include "storage/git/handle.h"

/* From any thread, any number of times. */
int library_start(struct error *err);

/*
 * Fills err after libgit2 failed: with the callback's own error when there is
 * one, else ERROR_INTERNAL with libgit2's words as the cause.  Returns -1.
 */
int library_refuse(struct view *view, const char *what, struct error *err);

#endif
