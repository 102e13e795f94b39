/*
 * Whatever senders, servers and addresses have in them, it stands in one
 * report of one recipient.  The input: a byte that says whether SMTPUTF8 was
 * asked for, then texts that end with a NUL each.
 */

#include <stdint.h>
#include <string.h>

#include "bounce/report.h"
#include "conf/conf.h"
#include "util/log.h"
#include "util/mem.h"

#define TEXTS	7

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct conf *
make_conf(void)
{
	struct conf_source	*source = conf_source_new();
	struct conf		*conf;
	char			*why = NULL;

	if (conf_source_load(source, "main.cf",
	    SLICE_LIT("myhostname = a.example\n"), &why) < 0 ||
	    (conf = conf_new(source, &why)) == NULL)
		log_panic("%s", why);
	return conf;
}

static void
check_line(struct slice line, int *actions, int *boundaries)
{
	if (line.len > 998)
		log_panic("a line of %zu bytes", line.len);
	for (size_t i = 0; i < line.len; i++)
		if ((line.data[i] < ' ' && line.data[i] != '\t') ||
		    line.data[i] == 0x7f)
			log_panic("a control character");
	*actions += slice_has_prefix(line, "Action: ");
	*boundaries += slice_has_prefix(line, "--=_b");
}

static void
check(struct slice text)
{
	int	actions = 0, boundaries = 0;

	while (text.len > 0) {
		ptrdiff_t	at = slice_find(text, '\n');

		if (at < 1 || text.data[at - 1] != '\r')
			log_panic("a line without CR LF");
		check_line(slice_first(text, (size_t)at - 1), &actions,
		    &boundaries);
		text = slice_after(text, (size_t)at + 1);
	}
	if (actions != 1 || boundaries != 4)
		log_panic("%d recipients, %d boundaries", actions,
		    boundaries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf	*conf;
	char			*texts[TEXTS];
	struct slice		 rest = slice_from(data, size);
	uint8_t			 flags = 0;
	struct buf		 out = BUF_INIT;

	if (conf == NULL)
		conf = make_conf();
	(void)slice_get_u8(&rest, &flags);
	for (int i = 0; i < TEXTS; i++) {
		ptrdiff_t	at = slice_find(rest, '\0');
		struct slice	text = at < 0 ? rest :
				    slice_first(rest, (size_t)at);

		texts[i] = slice_dup(text);
		rest = slice_after(rest, text.len + 1);
	}
	struct report_rcpt	rcpt = {
		.address = texts[0], .original = texts[1], .orcpt = texts[2],
		.dsn = texts[3], .reply = texts[4], .is_wanted = true,
	};
	struct report		report = {
		.conf = conf, .kind = flags / 2 % 3, .to = texts[5],
		.sender = texts[5], .envid = texts[6],
		.is_utf8 = flags % 2 != 0, .recipients = &rcpt, .count = 1,
		.boundary = "=_b",
	};

	report_format(&report, &out);
	check(buf_slice(&out));
	buf_clear(&out);
	for (int i = 0; i < TEXTS; i++)
		mem_free(texts[i]);
	return 0;
}
