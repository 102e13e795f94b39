/*
 * How the SMTP client logs in somewhere: passwords, by sender, host and
 * next hop.
 */

#include <string.h>

#include "conf/conf.h"
#include "lookup/addressing.h"
#include "lookup/adviser.h"
#include "lookup/maps.h"
#include "lookup/profile.h"
#include "mail/ipc.h"
#include "util/mem.h"

struct keyring {
	struct asker		*asker;
	struct profile		*profile;	/* kept */
	uint32_t		 id;
	char			*sender, *host, *nexthop;
	enum table_answer	 answer;
	struct buf		 secret;	/* user:password */
};

static enum table_answer
find(struct keyring *keyring)
{
	const struct profile	*profile = keyring->profile;
	const struct maps	*maps = &profile->passwords;
	enum table_answer	 answer = TABLE_NONE;

	if (keyring->sender[0] != '\0')
		answer = addressing_find(&profile->addressing, maps,
		    slice_str(keyring->sender), &keyring->secret, NULL);
	if (answer == TABLE_NONE && keyring->host[0] != '\0')
		answer = maps_find(maps, slice_str(keyring->host), 0,
		    &keyring->secret);
	if (answer == TABLE_NONE && keyring->nexthop[0] != '\0')
		answer = maps_find(maps, slice_str(keyring->nexthop), 0,
		    &keyring->secret);
	return answer;
}

static void
run(void *arg)
{
	struct keyring	*keyring = arg;

	keyring->answer = find(keyring);
}

static void
forget(void *arg)
{
	struct keyring	*keyring = arg;

	buf_empty(&keyring->secret);
}

static void
send_answer(const struct keyring *keyring)
{
	const struct conf	*conf = keyring->profile->conf;
	struct slice		secret = buf_slice(&keyring->secret);
	ptrdiff_t		colon = slice_find(secret,
				    conf->smtp_sasl_password_result_delimiter
				    [0]);
	struct msg_login_is	m = {
		.code = keyring->answer == TABLE_FOUND ? 250 :
		    keyring->answer == TABLE_NONE ? 404 : 451,
	};

	if (m.code == 250) {
		m.user = colon < 0 ? secret :
		    slice_first(secret, (size_t)colon);
		if (colon >= 0)
			m.password = slice_after(secret, (size_t)colon + 1);
	}
	ipc_send_login_is(keyring->asker->ipc, keyring->id, &m);
}

static void
done(void *arg)
{
	struct keyring	*keyring = arg;

	if (keyring->asker->ipc != NULL)
		send_answer(keyring);
	profile_drop(&keyring->profile);
	adviser_end(keyring->asker);
	mem_free(keyring->sender);
	mem_free(keyring->host);
	mem_free(keyring->nexthop);
	buf_clear(&keyring->secret);
	mem_free(keyring);
}

void	on_login_ask(struct ipc *, uint32_t, const struct msg_login_ask *);

void
on_login_ask(struct ipc *ipc, uint32_t id, const struct msg_login_ask *m)
{
	struct asker	*asker = ipc_arg(ipc);
	struct keyring	*keyring = mem_new(sizeof(*keyring));

	ipc_keep_secrets(ipc);
	keyring->asker = asker;
	keyring->profile = profile_keep(adviser_profile(asker));
	keyring->id = id;
	keyring->sender = slice_dup(m->sender);
	keyring->host = slice_dup(m->host);
	keyring->nexthop = slice_dup(m->nexthop);
	keyring->secret = (struct buf)BUF_SECRET;
	adviser_begin(asker);
	adviser_ask(asker, ADVISER_LOGIN, run, forget, done, keyring);
}
