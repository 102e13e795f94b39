#ifndef AUTH_DOVECOT_WIRE_H
#define AUTH_DOVECOT_WIRE_H

/*
 * Lines between an auth client and Dovecot's auth service: words by tabs
 * (its documentation calls it the authentication protocol, version 1.x).
 * No I/O.
 */

#include <stdbool.h>
#include <stdint.h>

#include "auth/backend.h"
#include "util/buf.h"
#include "util/slice.h"

#define DOVECOT_WIRE_LINE_LIMIT	8192	/* of either side, without newline */

enum dovecot_wire_kind {
	DOVECOT_WIRE_OTHER,	/* of no interest, or not known */
	DOVECOT_WIRE_VERSION,
	DOVECOT_WIRE_MECH,
	DOVECOT_WIRE_DONE,	/* of the greeting */
	DOVECOT_WIRE_CONT,
	DOVECOT_WIRE_OK,
	DOVECOT_WIRE_FAIL,
};

/* A line, without its newline; slices are of it. */
struct dovecot_wire {
	enum dovecot_wire_kind	 kind;
	uint64_t		 number;	/* the id; VERSION: major */
	struct slice		 name;		/* MECH */
	unsigned		 bad, good;	/* MECH */
	struct slice		 data;		/* CONT: base64 */
	struct slice		 user;		/* OK, FAIL; empty: not said */
	struct slice		 reason;	/* FAIL */
	bool			 is_temporary;	/* FAIL */
};

/* 0, or -1: no line of the protocol. */
int	dovecot_wire_parse(struct slice line, struct dovecot_wire *wire_r);

/*
 * Is that mechanism (MECH) allowed by these SASL_OPTIONS_*?
 */
bool	dovecot_wire_allows(const struct dovecot_wire *mech,
	    unsigned options);

void	dovecot_wire_put_hello(struct buf *into, long process);

/* 0, or -1 when that would be too long a line. */
int	dovecot_wire_put_begin(struct buf *into, uint32_t id,
	    const char *service, const struct backend_attempt *attempt,
	    struct slice response);
int	dovecot_wire_put_answer(struct buf *into, uint32_t id,
	    struct slice response);

#endif
