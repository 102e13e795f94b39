#ifndef MAIL_SELF_H
#define MAIL_SELF_H

/*
 * What this mail system itself is called in the network: mail that would
 * go there loops (RFC 5321 section 5.1).
 */

#include <stdbool.h>

struct addr;
struct conf;
struct self;

/*
 * Of inet_interfaces, proxy_interfaces and myhostname.  Asks the kernel and
 * may look names up: call it before a chroot.
 */
struct self	*self_new(const struct conf *conf);
void		 self_free(struct self **self);

/* Its address, of whichever port. */
bool		 self_has_addr(const struct self *self,
		    const struct addr *addr);
bool		 self_has_name(const struct self *self, const char *name);

#endif
