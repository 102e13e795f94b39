#include "lookup/locals.h"

#include "lookup/profile.h"
#include "mail/ipc.h"
#include "mail/match_list.h"
#include "mail/self.h"
#include "net/addr.h"
#include "tests/unit/profile_fixture.h"
#include "util/slice.h"

/* The list; of 127.0.0.1 (ours), 192.0.2.1 (in mynetworks), 192.0.2.2. */
static const struct {
	const char	*list;
	bool		 ours, inside, other;
} cases[] = {
	{ "", false, false, false },
	{ "permit_inet_interfaces", true, false, false },
	{ "permit_mynetworks", false, true, false },
	{ "permit_mynetworks, permit_inet_interfaces", true, true, false },
	{ "permit_sasl_authenticated permit_tls_clientcerts", false, false,
	    false },
	{ "static:all", true, true, true },
	{ "192.0.2.2", false, false, true },
	{ "check_address_map inline:{192.0.2.2=x}", false, false, true },
	{ "permit_mynetworks inline:{ { 192.0.2.2 = x } }", false, true,
	    true },
	{ "check_address_map cidr:{{192.0.2.0/30 x}}, permit_inet_interfaces",
	    true, true, true },
	/* A table in trouble has nobody, nor has one that is none. */
	{ "hash:/no/such", false, false, false },
	{ "nonsense:x permit_mynetworks", false, true, false },
};

static bool
has(const struct locals *locals, const struct profile *profile,
    const char *ip)
{
	struct addr	addr;

	CU_ASSERT_EQUAL_FATAL(addr_parse_ip(slice_str(ip), 0, &addr), 0);
	return locals_has(locals, profile, SLICE_LIT("unknown"), &addr);
}

static void
clients(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char		*text, *why;
		struct profile	 profile;
		struct locals	*locals;

		text = mem_printf("local_header_rewrite_clients = %s\n",
		    cases[i].list);
		profile_fixture_init(&profile, text);
		profile.self = self_new(profile.conf);
		profile.networks = match_list_new("192.0.2.1",
		    MATCH_LIST_HOST, 0, &why);
		locals = locals_new(profile.conf);
		if (has(locals, &profile, "127.0.0.1") != cases[i].ours ||
		    has(locals, &profile, "192.0.2.1") != cases[i].inside ||
		    has(locals, &profile, "192.0.2.2") != cases[i].other)
			CU_FAIL(cases[i].list);
		locals_free(&locals);
		match_list_free(&profile.networks);
		self_free(&profile.self);
		profile_fixture_clear(&profile);
		mem_free(text);
	}
}

/* The list; of a login, a trusted certificate, a listed one, and nobody. */
static const struct {
	const char	*list;
	bool		 login, trusted, listed;
} proofs[] = {
	{ "permit_mynetworks, static:all", false, false, false },
	{ "permit_sasl_authenticated", true, false, false },
	{ "permit_tls_all_clientcerts", false, true, false },
	{ "permit_mynetworks, permit_tls_clientcerts", false, false, true },
	{ "permit_sasl_authenticated permit_tls_clientcerts", true, false,
	    true },
};

static void
proves(void)
{
	const struct msg_judge	nobody = { .ccert_print = SLICE_LIT("AB") };
	const struct msg_judge	login = { .sasl_username = SLICE_LIT("u") };
	const struct msg_judge	trusted = { .flags = JUDGE_TRUSTED };
	const struct msg_judge	listed = { .ccert_print = SLICE_LIT("CD") };

	for (size_t i = 0; i < sizeof(proofs) / sizeof(*proofs); i++) {
		struct profile	 profile;
		struct locals	*locals;
		char		*text;

		text = mem_printf("local_header_rewrite_clients = %s\n",
		    proofs[i].list);
		profile_fixture_init(&profile, text);
		maps_init(&profile.clientcerts, "relay_clientcerts",
		    "inline:{CD=x}", 0);
		locals = locals_new(profile.conf);
		if (locals_has_proof(locals, &profile, &nobody) ||
		    locals_has_proof(locals, &profile, &login) !=
		    proofs[i].login ||
		    locals_has_proof(locals, &profile, &trusted) !=
		    proofs[i].trusted ||
		    locals_has_proof(locals, &profile, &listed) !=
		    proofs[i].listed)
			CU_FAIL(proofs[i].list);
		locals_free(&locals);
		maps_clear(&profile.clientcerts);
		profile_fixture_clear(&profile);
		mem_free(text);
	}
}

void	locals_test(void);

void
locals_test(void)
{
	CU_pSuite	suite = CU_add_suite("locals", NULL, NULL);

	CU_add_test(suite, "whose headers are ours", clients);
	CU_add_test(suite, "who proves it", proves);
}
