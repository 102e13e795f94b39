/*
 * ternqueue: list the mail queue, and have it tried again (postqueue's
 * options: -p, -j, -f, -i, -s).
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/address.h"
#include "mail/admin_client.h"
#include "mail/queue_id.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

static void
usage(void)
{
	fprintf(stderr, "usage: ternqueue [-c DIR] "
	    "-p | -j | -f | -i ID | -s SITE\n"
	    "	-p	list the queue\n"
	    "	-j	list it as JSON, one message a line\n"
	    "	-f	try all deferred mail now\n"
	    "	-i ID	try this message now\n"
	    "	-s SITE	try all deferred mail for this domain now\n");
	exit(EX_USAGE);
}

/* ---- -p (C45) ------------------------------------------------------------ */

struct listing {
	uint64_t	 bytes;
	struct buf	 reason;	/* of the recipients shown last */
	json_t		*message;	/* -j: being put together */
};

/* One reason stands above all recipients that share it. */
static void
print_reason(struct listing *listing, struct slice reason)
{
	int	width = 74 - (int)reason.len;

	if (reason.len == 0 ||
	    slice_equal(reason, buf_slice(&listing->reason)))
		return;
	buf_empty(&listing->reason);
	buf_put_slice(&listing->reason, reason);
	printf("%*s(%.*s)\n", width < 0 ? 0 : width, "", SLICE_ARG(reason));
}

static void
print_message(const struct msg_admin_message *m, void *arg)
{
	struct listing	*listing = arg;
	char		 id[QUEUE_ID_TEXT_SIZE], when[32];
	time_t		 arrival = (time_t)(m->arrival_us / 1000000);
	struct tm	 tm;

	if (listing->bytes == 0)
		printf("----Queue ID----- --Size-- ---Arrival Time---- "
		    "--Sender/Recipient------\n");
	else
		printf("\n");
	listing->bytes += m->size;
	queue_id_format(m->queue_id, id);
	snprintf(when, sizeof(when), "?");
	if (localtime_r(&arrival, &tm) != NULL)
		strftime(when, sizeof(when), "%a %b %e %H:%M:%S", &tm);
	printf("%s%-*s %8llu %s %.*s\n", id,
	    17 - (int)slice_str(id).len, m->state == ADMIN_ACTIVE ? "*" :
	    m->state == ADMIN_HELD ? "!" : "", (unsigned long long)m->size,
	    when, m->sender.len == 0 ? 13 : (int)m->sender.len,
	    m->sender.len == 0 ? "MAILER-DAEMON" :
	    (const char *)m->sender.data);
	buf_empty(&listing->reason);
	if (m->state == ADMIN_HELD)
		print_reason(listing, m->reason);
}

static void
print_recipient(const struct msg_admin_rcpt *m, void *arg)
{
	print_reason(arg, m->reason);
	printf("%47s%.*s\n", "", SLICE_ARG(m->address));
}

static void
list(struct admin_client *client)
{
	static const struct admin_client_fns	 fns = {
		.message = print_message, .recipient = print_recipient,
	};
	struct listing				 listing = { 0 };
	char					*why;
	int64_t					 count;

	count = admin_client_list(client, 0, &fns, &listing, &why);
	if (count < 0)
		log_fatal("%s", why);
	if (count == 0)
		printf("Mail queue is empty\n");
	else
		printf("\n-- %llu Kbytes in %lld Request%s.\n",
		    (unsigned long long)(listing.bytes / 1024),
		    (long long)count, count == 1 ? "" : "s");
	buf_clear(&listing.reason);
}

/* ---- -j (C46) ------------------------------------------------------------ */

