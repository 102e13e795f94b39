/*
 * Messages kept in files.
 */

#include "load/sink_dump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"
#include "util/mem.h"

struct sink_dump {
	const char	*folder;	/* borrowed */
	char		*name;		/* owned; while it is incomplete */
	FILE		*file;
};

struct sink_dump *
sink_dump_new(const char *folder, struct slice envelope)
{
	struct sink_dump	*dump = mem_new(sizeof(*dump));
	int			 fd;

	dump->folder = folder;
	dump->name = mem_printf("%s/.new-XXXXXX", folder);
	if ((fd = mkstemp(dump->name)) < 0 ||
	    (dump->file = fdopen(fd, "w")) == NULL) {
		log_warn("%s: %s", dump->name, strerror(errno));
		if (fd >= 0)
			close(fd);
		mem_free(dump->name);
		mem_free(dump);
		return NULL;
	}
	sink_dump_add(dump, envelope);
	sink_dump_add(dump, SLICE_LIT("\n"));
	return dump;
}

void
sink_dump_add(struct sink_dump *dump, struct slice part)
{
	if (part.len > 0)
		fwrite(part.data, 1, part.len, dump->file);
}

/* Close; the file itself stays as it is. */
static int
finish(struct sink_dump *dump)
{
	int	result = ferror(dump->file) ? -1 : 0;

	if (fclose(dump->file) != 0)
		result = -1;
	dump->file = NULL;
	return result;
}

void
sink_dump_keep(struct sink_dump **dump, uint64_t number)
{
	char	*name = mem_printf("%s/%llu", (*dump)->folder,
		    (unsigned long long)number);

	if (finish(*dump) < 0 || rename((*dump)->name, name) < 0) {
		log_warn("%s: %s", name, strerror(errno));
	} else {
		mem_free((*dump)->name);
		(*dump)->name = NULL;
	}
	mem_free(name);
	sink_dump_free(dump);
}

void
sink_dump_free(struct sink_dump **dumpp)
{
	struct sink_dump	*dump = *dumpp;

	if (dump == NULL)
		return;
	*dumpp = NULL;
	if (dump->file != NULL)
		(void)finish(dump);
	if (dump->name != NULL)
		unlink(dump->name);
	mem_free(dump->name);
	mem_free(dump);
}
