/*
 * Questions on their way from a thread to the loop and back.
 */

#include "lookup/query.h"

#include <pthread.h>
#include <stdbool.h>

#include "mail/dns_filter.h"
#include "net/post.h"
#include "util/haste.h"
#include "util/mem.h"

struct query {
	struct post		*post;
	struct dns		*dns;
	struct dns_filter	*filter;	/* or NULL */
};

struct item {
	struct query_batch	*batch;
	char			*name;
	enum dns_type		 type;
	struct dns_answer	 answer;
	bool			 is_answered;
	bool			 is_seen;	/* filtered: by its thread */
};

/*
 * Two have it, the thread and, while questions are open, the loop: the last
 * of them frees it.
 */
struct query_batch {
	struct query	*query;
	struct item	*items;
	size_t		 count;
	bool		 is_sent;
	bool		 is_filtered;

	pthread_mutex_t	 mutex;		/* guards what follows, and answers */
	pthread_cond_t	 answered;
	size_t		 open;		/* questions at the loop */
	bool		 is_left;	/* by its thread */
};

struct query *
query_new(struct loop *loop, struct dns *dns)
{
	struct query	*query = mem_new(sizeof(*query));

	query->post = post_new(loop);
	query->dns = dns;
	return query;
}

void
query_free(struct query **queryp)
{
	struct query	*query = *queryp;

	if (query == NULL)
		return;
	*queryp = NULL;
	post_free(&query->post);
	dns_filter_free(&query->filter);
	mem_free(query);
}

void
query_set_filter(struct query *query, struct dns_filter *filter)
{
	query->filter = filter;
}

struct query_batch *
query_batch_new(struct query *query)
{
	struct query_batch	*batch = mem_new(sizeof(*batch));

	batch->query = query;
	pthread_mutex_init(&batch->mutex, NULL);
	pthread_cond_init(&batch->answered, NULL);
	return batch;
}

size_t
query_batch_add(struct query_batch *batch, const char *name,
    enum dns_type type)
{
	struct item	*item;

	batch->items = mem_resize(batch->items,
	    (batch->count + 1) * sizeof(*batch->items));
	item = &batch->items[batch->count];
	*item = (struct item){
		.batch = batch,
		.name = mem_strdup(name),
		.type = type,
		.answer = DNS_ANSWER_INIT,
	};
	return batch->count++;
}

static void
destroy(struct query_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		dns_answer_clear(&batch->items[i].answer);
		mem_free(batch->items[i].name);
	}
	mem_free(batch->items);
	pthread_cond_destroy(&batch->answered);
	pthread_mutex_destroy(&batch->mutex);
	mem_free(batch);
}

static void
on_answer(const struct dns_answer *answer, void *arg)
{
	struct item		*item = arg;
	struct query_batch	*batch = item->batch;
	bool			 is_over;

	pthread_mutex_lock(&batch->mutex);
	dns_answer_copy(answer, &item->answer);
	item->is_answered = true;
	batch->open--;
	is_over = batch->is_left && batch->open == 0;
	pthread_cond_signal(&batch->answered);
	pthread_mutex_unlock(&batch->mutex);
	if (is_over)
		destroy(batch);
}

/* In the loop. */
static void
ask_all(void *arg)
{
	struct query_batch	*batch = arg;
	struct query		*query = batch->query;
	size_t			 count = batch->count;
	struct item		*items = batch->items;

	/* Answers come later, so the batch is there to the last of them. */
	for (size_t i = 0; i < count; i++)
		dns_ask(query->dns, items[i].name, items[i].type, on_answer,
		    &items[i]);
}

void
query_batch_filter(struct query_batch *batch)
{
	batch->is_filtered = true;
}

void
query_batch_send(struct query_batch *batch)
{
	if (batch->is_sent || batch->count == 0 || haste_refuses())
		return;
	batch->is_sent = true;
	batch->open = batch->count;
	post_send(batch->query->post, ask_all, batch);
}

const struct dns_answer *
query_batch_wait(struct query_batch *batch, size_t number)
{
	struct item	*item = &batch->items[number];

	if (haste_refuses()) {
		item->answer.status = DNS_TROUBLE;
		item->answer.why = "in haste";
		return &item->answer;
	}
	query_batch_send(batch);
	pthread_mutex_lock(&batch->mutex);
	while (!item->is_answered)
		pthread_cond_wait(&batch->answered, &batch->mutex);
	pthread_mutex_unlock(&batch->mutex);
	/* The loop leaves it alone by now; tables may take their time. */
	if (batch->is_filtered && !item->is_seen)
		dns_filter_apply(batch->query->filter, item->name, item->type,
		    DNS_NO_DATA, &item->answer);
	item->is_seen = true;
	return &item->answer;
}

void
query_batch_free(struct query_batch **batchp)
{
	struct query_batch	*batch = *batchp;
	bool			 is_over;

	if (batch == NULL)
		return;
	*batchp = NULL;
	pthread_mutex_lock(&batch->mutex);
	batch->is_left = true;
	is_over = batch->open == 0;
	pthread_mutex_unlock(&batch->mutex);
	if (is_over)
		destroy(batch);
}

void
query_ask(struct query *query, const char *name, enum dns_type type,
    struct dns_answer *answer_r)
{
	struct query_batch	*batch = query_batch_new(query);

	query_batch_add(batch, name, type);
	dns_answer_copy(query_batch_wait(batch, 0), answer_r);
	query_batch_free(&batch);
}
