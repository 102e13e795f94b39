#include "util/mem.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/log.h"

static void
zeroed(void)
{
	static const char	 zeros[1000];
	char			*p = mem_new(sizeof(zeros));

	CU_ASSERT_EQUAL(memcmp(p, zeros, sizeof(zeros)), 0);
	memset(p, 1, sizeof(zeros));
	mem_free(p);
	p = mem_new_array(50, 20);
	CU_ASSERT_EQUAL(memcmp(p, zeros, sizeof(zeros)), 0);
	mem_free(p);
}

/* Nothing is something, too: never NULL. */
static void
nothing(void)
{
	void	*p[] = { mem_new(0), mem_new_array(0, 8), mem_new_array(8, 0),
		    mem_copy("", 0), mem_copy(NULL, 0), mem_strndup("", 0),
		    mem_strndup(NULL, 0), mem_resize(NULL, 0) };

	for (size_t i = 0; i < sizeof(p) / sizeof(*p); i++) {
		CU_ASSERT_PTR_NOT_NULL(p[i]);
		mem_free(p[i]);
	}
	mem_free(NULL);
}

static void
resizes(void)
{
	char	*p = mem_copy("abc", 3);

	p = mem_resize(p, 100000);
	CU_ASSERT_EQUAL(memcmp(p, "abc", 3), 0);
	memset(p, 'x', 100000);
	p = mem_resize(p, 2);
	CU_ASSERT_EQUAL(memcmp(p, "xx", 2), 0);
	p = mem_resize(p, 0);
	CU_ASSERT_PTR_NOT_NULL(p);
	mem_free(p);
}

static void
copies(void)
{
	char	*p = mem_copy("a\0b", 3);

	CU_ASSERT_EQUAL(memcmp(p, "a\0b", 3), 0);
	mem_free(p);
	p = mem_strdup("text");
	CU_ASSERT_STRING_EQUAL(p, "text");
	mem_free(p);
	p = mem_strndup("text", 2);
	CU_ASSERT_STRING_EQUAL(p, "te");
	mem_free(p);
	p = mem_printf("%s-%0500d", "x", 7);
	CU_ASSERT_EQUAL(strlen(p), 502);
	CU_ASSERT_EQUAL(p[501], '7');
	mem_free(p);
}

/* The exit status of a process that asks for too much; -1: a signal. */
static int
ask(void (*fn)(void))
{
	pid_t	pid = fork();
	int	status = -1;

	if (pid == 0) {
		/* A sanitizer has its own words for it. */
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		log_open_fd("test", STDERR_FILENO);
		fn();
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
overflow(void)
{
	mem_free(mem_new_array(SIZE_MAX / 8 + 1, 8));
}

static void
overflow_by_factors(void)
{
	mem_free(mem_new_array((size_t)1 << 33, (size_t)1 << 32));
}

static void
too_much(void)
{
	mem_free(mem_new_array((size_t)1 << 31, (size_t)1 << 31));
}

static void
does_not_fail(void)
{
	CU_ASSERT_EQUAL(ask(overflow), 1);
	CU_ASSERT_EQUAL(ask(overflow_by_factors), 1);
	CU_ASSERT_NOT_EQUAL(ask(too_much), 0);
}

void	mem_test(void);

void
mem_test(void)
{
	CU_pSuite	suite = CU_add_suite("mem", NULL, NULL);

	CU_add_test(suite, "zeroed", zeroed);
	CU_add_test(suite, "nothing", nothing);
	CU_add_test(suite, "resizes", resizes);
	CU_add_test(suite, "copies", copies);
	CU_add_test(suite, "does not fail", does_not_fail);
}
