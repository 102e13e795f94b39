#ifndef SMTPD_FOOTER_H
#define SMTPD_FOOTER_H

/*
 * What follows the text of a refusal, by a template of smtpd_reject_footer
 * or smtpd_reject_footer_maps: $client_address, $client_port, $localtime
 * and $server_name stand for what they say, "\n" for the end of a line, and
 * "\c" at its start for no end of the line before.
 */

#include "util/buf.h"

struct session;

/* The template for a refusal of this session; NULL: none. */
const char	*footer_template(const struct session *s);

/* Append what it says to text, a LF between lines. */
void		 footer_add(const struct session *s, const char *template,
		    struct buf *text);

#endif
