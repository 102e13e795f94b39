#ifndef UTIL_PATH_H
#define UTIL_PATH_H

/*
 * Files and folders, opened without following a trap.
 */

#include <stddef.h>
#include <sys/types.h>

#include "util/buf.h"

/*
 * Make folder and its parents where they are missing; new ones get mode
 * and owner (uid -1: whoever we are).  0, or -1 with errno.
 */
int	path_make_folder(const char *folder, mode_t mode, uid_t uid,
	    gid_t gid);

/* Append the file's content to into; at most limit bytes (else EFBIG). */
int	path_read(const char *file, size_t limit, struct buf *into);

/* The same of what is open already, from where it is. */
int	path_read_open(int fd, size_t limit, struct buf *into);

/*
 * Put data in place of file, all or nothing: temporary file, fsync,
 * rename; an old file's mode and owner are kept.  0, or -1 with errno.
 */
int	path_replace(const char *file, const void *data, size_t len);

/*
 * Open for appending, mode 0600 when new; refuses symbolic links and files
 * with more than one name (X04).  A device such as /dev/stdout is allowed.
 * The descriptor is close-on-exec; -1 with errno.
 */
int	path_open_append(const char *file);

/* "folder/name"; the caller frees. */
char	*path_join(const char *folder, const char *name);

/* The folder that the running program is in; the caller frees. */
char	*path_program_folder(void);

#endif
