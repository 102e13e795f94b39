#ifndef TESTS_PROPERTY_LOGIN_FIXTURE_H
#define TESTS_PROPERTY_LOGIN_FIXTURE_H

/*
 * The auth program of session_fixture.h, which includes this.  PLAIN has one
 * step, LOGIN two; "good" may log in.
 */

static inline void
world_judge_login(struct slice response)
{
	size_t	from = response.len < 4 ? 0 : response.len - 4;

	world->owes_result = true;
	world->result = slice_is(slice_after(response, from), "good") ?
	    AUTH_OK : AUTH_FAILED;
}

void
ipc_send_auth_begin(struct ipc *ipc, uint32_t id,
    const struct msg_auth_begin *m)
{
	bool	is_plain = slice_is(m->mechanism, "PLAIN");

	(void)ipc;
	(void)id;
	if (!is_plain && !slice_is(m->mechanism, "LOGIN")) {
		world->owes_result = true;
		world->result = slice_is(m->mechanism, "LATER") ? AUTH_LATER :
		    AUTH_UNKNOWN;
	} else if (is_plain && (m->flags & AUTH_INITIAL)) {
		world_judge_login(m->response);
	} else {
		world->owes_challenge = true;
	}
}

/* A name that begins so is asked for a password. */
void
ipc_send_auth_answer(struct ipc *ipc, uint32_t id,
    const struct msg_auth_answer *m)
{
	(void)ipc;
	(void)id;
	if (slice_has_prefix(m->response, "name"))
		world->owes_challenge = true;
	else
		world_judge_login(m->response);
}

void
ipc_send_auth_abort(struct ipc *ipc, uint32_t id,
    const struct msg_auth_abort *m)
{
	(void)ipc;
	(void)id;
	(void)m;
	world->owes_challenge = world->owes_result = false;
}

void
ipc_send_auth_list(struct ipc *ipc, uint32_t id,
    const struct msg_auth_list *m)
{
	(void)ipc;
	(void)id;
	(void)m;
	world_fail("the list is known");
}

int
ipc_parse_auth_listed(struct slice payload, struct msg_auth_listed *m_r)
{
	memcpy(m_r, payload.data, sizeof(*m_r));
	return 0;
}

int
ipc_parse_auth_challenge(struct slice payload,
    struct msg_auth_challenge *m_r)
{
	memcpy(m_r, payload.data, sizeof(*m_r));
	return 0;
}

int
ipc_parse_auth_done(struct slice payload, struct msg_auth_done *m_r)
{
	memcpy(m_r, payload.data, sizeof(*m_r));
	return 0;
}

static inline bool
world_answer_login(struct world *w)
{
	struct ipc_call			*call = w->messages;
	struct msg_auth_challenge	 ask = { SLICE_LIT("what?") };
	struct msg_auth_done		 done = { .result = w->result,
					    .username = SLICE_LIT("somebody") };

	if (call == NULL)
		w->owes_challenge = w->owes_result = false;
	if (!w->owes_challenge && !w->owes_result)
		return false;
	if (call->next != NULL)
		world_fail("a login while messages are closing");
	if (w->owes_challenge) {
		w->owes_challenge = false;
		call->fn(call, IPC_CODE_auth_challenge,
		    slice_from(&ask, sizeof(ask)), call->arg);
	} else {
		w->owes_result = false;
		call->fn(call, IPC_CODE_auth_done,
		    slice_from(&done, sizeof(done)), call->arg);
	}
	return true;
}

#endif
