/* auth: says who a client is. */

#include "auth/warden.h"
#include "mail/daemon.h"

int
main(int argc, char **argv)
{
	return daemon_run(&warden_program, argc, argv);
}
