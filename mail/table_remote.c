/*
 * Tables on servers: which of them is asked, over which connection, and
 * what its values become.
 */

#include "mail/table_remote.h"

#include <pthread.h>
#include <string.h>

#include "mail/match_list.h"
#include "util/clock.h"
#include "util/mem.h"

#define IDLE_MAX	16

/* A server that is down is left alone for so long, if there is another ... */
#define RETRY_S		60
/* ... and for so long, if there is none. */
#define RETRY_ALONE_MS	1000
#define IDLE_S		60

struct host {
	char	*name;
	int64_t	 down_at;	/* monotonic, ms; 0: it is not known to be */
};

struct idle {
	void	*connection;
	size_t	 host;
	int64_t	 since;
};

struct remote {
	const struct table_backend	*backend;
	struct table_cf		*cf;
	struct match_list	*domains;	/* NULL: keys of any */
	const char		*texts[TABLE_BACKEND_TEXTS];
	const char		*format;
	int64_t			 limit;		/* of values; 0: none */
	int64_t			 timeout_ms, retry_ms, idle_ms;
	struct host		*hosts;
	size_t			 host_count;
	pthread_mutex_t		 mutex;		/* for what follows, down_at */
	struct idle		 idle[IDLE_MAX];
	size_t			 idle_count;
};

/* One question, with the connection it is asked over. */
struct question {
	struct remote			*remote;
	struct table_template_values	 values;
	void				*connection;
	size_t				 host;
	int64_t				 deadline;	/* monotonic, ms */
	struct buf			*value;
	size_t				 old_len;
	int64_t				 count;
	bool				 is_over;	/* the limit */
};

/* ---- opening ------------------------------------------------------------- */

static void
add_hosts(struct remote *remote, const char *text)
{
	struct slice	rest = slice_str(text), word;

	while (slice_get_word(&rest, ", \t", &word) == 0) {
		remote->hosts = mem_resize(remote->hosts,
		    (remote->host_count + 1) * sizeof(*remote->hosts));
		remote->hosts[remote->host_count++] = (struct host){
			.name = slice_dup(word),
		};
	}
}

static int
fail(struct buf *why, const char *file, const char *name, const char *what)
{
	buf_printf(why, "%s: %s: %s", file, name, what);
	return -1;
}

static int
read_templates(struct remote *remote, const char *file, struct buf *why)
{
	const struct table_backend	*backend = remote->backend;
	const char			*what;

	for (int i = 0; i < TABLE_BACKEND_TEXTS; i++) {
		const char	*name = backend->texts[i].name;

		if (name == NULL)
			break;
		remote->texts[i] = table_cf_text(remote->cf, name,
		    backend->texts[i].fallback);
		if (remote->texts[i] == NULL)
			return fail(why, file, name, "is not set");
		what = table_template_why_bad(remote->texts[i]);
		if (what != NULL)
			return fail(why, file, name, what);
	}
	/* The name that it had first. */
	remote->format = table_cf_text(remote->cf, "result_format",
	    table_cf_text(remote->cf, "result_filter", "%s"));
	if ((what = table_template_why_bad(remote->format)) != NULL)
		return fail(why, file, "result_format", what);
	return 0;
}

static int
read_numbers(struct remote *remote, struct buf *why)
{
	static const char *const	names[] = {
		"expansion_limit", "timeout", "retry_interval",
		"idle_interval",
	};
	const struct table_cf		*cf = remote->cf;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (table_cf_check_number(cf, names[i], why) < 0)
			return -1;
	remote->limit = table_cf_number(cf, "expansion_limit", 0);
	remote->timeout_ms = 1000 * table_cf_number(cf, "timeout",
	    remote->backend->timeout_s);
	remote->retry_ms = 1000 * table_cf_number(cf, "retry_interval",
	    RETRY_S);
	remote->idle_ms = 1000 * table_cf_number(cf, "idle_interval",
	    IDLE_S);
	return 0;
}

static int
read_all(struct remote *remote, const char *file, struct buf *why)
{
	const char	*hosts, *domains;
	char		*what;

	if ((remote->cf = table_cf_read(file, why)) == NULL ||
	    read_templates(remote, file, why) < 0 ||
	    read_numbers(remote, why) < 0)
		return -1;
	hosts = table_cf_text(remote->cf, remote->backend->hosts,
	    remote->backend->hosts_default);
	add_hosts(remote, hosts);
	if (remote->host_count == 0)
		return fail(why, file, remote->backend->hosts, "is not set");
	domains = table_cf_text(remote->cf, "domain", "");
	if (*domains == '\0')
		return 0;
	remote->domains = match_list_new(domains, MATCH_LIST_STRING, 0,
	    &what);
	if (remote->domains != NULL)
		return 0;
	fail(why, file, "domain", what);
	mem_free(what);
	return -1;
}

