/*
 * The programs.  A new one is one row here.
 */

#include "master/program.h"

#include <stddef.h>
#include <string.h>

#include "util/slice.h"

static const struct program programs[] = {
	{ "smtpd", PROGRAM_RESIDENT | PROGRAM_GATE | PROGRAM_PER_CORE |
	    PROGRAM_TICKETS, "cleanup lookup auth" },
	{ "cleanup", PROGRAM_RESIDENT | PROGRAM_FILES, "qmgr lookup" },
	{ "qmgr", PROGRAM_RESIDENT | PROGRAM_SINGLE | PROGRAM_FILES |
	    PROGRAM_PUBLIC, "lookup" },
	{ "smtp", PROGRAM_RESIDENT | PROGRAM_GATE, "qmgr lookup" },
	/* The sockets of servers are files. */
	{ "lmtp", PROGRAM_RESIDENT | PROGRAM_FILES, "qmgr lookup" },
	{ "lookup", PROGRAM_RESIDENT | PROGRAM_FILES, "" },
	{ "auth", PROGRAM_RESIDENT | PROGRAM_FILES, "" },
	{ "bounce", PROGRAM_RESIDENT, "qmgr cleanup lookup" },
	{ "local", PROGRAM_RESIDENT | PROGRAM_FILES, "qmgr cleanup lookup" },
	{ "pickup", PROGRAM_RESIDENT | PROGRAM_FILES, "qmgr cleanup lookup" },
};

/* Whatever else stands in master.cf: started when a client waits. */
static const struct program stranger = { "", PROGRAM_FILES, "" };

/* A master.cf that comes from Postfix names these. */
static const char foreign[] = "anvil discard dnsblog error flush "
    "local nqmgr oqmgr pickup pipe postlogd postscreen proxymap "
    "proxywrite qmqpd retry scache showq spawn tlsmgr tlsproxy "
    "trivial-rewrite verify virtual";

static bool
has_word(const char *list, const char *word)
{
	struct slice	rest = slice_str(list);
	struct slice	one;

	while (slice_get_word(&rest, " ", &one) == 0)
		if (slice_is(one, word))
			return true;
	return false;
}

const struct program *
program_get(const char *name)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	return &stranger;
}

bool
program_is_foreign(const char *name)
{
	return has_word(foreign, name);
}

bool
program_can_reach(const struct program *from, const char *to)
{
	return has_word(from->peers, to);
}
