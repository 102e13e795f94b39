#ifndef SMTP_GENERIC_H
#define SMTP_GENERIC_H

/*
 * Addresses as the world is to see them: smtp_generic_maps (A12), of which
 * lookup is asked before a job starts.
 */

struct generic;
struct job;

/*
 * The job has come whole: it goes on (smtp/terms.h), at once or when lookup
 * has told with which login, where senders have their own, and how addresses
 * are written.
 */
void	generic_start(struct job *job);

/* Its first chunk has come, perhaps again: the addresses in it. */
void	generic_take_chunk(struct job *job);

/* Accepts NULL. */
void	generic_free(struct generic **generic);

#endif
