/*
 * From files to services.
 */

#include "master/generation.h"

#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "conf/master_cf.h"
#include "mail/feedback.h"
#include "mail/relay_guard.h"
#include "mail/snapshot.h"
#include "master/armour.h"
#include "master/folders.h"
#include "master/hops.h"
#include "master/interface.h"
#include "master/outfit.h"
#include "master/program.h"
#include "master/service.h"
#include "master/tables.h"
#include "master/words.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

void
generation_tell(const char *text, bool is_warning, void *arg)
{
	struct generation	*generation = arg;
	struct generation_note	*note;

	LL_FOREACH(generation->notes, note)
		if (strcmp(note->text, text) == 0)
			return;
	note = mem_new(sizeof(*note));
	note->text = mem_strdup(text);
	note->is_warning = is_warning;
	LL_APPEND(generation->notes, note);
}

void
generation_warn(struct generation *generation, const char *text)
{
	generation_tell(text, true, generation);
}

/* Takes text over. */
static void
warn(struct generation *generation, char *text)
{
	generation_warn(generation, text);
	mem_free(text);
}

/* ---- main.cf ------------------------------------------------------------- */

static bool
has_service(const struct master_cf *cf, const char *name)
{
	for (size_t i = 0; i < cf->count; i++)
		if (strcmp(cf->services[i].name, name) == 0)
			return true;
	return false;
}

/* Mail for relay_domains has a service of its own where there is one. */
static void
set_relay_transport(struct conf_source *source, const char *folder)
{
	char			*file = path_join(folder, "master.cf");
	char			*why = NULL;
	struct master_cf	*cf = master_cf_read(file, &why);

	/* That it cannot be read is told by who needs it. */
	if (cf != NULL && !has_service(cf, "relay") &&
	    conf_source_find(source, "relay_transport") == NULL)
		conf_source_set(source, "relay_transport",
		    "$default_transport", file);
	master_cf_free(&cf);
	mem_free(why);
	mem_free(file);
}

static struct conf *
read_main(const char *folder, char **why_r)
{
	struct conf_source	*source = conf_source_new();
	char			*file = path_join(folder, "main.cf");
	struct conf		*conf = NULL;

	if (conf_source_read(source, file, why_r) == 0) {
		/* Whatever it says of itself, this is where it is. */
		conf_source_set(source, "config_directory", folder, file);
		set_relay_transport(source, folder);
		conf = conf_new(source, why_r);
	}
	if (conf == NULL)
		conf_source_free(&source);
	mem_free(file);
	return conf;
}

static char *
find_programs(const struct conf *conf)
{
	return conf->daemon_directory[0] == '\0' ? path_program_folder() :
	    mem_strdup(conf->daemon_directory);
}

/* ---- names nobody knows -------------------------------------------------- */

struct search {
	struct generation	*generation;
	const struct master_cf	*cf;
	const char		*name;
	const char		*where;		/* NULL: anywhere */
	bool			 found;
};

static void
on_reference(struct slice name, void *arg)
{
	struct search	*search = arg;

	search->found = search->found || slice_is(name, search->name);
}

/* A name of one's own may be used only by the options of a service. */
static bool
is_used_by_service(struct search *search)
{
	search->found = false;
	for (size_t i = 0; i < search->cf->count; i++) {
		const struct master_cf_service	*row =
		    &search->cf->services[i];

		for (size_t k = 0; k < row->option_count; k++)
			conf_expand_each(row->options[k].value,
			    on_reference, search);
	}
	return search->found;
}

static void
on_unused(const char *name, const char *value, const char *where, void *arg)
{
	struct search			*search = arg;
	const struct conf_foreign	*foreign = conf_foreign_find(name);
	const char			*nearest = conf_nearest(name);

	(void)value;
	search->name = name;
	if (search->where != NULL ? strcmp(where, search->where) != 0 :
	    foreign == NULL && is_used_by_service(search))
		return;
	if (foreign != NULL)
		warn(search->generation, mem_printf("%s: %s does nothing: %s",
		    where, name, foreign->text));
	else if (nearest != NULL)
		warn(search->generation, mem_printf("%s: unknown parameter "
		    "\"%s\": did you mean \"%s\"?", where, name, nearest));
	else
		warn(search->generation, mem_printf("%s: unknown parameter "
		    "\"%s\"", where, name));
}

