#ifndef SMTP_QUIRKS_H
#define SMTP_QUIRKS_H

/*
 * What the configuration says of one server, by its address, because it is
 * known not to keep to the protocol.
 */

#include <stdbool.h>

struct sender;

/* Work-arounds for what stands before it, by QUIRK_* (K32). */
#define QUIRK_NO_ESMTP	1u	/* HELO, whatever it might offer */
#define QUIRK_SLOW_DOT	2u	/* the end of a body, alone and later */

struct quirks {
	char		*discard;	/* EHLO keywords; owned */
	unsigned	 firewall;	/* of use where its greeting says so */
};

/* ip: or the path of a socket.  quirks_clear ends it. */
void	quirks_find(const struct sender *sender, const char *ip,
	    struct quirks *quirks_r);
void	quirks_clear(struct quirks *quirks);

/*
 * A greeting as a firewall leaves it that looks into SMTP, "220 ****20**":
 * Cisco PIX with its fixup.
 */
bool	quirks_is_masked(const char *greeting);

/* "disable_esmtp", ...; NULL: more than one, or none, or what is unknown. */
const char *quirks_name(unsigned quirk);

#endif
