#ifndef BOUNCE_REPORT_H
#define BOUNCE_REPORT_H

/*
 * The text of a report: multipart/report (RFC 6522) of a letter for people,
 * a delivery status for programs (RFC 3464), and the message or its header.
 * With addresses or a header in UTF-8 the forms of RFC 6533.
 *
 * Whatever stands in an address or in a server's reply, it makes no line and
 * no field of its own here: bytes that are no text become '?'.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/slice.h"

struct conf;

enum report_kind {
	REPORT_OF_FAILURE,	/* Action: failed */
	REPORT_OF_DELAY,	/* Action: delayed */
	REPORT_OF_RELAY,	/* Action: relayed */
};

struct report_rcpt {
	uint32_t	 number;	/* in the message */
	char		*address;
	char		*original;	/* as it was given; "": the same */
	char		*orcpt;		/* addr-type;xtext as given; "": none */
	uint32_t	 notify;	/* RCPT_NOTIFY_* */
	char		*dsn;		/* "5.1.1" */
	char		*reply;
	bool		 is_wanted;	/* it is to be reported */
};

struct report {
	const struct conf	*conf;
	enum report_kind	 kind;
	bool			 is_notice;	/* for the postmaster */
	const char		*to;		/* who gets it; "" for nobody */
	uint64_t		 own_id;	/* queue id of the report */
	uint64_t		 now_us;

	/* the message */
	uint64_t		 queue_id;
	uint64_t		 arrival_us;
	const char		*sender;
	const char		*envid;		/* xtext as given; "": none */
	bool			 is_utf8;	/* SMTPUTF8 */
	const struct report_rcpt *recipients;
	size_t			 count;
	struct slice		 content;
	bool			 is_whole;	/* not its header only */
	const char		*boundary;	/* stands nowhere in it */
};

/* Append it, header and body; lines end in CR LF. */
void	report_format(const struct report *report, struct buf *into);

/* It can be sent with SMTPUTF8 only. */
bool	report_needs_utf8(const struct report *report);

/* The header section at the front of content; *is_complete_r: it ends. */
struct slice report_header(struct slice content, bool *is_complete_r);

#endif
