/*
 * The first frame of a connection.
 */

#include "mail/ipc_hello.h"

#include <string.h>

#include "mail/ipc.h"
#include "util/buf.h"

#define MAGIC	0x7465726e	/* "tern" */

static const struct {
	const char	*program;
	unsigned	 role;
} roles[] = {
	{ "smtpd", IPC_SMTPD }, { "cleanup", IPC_CLEANUP },
	{ "qmgr", IPC_QMGR }, { "smtp", IPC_AGENT }, { "lmtp", IPC_AGENT },
	{ "admin", IPC_ADMIN },
	{ "lookup", IPC_LOOKUP }, { "auth", IPC_AUTH },
	{ "bounce", IPC_BOUNCE },
};

static unsigned
role_of(struct slice program)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (slice_is(program, roles[i].program))
			return roles[i].role;
	return IPC_NONE;
}

void
ipc_hello_put(struct buf *into, const char *program, uint32_t process,
    struct slice settings)
{
	size_t	len = strlen(program);

	settings = slice_first(settings, IPC_DATA_LIMIT);
	buf_put_u32(into, (uint32_t)(IPC_HEADER_SIZE - 4 + 5 * 4 + len +
	    settings.len));
	buf_put_u16(into, IPC_CODE_HELLO);
	buf_put_u32(into, 0);
	buf_put_u32(into, MAGIC);
	buf_put_u32(into, IPC_VERSION);
	buf_put_u32(into, process);
	buf_put_u32(into, (uint32_t)len);
	buf_put(into, program, len);
	buf_put_u32(into, (uint32_t)settings.len);
	buf_put_slice(into, settings);
}

int
ipc_hello_parse(uint16_t code, struct slice payload,
    struct ipc_hello *hello_r, const char **why_r)
{
	uint32_t	magic, version, len;

	*why_r = "it did not say HELLO";
	if (code != IPC_CODE_HELLO || slice_get_u32(&payload, &magic) < 0 ||
	    magic != MAGIC || slice_get_u32(&payload, &version) < 0)
		return -1;
	*why_r = "it speaks another version: mixed old and new binaries?";
	if (version != IPC_VERSION)
		return -1;
	*why_r = "unknown program in its HELLO";
	if (slice_get_u32(&payload, &hello_r->process) < 0 ||
	    slice_get_u32(&payload, &len) < 0 ||
	    slice_get_bytes(&payload, len, &hello_r->program) < 0 ||
	    (hello_r->role = role_of(hello_r->program)) == IPC_NONE ||
	    slice_get_u32(&payload, &len) < 0 || len != payload.len ||
	    len > IPC_DATA_LIMIT)
		return -1;
	hello_r->settings = payload;
	return 0;
}
