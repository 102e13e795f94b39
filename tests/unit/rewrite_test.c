#include "lookup/rewrite.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "mail/ipc.h"
#include "tests/unit/profile_fixture.h"

#define OURS	"mydestination = ours.example\nmyorigin = origin.example\n" \
		"mydomain = domain.example\n"

/* A configuration holds for the cases behind it, too. */
static const struct {
	const char	*config, *address, *want;
} standard[] = {
	{ OURS, "u@x.example", "u@x.example" },
	{ NULL, "", "" },
	{ NULL, "u", "u@origin.example" },
	{ NULL, "\"a b\"", "\"a b\"@origin.example" },
	{ NULL, "\"u%x\"", "\"u%x\"@origin.example" },
	{ NULL, "u@host", "u@host" },
	{ NULL, "u@x.example.", "u@x.example" },
	{ NULL, "u%x.example", "u@x.example" },
	{ NULL, "u%y%x.example", "u%y@x.example" },
	{ NULL, "x.example!u", "u@x.example" },
	{ NULL, "x!y!u", "y!u@x" },
	{ NULL, "!u", "!u@origin.example" },
	{ NULL, "u%", "u%@origin.example" },
	/* myorigin was added by who asks */
	{ NULL, "u%x.example@origin.example", "u@x.example" },
	{ NULL, "x.example!u@Origin.Example", "u@x.example" },
	/* a domain of its own is not looked behind */
	{ NULL, "u%x.example@ours.example", "u%x.example@ours.example" },
	{ OURS "append_dot_mydomain = yes\nswap_bangpath = no\n"
	    "allow_percent_hack = no\n", "u@host", "u@host.domain.example" },
	{ NULL, "u@[192.0.2.1]", "u@[192.0.2.1]" },
	{ NULL, "x!u", "x!u@origin.example" },
	{ NULL, "u%x", "u%x@origin.example" },
	{ OURS "append_at_myorigin = no\n", "u", "u" },
};

static void
standard_form(void)
{
	struct profile	profile = { .conf = NULL };

	for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++) {
		struct buf	out = BUF_INIT;

		if (standard[i].config != NULL) {
			profile_fixture_clear(&profile);
			profile_fixture_init(&profile, standard[i].config);
		}
		rewrite_standard(&profile.addressing,
		    slice_str(standard[i].address), &out);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), standard[i].want);
		if (strcmp(buf_cstr(&out), standard[i].want) != 0)
			printf("\n%s: %s\n", standard[i].address,
			    buf_cstr(&out));
		buf_clear(&out);
	}
	profile_fixture_clear(&profile);
}

static const struct {
	const char	*address, *want;	/* NULL: there is none */
} routed[] = {
	{ "u%x.example@ours.example", "u@x.example" },
	{ "u%y.example%x.example@ours.example", "u%y.example@x.example" },
	{ "x.example!u@ours.example", "u@x.example" },
	{ "\"u@x.example\"@ours.example", "u@x.example" },
	{ "\"a b@x.example\"@ours.example", "\"a b\"@x.example" },
	{ "\"u@\"@ours.example", NULL },
	{ "\"@x\"@ours.example", NULL },
	{ "\"u@a b\"@ours.example", NULL },
	{ "u%#@ours.example", NULL },
	{ "u@ours.example", NULL },
};

static void
routes(void)
{
	struct profile	profile;

	profile_fixture_init(&profile, OURS);
	for (size_t i = 0; i < sizeof(routed) / sizeof(*routed); i++) {
		struct buf	out = BUF_INIT;
		bool		has_any;

		has_any = rewrite_strip_route(&profile.addressing,
		    slice_str(routed[i].address), &out);
		CU_ASSERT_EQUAL(has_any, routed[i].want != NULL);
		if (routed[i].want != NULL)
			CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
			    routed[i].want);
		buf_clear(&out);
	}
	profile_fixture_clear(&profile);
}

#define FROM	PLACE_ENVELOPE_SENDER
#define TO	PLACE_ENVELOPE_RECIPIENT
#define HFROM	PLACE_HEADER_SENDER
#define HTO	PLACE_HEADER_RECIPIENT
#define OUT	PLACE_OUTSIDE