/* ---- one service --------------------------------------------------------- */

/* What is being read. */
struct reading {
	struct generation		*generation;
	const struct master_cf		*cf;
	const struct master_cf_service	*row;
	struct service			*service;
};

/* No SMTP server starts that would send anything for anybody. */
static int
check_relaying(const struct reading *reading, const struct conf *conf,
    char **why_r)
{
	char	*why;

	if (strcmp(reading->row->command, "smtpd") != 0 ||
	    relay_guard_check(conf, &why) == 0)
		return 0;
	*why_r = mem_printf("%s: %s", reading->service->where, why);
	mem_free(why);
	return -1;
}

/* main.cf with the options of one service must be as good as main.cf. */
static int
check_options(const struct reading *reading, char **why_r)
{
	const struct master_cf_service	*row = reading->row;
	struct conf_source		*source = conf_source_new();
	struct search			 search = { reading->generation,
					    reading->cf, NULL,
					    reading->service->where, false };
	struct buf			 copy = BUF_INIT;
	struct conf			*conf;
	int				 result;

	conf_source_write(reading->generation->conf->source, &copy);
	if (conf_source_parse(source, buf_slice(&copy)) < 0)
		log_panic("generation: a snapshot cannot be read");
	buf_clear(&copy);
	for (size_t i = 0; i < row->option_count; i++)
		conf_source_set(source, row->options[i].name,
		    row->options[i].value, reading->service->where);
	if ((conf = conf_new(source, why_r)) == NULL) {
		conf_source_free(&source);
		return -1;
	}
	conf_each_unused(conf->source, on_unused, &search);
	if (strcmp(row->command, "smtpd") == 0 && conf->smtpd_sasl_auth_enable)
		reading->generation->has_auth = true;
	if ((result = check_relaying(reading, conf, why_r)) == 0 &&
	    (result = tables_check(conf, why_r)) == 0)
		result = words_check(conf, why_r);
	if (result == 0 && strcmp(row->command, "smtpd") == 0)
		result = armour_check(reading->generation, conf,
		    reading->service->where, reading->service->name, why_r);
	if (result == 0)
		result = outfit_check(reading->generation, conf, row->command,
		    reading->service->where, why_r);
	conf_free(&conf);
	return result;
}

/* Postfix has it three times, for three queues of its own. */
static bool
is_left_to_bounce(const struct master_cf_service *row)
{
	return strcmp(row->command, "bounce") == 0 &&
	    (strcmp(row->name, "defer") == 0 ||
	    strcmp(row->name, "trace") == 0);
}

/* 1; 0: left out, with a warning if need be; -1 and *why_r. */
static int
find_program(const struct reading *reading, char **why_r)
{
	struct generation	*generation = reading->generation;
	const char		*command = reading->row->command;
	struct service		*service = reading->service;

	if (reading->row->type == MASTER_CF_OTHER) {
		warn(generation, mem_printf("%s: service %s is left out: "
		    "Tern has inet and unix services only", service->where,
		    service->name));
		return 0;
	}
	service->path = path_join(generation->programs, command);
	service->program = program_get(command);
	if (is_left_to_bounce(reading->row))
		return 0;
	if (strchr(command, '/') == NULL && access(service->path, X_OK) == 0)
		return 1;
	if (program_is_foreign(command)) {
		warn(generation, mem_printf("%s: service %s is left out: "
		    "Tern has no program %s", service->where, service->name,
		    command));
		return 0;
	}
	*why_r = mem_printf("%s: no program %s in %s", service->where,
	    command, generation->programs);
	return -1;
}

/*
 * A public service has a private socket too, which comes first: there no
 * crowd of strangers is in the way of the programs and of root.
 */
static int
add_sockets(struct service *service, bool is_public, char **why_r)
{
	static const char *const	folders[] = { "private", "public" };
	int				result = 0;

	service->addr_count = is_public ? 2 : 1;
	service->addrs = mem_new_array(service->addr_count,
	    sizeof(*service->addrs));
	/* Master is in the queue directory. */
	for (size_t i = 0; i < service->addr_count && result == 0; i++) {
		char	*path = path_join(folders[i], service->name);

		result = addr_parse_unix(path, &service->addrs[i]);
		mem_free(path);
	}
	if (result < 0)
		*why_r = mem_printf("%s: the name is too long",
		    service->where);
	return result;
}

