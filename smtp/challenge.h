#ifndef SMTP_CHALLENGE_H
#define SMTP_CHALLENGE_H

/*
 * Our side of an AUTH (RFC 4954 section 4), without I/O: commands go to a
 * buf, and replies come as struct answer.  However many challenges a server
 * sends, and whatever stands in them, it ends soon.
 */

#include <stdbool.h>

#include "util/slice.h"

struct answer;
struct buf;
struct challenge;
struct conf;
struct credentials;
struct sasl_filter;

struct challenge_setup {
	const struct conf		*conf;
	const struct credentials	*credentials;
	const char			*host;		/* the server's name */
	const char			*mechanisms;	/* offered */
	struct sasl_filter		*filter;
	bool				 has_tls;
	bool				 is_verified;	/* by TLS */
	const char			*binding_name;	/* NULL: none */
	struct slice			 binding;
};

enum challenge_answer {
	CHALLENGE_MORE,		/* a response was appended */
	CHALLENGE_DONE,		/* we are logged in */
	CHALLENGE_REFUSED,	/* the server said no */
	CHALLENGE_BROKEN,	/* it does not keep to the protocol */
};

/*
 * Append AUTH.  NULL and *why_r (caller frees) when no mechanism will do.
 * All of setup is borrowed during this call only.
 */
struct challenge *challenge_new(const struct challenge_setup *setup,
		    struct buf *out, char **why_r);
void		 challenge_free(struct challenge **challenge);

/* A reply.  A response is appended to out. */
enum challenge_answer challenge_take(struct challenge *challenge,
		    const struct answer *answer, struct buf *out);

/* Why it is broken; the challenge's. */
const char	*challenge_reason(const struct challenge *challenge);

#endif