int
table_remote_open(const struct table_source *source,
    const struct table_backend *backend, void **content_r, struct buf *why)
{
	struct remote	*remote = mem_new(sizeof(*remote));

	remote->backend = backend;
	pthread_mutex_init(&remote->mutex, NULL);
	*content_r = remote;
	if (read_all(remote, source->name, why) == 0)
		return 0;
	table_remote_close(remote);
	return -1;
}

void
table_remote_close(void *content)
{
	struct remote	*remote = content;

	while (remote->idle_count > 0)
		remote->backend->disconnect(
		    remote->idle[--remote->idle_count].connection);
	for (size_t i = 0; i < remote->host_count; i++)
		mem_free(remote->hosts[i].name);
	mem_free(remote->hosts);
	match_list_free(&remote->domains);
	table_cf_free(&remote->cf);
	pthread_mutex_destroy(&remote->mutex);
	mem_free(remote);
}

/* ---- connections --------------------------------------------------------- */

/* An idle connection that is not too old; false: there is none. */
static bool
take_idle(struct question *question)
{
	struct remote	*remote = question->remote;
	struct idle	 idle = { NULL, 0, 0 };
	bool		 is_old;

	do {
		pthread_mutex_lock(&remote->mutex);
		if (remote->idle_count == 0) {
			pthread_mutex_unlock(&remote->mutex);
			return false;
		}
		idle = remote->idle[--remote->idle_count];
		pthread_mutex_unlock(&remote->mutex);
		is_old = clock_now_ms() - idle.since > remote->idle_ms;
		if (is_old)
			remote->backend->disconnect(idle.connection);
	} while (is_old);
	question->connection = idle.connection;
	question->host = idle.host;
	return true;
}

static void
keep_idle(struct question *question)
{
	struct remote	*remote = question->remote;

	pthread_mutex_lock(&remote->mutex);
	if (remote->idle_count < IDLE_MAX) {
		remote->idle[remote->idle_count++] = (struct idle){
			question->connection, question->host, clock_now_ms(),
		};
		question->connection = NULL;
	}
	pthread_mutex_unlock(&remote->mutex);
	if (question->connection != NULL)
		remote->backend->disconnect(question->connection);
	question->connection = NULL;
}

static void
lose(struct question *question)
{
	if (question->connection != NULL)
		question->remote->backend->disconnect(question->connection);
	question->connection = NULL;
}

static void
note_host(struct remote *remote, size_t host, int64_t down_at)
{
	pthread_mutex_lock(&remote->mutex);
	remote->hosts[host].down_at = down_at;
	pthread_mutex_unlock(&remote->mutex);
}

static bool
may_try(struct remote *remote, size_t host, int64_t rest_ms)
{
	int64_t	down_at;

	pthread_mutex_lock(&remote->mutex);
	down_at = remote->hosts[host].down_at;
	pthread_mutex_unlock(&remote->mutex);
	return down_at == 0 || clock_now_ms() - down_at >= rest_ms;
}

static bool
connect_host(struct question *question, size_t host, struct buf *why)
{
	struct remote	*remote = question->remote;
	int64_t		 left = question->deadline - clock_now_ms();

	if (left <= 0)
		return false;
	buf_empty(why);
	question->host = host;
	question->connection = remote->backend->connect(remote->cf,
	    remote->hosts[host].name, left, why);
	note_host(remote, host, question->connection == NULL ?
	    clock_now_ms() : 0);
	return question->connection != NULL;
}

/* To a server that is up, as far as is known; else to any. */
static bool
connect_any(struct question *question, struct buf *why)
{
	struct remote	*remote = question->remote;
	size_t		 count = remote->host_count;
	int64_t		 rests[] = { remote->retry_ms, RETRY_ALONE_MS };

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++)
			if (may_try(remote, i, rests[pass]) &&
			    connect_host(question, i, why))
				return true;
	return false;
}

/* ---- questions ----------------------------------------------------------- */

