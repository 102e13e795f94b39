/*
 * The keys of TLS session tickets.
 */

#include "master/tickets.h"

#include <stddef.h>
#include <string.h>

#include "net/loop.h"
#include "net/tls_ticket.h"
#include "util/mem.h"

struct tickets {
	struct loop		*loop;
	struct loop_timer	*timer;
	void			(*fn)(void *arg);
	void			*arg;
	int64_t			 life_ms;
	int64_t			 made_ms;	/* the first of them */
	struct tls_ticket_key	 keys[TLS_TICKET_KEYS];
	size_t			 count;
	char			*text;		/* of the keys */
};

static void
add_key(struct tickets *tickets)
{
	struct buf	text = BUF_INIT;

	tickets->keys[1] = tickets->keys[0];
	tls_ticket_make(&tickets->keys[0]);
	if (tickets->count < TLS_TICKET_KEYS)
		tickets->count++;
	tickets->made_ms = loop_now_ms(tickets->loop);
	tls_ticket_put(tickets->keys, tickets->count, &text);
	mem_free(tickets->text);
	tickets->text = mem_strdup(buf_cstr(&text));
	buf_clear(&text);
}

static void
start_timer(struct tickets *tickets)
{
	int64_t	left_ms = tickets->made_ms + tickets->life_ms -
		    loop_now_ms(tickets->loop);

	if (tickets->life_ms > 0)
		loop_timer_start(tickets->timer, left_ms > 0 ? left_ms : 1);
	else
		loop_timer_stop(tickets->timer);
}

static void
on_timer(void *arg)
{
	struct tickets	*tickets = arg;

	add_key(tickets);
	start_timer(tickets);
	tickets->fn(tickets->arg);
}

struct tickets *
tickets_new(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct tickets	*tickets = mem_new(sizeof(*tickets));

	tickets->loop = loop;
	tickets->fn = fn;
	tickets->arg = arg;
	tickets->timer = loop_timer_new(loop, on_timer, tickets);
	add_key(tickets);
	return tickets;
}

void
tickets_free(struct tickets **tickets)
{
	if (*tickets == NULL)
		return;
	loop_timer_free(&(*tickets)->timer);
	mem_free((*tickets)->text);
	explicit_bzero((*tickets)->keys, sizeof((*tickets)->keys));
	mem_free(*tickets);
	*tickets = NULL;
}

void
tickets_set_life(struct tickets *tickets, int64_t life_ms)
{
	tickets->life_ms = life_ms;
	start_timer(tickets);
}

const char *
tickets_text(const struct tickets *tickets)
{
	return tickets->text;
}
