#include "master/hops.h"

#include <CUnit/CUnit.h>

#include "conf/conf.h"
#include "util/mem.h"

static void
lines(void)
{
	static const struct {
		const char	*line, *why;	/* NULL: it is good */
	} cases[] = {
		{ "relayhost =", NULL },
		{ "relayhost = d.example", NULL },
		{ "relayhost = d.example:submission", NULL },
		{ "relayhost = [h.example]:SMTPS", NULL },
		{ "relayhost = [2001:db8::1]:2525", NULL },
		{ "relayhost = [h.example]:nonesuch", "main.cf:1: relayhost: "
		    "bad port \"nonesuch\": a port is a number or one of "
		    "smtp, submission, submissions, smtps, lmtp" },
		{ "relayhost = h.example:0", "main.cf:1: relayhost: bad port "
		    "\"0\": a port is a number or one of smtp, submission, "
		    "submissions, smtps, lmtp" },
		{ "relayhost = [h.example", "main.cf:1: relayhost: "
		    "\"[h.example\" is not of the form domain, [host] or "
		    "[address], with or without :port" },
		{ "relayhost = a.example, [b.example]:25 c.example", NULL },
		{ "relayhost = a.example, :25", "main.cf:1: relayhost: "
		    "\":25\" is not of the form domain, [host] or "
		    "[address], with or without :port" },
		{ "smtp_fallback_relay = a, [b:25", "main.cf:1: "
		    "smtp_fallback_relay: \"[b:25\" is not of the form "
		    "domain, [host] or [address], with or without :port" },
		{ "default_transport = smtp:a.example, b.example", NULL },
		{ "default_transport = smtp:[h.example]:25", NULL },
		{ "default_transport = error:no mail today", NULL },
		{ "default_transport = smtp::25", "main.cf:1: "
		    "default_transport: \":25\" is not of the form domain, "
		    "[host] or [address], with or without :port" },
		{ "smtp_tcp_port = nonesuch", "main.cf:1: smtp_tcp_port: bad "
		    "port \"nonesuch\": a port is a number or one of smtp, "
		    "submission, submissions, smtps, lmtp" },
		{ "proxy_interfaces = 192.0.2.1, ::1", NULL },
		{ "proxy_interfaces = here", "main.cf:1: proxy_interfaces: "
		    "\"here\" is not an IP address" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_source	*source = conf_source_new();
		struct conf		*conf;
		char			*why = NULL;

		CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
		    slice_str(cases[i].line), &why), 0);
		conf = conf_new(source, &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
		CU_ASSERT_EQUAL(hops_check(conf, &why),
		    cases[i].why == NULL ? 0 : -1);
		CU_ASSERT((why == NULL) == (cases[i].why == NULL));
		if (why != NULL && cases[i].why != NULL)
			CU_ASSERT_STRING_EQUAL(why, cases[i].why);
		mem_free(why);
		conf_free(&conf);
	}
}

void	hops_test(void);

void
hops_test(void)
{
	CU_pSuite	suite = CU_add_suite("hops", NULL, NULL);

	CU_add_test(suite, "next hops of main.cf", lines);
}
