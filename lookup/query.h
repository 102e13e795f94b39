#ifndef LOOKUP_QUERY_H
#define LOOKUP_QUERY_H

/*
 * Questions to the DNS from threads: any number at a time, and the thread
 * waits for the one that it needs next.
 */

#include <stddef.h>

#include "net/dns.h"

struct dns_filter;
struct loop;
struct query;
struct query_batch;

/* Made by the loop, of what the loop asks with (borrowed). */
struct query	*query_new(struct loop *loop, struct dns *dns);

/* What filtered batches are asked through; the query's, and may be NULL. */
void		 query_set_filter(struct query *query,
		    struct dns_filter *filter);

/* No thread may ask any more, nor an answer be on its way. */
void		 query_free(struct query **query);

/* Some questions of one thread, none of them asked yet. */
struct query_batch *query_batch_new(struct query *query);

/* Add one; its number.  Nothing is added once they are sent. */
size_t		 query_batch_add(struct query_batch *batch,
		    const char *name, enum dns_type type);

/* Their answers have passed the filter (smtpd_dns_reply_filter). */
void		 query_batch_filter(struct query_batch *batch);

/* Ask all of them. */
void		 query_batch_send(struct query_batch *batch);

/* Until that one is answered; the batch's.  net/dns.h ends every wait. */
const struct dns_answer *query_batch_wait(struct query_batch *batch,
		    size_t number);

/* Answers that are still missing are not waited for.  Accepts NULL. */
void		 query_batch_free(struct query_batch **batch);

/* One question, asked and waited for; the caller clears the answer. */
void		 query_ask(struct query *query, const char *name,
		    enum dns_type type, struct dns_answer *answer_r);

#endif
