#ifndef SMTP_STAMP_H
#define SMTP_STAMP_H

/*
 * Headers that a service of master.cf puts before a message, flags=DORX of
 * its line (K34): Delivered-To, X-Original-To, Return-Path, for who keeps
 * mailboxes behind SMTP or LMTP.
 */

struct job;

#define STAMP_DELIVERED	1u	/* D; and who has it in the header loops */
#define STAMP_ORIGINAL	2u	/* O */
#define STAMP_RETURN	4u	/* R */

/*
 * The arguments of the service, ending with NULL: a set of STAMP_*.  X, that
 * this is the last delivery, is for the reports of success that are to come.
 * Exits when there is something else.
 */
unsigned	stamp_parse(char *const *arguments);

/*
 * The job has come but for its content: it goes on (smtp/generic.h), at
 * once, or when the first chunk has told that it does not loop.
 */
void		stamp_start(struct job *job);

#endif
