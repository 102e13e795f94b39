/*
 * Processes, as /proc shows them.
 */

#include "util/process.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/mem.h"
#include "util/path.h"

#define STATE	3	/* fields of proc(5), /proc/pid/stat, from 1 */
#define START	22

/*
 * The fields from the state on.  Before it stands the name in parentheses,
 * which may hold anything, a parenthesis too.
 */
static int64_t
parse(const char *text)
{
	const char	*p = strrchr(text, ')');

	if (p == NULL || p[1] != ' ')
		return -1;
	p += 2;
	if (*p == 'Z' || *p == 'X')
		return 0;
	for (int field = STATE; field < START; field++) {
		if ((p = strchr(p, ' ')) == NULL)
			return -1;
		p++;
	}
	return strtoll(p, NULL, 10);
}

int64_t
process_start(pid_t pid)
{
	char		*path = mem_printf("/proc/%ld/stat", (long)pid);
	struct buf	 text = BUF_INIT;
	int64_t		 start = -1;

	if (path_read(path, 4096, &text) == 0)
		start = parse(buf_cstr(&text));
	buf_clear(&text);
	mem_free(path);
	return start;
}
