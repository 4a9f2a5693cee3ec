/*
 * save: bytes and names on their way to the disk.
 *
 * These return 0 or an errno value, since who writes knows what the file is to
 * be called in a message (fm_err_errno).  What stands between a reader and a
 * half-written file is cli/out.h.
 */
#ifndef FM_BASE_SAVE_H
#define FM_BASE_SAVE_H

#include <stddef.h>

/* fm_save_bytes - write all of them, however many calls that takes. */
int fm_save_bytes(int fd, const void *p, size_t n);

/*
 * fm_save_dir - a name that was made or renamed in a directory must survive a
 * power cut, as its bytes do after fsync(2).  0 also for a directory that may
 * be written and not read, and where a file system knows no such thing.
 * fm_save_name - the same for the directory that the file `path` is in.
 */
int fm_save_dir(const char *dir);
int fm_save_name(const char *path);

#endif
