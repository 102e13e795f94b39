#ifndef TESTS_UNIT_ACTIVE_FIXTURE_H
#define TESTS_UNIT_ACTIVE_FIXTURE_H

/*
 * The queue manager's parts without its process: a store, messages in it,
 * and agents that hold their jobs until the test says what came of them.
 */

#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "qmgr/active.h"
#include "qmgr/agent.h"
#include "qmgr/destination.h"
#include "qmgr/manager.h"
#include "qmgr/scan.h"
#include "qmgr/schedule.h"

#define RECIPIENTS_LIMIT	3000
#define PATIENCE_MS		20000

void	on_agent_ready(struct ipc *, uint32_t, const struct msg_agent_ready *);

static struct manager	 manager;
static struct conf	*conf;
static int		 other_ends[8];	/* of the agents' connections */
static int		 other_count;

/* ---- the beginning and the end ------------------------------------------- */

/* The log of what these tests do is no news. */
static inline int
begin_suite(void)
{
	log_open_fd("test", open("/dev/null", O_WRONLY | O_CLOEXEC));
	return set_up();
}

static inline int
end_suite(void)
{
	log_open_fd("unit", STDERR_FILENO);
	return empty_folder();
}

/* lines: of main.cf. */
static inline void
begin(const char *lines)
{
	struct conf_source	*source = conf_source_new();
	char			*why = NULL;

	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str(lines), &why), 0);
	conf = conf_new(source, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	fresh_store();
	memset(&manager, 0, sizeof(manager));
	manager.conf = conf;
	manager.loop = loop;
	manager.store = store;
	manager.schedule = schedule_new(&manager);
	manager.scan = scan_new(&manager);
	agent_start(&manager);
}

/* What there is to do now is done, and what comes of that. */
static inline void
work(void)
{
	for (int i = 0; i < 3; i++) {
		loop_tick(loop, 0);
		settle();
	}
}

static inline void
remove_agent(struct client *client)
{
	DL_DELETE(manager.clients, client);
	agent_lost(client);
	ipc_free(&client->ipc);
	mem_free(client);
	work();
}

/*
 * Schedule and scan have no end of their own: they live as long as the
 * process, and so here.
 */
static inline void
end(void)
{
	schedule_stop(manager.schedule);
	scan_stop(manager.scan);
	while (manager.clients != NULL)
		remove_agent(manager.clients);
	for (int i = 0; i < 1000 && manager.actives != NULL; i++)
		active_forget(manager.actives);
	schedule_revive(manager.schedule);
	work();
	CU_ASSERT_EQUAL(HASH_COUNT(manager.schedule->destinations), 0);
	CU_ASSERT_EQUAL(manager.active_count, 0);
	CU_ASSERT_EQUAL(manager.recipient_count, 0);
	CU_ASSERT_EQUAL(manager.cached_bytes, 0);
	CU_ASSERT_PTR_NULL(manager.unwritten);
	close_store();
	conf_free(&conf);
	while (other_count > 0)
		close(other_ends[--other_count]);
}

/* ---- agents -------------------------------------------------------------- */

static inline void
ignore_event(struct ipc *ipc, enum ipc_event event, void *arg)
{
	(void)ipc;
	(void)event;
	(void)arg;
}

static inline void
set_capacity(struct client *client, const char *transport, uint32_t capacity)
{
	struct msg_agent_ready	m = { slice_str(transport), capacity };

	on_agent_ready(client->ipc, 0, &m);
	work();
}

/* One that has not said yet what it serves. */
static inline struct client *
connect_agent(void)
{
	static const struct ipc_handler	none[] = { { 0, 0, NULL, NULL } };
	static const struct ipc_side	side = { "qmgr", none, ignore_event,
					    0 };
	struct client			*client = mem_new(sizeof(*client));
	int				 ends[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, ends), 0);
	other_ends[other_count++] = ends[1];
	client->manager = &manager;
	client->ipc = ipc_new(loop, ends[0], false, &side, client);
	DL_APPEND(manager.clients, client);
	return client;
}

static inline struct client *
add_agent(const char *transport, uint32_t capacity)
{
	struct client	*client = connect_agent();

	set_capacity(client, transport, capacity);
	return client;
}

/* What it holds, in the order it came: "1@a.example/2" is two recipients. */
static inline const char *
held_by(const struct client *client)
{
	static char	 text[2000];
	struct buf	 out = BUF_INIT;
	struct entry	*entry;

	DL_FOREACH(client->agent->entries, entry)
		buf_printf(&out, "%s%llu@%s/%zu", out.len > 0 ? " " : "",
		    (unsigned long long)entry->queue_id,
		    schedule_nexthop(entry), entry->count);
	snprintf(text, sizeof(text), "%s", buf_cstr(&out));
	buf_clear(&out);
	return text;
}

