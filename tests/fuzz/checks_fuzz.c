/*
 * Content through all checks, with a fixed set of rules: whole, and cut by
 * the first byte; what comes out must be the same.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup/fate.h"
#include "cleanup/passage.h"
#include "cleanup/rules.h"
#include "conf/conf.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct {
	const char	*name, *value;
} settings[] = {
	{ "myhostname", "m.example" },
	{ "line_length_limit", "512" },
	{ "header_size_limit", "200" },
	{ "body_checks_size_limit", "400" },
	{ "mime_nesting_limit", "3" },
	{ "header_checks", "regexp:{ {/^A: (.*)/ REPLACE B: $$1$$1} "
	    "{/^C/ IGNORE} {/^D: (.*)/ PREPEND X: $$1} {/^E/ PASS} "
	    "{/^F/ HOLD} {/^G/ FILTER a:b} {/^H/ BCC a@b} {/^I/ STRIP} "
	    "{/^J/ REDIRECT a@b} {/^K/ DISCARD} {/^L/ REJECT} }" },
	{ "mime_header_checks", "pcre:{ {/^Content-A: (.*)/ REPLACE A: $$1} "
	    "{/^Content-C/ IGNORE} {/^D: (.*)/ PREPEND X: $$1} }" },
	{ "body_checks", "pcre:{ {/^a(.*)/ REPLACE b$$1} {/^c/ IGNORE} "
	    "{/^d(.*)/ PREPEND x$$1} {/^l/ REJECT 4.1.1 $$$$} }" },
	{ "strict_mime_encoding_domain", "yes" },
};

/* Made once, for the life of the process. */
static struct conf	*conf;
static struct rules	*rules;

static void
set_up(void)
{
	struct conf_source	*source = conf_source_new();
	char			*why;

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		conf_source_set(source, settings[i].name, settings[i].value,
		    "fuzz");
	conf = conf_new(source, &why);
	if (conf != NULL)
		rules = rules_new(conf, &why);
	if (rules == NULL)
		log_fatal("%s", why);
	log_open_fd("fuzz", open("/dev/null", O_WRONLY));
}

static void
put(void *arg, struct slice bytes)
{
	buf_put_slice(arg, bytes);
}

/* The code of the verdict. */
static int
run(struct slice in, size_t step, bool is_binary, struct buf *out)
{
	static char			 name[] = "n", addr[] = "192.0.2.1";
	static char			 helo[] = "", proto[] = "SMTP";
	static char			 none[] = "";
	const struct fixup_client	 client = { name, addr, helo, proto,
					    proto, NULL, NULL, NULL, none };
	struct fate			 fate = { .is_held = false };
	struct passage_settings		 set = {
		.fixup = { .conf = conf, .client = &client, .queue_id = 1,
		    .arrival_us = 1795429515000000, .sender = "",
		    .add_missing = true, .is_binary = is_binary },
		.rules = rules, .fate = &fate, .client = "n[192.0.2.1]",
		.put = put, .arg = out,
	};
	struct passage			*passage = passage_new(&set);
	int				 code;

	passage_start(passage);
	for (size_t i = 0; i < in.len &&
	    passage_verdict(passage)->code == 0; i += step)
		passage_put(passage, slice_first(slice_after(in, i), step));
	if (passage_verdict(passage)->code == 0)
		passage_end(passage);
	code = passage_verdict(passage)->code;
	passage_free(&passage);
	fate_clear(&fate);
	return code;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf	whole = BUF_INIT, cut = BUF_INIT;
	struct slice	in;
	bool		is_binary;
	int		code;

	if (rules == NULL)
		set_up();
	if (size < 2)
		return 0;
	is_binary = (data[0] & 0x80) != 0;
	in = slice_from(data + 1, size - 1);
	code = run(in, in.len, is_binary, &whole);
	if (run(in, 1 + (data[0] & 0x7f), is_binary, &cut) != code ||
	    (code == 0 && !slice_equal(buf_slice(&whole), buf_slice(&cut))))
		abort();
	buf_clear(&whole);
	buf_clear(&cut);
	return 0;
}
