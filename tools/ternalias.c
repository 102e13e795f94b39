/*
 * ternalias: make, change, ask and list tables of aliases(5) (postalias's
 * options).
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/alias_line.h"
#include "mail/map_command.h"

static void
usage(void)
{
	fputs("usage: ternalias [-c DIR] [-fNnopruUw] [-i] [TYPE:]FILE ...\n"
	    "       ternalias [-c DIR] [-fuU] -q NAME [TYPE:]FILE ...\n"
	    "       ternalias [-c DIR] -d NAME [TYPE:]FILE ...\n"
	    "       ternalias [-c DIR] -s [TYPE:]FILE ...\n"
	    "	-q NAME	ask; -: each line of stdin\n"
	    "	-d NAME	remove; -: each line of stdin\n"
	    "	-s	list\n"
	    "	-i	add what comes from stdin\n"
	    "	-r -w	duplicates replace; say nothing of them\n"
	    "	-f	names as they are written\n"
	    "	-N -n	names and values end in a NUL, or do not\n"
	    "	-o -p	stay root; do not take the mode of the source\n"
	    "	-u -U	bytes that are not UTF-8 are good; are bad\n",
	    stderr);
	exit(1);
}

static void
show(struct slice key, struct slice value)
{
	if (key.len > 0)
		printf("%.*s:\t", SLICE_ARG(key));
	printf("%.*s\n", SLICE_ARG(value));
}

static void
set_deed(struct map_command *command, enum map_command_deed deed)
{
	if (command->deed != MAP_COMMAND_CREATE)
		usage();
	command->deed = deed;
	command->key = optarg;
}

static void
take_option(struct map_command *command, int option)
{
	switch (option) {
	case 'd':
		set_deed(command, MAP_COMMAND_REMOVE);
		break;
	case 'q':
		set_deed(command, MAP_COMMAND_QUERY);
		break;
	case 's':
		set_deed(command, MAP_COMMAND_LIST);
		break;
	case 'f':
		command->keeps_case = true;
		break;
	case 'i':
		command->is_added_to = true;
		break;
	case 'n':
	case 'N':
		command->with_nul = option == 'N';
		break;
	case 'o':
		command->keeps_root = true;
		break;
	case 'p':
		command->has_own_mode = true;
		break;
	case 'r':
		command->replaces = true;
		break;
	case 'u':
	case 'U':
		command->is_utf8 = option == 'U';
		break;
	case 'w':
		command->is_quiet = true;
		break;
	default:
		usage();
	}
}

int
main(int argc, char **argv)
{
	static const char	 options[] = "c:d:finNopq:rsuUvw";
	struct map_command	 command = {
		.with_nul = true, .split = alias_line_split, .show = show,
	};
	struct conf		*conf;
	int			 option;

	conf = map_command_configure(&command, argc, argv, options);
	if (conf == NULL)
		usage();
	while ((option = getopt(argc, argv, options)) != -1)
		if (option != 'c' && option != 'v')
			take_option(&command, option);
	if (optind == argc)
		usage();
	option = map_command_run(&command, argv + optind);
	conf_free(&conf);
	return option;
}
