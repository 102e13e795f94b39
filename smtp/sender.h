#ifndef SMTP_SENDER_H
#define SMTP_SENDER_H

/*
 * What all deliveries of one smtp process share.
 *
 *	job		one message to some recipients at one next hop
 *	terms		which TLS policies it is under
 *	site		a next hop: its jobs that wait, its connections
 *	relays		where the next hops of a list are
 *	route		where one of them is
 *	tried		its servers that have put a job off
 *	connection	one SMTP connection and the job on it
 *	patience	how long it waits for its server
 *	secrecy		its TLS
 *	logon		how it logs in
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/log_limit.h"

struct conf;
struct daemon;
struct daemon_program;
struct dns;
struct dns_filter;
struct ipc;
struct job;
struct known;
struct loop;
struct peer;
struct resumption;
struct sasl_filter;
struct self;
struct site;
struct table_list_held;
struct tls_client;

struct sender {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct peer		*qmgr;
	struct peer		*lookup;	/* NULL: is asked nothing */
	struct dns		*dns;
	struct dns_filter	*filter;	/* of its answers; or NULL */
	struct table_list_held	*status;	/* of results; or NULL */
	struct table_list_held	*replies;	/* their lines; or NULL */
	struct table_list_held	*discards;	/* EHLO keywords; or NULL */
	struct table_list_held	*firewalls;	/* work-arounds; or NULL */
	struct known		*known;		/* servers */
	struct sasl_filter	*mechanisms;	/* NULL: no login */
	struct self		*self;
	struct tls_client	*tls;
	struct resumption	*resumption;
	struct log_limit	 no_dane;	/* it is not possible */
	unsigned		 stamps;	/* STAMP_* of the service */
	uint16_t		 port;		/* smtp_tcp_port */
	bool			 is_lmtp;	/* RFC 2033 is spoken */
	struct job		*jobs;		/* hash by id */
	struct site		*sites;		/* hash by next hop */
	size_t			 job_count;	/* to be done */
	struct job		*told;		/* over, in the order told */
	uint32_t		 kept_count;	/* of them, safe at qmgr */
	size_t			 over_count;	/* done, qmgr is to be told */
	uint32_t		 last_old_id;	/* of jobs from before */
	bool			 is_stopping;
};

/* The program of that name: "lmtp", else "smtp". */
const struct daemon_program *sender_program(const char *name);

/* The queue manager; NULL while it is away. */
struct ipc	*sender_qmgr(const struct sender *sender);

/* A job or a connection has ended. */
void		 sender_check_end(struct sender *sender);

#endif
