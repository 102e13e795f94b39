#include "lookup/transport.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/profile_fixture.h"

#define OURS \
	"mydestination = ours.example\n" \
	"virtual_alias_domains = alias.example\n" \
	"virtual_mailbox_domains = box.example\n" \
	"relay_domains = relay.example\n"
#define TABLE(text)	OURS "recipient_delimiter = +\n" \
	"transport_maps = inline:{ " text " }\n"

/* A configuration holds for the cases behind it, too. */
static const struct {
	const char	*config, *sender, *address, *want;
} cases[] = {
	/* the classes, with defaults */
	{ OURS, "", "u@ours.example", "local:mail.ours.example" },
	{ NULL, "", "u@[127.0.0.1]", "local:mail.ours.example" },
	{ NULL, "", "u@alias.example",
	    "error:5.1.1 User unknown in virtual alias table" },
	{ NULL, "", "u@Box.example", "virtual:box.example" },
	{ NULL, "", "u@relay.example", "relay:relay.example" },
	{ NULL, "", "u@X.example", "smtp:x.example" },
	{ NULL, "", "\"a@y\"@x.example", "smtp:x.example" },
	{ NULL, "", "u@[192.0.2.1]", "smtp:[192.0.2.1]" },
	{ NULL, "", "u@[IPv6:2001:DB8::1]", "smtp:[ipv6:2001:db8::1]" },
	{ NULL, "", "u", "smtp:mail.ours.example" },
	/* their parameters */
	{ OURS "local_transport = lmtp:unix:/x\n"
	    "virtual_transport = lmtp:[h]:24\nrelay_transport = relay\n"
	    "default_transport = slow\nrelayhost = [Hub.Example]:587\n",
	    "", "u@ours.example", "lmtp:unix:/x" },
	{ NULL, "", "u@box.example", "lmtp:[h]:24" },
	{ NULL, "", "u@relay.example", "relay:[hub.example]:587" },
	{ NULL, "", "u@x.example", "slow:[hub.example]:587" },
	{ OURS "local_transport = error:no local mail\n"
	    "virtual_transport = lmtp\nrelay_transport = relay:hop\n"
	    "default_transport = slow:Hop2\nrelayhost = hub\n",
	    "", "u@ours.example", "error:no local mail" },
	{ NULL, "", "u@box.example", "lmtp:box.example" },
	{ NULL, "", "u@relay.example", "relay:hop" },
	{ NULL, "", "u@x.example", "slow:Hop2" },
	/* by sender: its default transport, its relayhost */
	{ OURS "sender_dependent_default_transport_maps = inline:{ "
	    "{ a@s.example = slow } { b@s.example = slow:hop } "
	    "{ @t.example = quick } { <> = null } { c@t.example = DUNNO } "
	    "}\nsender_dependent_relayhost_maps = inline:{ "
	    "{ @s.example = [s.hub] } { <> = [null.hub] } "
	    "{ c@t.example = DUNNO } }\nrelayhost = hub\n",
	    "a@s.example", "u@x.example", "slow:[s.hub]" },
	{ NULL, "b@s.example", "u@x.example", "slow:hop" },
	{ NULL, "c@s.example", "u@x.example", "smtp:[s.hub]" },
	{ NULL, "c@t.example", "u@x.example", "smtp:hub" },
	{ NULL, "d@t.example", "u@x.example", "quick:hub" },
	{ NULL, "", "u@x.example", "null:[null.hub]" },
	{ NULL, "a@s.example", "u@relay.example", "relay:[s.hub]" },
	{ NULL, "a@s.example", "u@box.example", "virtual:box.example" },
	{ NULL, "a@s.example", "u@ours.example", "local:mail.ours.example" },
	/* transport_maps: what is asked for, and in which order */
	{ TABLE("{ u+x@x.example = 1: } { u@x.example = 2: } "
	    "{ x.example = 3: } { .x.example = 4: } { .example = 5: } "
	    "{ [192.0.2.1] = 7: } { * = 6: }"),
	    "", "u+x@x.example", "1:x.example" },
	{ NULL, "", "u+y@X.example", "2:x.example" },
	{ NULL, "", "v@x.example", "3:x.example" },
	{ NULL, "", "v@w.x.example", "4:w.x.example" },
	{ NULL, "", "v@v.w.x.example", "4:v.w.x.example" },
	{ NULL, "", "v@y.example", "5:y.example" },
	{ NULL, "", "v@example", "6:example" },
	{ NULL, "", "v@[192.0.2.1]", "7:[192.0.2.1]" },
	{ NULL, "", "v@[192.0.2.2]", "6:[192.0.2.2]" },
	/* parts of results */
	{ TABLE("{ a.example = smtp:[Hop]:25 } { b.example = :hop } "
	    "{ c.example = slow } { d.example = slow: } { e.example = : } "
	    "{ f.example = error:5.7.1 Not here: gone } "
	    "{ ours.example = :hop } { g.example = smtp:[a], [b] }")
	    "relayhost = hub\n",
	    "", "u@a.example", "smtp:[Hop]:25" },
	{ NULL, "", "u@b.example", "smtp:hop" },
	{ NULL, "", "u@c.example", "slow:c.example" },
	{ NULL, "", "u@d.example", "slow:d.example" },
	{ NULL, "", "u@e.example", "smtp:hub" },
	{ NULL, "", "u@f.example", "error:5.7.1 Not here: gone" },
	{ NULL, "", "u@g.example", "smtp:[a], [b]" },
	{ NULL, "", "u@ours.example", "local:hop" },
	/* as it is written, and as the DNS has it */
	{ TABLE("{ xn--bcher-kva.example = 1: } { .xn--bcher-kva.example = "
	    "2: } { sub.b\303\274cher.example = 3: }"),
	    "", "u@b\303\274cher.example", "1:xn--bcher-kva.example" },
	{ NULL, "", "u@B\303\234cher.Example", "1:xn--bcher-kva.example" },
	{ NULL, "", "u@x.b\303\274cher.example",
	    "2:x.xn--bcher-kva.example" },
	{ NULL, "", "u@sub.b\303\274cher.example",
	    "3:sub.xn--bcher-kva.example" },
	{ NULL, "", "u@\303\244.example", "smtp:xn--4ca.example" },
	{ NULL, "", "u@\303\244-.example", "smtp:\303\244-.example" },
	/* parents without a dot, where asked for */
	{ TABLE("{ x.example = 1: } { .y.example = 2: }")
	    "parent_domain_matches_subdomains = transport_maps\n",
	    "", "u@a.x.example", "1:a.x.example" },
	{ NULL, "", "u@a.y.example", "smtp:a.y.example" },
	/* patterns see whole addresses; nothing of a stranger's in a route */
	{ OURS "transport_maps = regexp:{ { /^\\*$$/ 1: } { /^x.example/ 2: }"
	    " { /@x.example$$/ 3:hop } { /@(.*)$$/ bad:$$1 } }\n",
	    "", "u@x.example", "3:hop" },
	{ NULL, "", "u@y.example", "smtp:y.example" },
	/* trouble */
	{ OURS "transport_maps = fail:x\n", "", "u@ours.example", NULL },
	{ OURS "sender_dependent_relayhost_maps = fail:x\n", "a@b",
	    "u@x.example", NULL },
	{ NULL, "", "u@ours.example", "local:mail.ours.example" },
	{ OURS "sender_dependent_relayhost_maps = fail:x\n"
	    "default_transport = smtp:hop\n", "a@b", "u@x.example",
	    "smtp:hop" },
	{ OURS "sender_dependent_default_transport_maps = fail:x\n", "",
	    "u@x.example", NULL },
	{ "mydestination = fail:x\n", "", "u@x.example", NULL },
};

static void
routes(void)
{
	struct profile	profile = { .conf = NULL };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct transport_route	 route = TRANSPORT_ROUTE_INIT;
		char			*found = NULL;
		int			 result;

		if (cases[i].config != NULL) {
			profile_fixture_clear(&profile);
			profile_fixture_init(&profile, cases[i].config);
		}
		result = transport_find(&profile.addressing,
		    slice_str(cases[i].sender), slice_str(cases[i].address),
		    &route);
		found = mem_printf("%s:%s", buf_cstr(&route.transport),
		    buf_cstr(&route.nexthop));
		CU_ASSERT_EQUAL(result, cases[i].want == NULL ? -1 : 0);
		if (cases[i].want != NULL) {
			CU_ASSERT_STRING_EQUAL(found, cases[i].want);
			if (strcmp(found, cases[i].want) != 0)
				printf("\n%s: %s, not %s\n",
				    cases[i].address, found, cases[i].want);
		}
		mem_free(found);
		transport_clear(&route);
	}
	profile_fixture_clear(&profile);
}

void	transport_test(void);

void
transport_test(void)
{
	CU_pSuite	suite = CU_add_suite("transport", NULL, NULL);

	CU_add_test(suite, "routes", routes);
}
