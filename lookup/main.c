/* lookup: answers every question that needs a table, the DNS or a counter. */

#include "lookup/adviser.h"
#include "mail/daemon.h"

int
main(int argc, char **argv)
{
	return daemon_run(&adviser_program, argc, argv);
}
