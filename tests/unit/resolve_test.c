#include "lookup/resolve.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lookup/verdict.h"
#include "tests/unit/profile_fixture.h"

#define OURS \
	"mydestination = ours.example\nmyorigin = ours.example\n" \
	"recipient_delimiter = +\n" \
	"virtual_alias_domains = alias.example\n" \
	"virtual_mailbox_domains = box.example\n" \
	"relay_domains = relay.example\n" \
	"relayhost = hub\n"
#define USERS OURS \
	"local_recipient_maps = inline:{ { u = x } { w@ours.example = x } }\n" \
	"virtual_mailbox_maps = inline:{ { u@box.example = x } }\n" \
	"relay_recipient_maps = inline:{ { u@relay.example = x } }\n" \
	"virtual_alias_maps = inline:{ { v = a@x, u, w+z } " \
	"{ a@alias.example = u%y.example@ours.example } " \
	"{ r@relay.example = b@x } }\n" \
	"canonical_maps = inline:{ { c@ours.example = u@ours.example } }\n" \
	"relocated_maps = inline:{ { gone = new@x.example } " \
	"{ gone@alias.example = new@x.example } }\n" \
	"transport_maps = inline:{ { bad@relay.example = " \
	"error:4.2.1 Not today } { dead@relay.example = error:Never } }\n"

/* The whole verdict as one text. */
static const char *
format(const struct verdict *verdict, struct buf *out)
{
	const struct verdict_rcpt	*rcpt;
	const struct verdict_action	*action;

	buf_empty(out);
	if (verdict->code != 0) {
		buf_printf(out, "%d %s ", verdict->code, verdict->dsn);
		buf_put_slice(out, buf_slice(&verdict->text));
		return buf_cstr(out);
	}
	DL_FOREACH(verdict->rcpts, rcpt)
		buf_printf(out, "%s%s=%s:%s", out->len > 0 ? " " : "",
		    rcpt->address, rcpt->transport, rcpt->nexthop);
	DL_FOREACH(verdict->actions, action)
		buf_printf(out, " %s %s", action->kind == JUDGE_BCC ? "bcc" :
		    "?", action->text);
	return buf_cstr(out);
}

static void
compare(const struct verdict *verdict, const char *about, const char *want)
{
	struct buf	out = BUF_INIT;

	CU_ASSERT_STRING_EQUAL(format(verdict, &out), want);
	if (strcmp(buf_cstr(&out), want) != 0)
		printf("\n%s: %s, not %s\n", about, buf_cstr(&out), want);
	buf_clear(&out);
}

/* A configuration holds for the cases behind it, too. */
static const struct {
	const char	*config, *sender, *recipient, *want;
} cases[] = {
	{ OURS, "s@s", "u@x.example", "u@x.example=smtp:hub" },
	{ NULL, "s@s", "u@ours.example",
	    "u@ours.example=local:mail.ours.example" },
	{ NULL, "s@s", "u@a.ours.example.", "u@a.ours.example=smtp:hub" },
	/* only who may send anywhere comes this far with these */
	{ NULL, "s@s", "u%x.example@ours.example", "u@x.example=smtp:hub" },
	{ NULL, "s@s", "x.example!u@[127.0.0.1]", "u@x.example=smtp:hub" },
	{ NULL, "s@s", "\"u%y.example@x.example\"@ours.example",
	    "u%y.example@x.example=smtp:hub" },
	{ NULL, "s@s", "u%x.example%ours.example@ours.example",
	    "u@x.example=smtp:hub" },
	{ USERS, "s@s", "v@ours.example", "a@x=smtp:hub "
	    "u@ours.example=local:mail.ours.example "
	    "w+z@ours.example=local:mail.ours.example" },
	{ NULL, "s@s", "c+e@ours.example",
	    "u+e@ours.example=local:mail.ours.example" },
	{ NULL, "s@s", "a@alias.example", "u@y.example=smtp:hub" },
	{ NULL, "s@s", "b@alias.example", "b@alias.example="
	    "error:5.1.1 User unknown in virtual alias table" },
	{ NULL, "s@s", "gone@ours.example", "gone@ours.example="
	    "error:5.1.6 User has moved to new@x.example" },
	/* copies for recipients */
	{ OURS "recipient_bcc_maps = inline:{ { u@x.example = copy } "
	    "{ @y.example = v@alias.example } }\n"
	    "virtual_alias_maps = inline:{ { v@alias.example = a@x, b@x } "
	    "}\n", "s@s", "u@x.example",
	    "u@x.example=smtp:hub bcc copy@ours.example" },
	{ NULL, "s@s", "u+e@y.example",
	    "u+e@y.example=smtp:hub bcc a@x bcc b@x" },
	/* back from a content filter */
	{ USERS "receive_override_options = no_address_mappings\n"
	    "recipient_bcc_maps = inline:{ { v@ours.example = copy } }\n",
	    "s@s", "v@ours.example",
	    "v@ours.example=local:mail.ours.example" },
	/* tables of senders see the sender as it will be */
	{ OURS "sender_dependent_relayhost_maps = inline:{ { new@s = [s] } "
	    "{ old@s = [bad] } }\n"
	    "sender_canonical_maps = inline:{ { old@s = new@s } }\n",
	    "old@s", "u@x", "u@x=smtp:[s]" },
	{ NULL, "new@s", "u@x", "u@x=smtp:[s]" },
	{ NULL, "", "u@x", "u@x=smtp:hub" },
	/* trouble, of every table there is */
	{ OURS "virtual_alias_maps = inline:{ { a@x = b@x } { b@x = a@x } "
	    "}\n", "s@s", "a@x", "451 4.6.0 <a@x>: Alias expansion error" },
	{ OURS "virtual_alias_maps = fail:x\n", "s@s", "u@x",
	    "451 4.3.0 <u@x>: Temporary lookup failure" },
	{ OURS "recipient_canonical_maps = fail:x\n", "s@s", "u@x",
	    "451 4.3.0 <u@x>: Temporary lookup failure" },
	{ OURS "relocated_maps = fail:x\n", "s@s", "u@x",
	    "451 4.3.0 <u@x>: Temporary lookup failure" },
	{ OURS "transport_maps = fail:x\n", "s@s", "u@x",
	    "451 4.3.0 <u@x>: Temporary lookup failure" },
	{ OURS "recipient_bcc_maps = fail:x\n", "s@s", "u@x",
	    "451 4.3.0 <u@x>: Temporary lookup failure" },
	{ "mydestination = fail:x\n", "s@s", "u@x",
	    "451 4.3.0 <u@x>: Temporary lookup failure" },
};