static const struct {
	const char	*config;
	unsigned	 where;
	const char	*address, *want;	/* NULL: trouble */
} finals[] = {
	{ OURS, FROM, "u@x.example", "u@x.example" },
	/* canonical, what goes before it, and where it applies */
	{ OURS "sender_canonical_maps = inline:{ { u@x.example = s@y } }\n"
	    "recipient_canonical_maps = inline:{ { u@x.example = r@y } }\n"
	    "canonical_maps = inline:{ { s@y = t@z } { a@x.example = b@z } "
	    "{ all@x.example = one@z, two@z } { short@x.example = l } "
	    "}\n", FROM, "u@x.example", "t@z" },
	{ NULL, HFROM, "u@x.example", "t@z" },
	{ NULL, TO, "u@x.example", "r@y" },
	{ NULL, HTO, "u@x.example", "r@y" },
	{ NULL, HTO, "A@X.example", "b@z" },
	{ NULL, TO, "short@x.example", "l@origin.example" },
	{ NULL, FROM, "", "" },
	{ OURS "canonical_maps = inline:{ { u@x.example = v@x.example } }\n"
	    "canonical_classes = header_sender\n", FROM, "u@x.example",
	    "u@x.example" },
	{ NULL, HFROM, "u@x.example", "v@x.example" },
	{ NULL, HTO, "u@x.example", "u@x.example" },
	/* extensions, and whole domains */
	{ OURS "recipient_delimiter = +\ncanonical_maps = inline:{ "
	    "{ u@x.example = v@y.example } { @old.example = @new.example } "
	    "{ @all.example = one@new.example } }\n",
	    FROM, "u+e@x.example", "v+e@y.example" },
	{ NULL, FROM, "w+e@old.example", "w+e@new.example" },
	{ NULL, FROM, "\"a b\"@old.example", "\"a b\"@new.example" },
	{ NULL, FROM, "w+e@all.example", "one@new.example" },
	{ OURS "recipient_delimiter = +\npropagate_unmatched_extensions =\n"
	    "canonical_maps = inline:{ { u@x.example = v@y.example } }\n",
	    FROM, "u+e@x.example", "v@y.example" },
	/* circles: an end, or none */
	{ OURS "canonical_maps = inline:{ { u@x = u@x } { a@x = b@x } "
	    "{ b@x = a@x } }\n", FROM, "u@x", "u@x" },
	{ NULL, FROM, "a@x", NULL },
	{ OURS "canonical_maps = fail:x\n", FROM, "a@x", NULL },
	{ OURS "sender_canonical_maps = fail:x\n", TO, "a@x", "a@x" },
	/* what leaves: once, and by this table only */
	{ OURS "smtp_generic_maps = inline:{ { his = acct@isp } "
	    "{ @ours.example = acct2@isp } { acct@isp = x@y } }\n"
	    "canonical_maps = fail:x\nrecipient_delimiter = +\n",
	    OUT, "his@ours.example", "acct@isp" },
	{ NULL, OUT, "his+e@ours.example", "acct@isp" },
	{ NULL, OUT, "her@ours.example", "acct2@isp" },
	{ NULL, OUT, "u@x.example", "u@x.example" },
	{ OURS "smtp_generic_maps = inline:{ { u@x = v@y } }\n"
	    "propagate_unmatched_extensions = generic\n"
	    "recipient_delimiter = +\n", OUT, "u+e@x", "v+e@y" },
	{ OURS "smtp_generic_maps = fail:x\n", OUT, "u@x", NULL },
	/* masquerading */
	{ OURS "masquerade_domains = foo.example !keep.example example\n"
	    "masquerade_exceptions = root\n",
	    FROM, "u@a.foo.example", "u@foo.example" },
	{ NULL, FROM, "u@b.a.foo.example", "u@foo.example" },
	{ NULL, FROM, "u@foo.example", "u@foo.example" },
	{ NULL, FROM, "u@a.keep.example", "u@a.keep.example" },
	{ NULL, FROM, "u@keep.example", "u@keep.example" },
	{ NULL, FROM, "u@a.bar.example", "u@example" },
	{ NULL, FROM, "u@xfoo.other", "u@xfoo.other" },
	{ NULL, FROM, "Root@a.foo.example", "Root@a.foo.example" },
	{ NULL, HTO, "u@a.foo.example", "u@foo.example" },
	{ NULL, TO, "u@a.foo.example", "u@a.foo.example" },
};

static void
final_form(void)
{
	struct profile	profile = { .conf = NULL };

	for (size_t i = 0; i < sizeof(finals) / sizeof(*finals); i++) {
		struct buf		out = BUF_INIT;
		enum rewrite_answer	answer;

		if (finals[i].config != NULL) {
			profile_fixture_clear(&profile);
			profile_fixture_init(&profile, finals[i].config);
		}
		buf_put_str(&out, finals[i].address);
		answer = rewrite_address(&profile.addressing,
		    finals[i].where, &out);
		CU_ASSERT_EQUAL(answer, finals[i].want == NULL ?
		    REWRITE_TROUBLE : REWRITE_OK);
		if (finals[i].want != NULL) {
			CU_ASSERT_STRING_EQUAL(buf_cstr(&out),
			    finals[i].want);
			if (strcmp(buf_cstr(&out), finals[i].want) != 0)
				printf("\n%s: %s\n", finals[i].address,
				    buf_cstr(&out));
		}
		buf_clear(&out);
	}
	profile_fixture_clear(&profile);
}

void	rewrite_test(void);

void
rewrite_test(void)
{
	CU_pSuite	suite = CU_add_suite("rewrite", NULL, NULL);

	CU_add_test(suite, "standard form", standard_form);
	CU_add_test(suite, "routes", routes);
	CU_add_test(suite, "final form", final_form);
}
