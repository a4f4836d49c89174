/*
 * file_driver: blobs as files in a folder.
 *
 * FOLDER/ab/NAME holds a committed blob whose name begins with ab, and
 * FOLDER/incoming/NAME one that is being written: commit syncs it, renames it
 * and syncs the folder it came to.  Files are opened below the folder's own
 * descriptor, by names that blob.c has checked.
 */
#ifndef STORAGE_BLOB_FILE_DRIVER_H
#define STORAGE_BLOB_FILE_DRIVER_H

#include "storage/blob/driver.h"

extern const struct blob_driver file_driver;

#endif
