/*
 * RFC 2920 section 3.2: the state after a group is the same as after the
 * same commands sent one by one.
 *
 *	property [-s seed] COUNT
 *
 * Random sequences of commands are played line by line, in one write, byte
 * by byte, and cut at random: the replies must be the same, and the mail.
 * A model that knows nothing but commands and their replies watches the
 * first play: content is accepted only in a transaction with a recipient,
 * and what is delivered is the envelope of this transaction (T01-T03).
 * What fails is made as short as it can be, and shown.
 *
 * Where smtpd_forbid_unauth_pipelining is set, the other plays may end
 * early, with that reply.
 */

#include "tests/property/session_fixture.h"

#include <fcntl.h>

#include "util/log.h"

#define ITEM_LIMIT	80

/* A command, or a piece of content. */
struct item {
	struct buf	bytes;
};

struct sequence {
	struct item		 items[ITEM_LIMIT];
	size_t			 count;
	const struct variant	*variant;
	enum world_cleanup	 cleanup;
	enum gate_bare_lf	 bare_lf;
};

static const struct variant {
	const char		*name;
	const char		*settings[11][2];
} variants[] = {
	{ "no limits", {
		{ "smtpd_forbid_unauth_pipelining", "no" },
		{ "smtpd_hard_error_limit", "1000" },
		{ "smtpd_error_sleep_time", "0s" },
		{ "line_length_limit", "512" },
		{ "smtpd_sasl_auth_enable", "yes" },
		{ "smtpd_sasl_response_limit", "600" },
		{ NULL, NULL } } },
	{ "small limits", {
		{ "smtpd_forbid_unauth_pipelining", "no" },
		{ "smtpd_soft_error_limit", "3" },
		{ "smtpd_hard_error_limit", "8" },
		{ "smtpd_junk_command_limit", "2" },
		{ "smtpd_recipient_limit", "2" },
		{ "smtpd_recipient_overshoot_limit", "1" },
		{ "message_size_limit", "60" },
		{ "line_length_limit", "512" },
		{ NULL, NULL } } },
	{ "little offered", {
		{ "smtpd_forbid_unauth_pipelining", "no" },
		{ "smtpd_helo_required", "yes" },
		{ "smtpd_hard_error_limit", "1000" },
		{ "smtpd_soft_error_limit", "2" },
		{ "smtpd_discard_ehlo_keywords", "chunking dsn smtputf8" },
		{ "strict_rfc821_envelopes", "yes" },
		{ NULL, NULL } } },
	{ "everything asked", {
		{ "smtpd_forbid_unauth_pipelining", "no" },
		{ "smtpd_hard_error_limit", "1000" },
		{ "smtpd_error_sleep_time", "0s" },
		{ "smtpd_delay_reject", "no" },
		{ "smtpd_client_new_tls_session_rate_limit", "9" },
		{ "smtpd_helo_restrictions", "permit" },
		{ "smtpd_sender_restrictions", "permit" },
		{ "smtpd_data_restrictions", "permit" },
		{ "smtpd_end_of_data_restrictions", "permit" },
		{ "smtpd_sasl_auth_enable", "yes" },
		{ NULL, NULL } } },
	{ "as it comes", {
		{ "smtpd_sasl_auth_enable", "yes" },
		{ NULL, NULL } } },
	/* Last.  In it STARTTLS makes a difference: it ends its group. */
	{ "TLS", {
		{ "smtpd_hard_error_limit", "1000" },
		{ "smtpd_soft_error_limit", "3" },
		{ NULL, NULL } } },
};
#define VARIANTS	(sizeof(variants) / sizeof(*variants))

static struct conf	*confs[VARIANTS];
static unsigned		 patience;	/* of the next play */
static uint64_t		 seed;

/* Marsaglia's xorshift. */
static unsigned
pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 16) % n);
}

#define ONE_OF(list)	list[pick(sizeof(list) / sizeof(*(list)))]

/* ---- plays --------------------------------------------------------------- */

static void
begin(struct world *w, const struct sequence *seq)
{
	memset(w, 0, sizeof(*w));
	w->cleanup = seq->cleanup;
	w->gate.bare_lf = seq->bare_lf;
	if (seq->variant == &variants[VARIANTS - 1])
		w->gate.tls = world_tls();
	w->patience = patience;
	world_open(w, confs[seq->variant - variants]);
}

