#ifndef LOAD_LOAD_CLIENT_H
#define LOAD_LOAD_CLIENT_H

/*
 * One session of a load generator: an SMTP client that sends one message
 * after the other as fast as the server takes them.  Which messages, and
 * what became of them, is in the ledger; when sessions are opened is the
 * business of the program.
 */

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"
#include "load/load_ledger.h"
#include "util/buf.h"

struct load_client;
struct load_guard;

enum load_pipeline {
	LOAD_PIPELINE_AUTO,	/* when announced */
	LOAD_PIPELINE_ON,
	LOAD_PIPELINE_OFF,
};

/*
 * What all sessions of a run share.  Open: the program fills in the first
 * part (all that points is borrowed), the sessions count in the last.
 */
struct load_run {
	struct loop	*loop;
	struct load_ledger *ledger;
	struct addr	 addr;
	const char	*sender, *recipient;	/* patterns: net/load_text.h */
	const char	*id;
	uint64_t	 recipients, domains;
	uint64_t	 per_connection;	/* messages; 0: no limit */
	int64_t		 step_delay_ms, reply_ms;
	enum load_pipeline pipeline;
	bool		 has_bdat, has_numbers, has_retry;
	bool		 is_idle;		/* EHLO, then silence */
	bool		 is_visit;		/* QUIT, when ready */
	bool		 is_8bit;
	struct load_guard *guard;		/* NULL: no TLS */
	struct buf	 login;			/* command; empty: none */
	struct buf	 body, stuffed;		/* of every message */
	struct buf	 head_start;		/* what all heads share */
	struct buf	 head;			/* of the one being sent */
	void		*arg;
	/* The session can send, or holds. */
	void		(*on_greeted)(struct load_client *, void *arg);
	/* Its connection has gone; it can be opened again. */
	void		(*on_left)(struct load_client *, bool was_greeted,
			    void *arg);

	uint64_t	 connections, lost, refused_recipients;
};

/* The run is borrowed; the caller frees. */
struct load_client *load_client_new(struct load_run *run);
void		 load_client_free(struct load_client **client);

/* Connect, and send message number first (0 when the run is idle). */
void		 load_client_open(struct load_client *client,
		    uint64_t number);

#endif
