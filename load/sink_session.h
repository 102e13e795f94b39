#ifndef LOAD_SINK_SESSION_H
#define LOAD_SINK_SESSION_H

/*
 * One session of a test server: takes any message, by SMTP or LMTP, and
 * forgets it; or refuses, delays, hangs and hangs up as its rules say.
 */

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"
#include "load/sink_numbers.h"
#include "load/sink_rule.h"

struct sink_session;
struct tls_context;

/*
 * What all sessions share.  Open: the program fills in the first part (all
 * that points is borrowed), the sessions count in the last.
 */
struct sink_run {
	struct loop	*loop;
	struct sink_rules *rules;
	struct sink_numbers *numbers;	/* NULL: nobody wants to know */
	const char	*dump_folder;	/* NULL: messages are not kept */
	int64_t		 delay_ms;	/* before each group of replies */
	int64_t		 idle_ms;
	struct tls_context *tls;	/* NULL: no STARTTLS */
	uint64_t	 size;		/* announced; 0: none */
	uint64_t	 close_after;	/* messages of a session; 0: never */
	bool		 has_pipelining, has_chunking, has_8bitmime;
	bool		 has_pipeconnect;
	bool		 has_esmtp, has_banner_esmtp, has_enhanced, has_lmtp;
	void		*arg;
	void		(*on_message)(void *arg);
	void		(*on_left)(void *arg);

	struct sink_session *sessions;	/* list; the sessions keep it */
	uint64_t	 open, connections, messages, recipients, bytes;
	uint64_t	 waits;		/* groups of replies sent */
	int64_t		 first_us, last_us;	/* connection, message */
};

/* Over a connected socket, which the session owns; it frees itself. */
void		 sink_session_start(struct sink_run *run, int fd);

/* Close all sessions. */
void		 sink_session_stop_all(struct sink_run *run);

#endif
