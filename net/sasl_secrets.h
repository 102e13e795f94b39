#ifndef NET_SASL_SECRETS_H
#define NET_SASL_SECRETS_H

/*
 * Passwords of a sasldb, found by a reader of ours in place of libcyrus-
 * sasl's plug-in of that name, which opens the file anew for each property
 * of each attempt: two times for PLAIN, seven for DIGEST-MD5.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/slice.h"

/* Its functions are called by any number of threads. */
struct sasl_secrets_reader {
	/*
	 * The database in file, which may not be there yet; owned by the
	 * reader, and never closed.  NULL: it is of a kind that the library
	 * must read itself.
	 */
	void	*(*open)(const char *file);

	/* 1 and the value of key in value; 0: none; -1 and why in value. */
	int	(*find)(void *database, struct slice key, struct buf *value);
};

/* Our plug-in's name, for auxprop_plugin; "sasldb" without it. */
#define SASL_SECRETS_OURS	"ternsasldb"
#define SASL_SECRETS_THEIRS	"sasldb"

/*
 * Between sasl_server_init and the first exchange, once in a process; reader
 * is the caller's for ever.  true: the plug-in is there.
 */
bool	sasl_secrets_add(const struct sasl_secrets_reader *reader);

#endif
