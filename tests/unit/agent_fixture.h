#ifndef TESTS_UNIT_AGENT_FIXTURE_H
#define TESTS_UNIT_AGENT_FIXTURE_H

/*
 * What a queue manager hears of any agent.
 */

#include "tests/unit/line_fixture.h"

static void
note_agent_ready(struct buf *heard, uint32_t id,
    const struct msg_agent_ready *m)
{
	(void)id;
	buf_printf(heard, "ready(%.*s,%u) ", SLICE_ARG(m->transport),
	    m->capacity);
}

static void
note_agent_holds(struct buf *heard, uint32_t id,
    const struct msg_agent_holds *m)
{
	CU_ASSERT_EQUAL(id, m->job);
	buf_printf(heard, "holds(%d) ", (int)m->queue_id);
}

static void
note_content_get(struct buf *heard, uint32_t id,
    const struct msg_content_get *m)
{
	(void)id;
	buf_printf(heard, "get(%d,%u) ", (int)m->queue_id, m->number);
}

HEARS(agent_ready)
HEARS(agent_holds)
HEARS(content_get)

#endif
