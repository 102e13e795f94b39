/*
 * How many records each database of a queue holds, when no qmgr runs, but
 * for those with shorter keys than any message's, and how many files:
 *
 *	count_records queue/db
 *
 * A tool of the crash tests, which would otherwise see only what qmgr
 * wants to show.
 */

#include <db.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

static int
count(DB_ENV *env, const char *name)
{
	DBT	 key, value;
	DBC	*cursor;
	DB	*db;
	int	 answer, found = 0;

	if (db_create(&db, env, 0) != 0)
		return -1;
	if ((answer = db->open(db, NULL, name, NULL, DB_UNKNOWN, DB_RDONLY,
	    0)) != 0 || (answer = db->cursor(db, NULL, &cursor, 0)) != 0) {
		fprintf(stderr, "%s: %s\n", name, db_strerror(answer));
		return -1;
	}
	memset(&key, 0, sizeof(key));
	memset(&value, 0, sizeof(value));
	while (cursor->get(cursor, &key, &value, DB_NEXT) == 0)
		found += key.size >= 8;
	cursor->close(cursor);
	db->close(db, 0);
	return found;
}

static int
count_files(const char *folder)
{
	struct dirent	*entry;
	char		 path[1000];
	DIR		*dir;
	int		 found = 0;

	snprintf(path, sizeof(path), "%s/large", folder);
	if ((dir = opendir(path)) == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		found += entry->d_name[0] != '.';
	closedir(dir);
	return found;
}

int
main(int argc, char **argv)
{
	static const char *const	 names[] = {
		"message", "recipient", "content", "due", "meta",
	};
	DB_ENV				*env;
	int				 answer;

	if (argc != 2 || db_env_create(&env, 0) != 0)
		return 2;
	if ((answer = env->open(env, argv[1], DB_CREATE | DB_INIT_TXN |
	    DB_INIT_LOG | DB_INIT_MPOOL | DB_PRIVATE | DB_RECOVER, 0)) != 0) {
		fprintf(stderr, "%s: %s\n", argv[1], db_strerror(answer));
		return 1;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf("%s %d\n", names[i], count(env, names[i]));
	printf("files %d\n", count_files(argv[1]));
	return env->close(env, 0) == 0 ? 0 : 1;
}
