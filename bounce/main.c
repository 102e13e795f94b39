/*
 * bounce, which reports to senders.
 */

#include "bounce/returner.h"
#include "mail/daemon.h"

int
main(int argc, char **argv)
{
	return daemon_run(&returner_program, argc, argv);
}
