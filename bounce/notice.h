#ifndef BOUNCE_NOTICE_H
#define BOUNCE_NOTICE_H

/*
 * What is to be told of an errand, to whom: its sender, or nobody where it
 * has none or does not want to hear (RFC 3461 section 4.1), and the
 * postmaster as notify_classes says.
 */

struct errand;
struct notice;

/*
 * Begin; errand_end follows, not before this returns.  The errand has all
 * that is to be told.
 */
struct notice	*notice_new(struct errand *errand);
void		 notice_free(struct notice **notice);

#endif
