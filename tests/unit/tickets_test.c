#include "master/tickets.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "net/loop.h"
#include "net/tls_ticket.h"
#include "util/clock.h"

static struct loop	*loop;
static int		 changes;

static void
on_change(void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &changes);
	changes++;
}

static int
keys_of(const struct tickets *tickets, struct tls_ticket_key *keys)
{
	return tls_ticket_parse(slice_str(tickets_text(tickets)), keys);
}

static bool
is_same(const struct tls_ticket_key *a, const struct tls_ticket_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void
wait_for(int wanted)
{
	int64_t	end_ms = clock_now_ms() + 20000;

	while (changes < wanted && clock_now_ms() < end_ms)
		loop_tick(loop, 10);
	CU_ASSERT(changes >= wanted);
}

/* The one before is kept, the one before that is forgotten. */
static void
keys_turn(void)
{
	struct tls_ticket_key	 first[2], second[2], third[2];
	struct tickets		*tickets;

	loop = loop_new();
	changes = 0;
	tickets = tickets_new(loop, on_change, &changes);
	CU_ASSERT_EQUAL(keys_of(tickets, first), 1);
	loop_tick(loop, 5);
	CU_ASSERT_EQUAL(changes, 0);
	tickets_set_life(tickets, 30);
	wait_for(1);
	CU_ASSERT_EQUAL(keys_of(tickets, second), 2);
	CU_ASSERT(is_same(&second[1], &first[0]));
	CU_ASSERT(!is_same(&second[0], &first[0]));
	wait_for(2);
	tickets_set_life(tickets, 0);
	CU_ASSERT_EQUAL(keys_of(tickets, third), 2);
	CU_ASSERT(is_same(&third[1], &second[0]));
	CU_ASSERT(strlen(tickets_text(tickets)) < 250);
	for (int i = 0; i < 6; i++)
		loop_tick(loop, 10);
	CU_ASSERT_EQUAL(changes, 2);
	tickets_free(&tickets);
	tickets_free(&tickets);
	loop_free(&loop);
}

/* A reload that shortens the time counts from when the key was made. */
static void
life_changes(void)
{
	struct tickets	*tickets;

	loop = loop_new();
	changes = 0;
	tickets = tickets_new(loop, on_change, &changes);
	tickets_set_life(tickets, 1000000);
	loop_tick(loop, 20);
	CU_ASSERT_EQUAL(changes, 0);
	tickets_set_life(tickets, 10);
	wait_for(1);
	tickets_free(&tickets);
	loop_free(&loop);
}

static void
texts(void)
{
	struct tls_ticket_key	keys[3], got[2];
	struct buf		text = BUF_INIT;

	for (int i = 0; i < 3; i++)
		tls_ticket_make(&keys[i]);
	tls_ticket_put(keys, 2, &text);
	CU_ASSERT_EQUAL(tls_ticket_parse(buf_slice(&text), got), 2);
	CU_ASSERT(is_same(&got[0], &keys[0]) && is_same(&got[1], &keys[1]));
	CU_ASSERT_EQUAL(tls_ticket_parse(slice_first(buf_slice(&text),
	    text.len - 4), got), -1);
	CU_ASSERT_EQUAL(tls_ticket_parse(SLICE_LIT(""), got), -1);
	CU_ASSERT_EQUAL(tls_ticket_parse(SLICE_LIT("!"), got), -1);
	buf_empty(&text);
	tls_ticket_put(keys, 3, &text);
	CU_ASSERT_EQUAL(tls_ticket_parse(buf_slice(&text), got), -1);
	buf_clear(&text);
}

void	tickets_test(void);

void
tickets_test(void)
{
	CU_pSuite	suite = CU_add_suite("tickets", NULL, NULL);

	CU_add_test(suite, "keys turn", keys_turn);
	CU_add_test(suite, "life changes", life_changes);
	CU_add_test(suite, "texts", texts);
}
