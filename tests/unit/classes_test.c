#include "lookup/classes.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "lookup/resolve.h"
#include "tests/unit/profile_fixture.h"

static const char	config[] =
	"mydestination = $myhostname, localhost, inline:{ { table.example = x"
	" } }\n"
	"virtual_alias_maps = inline:{ { alias.example = x } { a@b = c } }\n"
	"virtual_mailbox_domains = box.example\n"
	"virtual_mailbox_maps = inline:{ { x@box.example = x } }\n"
	"relay_domains = relay.example, xn--bcher-kva.example, "
	"!not.big.example, big.example\n";

static const struct {
	const char	*domain;
	enum class	 class;
} cases[] = {
	{ "mail.ours.example", CLASS_LOCAL },
	{ "MAIL.Ours.Example", CLASS_LOCAL },
	{ "localhost", CLASS_LOCAL },
	{ "table.example", CLASS_LOCAL },
	{ "", CLASS_LOCAL },
	{ "sub.localhost", CLASS_DEFAULT },
	{ "[127.0.0.1]", CLASS_LOCAL },
	{ "[192.0.2.99]", CLASS_LOCAL },
	{ "[192.0.2.98]", CLASS_DEFAULT },
	{ "[IPv6:::1]", CLASS_DEFAULT },
	{ "[nonsense]", CLASS_DEFAULT },
	{ "alias.example", CLASS_VIRTUAL_ALIAS },
	{ "sub.alias.example", CLASS_DEFAULT },
	{ "box.example", CLASS_VIRTUAL_MAILBOX },
	{ "relay.example", CLASS_RELAY },
	{ "sub.relay.example", CLASS_RELAY },
	{ "xrelay.example", CLASS_DEFAULT },
	{ "not.big.example", CLASS_DEFAULT },
	{ "x.big.example", CLASS_RELAY },
	{ "b\303\274cher.example", CLASS_RELAY },
	{ "sub.B\303\234CHER.example", CLASS_RELAY },
	{ "b\303\274chen.example", CLASS_DEFAULT },
	{ "b\303cher.example", CLASS_DEFAULT },
	{ "elsewhere.example", CLASS_DEFAULT },
};

static void
domains(void)
{
	struct profile	profile;

	profile_fixture_init(&profile, config);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum class	class = classes_find(
				    profile.addressing.classes,
				    slice_str(cases[i].domain));

		CU_ASSERT_EQUAL(class, cases[i].class);
		if (class != cases[i].class)
			printf("\n%s: %d\n", cases[i].domain, class);
	}
	profile_fixture_clear(&profile);
}

static void
parents_where_configured(void)
{
	struct profile	profile;

	profile_fixture_init(&profile, "relay_domains = a.example\n"
	    "parent_domain_matches_subdomains = mynetworks\n");
	CU_ASSERT_EQUAL(classes_find(profile.addressing.classes,
	    slice_str("x.a.example")), CLASS_DEFAULT);
	profile_fixture_clear(&profile);
	/* Of these, only mail that is passed on can be for what is below. */
	profile_fixture_init(&profile, "relay_domains = a.example\n"
	    "mydestination = b.example\nvirtual_alias_domains = c.example\n"
	    "parent_domain_matches_subdomains = mydestination, "
	    "virtual_alias_domains, relay_domains\n");
	CU_ASSERT_EQUAL(classes_find(profile.addressing.classes,
	    slice_str("x.a.example")), CLASS_RELAY);
	CU_ASSERT_EQUAL(classes_find(profile.addressing.classes,
	    slice_str("x.b.example")), CLASS_DEFAULT);
	CU_ASSERT_EQUAL(classes_find(profile.addressing.classes,
	    slice_str("x.c.example")), CLASS_DEFAULT);
	profile_fixture_clear(&profile);
}

/* What cannot be known is neither ours nor anybody else's. */
static void
trouble(void)
{
	struct profile	profile;

	profile_fixture_init(&profile, "relay_domains = fail:no\n"
	    "mydestination = b.example\n");
	CU_ASSERT_EQUAL(classes_find(profile.addressing.classes,
	    slice_str("b.example")), CLASS_LOCAL);
	CU_ASSERT_EQUAL(classes_find(profile.addressing.classes,
	    slice_str("x.example")), CLASS_TROUBLE);
	profile_fixture_clear(&profile);
	profile_fixture_init(&profile, "mydestination = nosuch:x\n");
	CU_ASSERT_EQUAL(classes_find(profile.addressing.classes,
	    slice_str("x.example")), CLASS_TROUBLE);
	profile_fixture_clear(&profile);
}

/* All of the patterns by which open relays are found. */
static const char *const	strangers[] = {
	"user@elsewhere.example",
	"user%elsewhere.example@mail.ours.example",
	"user%elsewhere.example@[127.0.0.1]",
	"user%elsewhere.example@relay.example",
	"elsewhere.example!user@mail.ours.example",
	"elsewhere.example!user@[127.0.0.1]",
	"\"user@elsewhere.example\"@mail.ours.example",
	"\"user@elsewhere.example\"@alias.example",
	"\"user%elsewhere.example\"@box.example",
	"\"user@elsewhere.example\"",
	"user%elsewhere.example",
	"elsewhere.example!user",
};

static void
no_relay(void)
{
	struct profile	profile;

	profile_fixture_init(&profile, config);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++)
		CU_ASSERT_EQUAL(resolve_class(&profile,
		    slice_str(strangers[i])), CLASS_DEFAULT);
	CU_ASSERT_EQUAL(resolve_class(&profile,
	    slice_str("x@relay.example")), CLASS_RELAY);
	CU_ASSERT_EQUAL(resolve_class(&profile, slice_str("x")),
	    CLASS_LOCAL);
	profile_fixture_clear(&profile);
}

void	classes_test(void);

void
classes_test(void)
{
	CU_pSuite	suite = CU_add_suite("classes", NULL, NULL);

	CU_add_test(suite, "domains", domains);
	CU_add_test(suite, "parents where configured",
	    parents_where_configured);
	CU_add_test(suite, "trouble", trouble);
	CU_add_test(suite, "no relay", no_relay);
}