/* What a client knows: of each command the reply. */
struct model {
	bool		in_mail;
	unsigned	recipients;
	unsigned	delivered;
	const char	*broken;	/* NULL: all is well */
};

static void
forget(struct model *model)
{
	model->in_mail = false;
	model->recipients = 0;
}

/* As many addresses as were accepted stand in the message. */
static bool
is_envelope(const struct model *model, const struct world *w)
{
	struct slice	rest = buf_slice(&w->mails[w->last_mail]);
	unsigned	found = 0;

	for (size_t i = 0; i < rest.len && rest.data[i] != '\n'; i++)
		found += rest.data[i] == '<';
	return found == model->recipients + 1;
}

static void
take_reply(struct model *model, const struct world *w, struct slice command,
    const char *reply)
{
	bool	is_good = reply[0] == '2';
	bool	is_queued = strstr(reply, "Ok: queued as") != NULL;

	if (slice_has_prefix_nocase(command, "MAIL") && is_good) {
		if (model->in_mail)
			model->broken = "MAIL inside a transaction";
		model->in_mail = true;
	} else if (slice_has_prefix_nocase(command, "RCPT") && is_good) {
		if (!model->in_mail)
			model->broken = "RCPT without MAIL";
		model->recipients++;
	} else if ((slice_has_prefix_nocase(command, "RSET") ||
	    slice_has_prefix_nocase(command, "STARTTLS") ||
	    slice_has_prefix_nocase(command, "EHLO") ||
	    slice_has_prefix_nocase(command, "HELO")) && is_good) {
		forget(model);
	}
	if (strncmp(reply, "354", 3) == 0 && model->recipients == 0)
		model->broken = "354 without a recipient";
	if (!is_queued)
		return;
	if (model->recipients == 0)
		model->broken = "mail to nobody";
	else if (w->mail_count != ++model->delivered)
		model->broken = "queued, but it is not";
	else if (!is_envelope(model, w))
		model->broken = "a recipient is missing";
}

static struct buf
all_bytes(const struct sequence *seq)
{
	struct buf	all = BUF_INIT;

	for (size_t i = 0; i < seq->count; i++)
		buf_put_slice(&all, buf_slice(&seq->items[i].bytes));
	return all;
}

static void
play_line(struct world *w, struct model *model, struct slice line,
    struct slice *command)
{
	size_t		 before = w->out.len;
	const char	*reply;

	if (!session_is_in_content(w->session))
		*command = slice_trim(line);
	world_feed(w, line);
	reply = buf_cstr(&w->out) + before;
	if (*reply != '\0')
		take_reply(model, w, *command, reply);
	/* The end of content, well or not, ends the transaction. */
	if (w->session->txn == NULL)
		forget(model);
	else if (!model->in_mail && model->broken == NULL)
		model->broken = "a transaction without MAIL";
}

/* Line by line, watched by the model; NULL, or what it does not like. */
static const char *
play_lines(struct world *w, const struct sequence *seq)
{
	struct model	model = { .broken = NULL };
	struct buf	all = all_bytes(seq);
	struct slice	rest = buf_slice(&all), command = rest;

	begin(w, seq);
	while (rest.len > 0 && model.broken == NULL) {
		ptrdiff_t	nl = slice_find(rest, '\n');
		struct slice	line = nl < 0 ? rest :
				    slice_first(rest, (size_t)nl + 1);

		/* Nor does a line go beyond its chunk. */
		if (w->session->state == STATE_CHUNK)
			line = slice_first(line, w->session->chunk.left);
		play_line(w, &model, line, &command);
		rest = slice_after(rest, line.len);
	}
	buf_clear(&all);
	return model.broken;
}

/* All bytes, in pieces of step, or of any size when it is 0. */
static void
play_bytes(struct world *w, const struct sequence *seq, size_t step)
{
	struct buf	all = all_bytes(seq);
	struct slice	rest;

	begin(w, seq);
	for (rest = buf_slice(&all); rest.len > 0;) {
		size_t	len = step == 0 ? 1 + pick(30) : step;

		world_feed(w, slice_first(rest, len));
		rest = slice_after(rest, len);
	}
	buf_clear(&all);
}

