#ifndef AUTH_TRIAL_H
#define AUTH_TRIAL_H

/*
 * An attempt to log in: on_auth_begin, on_auth_answer and on_auth_abort of
 * mail/ipc.def.
 */

struct visitor;

/* All attempts of one that goes; it is there until its ipc is freed. */
void	trial_drop_all(struct visitor *visitor);

#endif