static json_t *
json_text(struct slice s)
{
	json_t	*text = json_stringn((const char *)s.data, s.len);

	/* What is no UTF-8 is shown without the bytes that are not ASCII. */
	if (text == NULL) {
		char	*copy = slice_dup(s);

		for (char *p = copy; *p != '\0'; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
		text = json_string(copy);
		mem_free(copy);
	}
	return text;
}

static void
print_json(struct listing *listing)
{
	if (listing->message == NULL)
		return;
	json_dumpf(listing->message, stdout, JSON_PRESERVE_ORDER);
	printf("\n");
	json_decref(listing->message);
	listing->message = NULL;
}

static void
begin_json(const struct msg_admin_message *m, void *arg)
{
	static const char *const names[] = {
		[ADMIN_ACTIVE] = "active", [ADMIN_DEFERRED] = "deferred",
		[ADMIN_HELD] = "hold", [ADMIN_QUEUED] = "incoming",
	};
	struct listing	*listing = arg;
	char		 id[QUEUE_ID_TEXT_SIZE];

	print_json(listing);
	listing->message = json_pack(
	    "{s:s, s:s, s:I, s:I, s:b, s:I, s:I, s:o, s:o, s:[]}",
	    "queue_name", names[m->state <= ADMIN_QUEUED ? m->state : 0],
	    "queue_id", queue_id_format(m->queue_id, id),
	    "arrival_time", (json_int_t)(m->arrival_us / 1000000),
	    "message_size", (json_int_t)m->size,
	    "forced_expire", 0,
	    "attempts", (json_int_t)m->attempts,
	    "next_attempt", (json_int_t)(m->due_us / 1000000),
	    "client", json_text(m->facts),
	    "sender", json_text(m->sender),
	    "recipients");
	if (m->state == ADMIN_HELD && m->reason.len > 0)
		json_object_set_new(listing->message, "hold_reason",
		    json_text(m->reason));
}

static void
add_json(const struct msg_admin_rcpt *m, void *arg)
{
	struct listing	*listing = arg;
	json_t		*rcpt = json_object();

	json_object_set_new(rcpt, "address", json_text(m->address));
	if (m->original.len > 0 && !slice_equal(m->address, m->original))
		json_object_set_new(rcpt, "orig_address",
		    json_text(m->original));
	if (m->reason.len > 0)
		json_object_set_new(rcpt, m->failed ? "bounce_reason" :
		    "delay_reason", json_text(m->reason));
	if (listing->message != NULL)
		json_array_append_new(json_object_get(listing->message,
		    "recipients"), rcpt);
}

static void
list_json(struct admin_client *client)
{
	static const struct admin_client_fns	 fns = {
		.message = begin_json, .recipient = add_json,
	};
	struct listing				 listing = { 0 };
	char					*why;

	if (admin_client_list(client, 0, &fns, &listing, &why) < 0)
		log_fatal("%s", why);
	print_json(&listing);
}

/* ---- -f, -i, -s ---------------------------------------------------------- */

static void
flush(struct admin_client *client, const char *text)
{
	uint64_t	 id = 0;
	char		*why;
	int64_t		 count;

	if (text != NULL && queue_id_parse(slice_str(text), &id) < 0)
		log_fatal("\"%s\" is no queue id", text);
	count = admin_client_do(client, ADMIN_FLUSH, id, &why);
	if (count < 0)
		log_fatal("%s", why);
	if (text != NULL && count == 0)
		log_fatal("%s: no such message, or it is on hold", text);
}

/* Those that wait and have a recipient in a domain. */
struct chosen {
	struct slice	 site;
	uint64_t	*ids;
	size_t		 count;
	uint64_t	 id;		/* the present message */
	bool		 is_waiting;	/* and it is not chosen yet */
};

static void
note_message(const struct msg_admin_message *m, void *arg)
{
	struct chosen	*chosen = arg;

	chosen->id = m->queue_id;
	chosen->is_waiting = m->state == ADMIN_DEFERRED ||
	    m->state == ADMIN_QUEUED;
}

static void
note_recipient(const struct msg_admin_rcpt *m, void *arg)
{
	struct chosen	*chosen = arg;

	if (!chosen->is_waiting || m->failed ||
	    !slice_equal_nocase(address_domain(m->address), chosen->site))
		return;
	chosen->is_waiting = false;
	if ((chosen->count & (chosen->count - 1)) == 0)
		chosen->ids = mem_resize(chosen->ids, (chosen->count == 0 ?
		    1 : chosen->count * 2) * sizeof(*chosen->ids));
	chosen->ids[chosen->count++] = chosen->id;
}

/* Postfix knows fast_flush_domains only; here any domain will do. */
static void
flush_site(struct admin_client *client, const char *site)
{
	static const struct admin_client_fns	 fns = {
		.message = note_message, .recipient = note_recipient,
	};
	struct chosen				 chosen = {
		.site = slice_str(site),
	};
	char					*why;

	if (admin_client_list(client, 0, &fns, &chosen, &why) < 0)
		log_fatal("%s", why);
	/* One that is gone by now is none to be tried. */
	for (size_t i = 0; i < chosen.count; i++)
		if (admin_client_do(client, ADMIN_FLUSH, chosen.ids[i],
		    &why) < 0)
			log_fatal("%s", why);
	mem_free(chosen.ids);
}

int
main(int argc, char **argv)
{
	const char		*folder = NULL, *argument = NULL;
	struct admin_client	*client;
	int			 option, action = 0;
	char			*why;

	log_open_terminal("ternqueue");
	while ((option = getopt(argc, argv, "c:pjfi:s:")) != -1)
		switch (option) {
		case 'c':
			folder = optarg;
			break;
		case 'i':
		case 's':
			argument = optarg;
			/* FALLTHROUGH */
		case 'p':
		case 'j':
		case 'f':
			if (action != 0)
				usage();
			action = option;
			break;
		default:
			usage();
		}
	if (action == 0 || optind != argc)
		usage();
	/* Who flushes wants mail to leave, and nobody is there to carry it. */
	client = admin_client_new(admin_client_conf(folder),
	    action == 'p' || action == 'j', &why);
	if (client == NULL) {
		fprintf(stderr, "ternqueue: fatal: %s\n", why);
		return EX_UNAVAILABLE;
	}
	if (action == 'p')
		list(client);
	else if (action == 'j')
		list_json(client);
	else if (action == 's')
		flush_site(client, argument);
	else
		flush(client, argument);
	admin_client_free(&client);
	return 0;
}
