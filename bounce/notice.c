/*
 * Notices.
 */

#include "bounce/notice.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "bounce/errand.h"
#include "bounce/letter.h"
#include "bounce/report.h"
#include "bounce/returner.h"
#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "net/loop.h"
#include "util/ascii.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define BOUNDARY_SIZE	48

struct notice {
	struct errand	*errand;
	struct letter	*letter;	/* NULL: before the first */
	bool		 is_copy;	/* the letter is the postmaster's */
	bool		 is_cancelled;	/* on_begin frees it */
	bool		 has_begun;
	char		*recipient;	/* of the letter */
	char		*sender;
};

static bool
has_class(const char *list, const char *class)
{
	struct slice	rest = slice_str(list), word;

	while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
		if (slice_is_nocase(word, class))
			return true;
	return false;
}

static const struct conf *
conf_of(const struct notice *notice)
{
	return notice->errand->returner->conf;
}

/* A name alone is one of ours. */
static char *
at_home(const struct conf *conf, const char *name)
{
	return strchr(name, '@') != NULL ? mem_strdup(name) :
	    mem_printf("%s@%s", name, conf->myorigin);
}

static void
log_errand(const struct errand *errand, const char *text)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	log_info("%s: %s", queue_id_format(errand->queue_id, id), text);
}

/* ---- the letter ---------------------------------------------------------- */

/* O13; before the lines of the new message (N30). */
static void
log_letter(const struct notice *notice, uint64_t own_id)
{
	static const char *const names[] = {
		[REPORT_OF_FAILURE] = "non-delivery",
		[REPORT_OF_DELAY] = "delay",
		[REPORT_OF_RELAY] = "delivery status",
	};
	const struct errand	*errand = notice->errand;
	char			 id[QUEUE_ID_TEXT_SIZE];
	char			 own[QUEUE_ID_TEXT_SIZE];

	log_info("%s: %s %s notification: %s",
	    queue_id_format(errand->queue_id, id), notice->is_copy ?
	    "postmaster" : "sender", names[errand->kind],
	    queue_id_format(own_id, own));
}

/* Nobody can foresee it, so it stands nowhere in the message. */
static void
make_boundary(char *text)
{
	uint64_t	random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		log_fatal("getrandom: no random bytes");
	snprintf(text, BOUNDARY_SIZE, "=_tern_%016llx%016llx",
	    (unsigned long long)random[0], (unsigned long long)random[1]);
}

/* Of a copy, only what it is about is told. */
static void
fill(const struct notice *notice, struct report *report)
{
	const struct errand	*errand = notice->errand;

	*report = (struct report){
		.conf = conf_of(notice),
		.kind = errand->kind,
		.is_notice = notice->is_copy,
		.to = notice->recipient,
		.now_us = (uint64_t)clock_wall_us(),
		.queue_id = errand->queue_id,
		.arrival_us = errand->arrival_us,
		.sender = errand->sender,
		.envid = errand->envid,
		.is_utf8 = (errand->flags & MAIL_UTF8) != 0,
		.recipients = errand->recipients,
		.count = errand->count,
		.content = buf_slice(&errand->content),
		.is_whole = errand->is_whole &&
		    (!notice->is_copy || errand->sender[0] == '\0'),
	};
}

static void
on_write(uint64_t queue_id, struct buf *into, void *arg)
{
	struct notice	*notice = arg;
	struct report	 report;
	char		 boundary[BOUNDARY_SIZE];

	log_letter(notice, queue_id);
	fill(notice, &report);
	make_boundary(boundary);
	report.own_id = queue_id;
	report.boundary = boundary;
	report_format(&report, into);
}

static void	on_done(bool, const char *, void *);

static void
send_letter(struct notice *notice, char *sender, char *recipient)
{
	struct letter_settings	settings = {
		.sender = sender,
		.recipient = recipient,
		.flags = MAIL_NO_MAPPINGS | MAIL_NO_MILTERS,
		.write = on_write,
		.done = on_done,
		.arg = notice,
	};
	struct report		report;

	mem_free(notice->sender);
	mem_free(notice->recipient);
	notice->sender = sender;
	notice->recipient = recipient;
	/* B14 */
	if (!has_class(conf_of(notice)->internal_mail_filter_classes,
	    notice->is_copy ? "notify" : "bounce"))
		settings.flags |= MAIL_NO_CHECKS;
	fill(notice, &report);
	if (report_needs_utf8(&report))
		settings.flags |= MAIL_UTF8;
	notice->letter = letter_new(notice->errand->returner, &settings);
}

/* ---- to the postmaster --------------------------------------------------- */

