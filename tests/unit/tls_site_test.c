#include "lookup/tls_site.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/profile_fixture.h"
#include "util/haste.h"
#include "util/mem.h"

#define TABLE	"inline:{ { sub.a.example = may } { a.example = encrypt } " \
		"{ .a.example = secure } { [h.example]:587 = verify } " \
		"{ [192.0.2.1] = none } { b.example:26 = dane } { .c = may } }"

static const struct {
	const char	*nexthop, *want;
} cases[] = {
	{ "a.example", "encrypt" },
	{ "A.Example", "encrypt" },
	{ "sub.a.example", "may" },
	{ "other.a.example", "secure" },
	{ "deep.other.a.example", "secure" },
	{ "ba.example", NULL },
	{ "[h.example]:587", "verify" },
	{ "[h.example]", NULL },
	{ "h.example", NULL },
	{ "[192.0.2.1]", "none" },
	{ "b.example:26", "dane" },
	{ "b.example", NULL },
	/* A host that is named has no parents. */
	{ "[x.a.example]", NULL },
	{ "x.a.example:25", NULL },
	{ "b.c", "may" }, { "c", NULL }, { "", NULL },
};

static void
finds_next_hops(void)
{
	struct profile	profile;
	struct buf	text = BUF_INIT, anchors = BUF_INIT;

	profile_fixture_init(&profile, "");
	maps_init(&profile.tls_policies, "smtp_tls_policy_maps", TABLE, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum table_answer	answer;

		buf_empty(&text);
		answer = tls_site_find(&profile, slice_str(cases[i].nexthop),
		    &text, &anchors);
		CU_ASSERT_EQUAL(answer, cases[i].want == NULL ? TABLE_NONE :
		    TABLE_FOUND);
		if (cases[i].want != NULL)
			CU_ASSERT_STRING_EQUAL(buf_cstr(&text),
			    cases[i].want);
	}
	CU_ASSERT_EQUAL(anchors.len, 0);
	buf_clear(&text);
	maps_clear(&profile.tls_policies);
	profile_fixture_clear(&profile);
}

static void
reads_files(void)
{
	char		path[] = "/tmp/tern-tafile-XXXXXX";
	int		fd = mkstemp(path);
	struct profile	profile;
	struct buf	text = BUF_INIT, anchors = BUF_INIT;
	char		*table = mem_printf("inline:{ { a = secure tafile=%s "
			    "tafile=%s } { b = secure tafile=%s.none } }",
			    path, path, path);

	CU_ASSERT_EQUAL(write(fd, "pem\n", 4), 4);
	close(fd);
	profile_fixture_init(&profile, "");
	maps_init(&profile.tls_policies, "smtp_tls_policy_maps", table, 0);
	CU_ASSERT_EQUAL(tls_site_find(&profile, slice_str("a"), &text,
	    &anchors), TABLE_FOUND);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&anchors), "pem\npem\n");
	CU_ASSERT_EQUAL(tls_site_find(&profile, slice_str("b"), &text,
	    &anchors), TABLE_TROUBLE);
	unlink(path);
	CU_ASSERT_EQUAL(tls_site_find(&profile, slice_str("a"), &text,
	    &anchors), TABLE_TROUBLE);
	mem_free(table);
	buf_clear(&text);
	buf_clear(&anchors);
	maps_clear(&profile.tls_policies);
	profile_fixture_clear(&profile);
}

/* A file may be on a disk that is away, or a pipe that nobody writes. */
static void
reads_no_file_in_haste(void)
{
	char		path[] = "/tmp/tern-tafile-XXXXXX";
	int		fd = mkstemp(path);
	struct profile	profile;
	struct buf	text = BUF_INIT, anchors = BUF_INIT;
	char		*table = mem_printf("inline:{ { a = secure tafile=%s } "
			    "{ b = secure } }", path);

	CU_ASSERT_EQUAL(write(fd, "pem\n", 4), 4);
	close(fd);
	profile_fixture_init(&profile, "");
	maps_init(&profile.tls_policies, "smtp_tls_policy_maps", table, 0);
	haste_begin();
	tls_site_find(&profile, slice_str("a"), &text, &anchors);
	CU_ASSERT_FALSE(haste_end());
	CU_ASSERT_EQUAL(anchors.len, 0);
	haste_begin();
	CU_ASSERT_EQUAL(tls_site_find(&profile, slice_str("b"), &text,
	    &anchors), TABLE_FOUND);
	CU_ASSERT_TRUE(haste_end());
	unlink(path);
	mem_free(table);
	buf_clear(&text);
	buf_clear(&anchors);
	maps_clear(&profile.tls_policies);
	profile_fixture_clear(&profile);
}

/* What the message to smtp cannot hold would be cut. */
static void
refuses_long_values(void)
{
	struct profile	profile;
	struct buf	table = BUF_INIT, text = BUF_INIT, anchors = BUF_INIT;

	buf_put_str(&table, "inline:{ { a = encrypt exclude=");
	for (int i = 0; i < 1100; i++)
		buf_put_str(&table, "RC4:");
	buf_put_str(&table, "DES } { b = encrypt } }");
	profile_fixture_init(&profile, "");
	maps_init(&profile.tls_policies, "smtp_tls_policy_maps",
	    buf_cstr(&table), 0);
	CU_ASSERT_EQUAL(tls_site_find(&profile, slice_str("a"), &text,
	    &anchors), TABLE_TROUBLE);
	buf_empty(&text);
	CU_ASSERT_EQUAL(tls_site_find(&profile, slice_str("b"), &text,
	    &anchors), TABLE_FOUND);
	buf_clear(&table);
	buf_clear(&text);
	maps_clear(&profile.tls_policies);
	profile_fixture_clear(&profile);
}

void	tls_site_test(void);

void
tls_site_test(void)
{
	CU_pSuite	suite = CU_add_suite("tls_site", NULL, NULL);

	CU_add_test(suite, "next hops", finds_next_hops);
	CU_add_test(suite, "files", reads_files);
	CU_add_test(suite, "haste", reads_no_file_in_haste);
	CU_add_test(suite, "long values", refuses_long_values);
}
