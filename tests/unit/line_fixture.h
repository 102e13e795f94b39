#ifndef TESTS_UNIT_LINE_FIXTURE_H
#define TESTS_UNIT_LINE_FIXTURE_H

/*
 * Connections with a program in a process of its own (child_fixture.h): the
 * test is master and all the program's neighbours.  What a neighbour hears
 * is kept as words.
 */

#include "tests/unit/child_fixture.h"

#include "mail/ipc.h"
#include "mail/ipc_hello.h"
#include "net/loop.h"

struct line {
	struct ipc	*ipc;		/* NULL: lost */
	struct buf	 heard;
};

static struct loop	*loop;

/* ---- what is heard ------------------------------------------------------- */

#define HEARS(name)							\
	static inline int						\
	hear_##name(struct ipc *ipc, uint32_t id, struct slice payload)	\
	{								\
		struct line		*line = ipc_arg(ipc);		\
		struct msg_##name	 m;				\
									\
		if (ipc_parse_##name(payload, &m) < 0)			\
			return -1;					\
		note_##name(&line->heard, id, &m);			\
		return 0;						\
	}

/* A row of a table of handlers. */
#define HEAR(name, from) { IPC_CODE_##name, from, hear_##name, #name }

static inline void
on_line(struct ipc *ipc, enum ipc_event event, void *arg)
{
	struct line	*line = arg;

	(void)ipc;
	if (event == IPC_CLOSED) {
		ipc_free(&line->ipc);
		buf_put_str(&line->heard, "closed ");
	}
}

/* Until that was heard; false: it does not come. */
static inline bool
hears(struct line *line, const char *words)
{
	int64_t	end_ms = clock_now_ms() + CHILD_PATIENCE_MS;

	while (strstr(buf_cstr(&line->heard), words) == NULL &&
	    clock_now_ms() < end_ms)
		loop_tick(loop, 50);
	if (strstr(buf_cstr(&line->heard), words) != NULL)
		return true;
	printf("\nnot %s in: %s\n", words, buf_cstr(&line->heard));
	return false;
}

/* And what was heard before is put aside. */
static inline bool
hears_next(struct line *line, const char *words)
{
	bool	result = hears(line, words);

	buf_empty(&line->heard);
	return result;
}

/* ---- connections --------------------------------------------------------- */

/* As a client of the program. */
static inline void
line_open(struct line *line, const struct ipc_side *side)
{
	int	fd = child_connect();

	CU_ASSERT_FATAL(fd >= 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	buf_empty(&line->heard);
	line->ipc = ipc_new(loop, fd, false, side, line);
}

/*
 * As the service it has asked its master for (CONTROL_CONNECT), who says
 * HELLO in its name; name is the program's own.
 */
static inline void
line_answer(struct line *line, const char *name, const struct ipc_side *side)
{
	struct buf	hello = BUF_INIT;
	int		ends[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, ends), 0);
	ipc_hello_put(&hello, name, 1, slice_from(NULL, 0));
	CU_ASSERT_EQUAL(write(ends[1], hello.data, hello.len),
	    (ssize_t)hello.len);
	buf_clear(&hello);
	buf_empty(&line->heard);
	line->ipc = ipc_new(loop, ends[0], false, side, line);
	child_tell_it(CONTROL_CONNECTED, side->program, ends[1]);
	close(ends[1]);
}

/* Lost; the program has noticed it when this returns. */
static inline void
line_cut(struct line *line)
{
	ipc_free(&line->ipc);
	loop_tick(loop, 0);
	CU_ASSERT(child_sends(CONTROL_CONNECT));
}

static inline void
line_close(struct line *line)
{
	ipc_free(&line->ipc);
	loop_tick(loop, 0);
	buf_clear(&line->heard);
}

#endif
