/*
 * cleanup: makes every message whole before it is queued.
 */

#include "cleanup/cleaner.h"
#include "mail/daemon.h"

int
main(int argc, char **argv)
{
	return daemon_run(&cleaner_program, argc, argv);
}
