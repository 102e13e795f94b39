/*
 * ternsuper: delete, hold, release and requeue mail (postsuper's options:
 * -d, -h, -H, -r with ids, - or ALL).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "mail/admin_client.h"
#include "mail/queue_id.h"
#include "util/log.h"
#include "util/mem.h"

struct action {
	char			 option;
	enum admin_action	 action;
	const char		*done;		/* "Deleted" */
};

static const struct action actions[] = {
	{ 'r', ADMIN_REQUEUE, "Requeued" },
	{ 'd', ADMIN_DELETE, "Deleted" },
	{ 'h', ADMIN_HOLD, "Placed on hold" },
	{ 'H', ADMIN_RELEASE, "Released from hold" },
};

#define ACTION_COUNT	(sizeof(actions) / sizeof(*actions))

static void
usage(void)
{
	fprintf(stderr, "usage: ternsuper [-c DIR] [-d ID] [-h ID] [-H ID] "
	    "[-r ID] ...\n"
	    "	-d ID	delete the message\n"
	    "	-h ID	put it on hold\n"
	    "	-H ID	release it from hold\n"
	    "	-r ID	requeue it: all recipients are tried again\n"
	    "ID may be ALL, or - to read ids from standard input.\n");
	exit(EX_USAGE);
}

static int64_t
act(struct admin_client *client, const struct action *action, uint64_t id)
{
	char	*why;
	int64_t	 count;

	count = admin_client_do(client, action->action, id, &why);
	if (count < 0)
		log_fatal("%s", why);
	return count;
}

static int64_t
act_on(struct admin_client *client, const struct action *action,
    struct slice text)
{
	uint64_t	id;

	if (slice_is(text, "ALL"))
		return act(client, action, 0);
	if (queue_id_parse(text, &id) < 0) {
		log_warn("\"%.*s\" is no queue id",
		    SLICE_ARG(slice_first(text, 100)));
		return 0;
	}
	return act(client, action, id);
}

static int64_t
act_on_input(struct admin_client *client, const struct action *action)
{
	char	line[256];
	int64_t	count = 0;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct slice	text = slice_trim(slice_str(line));

		if (text.len > 0 && !slice_is(text, "ALL"))
			count += act_on(client, action, text);
	}
	return count;
}

static const struct action *
find_action(int option)
{
	for (size_t i = 0; i < ACTION_COUNT; i++)
		if (actions[i].option == option)
			return &actions[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const char		*folder = NULL;
	const struct action	*action;
	struct admin_client	*client = NULL;
	int64_t			 counts[ACTION_COUNT] = { 0 };
	int			 option;
	char			*why;

	log_open_terminal("ternsuper");
	while ((option = getopt(argc, argv, "c:d:h:H:r:")) != -1) {
		if (option == 'c') {
			folder = optarg;
			continue;
		}
		if ((action = find_action(option)) == NULL)
			usage();
		if (client == NULL && (client = admin_client_new(
		    admin_client_conf(folder), true, &why)) == NULL) {
			fprintf(stderr, "ternsuper: fatal: %s\n", why);
			return EX_UNAVAILABLE;
		}
		counts[action - actions] += strcmp(optarg, "-") == 0 ?
		    act_on_input(client, action) :
		    act_on(client, action, slice_str(optarg));
	}
	if (client == NULL || optind != argc)
		usage();
	for (size_t i = 0; i < ACTION_COUNT; i++)
		if (counts[i] > 0)
			fprintf(stderr, "ternsuper: %s: %lld message%s\n",
			    actions[i].done, (long long)counts[i],
			    counts[i] == 1 ? "" : "s");
	admin_client_free(&client);
	return 0;
}
