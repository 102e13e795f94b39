#ifndef SMTPD_DSN_H
#define SMTPD_DSN_H

/*
 * Values of the DSN parameters (RFC 3461 section 4).
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/slice.h"

/* FULL or HDRS, or-ed into *flags as MAIL_RET_*; -1: neither. */
int	dsn_parse_ret(struct slice value, uint32_t *flags);

/* NEVER alone, or a list of the others, to RCPT_NOTIFY_*; -1: neither. */
int	dsn_parse_notify(struct slice value, uint32_t *notify_r);

/* xtext of printable ASCII, at most 100 characters. */
bool	dsn_is_envid(struct slice value);

/*
 * addr-type;xtext of printable ASCII, at most 500 characters.  is_utf8: in
 * a SMTPUTF8 transaction an address of type utf-8 may be in UTF-8 (RFC 6533
 * section 3), and the xtext of one of type rfc822 may stand for UTF-8.
 */
bool	dsn_is_orcpt(struct slice value, bool is_utf8);

#endif
