/*
 * Large content in files.
 */

#include "qmgr/store_large.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/path.h"

#define NAME_SIZE	17	/* 16 digits */

/* The kernel is told to write so much at a time: less for a flush to do. */
#define WRITE_SIZE	((uint64_t)32 * STORE_CHUNK_SIZE)

struct store_large {
	char		*folder;
	char		*error;
	int		 dir;
	int		 fd;		/* of id, to write; -1: none */
	uint64_t	 id;
	uint64_t	*dropped;
	size_t		 count, room;
};

static bool
is_good(struct store_large *large, const char *what, bool is_done)
{
	if (!is_done && large->error == NULL)
		large->error = mem_printf("queue %s: %s: %s", large->folder,
		    what, strerror(errno));
	return is_done;
}

struct store_large *
store_large_open(const char *folder, char **why_r)
{
	struct store_large	*large = mem_new(sizeof(*large));

	large->folder = path_join(folder, "large");
	large->dir = large->fd = -1;
	if (is_good(large, "make", path_make_folder(large->folder, 0700,
	    (uid_t)-1, (gid_t)-1) == 0))
		large->dir = open(large->folder,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (is_good(large, "open", large->dir >= 0))
		return large;
	*why_r = mem_strdup(large->error);
	store_large_close(&large);
	return NULL;
}

static void
close_file(struct store_large *large)
{
	if (large->fd >= 0)
		close(large->fd);
	large->fd = -1;
}

void
store_large_close(struct store_large **large)
{
	if (*large == NULL)
		return;
	close_file(*large);
	if ((*large)->dir >= 0)
		close((*large)->dir);
	mem_free((*large)->dropped);
	mem_free((*large)->folder);
	mem_free((*large)->error);
	mem_free(*large);
	*large = NULL;
}

const char *
store_large_error(const struct store_large *large)
{
	return large->error;
}

static int
open_file(const struct store_large *large, uint64_t id, int flags)
{
	char	name[NAME_SIZE];

	snprintf(name, sizeof(name), "%016" PRIx64, id);
	return openat(large->dir, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Chunks of one message come in a row, mostly: its file stays open. */
static bool
take_file(struct store_large *large, uint64_t id)
{
	if (large->error != NULL)
		return false;
	if (large->fd >= 0 && large->id == id)
		return true;
	close_file(large);
	large->fd = open_file(large, id, O_WRONLY | O_CREAT);
	large->id = id;
	return is_good(large, "open a file", large->fd >= 0);
}

static uint64_t
offset_of(uint32_t number)
{
	return (uint64_t)(number - STORE_LARGE_FIRST) * STORE_CHUNK_SIZE;
}

void
store_large_put(struct store_large *large, uint64_t id, uint32_t number,
    struct slice bytes)
{
	uint64_t	offset = offset_of(number);
	ssize_t		written;

	if (!take_file(large, id))
		return;
	while (bytes.len != 0) {
		written = pwrite(large->fd, bytes.data, bytes.len,
		    (off_t)offset);
		if (!is_good(large, "write", written > 0))
			return;
		bytes = slice_after(bytes, (size_t)written);
		offset += (uint64_t)written;
	}
	if (offset % WRITE_SIZE == 0)
		sync_file_range(large->fd, (off_t)(offset - WRITE_SIZE),
		    (off_t)WRITE_SIZE, SYNC_FILE_RANGE_WRITE);
}

void
store_large_flush(struct store_large *large, uint64_t id)
{
	if (!take_file(large, id))
		return;
	if (is_good(large, "flush", fdatasync(large->fd) == 0))
		is_good(large, "flush the folder", fsync(large->dir) == 0);
}

size_t
store_large_read(const struct store_large *large, uint64_t id,
    uint32_t number, unsigned char *bytes)
{
	int	 fd = open_file(large, id, O_RDONLY);
	ssize_t	 got = -1;

	if (fd >= 0) {
		got = pread(fd, bytes, STORE_CHUNK_SIZE,
		    (off_t)offset_of(number));
		close(fd);
	}
	return got > 0 ? (size_t)got : 0;
}

void
store_large_remove(struct store_large *large, uint64_t id)
{
	char	name[NAME_SIZE];

	if (large->fd >= 0 && large->id == id)
		close_file(large);
	snprintf(name, sizeof(name), "%016" PRIx64, id);
	/* What stays is swept when the store is opened. */
	unlinkat(large->dir, name, 0);
}

void
store_large_drop(struct store_large *large, uint64_t id)
{
	if (large->count == large->room) {
		large->room = large->room == 0 ? 16 : large->room * 2;
		large->dropped = mem_resize(large->dropped,
		    large->room * sizeof(*large->dropped));
	}
	large->dropped[large->count++] = id;
}

void
store_large_clean(struct store_large *large)
{
	for (size_t i = 0; i < large->count; i++)
		store_large_remove(large, large->dropped[i]);
	large->count = 0;
}

void
store_large_sweep(struct store_large *large,
    bool (*is_there)(uint64_t id, void *arg), void *arg)
{
	struct dirent	*entry;
	uint64_t	 id;
	char		 end;
	DIR		*dir;
	int		 fd = dup(large->dir);

	if ((dir = fdopendir(fd)) == NULL) {
		is_good(large, "list", false);
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strlen(entry->d_name) == NAME_SIZE - 1 &&
		    sscanf(entry->d_name, "%16" SCNx64 "%c", &id, &end) == 1
		    && !is_there(id, arg))
			store_large_remove(large, id);
	closedir(dir);
}
