/*
 * VRFY (RFC 5321 section 3.5): we promise nothing and give nothing away.
 */

#include "conf/conf.h"
#include "mail/address.h"
#include "smtpd/cmd.h"
#include "smtpd/gate.h"
#include "smtpd/keyword.h"
#include "smtpd/parameter.h"
#include "smtpd/reply.h"

/* RFC 6531 section 3.7.4.2: then the reply may be in UTF-8, too. */
static bool
take_utf8(struct session *s, struct slice value, void *arg)
{
	(void)arg;
	s->is_utf8 = value.data == NULL;
	if (!s->is_utf8)
		reply_put(s, 501, "5.5.4", "Error: SMTPUTF8 takes no value");
	return s->is_utf8;
}

static const struct parameter parameters[] = {
	{ "SMTPUTF8", "SMTPUTF8", take_utf8 },
	{ NULL, NULL, NULL },
};

static void
verify(struct session *s, struct slice args, struct buf *address)
{
	const char	*why;
	unsigned	 how = keyword_is_offered(s, "SMTPUTF8") ?
			    ADDRESS_UTF8 : 0u;

	s->is_utf8 = false;
	if (address_parse_path(&args, how, address, &why) < 0)
		reply_put(s, 501, "5.1.3", "Bad recipient address syntax: %s",
		    why);
	else if (!parameter_parse(s, args, parameters, NULL))
		return;
	else if (!s->is_utf8 && address_is_utf8(buf_slice(address)))
		parameter_refuse_utf8(s);
	else
		reply_put(s, 252, "2.0.0", "<%s>", buf_cstr(address));
}

enum step
cmd_vrfy(struct session *s, struct slice args)
{
	struct buf	address = BUF_INIT;

	if (s->gate->conf->disable_vrfy_command)
		reply_put(s, 502, "5.5.1", "VRFY command is disabled");
	else if (args.len == 0)
		reply_put(s, 501, "5.5.4", "Syntax: VRFY address");
	else
		verify(s, args, &address);
	buf_clear(&address);
	return STEP_DONE;
}
