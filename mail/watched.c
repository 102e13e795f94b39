/*
 * When a file has changed, and who uses what was made of it.
 */

#include "mail/watched.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "util/clock.h"
#include "util/haste.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/slice.h"

/*
 * The kernel's clock for files steps, by 10 ms where it is slowest: a file
 * can change twice within a step and look the same.
 */
#define SETTLED_US	20000

/* What could not be opened may be there again without having changed. */
#define RETRY_MS	1000

/* What tells one state of a file from another. */
struct stamp {
	int		error;		/* of stat; 0: what follows is set */
	dev_t		device;
	ino_t		inode;
	off_t		size;
	struct timespec	written, changed;
};

/* What was made of one state of the file. */
struct content {
	struct watched_content	 shown;		/* first: see watched_release */
	unsigned		 users;		/* the watched, and threads */
	struct stamp		 stamp;
	bool			 is_settled;
	int64_t			 opened_at;	/* monotonic, ms */
};

struct watched {
	char				*spec, *file;
	const struct watched_maker	*maker;
	void				*arg;
	pthread_mutex_t			 making; /* held while it is read */
	pthread_mutex_t			 mutex;	/* for what follows, users */
	struct content			*now;	/* NULL: not made yet */
};

/* For who is in haste, when the file must be read first. */
static const struct watched_content	none = {
	NULL, (char []){ "in haste" }
};

/* ---- the state of a file ------------------------------------------------- */

static struct stamp
make_stamp(const char *file)
{
	struct stat	st;

	if (stat(file, &st) < 0)
		return (struct stamp){ .error = errno };
	return (struct stamp){ 0, st.st_dev, st.st_ino, st.st_size,
	    st.st_mtim, st.st_ctim };
}

static bool
is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
is_same(const struct stamp *a, const struct stamp *b)
{
	return a->error == b->error && a->device == b->device &&
	    a->inode == b->inode && a->size == b->size &&
	    is_same_time(a->written, b->written) &&
	    is_same_time(a->changed, b->changed);
}

/* The next change will show, for it comes at another time. */
static bool
is_settled(const struct stamp *stamp)
{
	int64_t	age = clock_wall_us() - stamp->changed.tv_nsec / 1000 -
		    (int64_t)stamp->changed.tv_sec * 1000000;

	return stamp->error != 0 || age > SETTLED_US || age < 0;
}

/* ---- contents ------------------------------------------------------------ */

static struct content *
open_content(const struct watched *watched)
{
	struct content	*content = mem_new(sizeof(*content));
	struct buf	 why = BUF_INIT;

	/* Before it is read: a change meanwhile is seen by the next. */
	content->stamp = make_stamp(watched->file);
	content->is_settled = is_settled(&content->stamp);
	content->opened_at = clock_now_ms();
	content->users = 1;
	if (watched->maker->open(watched->arg, &content->shown.data,
	    &why) < 0)
		content->shown.data = NULL;
	while (why.len > 0 && buf_slice(&why).data[why.len - 1] == '\n')
		buf_truncate(&why, why.len - 1);
	if (why.len > 0)
		content->shown.why = slice_dup(buf_slice(&why));
	buf_clear(&why);
	return content;
}

static void
drop(struct watched *watched, struct content *content)
{
	bool	is_used;

	if (content == NULL)
		return;
	pthread_mutex_lock(&watched->mutex);
	is_used = --content->users > 0;
	pthread_mutex_unlock(&watched->mutex);
	if (is_used)
		return;
	if (content->shown.data != NULL)
		watched->maker->close(content->shown.data);
	mem_free(content->shown.why);
	mem_free(content);
}

/* Once for each state of the file, though one may be read twice. */
static void
log_why(const struct watched *watched, const struct content *content)
{
	const struct content	*old = watched->now;
	struct slice		 rest = slice_str(content->shown.why), line;

	if (old != NULL && old->shown.why != NULL &&
	    content->shown.why != NULL &&
	    is_same(&old->stamp, &content->stamp) &&
	    strcmp(old->shown.why, content->shown.why) == 0)
		return;
	while (slice_get_word(&rest, "\n", &line) == 0) {
		if (content->shown.data == NULL)
			log_warn("%s is unavailable. %.*s", watched->spec,
			    SLICE_ARG(line));
		else
			log_warn("%s: %.*s", watched->spec, SLICE_ARG(line));
	}
}

static bool
is_current(const struct content *content, const struct stamp *stamp)
{
	return content != NULL && is_same(&content->stamp, stamp) &&
	    content->is_settled && (content->shown.data != NULL ||
	    clock_now_ms() - content->opened_at < RETRY_MS);
}

/* One more user of what there is now; NULL: it is not of that state. */
static struct content *
take(struct watched *watched, const struct stamp *stamp)
{
	struct content	*content = NULL;

	pthread_mutex_lock(&watched->mutex);
	if (is_current(watched->now, stamp)) {
		content = watched->now;
		content->users++;
	}
	pthread_mutex_unlock(&watched->mutex);
	return content;
}

/* Only who is making replaces what there is, so it may look at it. */
static struct content *
make(struct watched *watched)
{
	struct content	*content = open_content(watched), *old;

	log_why(watched, content);
	content->users++;
	pthread_mutex_lock(&watched->mutex);
	old = watched->now;
	watched->now = content;
	pthread_mutex_unlock(&watched->mutex);
	drop(watched, old);
	return content;
}

/*
 * The mutex is never held while a file is read: who is in haste releases
 * what he holds, too.
 */
const struct watched_content *
watched_hold(struct watched *watched)
{
	struct stamp	 stamp = make_stamp(watched->file);
	struct content	*content = take(watched, &stamp);

	if (content != NULL)
		return &content->shown;
	if (haste_refuses())
		return &none;
	/* Others wait, for what they want is what is being made. */
	pthread_mutex_lock(&watched->making);
	content = take(watched, &stamp);
	if (content == NULL)
		content = make(watched);
	pthread_mutex_unlock(&watched->making);
	return &content->shown;
}

bool
watched_is_doubtful(const struct watched *watched,
    const struct watched_content *shown)
{
	const struct content	*content = (const struct content *)shown;
	struct stamp		 stamp = make_stamp(watched->file);

	return shown == &none || !content->is_settled ||
	    !is_same(&content->stamp, &stamp);
}

void
watched_release(struct watched *watched, const struct watched_content *shown)
{
	if (shown != &none)
		drop(watched, (struct content *)(uintptr_t)shown);
}

struct watched *
watched_new(const char *spec, const char *file,
    const struct watched_maker *maker, void *arg)
{
	struct watched	*watched = mem_new(sizeof(*watched));

	watched->spec = mem_strdup(spec);
	watched->file = mem_strdup(file);
	watched->maker = maker;
	watched->arg = arg;
	pthread_mutex_init(&watched->making, NULL);
	pthread_mutex_init(&watched->mutex, NULL);
	return watched;
}

void
watched_free(struct watched **watchedp)
{
	struct watched	*watched = *watchedp;

	if (watched == NULL)
		return;
	drop(watched, watched->now);
	pthread_mutex_destroy(&watched->mutex);
	pthread_mutex_destroy(&watched->making);
	mem_free(watched->file);
	mem_free(watched->spec);
	mem_free(watched);
	*watchedp = NULL;
}
