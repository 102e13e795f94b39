/*
 * Which numbered messages arrived.
 */

#include "load/sink_numbers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

/* What a peer can make us hold: runs, and a bit for each number of a run. */
#define RUNS_MAX	64
#define RUN_ID_MAX	128
#define NUMBER_MAX	((uint64_t)1 << 27)

struct run {
	char		*id;		/* owned */
	uint64_t	*bits;		/* owned; a bit for each number seen */
	uint64_t	 words;		/* of 64 bits */
	struct run	*next;
};

struct sink_numbers {
	struct loop	*loop;
	struct run	*runs;
	unsigned	 run_count;
	uint64_t	 count, twins;
	struct buf	 lines;		/* not yet written */
	int		 fd;		/* -1: no file */
};

struct sink_numbers *
sink_numbers_new(struct loop *loop)
{
	struct sink_numbers	*numbers = mem_new(sizeof(*numbers));

	numbers->loop = loop;
	numbers->fd = -1;
	return numbers;
}

int
sink_numbers_open(struct sink_numbers *numbers, const char *file)
{
	numbers->fd = path_open_append(file);
	return numbers->fd < 0 ? -1 : 0;
}

static void
on_write(void *arg)
{
	struct sink_numbers	*numbers = arg;

	while (numbers->lines.len > 0) {
		ssize_t	n = write(numbers->fd,
			    buf_slice(&numbers->lines).data,
			    numbers->lines.len);

		if (n < 0 && errno != EINTR)
			log_fatal("cannot write numbers: %s",
			    strerror(errno));
		if (n > 0)
			buf_drop(&numbers->lines, (size_t)n);
	}
}

void
sink_numbers_free(struct sink_numbers **numbersp)
{
	struct sink_numbers	*numbers = *numbersp;
	struct run		*run, *next;

	if (numbers == NULL)
		return;
	*numbersp = NULL;
	on_write(numbers);
	if (numbers->fd >= 0)
		close(numbers->fd);
	loop_undefer(numbers->loop, numbers);
	LL_FOREACH_SAFE(numbers->runs, run, next) {
		mem_free(run->id);
		mem_free(run->bits);
		mem_free(run);
	}
	buf_clear(&numbers->lines);
	mem_free(numbers);
}

/* NULL when there are too many already. */
static struct run *
find_run(struct sink_numbers *numbers, struct slice id)
{
	struct run	*run;

	id = slice_first(id, RUN_ID_MAX);
	LL_FOREACH(numbers->runs, run)
		if (slice_is(id, run->id))
			return run;
	if (numbers->run_count == RUNS_MAX)
		return NULL;
	run = mem_new(sizeof(*run));
	run->id = slice_dup(id);
	LL_PREPEND(numbers->runs, run);
	numbers->run_count++;
	return run;
}

static void
note(struct sink_numbers *numbers, struct run *run, uint64_t number)
{
	uint64_t	bit = (uint64_t)1 << number % 64, words = run->words;

	if (number / 64 >= words) {
		words = number / 64 + 1 + words;
		run->bits = mem_resize(run->bits, words * sizeof(bit));
		memset(run->bits + run->words, 0,
		    (words - run->words) * sizeof(bit));
		run->words = words;
	}
	if (run->bits[number / 64] & bit)
		numbers->twins++;
	else
		numbers->count++;
	run->bits[number / 64] |= bit;
	if (numbers->fd < 0)
		return;
	/* All of a tick's numbers are one write. */
	if (numbers->lines.len == 0)
		loop_defer(numbers->loop, on_write, numbers);
	buf_printf(&numbers->lines, "%llu\n", (unsigned long long)number);
}

/* The value of the field, or empty. */
static struct slice
take_value(struct slice line, const char *name)
{
	if (!slice_has_prefix_nocase(line, name))
		return slice_from(NULL, 0);
	return slice_trim(slice_after(line, strlen(name)));
}

void
sink_numbers_add(struct sink_numbers *numbers, struct slice head)
{
	struct slice	 id = SLICE_LIT("");
	uint64_t	 number = 0;
	struct run	*run;

	while (head.len > 0) {
		ptrdiff_t	end = slice_find(head, '\n');
		struct slice	line = end < 0 ? head :
				    slice_first(head, (size_t)end);
		struct slice	value;

		if ((value = take_value(line, "X-Tern-Run:")).len > 0)
			id = value;
		value = take_value(line, "X-Tern-Number:");
		if (value.len > 0 && slice_parse_u64(value, &number) < 0)
			number = 0;
		head = slice_after(head, line.len + 1);
	}
	if (number == 0 || number > NUMBER_MAX)
		return;
	if ((run = find_run(numbers, id)) != NULL)
		note(numbers, run, number);
}

uint64_t
sink_numbers_count(const struct sink_numbers *numbers)
{
	return numbers->count;
}

uint64_t
sink_numbers_twins(const struct sink_numbers *numbers)
{
	return numbers->twins;
}