/* That of a play that ended early may be less. */
static bool
is_same_mail(const struct world *a, const struct world *b, bool may_lack)
{
	uint64_t	count = may_lack ? b->last_id : a->last_id;

	if (a->last_id != b->last_id && !may_lack)
		return false;
	for (uint64_t i = 1; i <= count; i++)
		if (!slice_equal(buf_slice(&a->mails[i]),
		    buf_slice(&b->mails[i])) &&
		    !(may_lack && b->mails[i].len == 0))
			return false;
	return true;
}

static bool
is_same(const struct world *a, const struct world *b)
{
	static const char	sync[] =
	    "554 5.5.0 Error: SMTP protocol synchronization\r\n";
	struct slice		said = buf_slice(&b->out);

	if (a->gate.conf->smtpd_forbid_unauth_pipelining && b->is_over &&
	    said.len >= sizeof(sync) - 1 &&
	    memcmp(said.data + said.len - (sizeof(sync) - 1), sync,
	    sizeof(sync) - 1) == 0) {
		said.len -= sizeof(sync) - 1;
		return slice_equal(said, slice_first(buf_slice(&a->out),
		    said.len)) && is_same_mail(a, b, true);
	}
	return slice_equal(said, buf_slice(&a->out)) &&
	    is_same_mail(a, b, false) &&
	    a->is_over == b->is_over &&
	    a->session->state == b->session->state;
}

/* Of one session at a time, in all plays. */
static size_t	most_questions, most_messages;

/* NULL: all plays are the same, and the model is content. */
static const char *
try(const struct sequence *seq)
{
	static const struct {
		const char	*name;
		size_t		 step;
	} ways[] = {
		{ "one write is not the same", SIZE_MAX },
		{ "byte by byte is not the same", 1 },
		{ "cut at random is not the same", 0 },
	};
	struct world	one, other;
	const char	*why = play_lines(&one, seq);

	for (size_t i = 0; i < 3 && why == NULL; i++) {
		play_bytes(&other, seq, ways[i].step);
		if (!is_same(&one, &other))
			why = ways[i].name;
		if (other.most_questions > most_questions)
			most_questions = other.most_questions;
		if (other.most_messages > most_messages)
			most_messages = other.most_messages;
		world_close(&other);
	}
	world_close(&one);
	/* One that ends in the middle is not the same, but it ends well. */
	patience = 1 + pick(50);
	play_bytes(&other, seq, ways[pick(3)].step);
	world_close(&other);
	patience = 0;
	return why;
}

/* ---- sequences ----------------------------------------------------------- */

static const char *const	plain[] = {
	"EHLO c.example\r\n", "HELO c.example\r\n", "EHLO c.example\r\n",
	"RSET\r\n", "NOOP\r\n", "QUIT\r\n", "VRFY a@ok.example\r\n",
	"HELP\r\n", "NONSENSE\r\n", "\r\n", "RSET x\r\n", "EHLO\r\n",
	"STARTTLS\r\n", "NOOP\n", "rset \t\r\n", "Subject: x\r\n",
	"MA\1IL FROM:<>\r\n", "BDAT\r\n", "BDAT x LAST\r\n",
	"BDAT 99999999999999999999999\r\n", "ETRN x\r\n", "DATA x\r\n",
};
static const char *const	senders[] = {
	"MAIL FROM:<a@c.example>\r\n", "MAIL FROM:<>\r\n",
	"mail from:<b@c.example> SIZE=20\r\n",
	"MAIL FROM:<c@c.example> BODY=8BITMIME RET=HDRS ENVID=e+2B\r\n",
	"MAIL FROM:<d@c.example> BODY=BINARYMIME\r\n",
	"MAIL FROM:<\303\251@c.example> SMTPUTF8\r\n",
	"MAIL FROM:<\303\251@c.example>\r\n", "MAIL FROM:<a@c.example\r\n",
	"MAIL FROM:<a@c.example> SIZE=999999999\r\n",
	"MAIL FROM:<a@c.example> SMTPUTF8\n",
};
static const char *const	recipients[] = {
	"RCPT TO:<a@ok.example>\r\n", "RCPT TO:<b@ok.example>\r\n",
	"RCPT TO:<c@ok.example> NOTIFY=DELAY ORCPT=rfc822;x\r\n",
	"RCPT TO:<d@bad.example>\r\n", "RCPT TO:<>\r\n",
	"RCPT TO:<\303\251@ok.example>\r\n", "rcpt to: <e@ok.example>\n",
	"RCPT TO:<f@ok.example> NOTIFY=NEVER,DELAY\r\n",
};
static const char *const	pieces[] = {
	"Subject: x\r\n", "\r\n", ".\r\n", "..\r\n", "text", "\n", "\r",
	".", "\n.\n", "\r\n.\r", "Early\r\n", "Later\r\n", "RSET\r\n",
	"DATA\r\n", "\r\n.\n", "x\1y\r\n", "\r.\r\n",
};

