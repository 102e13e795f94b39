/*
 * qmgr: the queue, and whose turn it is.
 */

#include "mail/daemon.h"
#include "qmgr/manager.h"

int
main(int argc, char **argv)
{
	return daemon_run(&manager_program, argc, argv);
}