static void
recipients(void)
{
	struct profile	profile = { .conf = NULL };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct verdict	verdict = { .code = 0 };

		if (cases[i].config != NULL) {
			profile_fixture_clear(&profile);
			profile_fixture_init(&profile, cases[i].config);
		}
		resolve_recipient(&profile, slice_str(cases[i].sender),
		    slice_str(cases[i].recipient), &verdict);
		compare(&verdict, cases[i].recipient, cases[i].want);
		verdict_clear(&verdict);
	}
	profile_fixture_clear(&profile);
}

static const struct {
	const char	*config, *address, *want;	/* "": it is there */
} listed[] = {
	{ USERS, "u@ours.example", "" },
	{ NULL, "U+e@Ours.Example", "" },
	{ NULL, "w@ours.example", "" },
	{ NULL, "v@ours.example", "" },
	{ NULL, "c@ours.example", "" },
	{ NULL, "u@[127.0.0.1]", "" },
	{ NULL, "x@elsewhere.example", "" },
	{ NULL, "u@box.example", "" },
	{ NULL, "u@relay.example", "" },
	{ NULL, "r@relay.example", "" },
	{ NULL, "a@alias.example", "" },
	{ NULL, "x@ours.example", "550 5.1.1 <x@ours.example>: Recipient "
	    "address rejected: User unknown in local recipient table" },
	{ NULL, "x@box.example", "550 5.1.1 <x@box.example>: Recipient "
	    "address rejected: User unknown in virtual mailbox table" },
	{ NULL, "x@relay.example", "550 5.1.1 <x@relay.example>: Recipient "
	    "address rejected: User unknown in relay recipient table" },
	{ NULL, "x@alias.example", "550 5.1.1 <x@alias.example>: Recipient "
	    "address rejected: User unknown in virtual alias table" },
	{ NULL, "gone@ours.example", "550 5.1.6 <gone@ours.example>: "
	    "Recipient address rejected: User has moved to new@x.example" },
	{ NULL, "gone@alias.example", "550 5.1.6 <gone@alias.example>: "
	    "Recipient address rejected: User has moved to new@x.example" },
	{ NULL, "bad@relay.example", "450 4.2.1 <bad@relay.example>: "
	    "Recipient address rejected: Not today" },
	{ NULL, "dead@relay.example", "550 5.1.1 <dead@relay.example>: "
	    "Recipient address rejected: Never" },
	{ USERS "unknown_local_recipient_reject_code = 450\n"
	    "unknown_relay_recipient_reject_code = 451\n"
	    "unknown_virtual_alias_reject_code = 452\n"
	    "unknown_virtual_mailbox_reject_code = 453\n"
	    "show_user_unknown_table_name = no\n", "x@ours.example",
	    "450 5.1.1 <x@ours.example>: Recipient address rejected: "
	    "User unknown" },
	{ NULL, "x@relay.example", "451 5.1.1 <x@relay.example>: Recipient "
	    "address rejected: User unknown" },
	{ NULL, "x@alias.example", "452 5.1.1 <x@alias.example>: Recipient "
	    "address rejected: User unknown" },
	{ NULL, "x@box.example", "453 5.1.1 <x@box.example>: Recipient "
	    "address rejected: User unknown" },
	/* back from a content filter */
	{ USERS "receive_override_options = no_unknown_recipient_checks\n",
	    "x@ours.example", "" },
	/* no tables, no questions */
	{ OURS "local_recipient_maps =\n", "x@ours.example", "" },
	{ NULL, "x@box.example", "" },
	{ NULL, "x@relay.example", "" },
	{ NULL, "x@alias.example", "550 5.1.1 <x@alias.example>: Recipient "
	    "address rejected: User unknown in virtual alias table" },
	/* the accounts of this machine */
	{ OURS, "root@ours.example", "" },
	{ NULL, "no-such-user@ours.example", "550 5.1.1 "
	    "<no-such-user@ours.example>: Recipient address rejected: User "
	    "unknown in local recipient table" },
	/* trouble */
	{ OURS "local_recipient_maps = inline:{ u=x } fail:x\n",
	    "u@ours.example", "451 4.3.0 <u@ours.example>: Temporary lookup "
	    "failure" },
	{ OURS "virtual_alias_maps = fail:x\n", "u@ours.example",
	    "451 4.3.0 <u@ours.example>: Temporary lookup failure" },
	{ OURS "transport_maps = fail:x\n", "u@ours.example",
	    "451 4.3.0 <u@ours.example>: Temporary lookup failure" },
};

