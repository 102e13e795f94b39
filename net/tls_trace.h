#ifndef NET_TLS_TRACE_H
#define NET_TLS_TRACE_H

/*
 * What TLS does on one connection, in the log: smtpd_tls_loglevel and
 * smtp_tls_loglevel (S106).
 *
 *	2  the steps of the handshake, alerts, the certificates of the peer
 *	3  and the bytes of the wire during the handshake
 *	4  and all that follow
 *
 * All of it is as it is on the wire, so what TLS keeps secret is in no line.
 * A connection has a bounded number of lines, whatever its peer does.
 */

#include <stdint.h>

struct tls;

/*
 * Of a connection that begins, before io_start_tls.  peer is "name[address]";
 * digest ("sha256") is for fingerprints.  Nothing is done below level 2.
 */
void	tls_trace_start(struct tls *tls, int64_t level, const char *peer,
	    const char *digest);

#endif
