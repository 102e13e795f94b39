#include "qmgr/reroute.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "conf/conf.h"
#include "util/log.h"
#include "util/mem.h"

static const struct {
	const char	*fallback;	/* default_filter_nexthop */
	const char	*filter, *address;
	const char	*transport, *nexthop;
} cases[] = {
	{ "", "scan:[127.0.0.1]:10025", "a@b", "scan", "[127.0.0.1]:10025" },
	{ "", "smtp:Filter.Example", "a@b", "smtp", "filter.example" },
	{ "", "scan:", "a@B.Example", "scan", "b.example" },
	{ "", "scan:", "a", "scan", "m.example" },
	{ "f.example", "scan:", "a@b", "scan", "f.example" },
	{ "f.example", "scan:g", "a@b", "scan", "g" },
};

static void
filters(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_source	*source = conf_source_new();
		struct conf		*conf;
		char			*transport, *nexthop, *why;

		conf_source_set(source, "myhostname", "m.example", "test");
		conf_source_set(source, "default_filter_nexthop",
		    cases[i].fallback, "test");
		conf = conf_new(source, &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
		reroute_by_filter(conf, slice_str(cases[i].filter),
		    slice_str(cases[i].address), &transport, &nexthop);
		CU_ASSERT_STRING_EQUAL(transport, cases[i].transport);
		CU_ASSERT_STRING_EQUAL(nexthop, cases[i].nexthop);
		mem_free(transport);
		mem_free(nexthop);
		conf_free(&conf);
	}
}

void	reroute_test(void);

void
reroute_test(void)
{
	CU_pSuite	suite = CU_add_suite("reroute", NULL, NULL);

	CU_add_test(suite, "filters", filters);
}