/* One value of the answer, as result_format has it. */
static void
on_value(struct slice text, void *arg)
{
	struct question			*question = arg;
	struct table_template_values	 values = {
		question->values.key, text,
	};
	struct buf			 result = BUF_INIT;

	if (question->is_over || text.len == 0 || table_template_expand(
	    question->remote->format, &values, NULL, NULL, &result) < 0) {
		buf_clear(&result);
		return;
	}
	if (question->remote->limit > 0 &&
	    question->count == question->remote->limit) {
		question->is_over = true;
	} else {
		if (question->count++ > 0)
			buf_put_u8(question->value, ',');
		buf_put_slice(question->value, buf_slice(&result));
	}
	buf_clear(&result);
}

/* 0; -1: there is no question to ask with this key. */
static int
expand(struct question *question, struct buf *texts)
{
	const struct remote		*remote = question->remote;
	const struct table_backend	*backend = remote->backend;

	for (int i = 0; i < TABLE_BACKEND_TEXTS; i++) {
		buf_empty(&texts[i]);
		if (backend->texts[i].name != NULL && table_template_expand(
		    remote->texts[i], &question->values,
		    backend->texts[i].quote, question->connection,
		    &texts[i]) < 0)
			return -1;
	}
	return 0;
}

static enum table_backend_answer
run(struct question *question, struct buf *why, bool *is_none_r)
{
	struct buf			texts[TABLE_BACKEND_TEXTS] = {
		BUF_INIT, BUF_INIT,
	};
	struct slice			slices[TABLE_BACKEND_TEXTS];
	enum table_backend_answer	answer = TABLE_BACKEND_DONE;

	buf_truncate(question->value, question->old_len);
	question->count = 0;
	*is_none_r = expand(question, texts) < 0;
	if (!*is_none_r) {
		for (int i = 0; i < TABLE_BACKEND_TEXTS; i++) {
			buf_cstr(&texts[i]);
			slices[i] = buf_slice(&texts[i]);
		}
		buf_empty(why);
		answer = question->remote->backend->query(
		    question->connection, slices, on_value, question, why);
	}
	for (int i = 0; i < TABLE_BACKEND_TEXTS; i++)
		buf_clear(&texts[i]);
	return answer;
}

/* Over an idle connection, and when that is lost, over a new one. */
static enum table_answer
ask(struct question *question, struct buf *why)
{
	enum table_backend_answer	answer = TABLE_BACKEND_LOST;
	bool				is_none = false;

	if (take_idle(question))
		answer = run(question, why, &is_none);
	if (answer == TABLE_BACKEND_LOST) {
		lose(question);
		if (!connect_any(question, why))
			return TABLE_TROUBLE;
		answer = run(question, why, &is_none);
	}
	if (answer == TABLE_BACKEND_LOST)
		lose(question);
	else
		keep_idle(question);
	if (answer != TABLE_BACKEND_DONE)
		return TABLE_TROUBLE;
	return is_none || question->count == 0 ? TABLE_NONE : TABLE_FOUND;
}

/* Whether keys of this domain are asked for: 1, 0; or -1 and why. */
static int
is_eligible(struct remote *remote, struct slice key, struct buf *why)
{
	ptrdiff_t	at = slice_find_last(key, '@');

	if (slice_find(key, '\0') >= 0 || key.len == 0)
		return 0;
	if (remote->domains == NULL)
		return 1;
	if (at <= 0)
		return 0;
	switch (match_list_find(remote->domains,
	    slice_after(key, (size_t)at + 1), why)) {
	case MATCH_LIST_YES:
		return 1;
	case MATCH_LIST_NO:
		return 0;
	case MATCH_LIST_TROUBLE:
		break;
	}
	return -1;
}

enum table_answer
table_remote_find(void *content, struct slice key, struct buf *value)
{
	struct remote		*remote = content;
	struct question		 question = { .remote = remote,
				    .values = { key, key }, .value = value };
	struct buf		 why = BUF_INIT;
	enum table_answer	 answer = TABLE_TROUBLE;
	int			 is_asked;

	question.old_len = value->len;
	question.deadline = clock_now_ms() + remote->timeout_ms;
	is_asked = is_eligible(remote, key, &why);
	if (is_asked == 0)
		answer = TABLE_NONE;
	else if (is_asked > 0)
		answer = ask(&question, &why);
	if (answer == TABLE_FOUND && question.is_over) {
		buf_put_str(&why, "more values than expansion_limit");
		answer = TABLE_TROUBLE;
	}
	if (answer == TABLE_TROUBLE) {
		buf_truncate(value, question.old_len);
		buf_put_str(value, why.len > 0 ? buf_cstr(&why) :
		    "no server answers");
	}
	buf_clear(&why);
	return answer;
}