static void
listings(void)
{
	struct profile	profile = { .conf = NULL };

	for (size_t i = 0; i < sizeof(listed) / sizeof(*listed); i++) {
		struct verdict	verdict = { .code = 0 };
		bool		ok;

		if (listed[i].config != NULL) {
			profile_fixture_clear(&profile);
			profile_fixture_init(&profile, listed[i].config);
		}
		ok = resolve_is_listed(&profile, slice_str(
		    listed[i].address), "Recipient", &verdict);
		CU_ASSERT_EQUAL(ok, verdict.code == 0);
		compare(&verdict, listed[i].address, listed[i].want);
		verdict_clear(&verdict);
	}
	profile_fixture_clear(&profile);
}

static void
senders(void)
{
	struct profile	profile;
	struct verdict	verdict = { .code = 0 };

	profile_fixture_init(&profile, USERS);
	CU_ASSERT(!resolve_is_listed(&profile, slice_str("x@ours.example"),
	    "Sender", &verdict));
	compare(&verdict, "x", "550 5.1.0 <x@ours.example>: Sender address "
	    "rejected: User unknown in local recipient table");
	verdict_clear(&verdict);
	profile_fixture_clear(&profile);
}

static void
messages(void)
{
	struct profile	profile;
	struct verdict	verdict = { .code = 0 };

	profile_fixture_init(&profile, OURS
	    "sender_bcc_maps = inline:{ { s@s = copy, more@x } }\n");
	resolve_message(&profile, slice_str("s@s"), &verdict);
	compare(&verdict, "s", " bcc copy@ours.example");
	verdict_clear(&verdict);
	resolve_message(&profile, slice_str(""), &verdict);
	compare(&verdict, "", "");
	verdict_clear(&verdict);
	profile_fixture_clear(&profile);
	profile_fixture_init(&profile, OURS "sender_bcc_maps = "
	    "inline:{ { s@s = copy } }\ncanonical_maps = fail:x\n");
	resolve_message(&profile, slice_str("s@s"), &verdict);
	compare(&verdict, "s",
	    "451 4.3.0 <s@s>: Temporary lookup failure");
	verdict_clear(&verdict);
	profile_fixture_clear(&profile);
	profile_fixture_init(&profile, OURS "sender_bcc_maps = fail:x\n");
	resolve_message(&profile, slice_str("s@s"), &verdict);
	compare(&verdict, "s",
	    "451 4.3.0 <s@s>: Temporary lookup failure");
	verdict_clear(&verdict);
	profile_fixture_clear(&profile);
}

/* Any address has a route. */
static void
random_bytes(void)
{
	struct profile	profile;
	char		address[100];

	profile_fixture_init(&profile, "mydestination = A\n"
	    "virtual_alias_domains = a\nrecipient_delimiter = +\n"
	    "virtual_alias_maps = inline:{ { a@a = b } }\n");
	srandom(8);
	for (int i = 0; i < 5000; i++) {
		struct verdict	verdict = { .code = 0 };
		size_t		len = (size_t)random() % 100;

		for (size_t k = 0; k < len; k++)
			address[k] = "@@.[]:\"\\ABab+%!\377"[random() % 16];
		resolve_recipient(&profile, slice_str(""),
		    slice_from(address, len), &verdict);
		CU_ASSERT_PTR_NOT_NULL(verdict.rcpts);
		verdict_clear(&verdict);
		resolve_is_listed(&profile, slice_from(address, len),
		    "Recipient", &verdict);
		verdict_clear(&verdict);
	}
	profile_fixture_clear(&profile);
}

void	resolve_test(void);

void
resolve_test(void)
{
	CU_pSuite	suite = CU_add_suite("resolve", NULL, NULL);

	CU_add_test(suite, "recipients", recipients);
	CU_add_test(suite, "listings", listings);
	CU_add_test(suite, "senders", senders);
	CU_add_test(suite, "messages", messages);
	CU_add_test(suite, "random bytes", random_bytes);
}
