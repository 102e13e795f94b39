/*
 * Folders and their owners.
 */

#include "master/folders.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/path.h"
#include "util/privilege.h"

struct folder {
	const char	*name;
	mode_t		 mode;
	bool		 is_mail;	/* mail_owner's, not root's */
};

/* In the queue directory. */
static const struct folder folders[] = {
	{ "pid", 0755, false },
	{ "private", 0700, false },
	{ "public", 0755, false },
	{ "empty", 0755, false },
	{ "db", 0700, true },
};

#define COUNT	(sizeof(folders) / sizeof(*folders))

static int
make(const char *path, mode_t mode, const char *owner, char **why_r)
{
	uid_t	uid = (uid_t)-1;
	gid_t	gid = (gid_t)-1;

	if (geteuid() == 0 && owner != NULL)
		privilege_find_user(owner, &uid, &gid);
	if (path_make_folder(path, mode, uid, gid) == 0)
		return 0;
	*why_r = mem_printf("cannot make folder %s: %s", path,
	    strerror(errno));
	return -1;
}

int
folders_make(const struct conf *conf, char **why_r)
{
	int	result;

	if (make(conf->queue_directory, 0755, NULL, why_r) < 0 ||
	    make(conf->data_directory, 0700, conf->mail_owner, why_r) < 0)
		return -1;
	for (size_t i = 0; i < COUNT; i++) {
		char	*path = path_join(conf->queue_directory,
			    folders[i].name);

		result = make(path, folders[i].mode, folders[i].is_mail ?
		    conf->mail_owner : NULL, why_r);
		mem_free(path);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* ---- complaints ---------------------------------------------------------- */

struct complaint {
	folders_warn_fn	 fn;
	void		*arg;
};

static void
warn(const struct complaint *complaint, char *text)
{
	complaint->fn(text, complaint->arg);
	mem_free(text);
}

/* mode: what it was made with, and may have at most. */
static void
check_owner(const struct complaint *complaint, const char *path,
    const char *owner, mode_t mode)
{
	struct stat	st;
	uid_t		uid = 0;
	gid_t		gid;

	if (stat(path, &st) < 0)
		return;
	if (owner != NULL)
		privilege_find_user(owner, &uid, &gid);
	if (st.st_uid != uid)
		warn(complaint, mem_printf("folder %s is owned by user id "
		    "%ld, not by %s", path, (long)st.st_uid,
		    owner != NULL ? owner : "root"));
	if (st.st_mode & 022)
		warn(complaint, mem_printf("folder %s is writable for others "
		    "than its owner", path));
	else if (st.st_mode & 077 & ~mode)
		warn(complaint, mem_printf("folder %s is open to others than "
		    "its owner", path));
}

static void
check_user(const struct complaint *complaint, const char *parameter,
    const char *name)
{
	uid_t	uid;
	gid_t	gid;

	if (!privilege_find_user(name, &uid, &gid))
		warn(complaint, mem_printf("%s: there is no user \"%s\": its "
		    "programs run as nobody", parameter, name));
	else if (uid == 0)
		warn(complaint, mem_printf("%s: \"%s\" has the rights of "
		    "root", parameter, name));
}

void
folders_check(const struct conf *conf, bool has_auth, folders_warn_fn fn,
    void *arg)
{
	struct complaint	complaint = { fn, arg };

	/* An ordinary user owns it all, or fails soon. */
	if (geteuid() != 0)
		return;
	check_user(&complaint, "mail_owner", conf->mail_owner);
	check_user(&complaint, "gate_owner", conf->gate_owner);
	if (has_auth)
		check_user(&complaint, "auth_owner", conf->auth_owner);
	check_owner(&complaint, conf->queue_directory, NULL, 0755);
	check_owner(&complaint, conf->data_directory, conf->mail_owner, 0755);
	for (size_t i = 0; i < COUNT; i++) {
		char	*path = path_join(conf->queue_directory,
			    folders[i].name);

		check_owner(&complaint, path, folders[i].is_mail ?
		    conf->mail_owner : NULL, folders[i].mode);
		mem_free(path);
	}
}

/* ---- paths --------------------------------------------------------------- */

static int
check_path(const struct conf *conf, const char *name, const char *value,
    char **why_r)
{
	const char	*where = conf_source_where(conf->source, name);

	if (value[0] == '/')
		return 0;
	*why_r = mem_printf("%s%s%s: \"%s\" does not begin with /",
	    where == NULL ? "" : where, where == NULL ? "" : ": ", name,
	    value);
	return -1;
}

int
folders_check_paths(const struct conf *conf, char **why_r)
{
	if (check_path(conf, "queue_directory", conf->queue_directory,
	    why_r) < 0 ||
	    check_path(conf, "data_directory", conf->data_directory,
	    why_r) < 0)
		return -1;
	if (conf->daemon_directory[0] != '\0' &&
	    check_path(conf, "daemon_directory", conf->daemon_directory,
	    why_r) < 0)
		return -1;
	if (conf->maillog_file[0] == '\0')
		return 0;
	return check_path(conf, "maillog_file", conf->maillog_file, why_r);
}
