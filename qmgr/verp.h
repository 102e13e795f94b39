#ifndef QMGR_VERP_H
#define QMGR_VERP_H

/*
 * Variable envelope return paths (A17): mail from list-owner@origin goes to
 * user@domain with the sender list-owner+user=domain@origin, so that what
 * comes back tells whom it was for.  Each recipient has a delivery of its
 * own.
 */

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Both delimiters (MAIL_VERP of flags) may stand in an address. */
bool	verp_is_good(uint32_t flags);

/* The sender for that recipient. */
void	verp_put_sender(struct buf *into, uint32_t flags, const char *sender,
	    const char *recipient);

#endif
