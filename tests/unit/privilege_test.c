#include "util/privilege.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UID	12345
#define GID	54321

/* What a dropped process finds wrong, one bit each. */
enum {
	DROP_FAILED = 1,
	IDS_STAY = 2,
	GROUPS_STAY = 4,
	WAY_BACK = 8,
	OUTSIDE_SEEN = 16,
	MAY_GAIN = 32,
};

static void
finds_users(void)
{
	struct passwd	*nobody;
	uid_t		 uid = 1;
	gid_t		 gid = 1;

	CU_ASSERT(privilege_find_user("root", &uid, &gid));
	CU_ASSERT_EQUAL(uid, 0);
	CU_ASSERT_EQUAL(gid, 0);
	CU_ASSERT_FALSE(privilege_find_user("no-such-user", &uid, &gid));
	nobody = getpwnam("nobody");
	CU_ASSERT_EQUAL(uid, nobody == NULL ? 65534 : nobody->pw_uid);
	CU_ASSERT_EQUAL(gid, nobody == NULL ? 65534 : nobody->pw_gid);
	CU_ASSERT_FALSE(privilege_find_user("", &uid, &gid));
	CU_ASSERT_NOT_EQUAL(uid, 0);
}

/* In a process of its own, which has nothing else to lose. */
static int
dropped(const char *folder)
{
	const char	*step = NULL;
	gid_t		 groups[] = { 1, 2, 3 };
	uid_t		 r, e, s;
	gid_t		 gr, ge, gs;
	int		 bad = 0;

	if (setgroups(3, groups) < 0 ||
	    privilege_drop(UID, GID, NULL, folder, &step) < 0)
		return DROP_FAILED;
	if (getresuid(&r, &e, &s) < 0 || r != UID || e != UID || s != UID ||
	    getresgid(&gr, &ge, &gs) < 0 || gr != GID || ge != GID ||
	    gs != GID)
		bad |= IDS_STAY;
	if (getgroups(0, NULL) != 0)
		bad |= GROUPS_STAY;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 ||
	    setresuid(0, 0, 0) == 0)
		bad |= WAY_BACK;
	if (folder != NULL && (access("/etc", F_OK) == 0 ||
	    access("mark", F_OK) < 0 || access("/mark", F_OK) < 0))
		bad |= OUTSIDE_SEEN;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		bad |= MAY_GAIN;
	return bad;
}

/* Who is not root keeps what it has and is told what failed. */
static int
refused(void)
{
	const char	*step = NULL;

	if (geteuid() == 0 && setresuid(UID, UID, UID) < 0)
		return 1;
	if (privilege_drop(UID + 1, GID, NULL, NULL, &step) == 0 ||
	    step == NULL || strcmp(step, "setgroups") != 0 || errno != EPERM)
		return 2;
	if (privilege_drop(UID + 1, GID, NULL, "/", &step) == 0 ||
	    strcmp(step, "chroot") != 0 || errno != EPERM)
		return 3;
	return 0;
}

/* Even root cannot go where nothing is. */
static int
nowhere(void)
{
	const char	*step = NULL;

	return privilege_drop(UID, GID, NULL, "/nonexistent", &step) == -1 &&
	    step != NULL && strcmp(step, "chroot") == 0 ? 0 : 1;
}

static int
status_of(pid_t pid)
{
	int	status = -1;

	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
drops(void)
{
	char	folder[] = "/tmp/tern-drop-XXXXXX";
	char	mark[64];
	int	want = geteuid() == 0 ? 0 : DROP_FAILED;
	pid_t	pid;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
	snprintf(mark, sizeof(mark), "%s/mark", folder);
	CU_ASSERT_EQUAL(mkdir(mark, 0755), 0);
	if ((pid = fork()) == 0)
		_exit(dropped(folder));
	CU_ASSERT_EQUAL(status_of(pid), want);
	if ((pid = fork()) == 0)
		_exit(dropped(NULL));
	CU_ASSERT_EQUAL(status_of(pid), want);
	rmdir(mark);
	rmdir(folder);
}

static void
fails(void)
{
	pid_t	pid;

	if ((pid = fork()) == 0)
		_exit(refused());
	CU_ASSERT_EQUAL(status_of(pid), 0);
	if ((pid = fork()) == 0)
		_exit(nowhere());
	CU_ASSERT_EQUAL(status_of(pid), 0);
}

void	privilege_test(void);

void
privilege_test(void)
{
	CU_pSuite	suite = CU_add_suite("privilege", NULL, NULL);

	CU_add_test(suite, "finds users", finds_users);
	CU_add_test(suite, "drops", drops);
	CU_add_test(suite, "fails", fails);
}
