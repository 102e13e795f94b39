#ifndef SMTP_RESUMPTION_H
#define SMTP_RESUMPTION_H

/*
 * TLS sessions to resume (K48), those of this process: bounded, the oldest
 * go first.
 */

#include <stdint.h>

#include "util/slice.h"

struct resumption;
struct tls_session;

struct resumption *resumption_new(void);
void		 resumption_free(struct resumption **resumption);

/*
 * By key, which says all that was asked of the server, and who it is: a
 * session that is resumed has the certificate that was seen at its start.
 * find: borrowed until the next call; NULL: none.  put takes the session
 * over.
 */
struct tls_session *resumption_find(struct resumption *resumption,
		    struct slice key, int64_t now_ms);
void		 resumption_put(struct resumption *resumption,
		    struct slice key, struct tls_session *session,
		    int64_t until_ms);
void		 resumption_drop(struct resumption *resumption,
		    struct slice key);

#endif