/*
 * From double_bounce_sender: whoever returns it does not start anything
 * anew (B07).
 */
static void
send_copy(struct notice *notice, const char *to)
{
	const struct conf	*conf = conf_of(notice);

	notice->is_copy = true;
	send_letter(notice, at_home(conf, conf->double_bounce_sender),
	    at_home(conf, to));
}

static bool
is_copy_wanted(const struct notice *notice)
{
	return notice->errand->kind == REPORT_OF_FAILURE &&
	    has_class(conf_of(notice)->notify_classes, "bounce");
}

/* ---- to the sender ------------------------------------------------------- */

/* The sender knows; a copy is no more than one. */
static void
on_done(bool ok, const char *why, void *arg)
{
	struct notice	*notice = arg;
	char		*text;

	letter_free(&notice->letter);
	if (!ok) {
		text = mem_printf("%s notification failed to %s: %s",
		    notice->is_copy ? "postmaster" : "sender",
		    notice->recipient, why);
		log_errand(notice->errand, text);
		mem_free(text);
	}
	if (ok && !notice->is_copy && is_copy_wanted(notice)) {
		send_copy(notice, conf_of(notice)->bounce_notice_recipient);
		return;
	}
	/* Where there is no sender, the postmaster is in its place. */
	if (!ok && notice->is_copy && notice->errand->sender[0] != '\0')
		ok = true;
	text = mem_printf("notification failed to %s: %s", notice->recipient,
	    why);
	errand_end(notice->errand, ok, text);
	mem_free(text);
}

/* RFC 3461 section 4.1: without NOTIFY, failure and delay are told. */
static bool
is_wanted(const struct errand *errand, const struct report_rcpt *r)
{
	if (errand->kind == REPORT_OF_RELAY)
		return (r->notify & RCPT_NOTIFY_SUCCESS) != 0;
	return r->notify == 0 || (r->notify & (errand->kind ==
	    REPORT_OF_FAILURE ? RCPT_NOTIFY_FAILURE : RCPT_NOTIFY_DELAY));
}

static size_t
choose(struct errand *errand)
{
	size_t	count = 0;

	for (size_t i = 0; i < errand->count; i++) {
		struct report_rcpt	*r = &errand->recipients[i];
		char			 id[QUEUE_ID_TEXT_SIZE];

		r->is_wanted = is_wanted(errand, r);
		count += r->is_wanted;
		if (!r->is_wanted)
			log_info("%s: no sender notification for <%s>: NOTIFY "
			    "does not want it",
			    queue_id_format(errand->queue_id, id),
			    r->address);
	}
	return count;
}

/* It is one of the notices above that comes back. */
static bool
is_double(const struct notice *notice)
{
	const struct conf	*conf = conf_of(notice);
	char			*own = at_home(conf,
				    conf->double_bounce_sender);
	bool			 is_same;

	is_same = ascii_compare(notice->errand->sender, own) == 0;
	mem_free(own);
	return is_same;
}

static void
begin(struct notice *notice)
{
	struct errand		*errand = notice->errand;
	const struct conf	*conf = conf_of(notice);

	if (choose(errand) == 0) {
		errand_end(errand, true, "");
	} else if (is_double(notice)) {
		log_errand(errand,
		    "undeliverable postmaster notification discarded");
		errand_end(errand, true, "");
	} else if (errand->sender[0] != '\0') {
		send_letter(notice, mem_strdup(""),
		    mem_strdup(errand->sender));
	} else if (has_class(conf->notify_classes, "2bounce")) {
		send_copy(notice, conf->double_bounce_notice_recipient);
	} else {
		/* RFC 5321 section 4.5.5: no report of what has no sender. */
		log_errand(errand, "no sender to notify: undeliverable "
		    "message discarded");
		errand_end(errand, true, "");
	}
}

static void
destroy(struct notice *notice)
{
	letter_free(&notice->letter);
	mem_free(notice->recipient);
	mem_free(notice->sender);
	mem_free(notice);
}

static void
on_begin(void *arg)
{
	struct notice	*notice = arg;

	notice->has_begun = true;
	if (notice->is_cancelled)
		destroy(notice);
	else
		begin(notice);
}

struct notice *
notice_new(struct errand *errand)
{
	struct notice	*notice = mem_new(sizeof(*notice));

	notice->errand = errand;
	loop_defer(errand->returner->loop, on_begin, notice);
	return notice;
}

void
notice_free(struct notice **noticep)
{
	struct notice	*notice = *noticep;

	if (notice == NULL)
		return;
	*noticep = NULL;
	if (notice->has_begun)
		destroy(notice);
	else
		notice->is_cancelled = true;
}
