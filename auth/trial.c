/*
 * Attempts to log in.
 */

#include "auth/trial.h"

#include <uthash.h>

#include "auth/failures.h"
#include "auth/entry.h"
#include "auth/warden.h"
#include "conf/conf.h"
#include "mail/worker.h"
#include "net/loop.h"
#include "net/sasl_options.h"
#include "util/ascii.h"
#include "util/haste.h"
#include "util/log.h"
#include "util/mem.h"

#define PATIENCE_MS	60000	/* more than smtpd has with its client */

struct trial {
	struct visitor		*visitor;
	struct warden		*warden;
	struct entry		*entry;		/* the visitor's */
	uint32_t		 id;
	UT_hash_handle		 hh;		/* while is_wanted */
	bool			 is_wanted;	/* somebody waits for it */
	bool			 is_running;	/* in a thread */
	bool			 has_begun;
	bool			 is_counted;	/* of its client, too */
	int64_t			 step_ms;	/* when it was given that */
	struct loop_timer	*timer;

	/* the thread's while is_running */
	char			*mechanism;
	char			*client, *server;
	char			*external, *binding_name;
	struct buf		 binding;
	struct backend_attempt	 facts;		/* of those */
	struct buf		 response;
	void			*exchange;	/* the back end's; or NULL */
	struct backend_reply	 reply;
};

static void
clear_reply(struct backend_reply *reply)
{
	buf_clear(&reply->challenge);
	buf_clear(&reply->username);
	buf_clear(&reply->reason);
	*reply = (struct backend_reply){ .is_over = false };
}

static void
destroy(struct trial *a)
{
	struct visitor	*visitor = a->visitor;

	if (a->exchange != NULL)
		a->entry->backend->end(a->exchange);
	loop_timer_free(&a->timer);
	buf_clear(&a->binding);
	buf_clear(&a->response);
	clear_reply(&a->reply);
	mem_free(a->mechanism);
	mem_free(a->client);
	mem_free(a->server);
	mem_free(a->external);
	mem_free(a->binding_name);
	a->warden->attempts--;
	mem_free(a);
	warden_end(visitor);
}

/* Nobody waits for it any more; a thread ends what it has begun. */
static void
drop(struct trial *a)
{
	HASH_DEL(a->visitor->attempts, a);
	a->visitor->count--;
	a->is_wanted = false;
	if (!a->is_running)
		destroy(a);
}

void
trial_drop_all(struct visitor *visitor)
{
	struct trial	*a, *next;

	HASH_ITER(hh, visitor->attempts, a, next)
		drop(a);
}

/* ---- in a thread --------------------------------------------------------- */

static void
begin(struct trial *a)
{
	struct backend_reply	*reply = &a->reply;

	reply->result = entry_judge(a->entry, slice_str(a->mechanism),
	    a->facts.has_tls, &reply->reason);
	reply->is_over = reply->result != AUTH_OK;
	if (!reply->is_over)
		a->exchange = a->entry->backend->begin(&a->entry->place,
		    &a->facts, buf_slice(&a->response), reply);
}

static void
run(void *arg)
{
	struct trial	*a = arg;

	buf_empty(&a->reply.challenge);
	if (a->has_begun)
		a->entry->backend->step(a->exchange, buf_slice(&a->response),
		    &a->reply);
	else
		begin(a);
}

/* ---- and back ------------------------------------------------------------ */

static void
send_done(struct trial *a)
{
	struct msg_auth_done	m = {
		.result = a->reply.result,
		.username = buf_slice(&a->reply.username),
		.reason = buf_slice(&a->reply.reason),
	};

	ipc_send_auth_done(a->visitor->ipc, a->id, &m);
	drop(a);
}

static void
on_time(void *arg)
{
	struct trial	*a = arg;

	if (!a->reply.is_over) {
		a->reply.result = AUTH_LATER;
		buf_put_str(&a->reply.reason, "no response in time");
	}
	send_done(a);
}

static void
start_timer(struct trial *a, int64_t delay_ms)
{
	if (a->timer == NULL)
		a->timer = loop_timer_new(a->warden->loop, on_time, a);
	loop_timer_start(a->timer, delay_ms);
}

/*
 * The time until the answer: of a failure the same whatever the back end
 * has taken for it, so that it does not tell how far that came.
 */
static int64_t
delay_of(struct trial *a)
{
	int64_t	now = loop_now_ms(a->warden->loop), delay;

	if (a->reply.result != AUTH_FAILED &&
	    a->reply.result != AUTH_MALFORMED)
		return 0;
	delay = failures_add(a->warden->failures, a->is_counted ?
	    slice_str(a->client) : slice_from(NULL, 0),
	    buf_slice(&a->reply.username), now);
	return a->step_ms + delay - now;
}

static void
done(void *arg)
{
	struct trial	*a = arg;
	int64_t		 delay;

	a->is_running = false;
	a->has_begun = true;
	buf_clear(&a->response);
	if (!a->is_wanted) {
		destroy(a);
		return;
	}
	if (!a->reply.is_over) {
		struct msg_auth_challenge	m = {
			buf_slice(&a->reply.challenge) };

		ipc_send_auth_challenge(a->visitor->ipc, a->id, &m);
		start_timer(a, PATIENCE_MS + a->entry->place.conf->
		    smtpd_timeout);
		return;
	}
	if ((delay = delay_of(a)) > 0)
		start_timer(a, delay);
	else
		send_done(a);
}