static int
find_addresses(const struct reading *reading, char **why_r)
{
	const struct master_cf_service	*row = reading->row;
	struct service			*service = reading->service;
	struct interface_list		 list;
	bool				 is_public;
	char				*why;
	int				 result;

	if (row->type == MASTER_CF_INET) {
		result = interface_resolve(row->name,
		    reading->generation->conf, &list, &why);
		if (result < 0) {
			*why_r = mem_printf("%s: %s", service->where, why);
			mem_free(why);
			return -1;
		}
		service->addrs = list.addrs;
		service->addr_count = list.count;
		return 0;
	}
	is_public = row->is_private == MASTER_CF_NO ||
	    (row->is_private == MASTER_CF_DEFAULT &&
	    (service->program->flags & PROGRAM_PUBLIC) != 0);
	return add_sockets(service, is_public, why_r);
}

static int
count_processes(const struct master_cf_service *row,
    const struct program *program)
{
	long	cores = sysconf(_SC_NPROCESSORS_ONLN);

	/* A resident program holds thousands of peers in one process. */
	if (!(program->flags & PROGRAM_RESIDENT) ||
	    (program->flags & PROGRAM_SINGLE))
		return 1;
	if (row->process_limit > 0)
		return row->process_limit;
	return (program->flags & PROGRAM_PER_CORE) && cores > 1 ?
	    (int)cores : 1;
}

static bool
has_chroot(const struct reading *reading)
{
	const struct program	*program = reading->service->program;

	if (reading->row->has_chroot == MASTER_CF_YES &&
	    (program->flags & PROGRAM_FILES)) {
		warn(reading->generation, mem_printf("%s: %s needs files: it "
		    "runs without chroot", reading->service->where,
		    reading->row->command));
		return false;
	}
	if (reading->row->has_chroot != MASTER_CF_DEFAULT)
		return reading->row->has_chroot == MASTER_CF_YES;
	return (program->flags & PROGRAM_GATE) != 0;
}

/* See mail/daemon.h. */
static char **
make_argv(const struct reading *reading)
{
	const struct master_cf_service	*row = reading->row;
	const char			*queue =
	    reading->generation->conf->queue_directory;
	size_t				 count = 0, room = 16;
	char				**argv;

	for (char **arg = row->args; arg != NULL && *arg != NULL; arg++)
		room++;
	argv = mem_new_array(room + 2 * row->option_count, sizeof(*argv));
	argv[count++] = mem_strdup(row->command);
	argv[count++] = mem_strdup("-n");
	argv[count++] = mem_strdup(row->name);
	argv[count++] = mem_strdup("-t");
	argv[count++] = mem_strdup(row->type == MASTER_CF_INET ? "inet" :
	    "unix");
	argv[count++] = mem_strdup("-s");
	argv[count++] = mem_printf("%zu", reading->service->addr_count);
	if (row->is_unprivileged == MASTER_CF_NO)
		argv[count++] = mem_strdup("-u");
	if (has_chroot(reading)) {
		argv[count++] = mem_strdup("-r");
		argv[count++] = path_join(queue, "empty");
	} else {
		argv[count++] = mem_strdup("-c");
	}
	for (size_t i = 0; i < row->option_count; i++) {
		argv[count++] = mem_strdup("-o");
		argv[count++] = mem_printf("%s=%s", row->options[i].name,
		    row->options[i].value);
	}
	for (char **arg = row->args; arg != NULL && *arg != NULL; arg++)
		argv[count++] = mem_strdup(*arg);
	return argv;
}

/* 1; 0: left out; -1 and *why_r. */
static int
fill_service(const struct reading *reading, char **why_r)
{
	struct generation	*generation = reading->generation;
	struct service		*service = reading->service;
	int			 result;

	service->name = mem_strdup(reading->row->name);
	service->type = reading->row->type;
	service->where = mem_printf("%s/master.cf:%d", generation->folder,
	    reading->row->line);
	service->generation = generation->number;
	service->throttle_ms = generation->conf->service_throttle_time;
	if ((result = find_program(reading, why_r)) <= 0)
		return result;
	if (check_options(reading, why_r) < 0 ||
	    find_addresses(reading, why_r) < 0)
		return -1;
	service->process_count = count_processes(reading->row,
	    service->program);
	service->argv = make_argv(reading);
	return 1;
}

/* ---- all services -------------------------------------------------------- */

