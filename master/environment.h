#ifndef MASTER_ENVIRONMENT_H
#define MASTER_ENVIRONMENT_H

/*
 * The environment of all programs: nothing of whoever typed "tern start",
 * but the time zone, and what is ours.
 */

/*
 * For the configuration in folder, of the environment from; ends with
 * NULL, the caller frees.
 */
char	**environment_new(const char *folder, char **from);
void	  environment_free(char ***environment);

#endif