static inline void
tell_result(struct entry *entry, uint32_t number, enum outcome_kind kind)
{
	schedule_result(entry, number, kind, slice_str(kind == OUTCOME_SENT ?
	    "2.0.0" : kind == OUTCOME_FAILED ? "5.1.1" : "4.2.0"),
	    slice_str(kind == OUTCOME_SENT ? "ok" : kind == OUTCOME_FAILED ?
	    "nobody" : "later"));
}

/* The oldest entry it holds, with that result for all its recipients. */
static inline void
finish_only(struct client *client, enum outcome_kind kind,
    enum outcome_site site)
{
	struct entry	*entry = client->agent->entries;

	CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
	for (size_t i = 0; i < entry->count; i++)
		if (entry->recipients[i] != NULL)
			tell_result(entry, entry->recipients[i]->number,
			    kind);
	schedule_done(entry, site, SLICE_LIT("it is down"));
}

static inline void
finish(struct client *client, enum outcome_kind kind, enum outcome_site site)
{
	finish_only(client, kind, site);
	work();
}

static inline void
finish_all(struct client *client, enum outcome_kind kind)
{
	while (client->agent->entries != NULL) {
		while (client->agent->entries != NULL)
			finish_only(client, kind, OUTCOME_SITE_ALIVE);
		work();
	}
}

/* ---- messages ------------------------------------------------------------ */

/* A message that is due now, and its recipients. */
struct letter {
	struct store_message	 message;
	struct store_recipient	 recipients[RECIPIENTS_LIMIT];
	size_t			 count;
};

/* to: addresses between blanks; the letter is good until the next one. */
static inline struct letter *
letter(uint64_t id, const char *to)
{
	static struct letter	l;
	struct slice		rest = slice_str(to), word;
	uint64_t		now_us = (uint64_t)clock_wall_us();

	l.count = 0;
	while (rest.len > 0 && l.count < RECIPIENTS_LIMIT) {
		if (slice_get_word(&rest, " ", &word) < 0)
			break;
		l.recipients[l.count] = (struct store_recipient){
			.number = (uint32_t)l.count, .address = word,
			.notify = (uint32_t)l.count % 4 * 4,
		};
		/* Where lookup would have said it goes. */
		l.recipients[l.count].transport = SLICE_LIT("smtp");
		l.recipients[l.count].nexthop = slice_after(word, (size_t)
		    (slice_find(word, '@') + 1));
		if (l.count % 4 != 0)
			l.recipients[l.count].orcpt = SLICE_LIT("rfc822;x");
		l.count++;
	}
	l.message = (struct store_message){
		.id = id, .arrival_us = now_us, .due_us = now_us,
		.size = 100, .chunk_count = 1,
		.recipient_count = (uint32_t)l.count,
		.sender = SLICE_LIT("sender"), .envid = SLICE_LIT("envid"),
	};
	return &l;
}

/* Into the store; its commit is awaited. */
static inline void
post(const struct letter *l)
{
	store_commit(store, &l->message, l->recipients, l->count,
	    SLICE_LIT("x"), 0, NULL, NULL);
	settle();
}

/* As intake does with what was just committed. */
static inline struct active *
arrive(uint64_t id, const char *to)
{
	struct letter	*l = letter(id, to);

	post(l);
	active_add_fresh(&manager, &l->message, l->recipients, l->count,
	    NULL);
	work();
	return active_find(&manager, id);
}

/* It does, in time. */
static inline bool
becomes_active(uint64_t id)
{
	int64_t	end_ms = clock_now_ms() + PATIENCE_MS;

	while (active_find(&manager, id) == NULL && clock_now_ms() < end_ms) {
		loop_tick(loop, 10);
		settle();
	}
	return active_find(&manager, id) != NULL;
}

/*
 * What the store says of it: "sender REASON facts RECIPIENT..."; "" when it
 * is gone.
 */
static inline void
check_stored(uint64_t id, const char *want)
{
	struct got	got = { .count = 0 };

	CU_ASSERT_STRING_EQUAL(load(&got, id, 0, 10), want);
	clear_got(&got);
}

static inline struct store_message
stored(uint64_t id)
{
	struct got	got = { .count = 0 };

	load(&got, id, 0, 0);
	clear_got(&got);
	return got.message;
}

/* "0@a.example 1@a.example ..."; good until the next call. */
static inline const char *
crowd(size_t count, const char *domain)
{
	static struct buf	text = BUF_INIT;

	buf_empty(&text);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%zu@%s", i == 0 ? "" : " ", i, domain);
	return buf_cstr(&text);
}

#endif