/* "x", "name1", "xgood", and what is no base64. */
static const char *const	logins[] = {
	"AUTH PLAIN eGdvb2Q=\r\n", "AUTH PLAIN eA==\r\n", "AUTH PLAIN\r\n",
	"AUTH LOGIN\r\n", "auth login bmFtZTE=\r\n", "AUTH LATER\r\n",
	"AUTH X =\r\n", "AUTH\r\n", "AUTH PLAIN !\r\n", "AUTH PLAIN =\n",
};
static const char *const	answers[] = {
	"eGdvb2Q=\r\n", "eA==\r\n", "bmFtZTE=\r\n", "*\r\n", "\r\n", "e\r\n",
	"bmFtZTE=\n",
};

static struct item *
add(struct sequence *seq)
{
	struct item	*item = &seq->items[seq->count++];

	*item = (struct item){ .bytes = BUF_INIT };
	return item;
}

static void
put_content(struct buf *into)
{
	for (unsigned n = pick(5); n > 0; n--)
		buf_put_str(into, ONE_OF(pieces));
}

static void
add_chunk(struct sequence *seq)
{
	struct buf	payload = BUF_INIT;

	put_content(&payload);
	buf_printf(&add(seq)->bytes, "BDAT %zu%s\r\n", payload.len,
	    pick(2) == 0 ? " LAST" : "");
	if (payload.len > 0)
		add(seq)->bytes = payload;
}

static void
add_data(struct sequence *seq)
{
	struct item	*item;

	buf_put_str(&add(seq)->bytes, "DATA\r\n");
	/* Who is refused may send its content all the same. */
	if (pick(8) == 0)
		return;
	item = add(seq);
	put_content(&item->bytes);
	buf_put_str(&item->bytes, pick(6) == 0 ? "." : "\r\n.\r\n");
}

/* In one chunk, so that more can follow before its verdict. */
static void
add_message(struct sequence *seq)
{
	struct buf	payload = BUF_INIT;

	if (seq->count + 4 > ITEM_LIMIT)
		return;
	buf_put_str(&add(seq)->bytes, ONE_OF(senders));
	buf_put_str(&add(seq)->bytes, ONE_OF(recipients));
	put_content(&payload);
	buf_put_str(&payload, pick(3) == 0 ? "\r\nLater\r\n" : "\r\n");
	buf_printf(&add(seq)->bytes, "BDAT %zu LAST\r\n", payload.len);
	add(seq)->bytes = payload;
}

static void
add_noise(struct sequence *seq)
{
	struct item	*item = add(seq);

	for (unsigned n = pick(pick(2) == 0 ? 30 : 1200); n > 0; n--)
		buf_put_u8(&item->bytes, (uint8_t)pick(256));
	buf_put_str(&item->bytes, "\r\n");
}

static void
add_login(struct sequence *seq)
{
	buf_put_str(&add(seq)->bytes, ONE_OF(logins));
	for (unsigned n = pick(4); n > 0 && seq->count < ITEM_LIMIT; n--)
		buf_put_str(&add(seq)->bytes, ONE_OF(answers));
}

