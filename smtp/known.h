#ifndef SMTP_KNOWN_H
#define SMTP_KNOWN_H

/*
 * What is remembered of servers between connections: that one takes
 * commands before its greeting (PIPECONNECT) and what it offers then; that
 * one announces PIPELINING and cannot.  Bounded; a lifetime each.
 */

#include <stdbool.h>
#include <stdint.h>

struct credentials;
struct known;
struct offer;

struct known	*known_new(void);
void		 known_free(struct known **known);

/*
 * relay: "host[ip]:port".  Times are those of loop_now_ms; what is known
 * until then is forgotten at that time, or when there are too many.
 */
void		 known_put_offer(struct known *known, const char *relay,
		    const struct offer *offer, int64_t until_ms);
void		 known_drop_offer(struct known *known, const char *relay);
void		 known_distrust(struct known *known, const char *relay,
		    int64_t until_ms);

/* It has refused that login, in words for the log. */
void		 known_put_refusal(struct known *known, const char *relay,
		    const struct credentials *credentials, const char *text,
		    int64_t until_ms);
/* These words; the known's, likewise. */
const char	*known_refusal(const struct known *known, const char *relay,
		    const struct credentials *credentials, int64_t now_ms);

/* Valid until the next call that changes known; NULL: not known. */
const struct offer *known_offer(const struct known *known,
		    const char *relay, int64_t now_ms);
bool		 known_is_distrusted(const struct known *known,
		    const char *relay, int64_t now_ms);

#endif
