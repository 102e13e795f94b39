/*
 * The configuration in a sealed memory file.
 */

#include "mail/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/conf.h"
#include "util/buf.h"
#include "util/log.h"

int
snapshot_new(const struct conf *conf)
{
	int		fd = memfd_create("main.cf",
			    MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct buf	text = BUF_INIT;

	conf_source_write(conf->source, &text);
	if (fd < 0 ||
	    write(fd, buf_slice(&text).data, text.len) !=
	    (ssize_t)text.len ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		log_fatal("cannot keep the configuration in memory: %s",
		    strerror(errno));
	buf_clear(&text);
	return fd;
}
