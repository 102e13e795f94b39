/*
 * Verdicts.
 */

#include "lookup/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "util/mem.h"

#define NOTE_LIMIT	100

void
verdict_clear(struct verdict *verdict)
{
	struct verdict_rcpt	*rcpt, *next_rcpt;
	struct verdict_action	*action, *next_action;
	struct verdict_note	*note, *next_note;

	DL_FOREACH_SAFE(verdict->rcpts, rcpt, next_rcpt) {
		mem_free(rcpt->address);
		mem_free(rcpt->transport);
		mem_free(rcpt->nexthop);
		mem_free(rcpt);
	}
	DL_FOREACH_SAFE(verdict->actions, action, next_action) {
		mem_free(action->text);
		mem_free(action);
	}
	DL_FOREACH_SAFE(verdict->notes, note, next_note) {
		mem_free(note->what);
		mem_free(note->text);
		mem_free(note);
	}
	buf_clear(&verdict->text);
	buf_clear(&verdict->footer);
	mem_free(verdict->name);
	mem_free(verdict->reverse_name);
	memset(verdict, 0, sizeof(*verdict));
}

void
verdict_refuse(struct verdict *verdict, int code, const char *dsn,
    const char *format, ...)
{
	va_list	args;

	verdict->code = code;
	snprintf(verdict->dsn, sizeof(verdict->dsn), "%s", dsn);
	buf_empty(&verdict->text);
	va_start(args, format);
	buf_vprintf(&verdict->text, format, args);
	va_end(args);
}

void
verdict_add_rcpt(struct verdict *verdict, struct slice address,
    struct slice transport, struct slice nexthop)
{
	struct verdict_rcpt	*rcpt = mem_new(sizeof(*rcpt));

	rcpt->address = slice_dup(address);
	rcpt->transport = slice_dup(transport);
	rcpt->nexthop = slice_dup(nexthop);
	DL_APPEND(verdict->rcpts, rcpt);
}

void
verdict_add_action(struct verdict *verdict, enum judge_action kind,
    struct slice text)
{
	struct verdict_action	*action = mem_new(sizeof(*action));

	action->kind = kind;
	action->text = slice_dup(text);
	DL_APPEND(verdict->actions, action);
}

void
verdict_add_note(struct verdict *verdict, const char *what,
    struct slice text)
{
	struct verdict_note	*note;
	size_t			 count;

	DL_COUNT(verdict->notes, note, count);
	if (count >= NOTE_LIMIT)
		return;
	note = mem_new(sizeof(*note));
	note->what = mem_strdup(what);
	note->text = slice_dup(text);
	DL_APPEND(verdict->notes, note);
}

void
verdict_set_client(struct verdict *verdict, const char *name,
    const char *reverse_name, uint32_t flags)
{
	mem_free(verdict->name);
	mem_free(verdict->reverse_name);
	verdict->name = mem_strdup(name);
	verdict->reverse_name = mem_strdup(reverse_name);
	verdict->flags = flags;
}

static void
send_client(const struct verdict *verdict, struct ipc *ipc, uint32_t id)
{
	struct msg_judge_client	m = {
		.flags = verdict->flags,
		.name = slice_str(verdict->name),
		.reverse_name = slice_str(verdict->reverse_name),
	};

	if (verdict->name != NULL)
		ipc_send_judge_client(ipc, id, &m);
}

void
verdict_send(const struct verdict *verdict, struct ipc *ipc, uint32_t id)
{
	const struct verdict_rcpt	*rcpt;
	const struct verdict_action	*action;
	const struct verdict_note	*note;
	struct msg_judged		 judged = {
		.code = verdict->code == 0 ? 250 : (uint32_t)verdict->code,
		.dsn = slice_str(verdict->dsn),
		.text = buf_slice(&verdict->text),
		.footer = buf_slice(&verdict->footer),
		.pause_s = verdict->pause_s,
	};

	send_client(verdict, ipc, id);
	DL_FOREACH(verdict->notes, note) {
		struct msg_judge_note	m = { slice_str(note->what),
		    slice_str(note->text) };

		ipc_send_judge_note(ipc, id, &m);
	}
	DL_FOREACH(verdict->rcpts, rcpt) {
		struct msg_judge_rcpt	m = {
			.address = slice_str(rcpt->address),
			.transport = slice_str(rcpt->transport),
			.nexthop = slice_str(rcpt->nexthop),
		};

		ipc_send_judge_rcpt(ipc, id, &m);
	}
	DL_FOREACH(verdict->actions, action) {
		struct msg_judge_action	m = { action->kind,
		    slice_str(action->text) };

		ipc_send_judge_action(ipc, id, &m);
	}
	ipc_send_judged(ipc, id, &judged);
}
