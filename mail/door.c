/*
 * Who is connected.
 */

#include "mail/door.h"

#include <stdarg.h>
#include <uthash.h>

#include "mail/ipc.h"
#include "util/mem.h"

struct door_group {
	uint64_t	key;		/* role and who */
	size_t		count;		/* of connections */
	UT_hash_handle	hh;
};

struct door *
door_new(struct loop *loop)
{
	struct door	*door = mem_new(sizeof(*door));

	door->loop = loop;
	door->hello_ms = DOOR_HELLO_MS;
	door->idle_ms = DOOR_IDLE_MS;
	return door;
}

void
door_free(struct door **doorp)
{
	struct door		*door = *doorp;
	struct door_group	*group, *next;

	if (door == NULL)
		return;
	*doorp = NULL;
	HASH_ITER(hh, door->groups, group, next) {
		HASH_DEL(door->groups, group);
		mem_free(group);
	}
	mem_free(door);
}

static struct door_group *
find(const struct door *door, unsigned role, uint32_t who)
{
	struct door_group	*group;
	uint64_t		 key = (uint64_t)role << 32 | who;

	HASH_FIND(hh, door->groups, &key, sizeof(key), group);
	return group;
}

static const char *
why_not(const struct door *door, unsigned role,
    const struct door_group *group)
{
	size_t	count = group == NULL ? 0 : group->count;

	if (role != IPC_USER)
		return count < DOOR_PROCESS ? NULL :
		    "this process has too many connections";
	if (count >= DOOR_USER)
		return "this user has too many connections";
	return door->stranger_count < DOOR_STRANGERS ? NULL :
	    "users have too many connections";
}

const char *
door_enter(struct door *door, unsigned role, uint32_t who)
{
	struct door_group	*group = find(door, role, who);
	const char		*why = why_not(door, role, group);

	if (why != NULL)
		return why;
	if (group == NULL) {
		group = mem_new(sizeof(*group));
		group->key = (uint64_t)role << 32 | who;
		HASH_ADD(hh, door->groups, key, sizeof(group->key), group);
	}
	group->count++;
	door->stranger_count += role == IPC_USER;
	return NULL;
}

void
door_leave(struct door *door, unsigned role, uint32_t who)
{
	struct door_group	*group = find(door, role, who);

	door->stranger_count -= role == IPC_USER;
	if (--group->count > 0)
		return;
	HASH_DEL(door->groups, group);
	mem_free(group);
}

void
door_warn(struct door *door, bool is_stranger, const char *format, ...)
{
	va_list	args;

	va_start(args, format);
	log_limit_vwarn(is_stranger ? &door->strangers : &door->programs,
	    format, args);
	va_end(args);
}
