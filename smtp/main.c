/*
 * smtp: the SMTP client.
 */

#include "mail/daemon.h"
#include "smtp/sender.h"

int
main(int argc, char **argv)
{
	return daemon_run(&sender_program, argc, argv);
}
