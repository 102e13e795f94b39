#ifndef UTIL_PRIVILEGE_H
#define UTIL_PRIVILEGE_H

/*
 * Giving up the rights of root, for good.
 */

#include <stdbool.h>
#include <sys/types.h>

/*
 * The ids of a user by name; when there is no such user, those of nobody
 * and false.
 */
bool	privilege_find_user(const char *name, uid_t *uid_r, gid_t *gid_r);

/*
 * Become that user, after a chroot to folder unless it is NULL.  With the
 * other groups that groups_of is in, a user's name (not found in a chroot);
 * NULL: with none.
 * Checked: there is no way back.  0, or -1 with errno and in *step_r what
 * failed.
 */
int	privilege_drop(uid_t uid, gid_t gid, const char *groups_of,
	    const char *folder, const char **step_r);

#endif