static int
add_services(struct generation *generation, const struct master_cf *cf,
    char **why_r)
{
	for (size_t i = 0; i < cf->count; i++) {
		struct reading	reading = { generation, cf, &cf->services[i],
				    mem_new(sizeof(struct service)) };
		int		result = fill_service(&reading, why_r);

		if (result > 0)
			LL_APPEND(generation->services, reading.service);
		else
			service_free(&reading.service);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* A master.cf of Postfix has not what the others cannot do without. */
static int
add_missing(struct generation *generation, const struct master_cf *cf,
    const char *name, char **why_r)
{
	struct master_cf	*more;
	char			*row;
	int			 result;

	if (has_service(cf, name))
		return 0;
	row = mem_printf("%s unix - - - - 1 %s", name, name);
	more = master_cf_parse("master.cf", slice_str(row), why_r);
	result = more == NULL ? -1 : add_services(generation, more, why_r);
	master_cf_free(&more);
	mem_free(row);
	return result;
}

static int
add_all_services(struct generation *generation, const struct master_cf *cf,
    char **why_r)
{
	int	result = add_services(generation, cf, why_r);

	if (result == 0)
		result = add_missing(generation, cf, "lookup", why_r);
	if (result == 0 && has_service(cf, "qmgr"))
		result = add_missing(generation, cf, "bounce", why_r);
	if (result == 0 && generation->has_auth)
		result = add_missing(generation, cf, "auth", why_r);
	if (result < 0 || generation->services != NULL)
		return result;
	*why_r = mem_printf("%s/master.cf: no services", generation->folder);
	return -1;
}

static int
read_services(struct generation *generation, char **why_r)
{
	char			*file = path_join(generation->folder,
				    "master.cf");
	struct master_cf	*cf = master_cf_read(file, why_r);
	struct search		 search = { .generation = generation,
				    .cf = cf };
	int			 result = -1;

	if (cf != NULL) {
		conf_each_unused(generation->conf->source, on_unused,
		    &search);
		result = add_all_services(generation, cf, why_r);
	}
	master_cf_free(&cf);
	mem_free(file);
	return result;
}

static void
on_folder_warning(const char *text, void *arg)
{
	generation_warn(arg, text);
}

struct generation *
generation_read(const char *folder, int number, char **why_r)
{
	struct generation	*generation = mem_new(sizeof(*generation));

	*why_r = NULL;
	generation->number = number;
	generation->folder = mem_strdup(folder);
	generation->snapshot_fd = -1;
	generation->conf = read_main(folder, why_r);
	if (generation->conf == NULL ||
	    folders_check_paths(generation->conf, why_r) < 0 ||
	    hops_check(generation->conf, why_r) < 0 ||
	    feedback_check(generation->conf, why_r) < 0 ||
	    tables_check(generation->conf, why_r) < 0 ||
	    words_check(generation->conf, why_r) < 0)
		return generation;
	generation->programs = find_programs(generation->conf);
	if (read_services(generation, why_r) < 0)
		return generation;
	folders_check(generation->conf, generation->has_auth,
	    on_folder_warning, generation);
	generation->snapshot_fd = snapshot_new(generation->conf);
	for (struct service *it = generation->services; it != NULL;
	    it = it->next)
		it->snapshot_fd = generation->snapshot_fd;
	return generation;
}

bool
generation_is_over(const struct generation *generation)
{
	const struct service	*service;

	LL_FOREACH(generation->services, service)
		if (service_has_children(service))
			return false;
	return true;
}

bool
generation_is_ready(const struct generation *generation)
{
	const struct service	*service;

	LL_FOREACH(generation->services, service)
		if (!service_is_ready(service))
			return false;
	return true;
}

void
generation_free(struct generation **generation)
{
	struct service		*service, *next;
	struct generation_note	*note, *tmp;

	if (*generation == NULL)
		return;
	LL_FOREACH_SAFE((*generation)->services, service, next)
		service_free(&service);
	LL_FOREACH_SAFE((*generation)->notes, note, tmp) {
		mem_free(note->text);
		mem_free(note);
	}
	if ((*generation)->snapshot_fd >= 0)
		close((*generation)->snapshot_fd);
	conf_free(&(*generation)->conf);
	mem_free((*generation)->folder);
	mem_free((*generation)->programs);
	mem_free(*generation);
	*generation = NULL;
}