/* What takes no time is done here, before a thread would be awake. */
static bool
try_in_haste(struct trial *a)
{
	const struct entry	*entry = a->entry;

	if (a->has_begun || !entry->backend->is_quick(&entry->place,
	    a->mechanism))
		return false;
	haste_begin();
	run(a);
	if (haste_end())
		return true;
	if (a->exchange != NULL)
		entry->backend->end(a->exchange);
	a->exchange = NULL;
	clear_reply(&a->reply);
	return false;
}

static void
give(struct trial *a)
{
	a->is_running = true;
	a->step_ms = loop_now_ms(a->warden->loop);
	if (try_in_haste(a))
		done(a);
	else
		worker_give(a->warden->worker, run, done, a);
}

/* ---- from smtpd ---------------------------------------------------------- */

void	on_auth_begin(struct ipc *, uint32_t, const struct msg_auth_begin *);
void	on_auth_answer(struct ipc *, uint32_t, const struct msg_auth_answer *);
void	on_auth_abort(struct ipc *, uint32_t, const struct msg_auth_abort *);

static struct trial *
find(const struct visitor *visitor, uint32_t id)
{
	struct trial	*a;

	HASH_FIND(hh, visitor->attempts, &id, sizeof(id), a);
	return a;
}

static void
set_facts(struct trial *a, const struct msg_auth_begin *m)
{
	a->mechanism = slice_dup(m->mechanism);
	for (char *p = a->mechanism; *p != '\0'; p++)
		*p = (char)ascii_upper((unsigned char)*p);
	a->client = slice_dup(m->client_addr);
	a->server = slice_dup(m->server_addr);
	a->external = slice_dup(m->external);
	a->binding_name = slice_dup(m->binding_name);
	buf_put_slice(&a->binding, m->binding);
	a->response.keeps_secrets = true;
	buf_put_slice(&a->response, m->response);
	a->is_counted = (m->flags & AUTH_LOCAL) == 0;
	a->facts = (struct backend_attempt){
		.mechanism = a->mechanism,
		.has_tls = (m->flags & AUTH_TLS) != 0,
		.has_initial = (m->flags & AUTH_INITIAL) != 0,
		.client = a->client,
		.server = a->server,
		.client_port = m->client_port,
		.server_port = m->server_port,
		.external = a->external,
		.binding_name = a->binding_name,
		.binding = buf_slice(&a->binding),
	};
}

static void
refuse(struct ipc *ipc, uint32_t id, enum auth_result result,
    const char *reason)
{
	struct msg_auth_done	m = {
		.result = result,
		.reason = slice_str(reason),
	};

	ipc_send_auth_done(ipc, id, &m);
}

/* NULL: it may begin. */
static const char *
why_not(const struct visitor *visitor, const struct msg_auth_begin *m)
{
	struct warden	*warden = visitor->warden;

	if (visitor->count >= WARDEN_OF_PEER ||
	    warden->attempts >= WARDEN_ATTEMPTS)
		return "too many attempts at a time";
	if ((m->flags & AUTH_LOCAL) == 0 &&
	    failures_is_barred(warden->failures, m->client_addr,
	    loop_now_ms(warden->loop)))
		return "too many failures of this client";
	return NULL;
}

void
on_auth_begin(struct ipc *ipc, uint32_t id, const struct msg_auth_begin *m)
{
	struct visitor	*visitor = ipc_arg(ipc);
	const char	*why;
	struct trial	*a;

	if (find(visitor, id) != NULL) {
		ipc_refuse(ipc, "it begins two attempts as one");
		return;
	}
	if (!sasl_options_is_name(m->mechanism)) {
		refuse(ipc, id, AUTH_UNKNOWN, "no name of a mechanism");
		return;
	}
	if ((why = why_not(visitor, m)) != NULL) {
		refuse(ipc, id, AUTH_LATER, why);
		return;
	}
	a = mem_new(sizeof(*a));
	a->visitor = visitor;
	a->warden = visitor->warden;
	a->entry = warden_entry(visitor);
	a->id = id;
	a->is_wanted = true;
	set_facts(a, m);
	HASH_ADD(hh, visitor->attempts, id, sizeof(a->id), a);
	visitor->count++;
	visitor->warden->attempts++;
	warden_begin(visitor);
	give(a);
}

void
on_auth_answer(struct ipc *ipc, uint32_t id, const struct msg_auth_answer *m)
{
	struct trial	*a = find(ipc_arg(ipc), id);

	/* One that has ended meanwhile. */
	if (a == NULL)
		return;
	if (a->is_running || a->reply.is_over) {
		ipc_refuse(ipc, "it answers what was not asked");
		return;
	}
	loop_timer_stop(a->timer);
	buf_put_slice(&a->response, m->response);
	give(a);
}

void
on_auth_abort(struct ipc *ipc, uint32_t id, const struct msg_auth_abort *m)
{
	struct trial	*a = find(ipc_arg(ipc), id);

	(void)m;
	if (a != NULL)
		drop(a);
}
