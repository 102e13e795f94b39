/*
 * How fast the store takes mail: N senders, each of which commits a
 * message, waits for the flush, removes the message (lazily, as qmgr does
 * after a delivery) and goes on.  So N is the size of a batch.
 *
 *	store_bench folder [messages [bytes]]
 *
 * The folder is made; its queue must be empty.  Every commit is flushed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "net/loop.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define RUNS	5

struct bench {
	struct loop	*loop;
	struct store	*store;
	uint64_t	 next_id;
	size_t		 left;		/* messages to begin */
	size_t		 open;		/* messages begun */
	unsigned char	*body;
	size_t		 size;
};

struct sender {
	struct bench	*bench;
	uint64_t	 id;
};

struct figures {
	double	rate, cpu_us;
};

static void	send_one(struct sender *sender);

static void
on_committed(bool is_new, void *arg)
{
	struct sender	*sender = arg;
	struct bench	*bench = sender->bench;

	(void)is_new;
	store_remove(bench->store, sender->id, sender->id, NULL, NULL);
	if (bench->left > 0)
		send_one(sender);
	else
		bench->open--;
}

static void
send_one(struct sender *sender)
{
	struct bench		*bench = sender->bench;
	struct store_recipient	 recipient = {
		.address = SLICE_LIT("recipient@destination.example"),
		.original = SLICE_LIT("recipient@destination.example"),
	};
	struct store_message	 message = {
		.chunk_count = 1,
		.recipient_count = 1,
		.size = bench->size,
		.sender = SLICE_LIT("sender@origin.example"),
		.facts = SLICE_LIT("client=mail.origin.example[192.0.2.25], "
		    "proto=ESMTP, helo=<mail.origin.example>"),
	};

	bench->left--;
	message.id = message.arrival_us = message.due_us = sender->id =
	    bench->next_id += 4096;
	store_commit(bench->store, &message, &recipient, 1,
	    slice_from(bench->body, bench->size), 0, on_committed, sender);
}

static double
cpu_us(void)
{
	struct rusage	used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
	    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static struct figures
run(struct bench *bench, size_t senders, size_t messages)
{
	struct sender	*list = mem_new_array(senders, sizeof(*list));
	double		 cpu = cpu_us();
	int64_t		 start_us = clock_now_us();
	struct figures	 figures;

	bench->left = messages;
	bench->open = senders;
	for (size_t i = 0; i < senders; i++) {
		list[i].bench = bench;
		send_one(&list[i]);
	}
	while (bench->open > 0)
		loop_tick(bench->loop, 1000);
	while (store_pending(bench->store) > 0)
		loop_tick(bench->loop, 1000);
	figures.rate = (double)messages * 1e6 /
	    (double)(clock_now_us() - start_us);
	figures.cpu_us = (cpu_us() - cpu) / (double)messages;
	mem_free(list);
	return figures;
}

static int
compare(const void *a, const void *b)
{
	double	x = ((const struct figures *)a)->rate;
	double	y = ((const struct figures *)b)->rate;

	return x < y ? -1 : x > y;
}

static void
measure(struct bench *bench, size_t senders, size_t messages)
{
	struct figures	figures[RUNS];

	for (int i = 0; i < RUNS; i++)
		figures[i] = run(bench, senders, messages);
	qsort(figures, RUNS, sizeof(figures[0]), compare);
	printf("%8zu %12.0f %12.0f %12.1f %16.1f\n", senders,
	    figures[RUNS / 2].rate, figures[RUNS - 1].rate,
	    figures[RUNS / 2].cpu_us, figures[RUNS - 1].cpu_us);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const size_t	senders[] = { 1, 20, 100 };
	struct bench		bench = { .size = 10240 };
	struct store_settings	settings = {
		.cache_size = 64 << 20,
		.log_file_size = 64 << 20,
		.checkpoint_size = 64 << 20,
		.lazy_ms = 100,
	};
	size_t			messages = 10000;
	char			*why;

	if (argc < 2)
		log_fatal("usage: store_bench folder [messages [bytes]]");
	settings.folder = argv[1];
	if (argc > 2)
		messages = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		bench.size = strtoul(argv[3], NULL, 10);
	bench.body = mem_new(bench.size);
	for (size_t i = 0; i < bench.size; i++)
		bench.body[i] = (unsigned char)(i * 7);
	bench.loop = loop_new();
	bench.store = store_open(bench.loop, &settings, &why);
	if (bench.store == NULL)
		log_fatal("%s", why);
	bench.next_id = store_last_id(bench.store);
	printf("%zu messages of %zu bytes, %d runs\n%8s %12s %12s %12s %16s\n",
	    messages, bench.size, RUNS, "batch", "messages/s", "best",
	    "CPU us each", "CPU us, best");
	for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++)
		measure(&bench, senders[i], senders[i] == 1 ?
		    messages / 5 : messages);
	store_close(&bench.store);
	loop_free(&bench.loop);
	mem_free(bench.body);
	return 0;
}
