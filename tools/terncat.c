/*
 * terncat: show a message of the queue (postcat -q).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "mail/admin_client.h"
#include "mail/queue_id.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

struct view {
	const char	*id;
	bool		 envelope, header, body;
	bool		 in_body;	/* the header section is over */
	struct buf	 line;		/* of the header, not whole yet */
};

static void
usage(void)
{
	fprintf(stderr, "usage: terncat [-c DIR] [-ehb] -q ID\n"
	    "	-q ID	the message\n"
	    "	-e	its envelope\n"
	    "	-h	its header\n"
	    "	-b	its body; without -e, -h, -b: all of it\n");
	exit(EX_USAGE);
}

static void
print_message(const struct msg_admin_message *m, void *arg)
{
	struct view	*view = arg;
	time_t		 arrival = (time_t)(m->arrival_us / 1000000);
	char		 when[64] = "?";
	struct tm	 tm;

	if (!view->envelope)
		return;
	if (localtime_r(&arrival, &tm) != NULL)
		strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm);
	printf("*** ENVELOPE RECORDS %s ***\n", view->id);
	printf("message_size: %llu\n", (unsigned long long)m->size);
	printf("message_arrival_time: %s\n", when);
	printf("client: %.*s\n", SLICE_ARG(m->facts));
	printf("sender: %.*s\n", SLICE_ARG(m->sender));
}

static void
print_recipient(const struct msg_admin_rcpt *m, void *arg)
{
	struct view	*view = arg;

	if (!view->envelope)
		return;
	if (m->original.len > 0)
		printf("original_recipient: %.*s\n", SLICE_ARG(m->original));
	printf("recipient: %.*s\n", SLICE_ARG(m->address));
}

/* Lines are shown with the line ends of Unix. */
static void
print_bytes(struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] != '\r' || i + 1 == bytes.len ||
		    bytes.data[i + 1] != '\n')
			putchar(bytes.data[i]);
}

static void
print_data(struct slice bytes, void *arg)
{
	struct view	*view = arg;
	ptrdiff_t	 at;

	if (!view->in_body) {
		if (view->line.len == 0 && view->envelope)
			printf("*** MESSAGE CONTENTS %s ***\n", view->id);
		buf_put_slice(&view->line, bytes);
		bytes = buf_slice(&view->line);
		at = -1;
		for (size_t i = 0; i + 4 <= bytes.len && at < 0; i++)
			if (memcmp(bytes.data + i, "\r\n\r\n", 4) == 0)
				at = (ptrdiff_t)i + 4;
		if (at < 0)
			return;
		view->in_body = true;
		if (view->header)
			print_bytes(slice_first(bytes, (size_t)at -
			    (view->body ? 0 : 2)));
		bytes = slice_after(bytes, (size_t)at);
	}
	if (view->body)
		print_bytes(bytes);
}

int
main(int argc, char **argv)
{
	static const struct admin_client_fns	 fns = {
		print_message, print_recipient, print_data,
	};
	struct view		 view = { 0 };
	const char		*folder = NULL;
	struct admin_client	*client;
	uint64_t		 id;
	int64_t			 count;
	int			 option;
	char			*why;

	log_open_terminal("terncat");
	while ((option = getopt(argc, argv, "c:behq:")) != -1)
		switch (option) {
		case 'c':
			folder = optarg;
			break;
		case 'b':
			view.body = true;
			break;
		case 'e':
			view.envelope = true;
			break;
		case 'h':
			view.header = true;
			break;
		case 'q':
			view.id = optarg;
			break;
		default:
			usage();
		}
	if (view.id == NULL || optind != argc)
		usage();
	if (!view.body && !view.envelope && !view.header)
		view.body = view.envelope = view.header = true;
	if (queue_id_parse(slice_str(view.id), &id) < 0)
		log_fatal("\"%s\" is no queue id", view.id);
	client = admin_client_new(admin_client_conf(folder), true, &why);
	if (client == NULL) {
		fprintf(stderr, "terncat: fatal: %s\n", why);
		return EX_UNAVAILABLE;
	}
	count = admin_client_show(client, id, &fns, &view, &why);
	if (count < 0)
		log_fatal("%s: %s", view.id, why);
	if (view.envelope)
		printf("*** MESSAGE FILE END %s ***\n", view.id);
	buf_clear(&view.line);
	admin_client_free(&client);
	return 0;
}
