/*
 * Giving up the rights of root.
 */

#include "util/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

bool
privilege_find_user(const char *name, uid_t *uid_r, gid_t *gid_r)
{
	struct passwd	*pw = getpwnam(name);
	bool		 found = pw != NULL;

	if (!found)
		pw = getpwnam("nobody");
	*uid_r = pw == NULL ? 65534 : pw->pw_uid;
	*gid_r = pw == NULL ? 65534 : pw->pw_gid;
	return found;
}

int
privilege_drop(uid_t uid, gid_t gid, const char *groups_of,
    const char *folder, const char **step_r)
{
	*step_r = "chroot";
	if (folder != NULL && (chroot(folder) < 0 || chdir("/") < 0))
		return -1;
	*step_r = "setgroups";
	if (groups_of == NULL ? setgroups(0, NULL) < 0 :
	    initgroups(groups_of, gid) < 0)
		return -1;
	*step_r = "setresgid";
	if (setresgid(gid, gid, gid) < 0)
		return -1;
	*step_r = "setresuid";
	if (setresuid(uid, uid, uid) < 0)
		return -1;
	*step_r = "no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	*step_r = "no way back";
	errno = EPERM;
	return uid != 0 && setuid(0) == 0 ? -1 : 0;
}
