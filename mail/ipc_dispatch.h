/*
 * The dispatch table of one program, from mail/ipc.def: define IPC_SELF as
 * ROLE (SMTPD, CLEANUP ...) by "#define IPC_FOR_<ROLE>" and include this in
 * the program's one file that makes connections.  It declares on_<name> for
 * every message sent to that role and defines the table ipc_handlers; a
 * message that nobody handles is an undefined reference.
 * Where two programs have the same role, the second calls its handlers by
 * another name: "#define IPC_ON(name) errand_on_##name".
 *
 * No include guard: a file of macros, included once by each program.
 */

#include "mail/ipc.h"

#ifndef IPC_ON
#define IPC_ON(name)	on_##name
#endif

#define IPC_RUN(name)							\
	void	IPC_ON(name)(struct ipc *ipc, uint32_t id,		\
		    const struct msg_##name *m);			\
	static int							\
	run_##name(struct ipc *ipc, uint32_t id, struct slice payload)	\
	{								\
		struct msg_##name	m;				\
									\
		if (ipc_parse_##name(payload, &m) < 0)			\
			return -1;					\
		IPC_ON(name)(ipc, id, &m);				\
		return 0;						\
	}
#define IPC_ROW(name, from)						\
	{ IPC_CODE_##name, (from), run_##name, #name },

#ifdef IPC_FOR_SMTPD
#define IPC_RUN_SMTPD(name)		IPC_RUN(name)
#define IPC_ROW_SMTPD(name, from)	IPC_ROW(name, from)
#else
#define IPC_RUN_SMTPD(name)
#define IPC_ROW_SMTPD(name, from)
#endif
#ifdef IPC_FOR_CLEANUP
#define IPC_RUN_CLEANUP(name)		IPC_RUN(name)
#define IPC_ROW_CLEANUP(name, from)	IPC_ROW(name, from)
#else
#define IPC_RUN_CLEANUP(name)
#define IPC_ROW_CLEANUP(name, from)
#endif
#ifdef IPC_FOR_QMGR
#define IPC_RUN_QMGR(name)		IPC_RUN(name)
#define IPC_ROW_QMGR(name, from)	IPC_ROW(name, from)
#else
#define IPC_RUN_QMGR(name)
#define IPC_ROW_QMGR(name, from)
#endif
#ifdef IPC_FOR_AGENT
#define IPC_RUN_AGENT(name)		IPC_RUN(name)
#define IPC_ROW_AGENT(name, from)	IPC_ROW(name, from)
#else
#define IPC_RUN_AGENT(name)
#define IPC_ROW_AGENT(name, from)
#endif
#ifdef IPC_FOR_LOOKUP
#define IPC_RUN_LOOKUP(name)		IPC_RUN(name)
#define IPC_ROW_LOOKUP(name, from)	IPC_ROW(name, from)
#else
#define IPC_RUN_LOOKUP(name)
#define IPC_ROW_LOOKUP(name, from)
#endif
#ifdef IPC_FOR_AUTH
#define IPC_RUN_AUTH(name)		IPC_RUN(name)
#define IPC_ROW_AUTH(name, from)	IPC_ROW(name, from)
#else
#define IPC_RUN_AUTH(name)
#define IPC_ROW_AUTH(name, from)
#endif

#define MSG(name, code, from, to, text)		IPC_RUN_##to(name)
#include "mail/ipc.def"

static const struct ipc_handler ipc_handlers[] = {
#define MSG(name, code, from, to, text)		IPC_ROW_##to(name, from)
#include "mail/ipc.def"
	{ 0, 0, NULL, NULL },
};