/* Mostly what a client would say, in about its order. */
static void
make(struct sequence *seq)
{
	if (pick(10) > 0)
		buf_put_str(&add(seq)->bytes, plain[pick(3)]);
	for (unsigned n = 1 + pick(14); n > 0; n--) {
		unsigned	what = pick(112);

		if (pick(12) == 0 && seq->count < ITEM_LIMIT / 2)
			add_login(seq);

		if (what < 22)
			buf_put_str(&add(seq)->bytes, ONE_OF(senders));
		else if (what < 52)
			buf_put_str(&add(seq)->bytes, ONE_OF(recipients));
		else if (what < 65)
			add_data(seq);
		else if (what < 85)
			add_chunk(seq);
		else if (what < 98)
			buf_put_str(&add(seq)->bytes, ONE_OF(plain));
		else if (what < 100)
			add_noise(seq);
		else
			add_message(seq);
	}
}

static void
drop(struct sequence *seq, size_t at)
{
	buf_clear(&seq->items[at].bytes);
	memmove(&seq->items[at], &seq->items[at + 1],
	    (--seq->count - at) * sizeof(*seq->items));
}

static void
clear(struct sequence *seq)
{
	while (seq->count > 0)
		drop(seq, seq->count - 1);
}

/* ---- what fails ---------------------------------------------------------- */

static void
show(const struct sequence *seq, const char *why)
{
	printf("FAILED: %s (%s, cleanup %d, bare LF %d):\n", why,
	    seq->variant->name, (int)seq->cleanup, (int)seq->bare_lf);
	for (size_t i = 0; i < seq->count; i++) {
		struct slice	s = buf_slice(&seq->items[i].bytes);

		printf("  ");
		for (size_t k = 0; k < s.len; k++)
			if (s.data[k] >= 0x20 && s.data[k] < 0x7f &&
			    s.data[k] != '\\')
				putchar(s.data[k]);
			else
				printf("\\x%02x", s.data[k]);
		printf("\n");
	}
}

/* Leave out what is not needed to fail. */
static void
shrink(struct sequence *seq)
{
	for (size_t i = seq->count; i-- > 0;) {
		struct item	item = seq->items[i];

		memmove(&seq->items[i], &seq->items[i + 1],
		    (--seq->count - i) * sizeof(item));
		if (try(seq) != NULL) {
			buf_clear(&item.bytes);
			continue;
		}
		memmove(&seq->items[i + 1], &seq->items[i],
		    (seq->count++ - i) * sizeof(item));
		seq->items[i] = item;
	}
}

static bool
run_one(const struct variant *variant)
{
	struct sequence	 seq = { .variant = variant };
	const char	*why;

	seq.cleanup = pick(4) > 0 ? CLEANUP_THERE : pick(2) == 0 ?
	    CLEANUP_COMING : CLEANUP_GONE;
	seq.bare_lf = (enum gate_bare_lf)pick(4);
	make(&seq);
	why = try(&seq);
	if (why != NULL) {
		shrink(&seq);
		why = try(&seq);
		show(&seq, why == NULL ? "only now and then" : why);
	}
	clear(&seq);
	return why == NULL;
}

int
main(int argc, char **argv)
{
	unsigned long	count, passed = 0, failed = 0;

	seed = 88172645463325252u;
	if (argc > 2 && strcmp(argv[1], "-s") == 0) {
		seed ^= strtoull(argv[2], NULL, 10);
		argc -= 2;
		argv += 2;
	}
	count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (count == 0) {
		fprintf(stderr, "usage: property [-s seed] COUNT\n");
		return 2;
	}
	log_open_fd("property", open("/dev/null", O_WRONLY | O_CLOEXEC));
	for (size_t i = 0; i < VARIANTS; i++)
		confs[i] = world_conf(variants[i].settings);
	for (size_t i = 0; i < VARIANTS; i++) {
		bool	is_good = true;

		for (unsigned long n = 0; n < count / VARIANTS && is_good; n++)
			is_good = run_one(&variants[i]);
		passed += is_good;
		failed += !is_good;
	}
	for (size_t i = 0; i < VARIANTS; i++)
		conf_free(&confs[i]);
	/* Else the answers' order was never put to the test. */
	if (most_questions < 3) {
		fprintf(stderr, "no RCPT was asked ahead of its turn\n");
		failed++;
	}
	if (most_messages < 3) {
		fprintf(stderr, "no message overtook a verdict\n");
		failed++;
	}
	printf("property: %lu passed, %lu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
