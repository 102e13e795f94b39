/*
 * master: starts, watches, reloads and stops all the other programs.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "master/supervisor.h"

int
main(int argc, char **argv)
{
	struct supervisor_options	options = { .wait_fd = -1 };
	int				option;

	while ((option = getopt(argc, argv, "c:stvw:")) != -1)
		switch (option) {
		case 'c':
			options.folder = optarg;
			break;
		case 's':
			options.stays = true;
			break;
		case 't':
			options.checks_only = true;
			break;
		case 'v':
			options.is_verbose = true;
			break;
		case 'w':
			options.wait_fd = atoi(optarg);
			break;
		default:
			goto usage;
		}
	if (optind == argc)
		return supervisor_run(&options);
usage:
	fprintf(stderr, "usage: master [-c folder] [-s | -t | -w descriptor] "
	    "[-v]\n");
	return 64;
}
