/*
 * ternmap: make, change, ask and list tables (postmap's options).
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/map_command.h"
#include "mail/mime.h"
#include "mail/table_line.h"
#include "util/log.h"
#include "util/mem.h"

static void
usage(void)
{
	fputs("usage: ternmap [-c DIR] [-FfNnoprUuw] [-i] [TYPE:]FILE ...\n"
	    "       ternmap [-c DIR] [-bFfhjmUu] -q KEY [TYPE:]FILE ...\n"
	    "       ternmap [-c DIR] -d KEY [TYPE:]FILE ...\n"
	    "       ternmap [-c DIR] [-Fj] -s [TYPE:]FILE ...\n"
	    "	-q KEY	ask; -: each line of stdin\n"
	    "	-d KEY	remove; -: each line of stdin\n"
	    "	-s	list\n"
	    "	-i	add what comes from stdin\n"
	    "	-r -w	duplicates replace; say nothing of them\n"
	    "	-f	keys as they are written\n"
	    "	-F	values are files (making), or base64 (asking)\n"
	    "	-N -n	keys and values end in a NUL, or do not\n"
	    "	-o -p	stay root; do not take the mode of the source\n"
	    "	-u -U	bytes that are not UTF-8 are good; are bad\n"
	    "	-b -h	stdin is a message: ask for each line of its body, "
	    "header\n"
	    "	-m	with MIME: headers of parts are header, too\n"
	    "	-j	answers as JSON, one a line\n", stderr);
	exit(1);
}

/* ---- output -------------------------------------------------------------- */

static void
show_text(struct slice key, struct slice value)
{
	if (key.len > 0) {
		fwrite(key.data, 1, key.len, stdout);
		putchar('\t');
	}
	fwrite(value.data, 1, value.len, stdout);
	putchar('\n');
}

static json_t *
json_text(struct slice s)
{
	struct buf	ascii = BUF_INIT;
	json_t		*text = json_stringn((const char *)s.data, s.len);

	/* What is no UTF-8 is shown without the bytes that are not ASCII. */
	if (text == NULL) {
		for (size_t i = 0; i < s.len; i++)
			buf_put_u8(&ascii, s.data[i] < 0x80 ? s.data[i] :
			    '?');
		text = json_stringn(buf_cstr(&ascii), ascii.len);
		buf_clear(&ascii);
	}
	return text;
}

static void
put_json(struct slice key, struct slice value)
{
	char	*name = slice_dup(key);
	json_t	*object = json_object();

	json_object_set_new_nocheck(object, name, json_text(value));
	json_dumpf(object, stdout, 0);
	putchar('\n');
	json_decref(object);
	mem_free(name);
}

/* ---- a message ----------------------------------------------------------- */

struct message {
	const struct map_command	*command;
	struct table			**tables;
	bool				 has_header, has_body, has_mime;
	bool				 is_in_body;	/* without MIME */
	struct buf			 line;
	bool				 is_found;
};

static void
ask(struct message *message, struct slice key)
{
	if (key.len > 0 && map_command_ask(message->command, message->tables,
	    key, true))
		message->is_found = true;
}

/* A field with its continuation lines, as the file had them. */
static void
on_field(struct message *message, struct slice text)
{
	struct buf	key = BUF_INIT;

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != '\r' || i + 1 == text.len ||
		    text.data[i + 1] != '\n')
			buf_put_u8(&key, text.data[i]);
	while (key.len > 0 && buf_slice(&key).data[key.len - 1] == '\n')
		buf_truncate(&key, key.len - 1);
	if (message->has_header)
		ask(message, buf_slice(&key));
	buf_clear(&key);
}

static void
end_line(struct message *message)
{
	struct slice	line = buf_slice(&message->line);

	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (message->has_body)
		ask(message, line);
	buf_empty(&message->line);
}

static void
on_body(struct message *message, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n')
			end_line(message);
		else
			buf_put_u8(&message->line, text.data[i]);
	}
}

static void
on_event(void *arg, const struct mime_event *event)
{
	struct message	*message = arg;

	if (message->is_in_body && !message->has_mime)
		on_body(message, event->text);
	else if (event->kind == MIME_FIELD)
		on_field(message, event->text);
	else if (event->kind == MIME_HEADER_END)
		message->is_in_body = true;
	else if (event->kind != MIME_FIELD_REST)
		on_body(message, event->text);
}

/* Lines of a file end in a newline; those of a message, in CR LF. */
static void
put_line(struct mime *mime, const char *line, size_t len)
{
	bool	has_end = len > 0 && line[len - 1] == '\n';

	if (has_end)
		len--;
	mime_put(mime, slice_from(line, len));
	if (has_end)
		mime_put(mime, SLICE_LIT("\r\n"));
}

static int
query_message(struct message *message, char **specs)
{
	static const struct mime_limits	 limits = MIME_LIMITS_DEFAULT;
	struct mime			*mime = mime_new(&limits, on_event,
					    message);
	char				*line = NULL;
	size_t				 size = 0;
	ssize_t				 len;

	message->tables = map_command_open(message->command, specs);
	while ((len = getline(&line, &size, stdin)) >= 0)
		put_line(mime, line, (size_t)len);
	mime_end(mime);
	if (message->line.len > 0)
		end_line(message);
	mime_free(&mime);
	mem_free(line);
	buf_clear(&message->line);
	return message->is_found ? 0 : 1;
}

/* ---- the command line ---------------------------------------------------- */

static int
split_line(struct slice text, struct buf *key, struct slice *value_r,
    const char **why_r)
{
	struct slice	name;

	if (table_line_split(text, &name, value_r, why_r) < 0)
		return -1;
	buf_put_slice(key, name);
	return 0;
}

static void
set_deed(struct map_command *command, enum map_command_deed deed)
{
	if (command->deed != MAP_COMMAND_CREATE)
		usage();
	command->deed = deed;
	command->key = optarg;
}

/* Options that are a truth of the command. */
static bool *
flag_of(struct map_command *command, struct message *message, int option)
{
	switch (option) {
	case 'b':
		return &message->has_body;
	case 'f':
		return &command->keeps_case;
	case 'F':
		return &command->is_base64;
	case 'h':
		return &message->has_header;
	case 'i':
		return &command->is_added_to;
	case 'm':
		return &message->has_mime;
	case 'N':
		return &command->with_nul;
	case 'o':
		return &command->keeps_root;
	case 'p':
		return &command->has_own_mode;
	case 'r':
		return &command->replaces;
	case 'U':
		return &command->is_utf8;
	case 'w':
		return &command->is_quiet;
	}
	return NULL;
}

static void
take_option(struct map_command *command, struct message *message, int option)
{
	bool	*flag = flag_of(command, message, option);

	if (flag != NULL)
		*flag = true;
	else if (option == 'n')
		command->with_nul = false;
	else if (option == 'u')
		command->is_utf8 = false;
	else if (option == 'j')
		command->show = put_json;
	else if (option == 'q')
		set_deed(command, MAP_COMMAND_QUERY);
	else if (option == 'd')
		set_deed(command, MAP_COMMAND_REMOVE);
	else if (option == 's')
		set_deed(command, MAP_COMMAND_LIST);
	else
		usage();
}

int
main(int argc, char **argv)
{
	static const char	 options[] = "bc:d:fFhijmnNopq:rsuUvw";
	struct map_command	 command = {
		.with_nul = true, .split = split_line, .show = show_text,
	};
	struct message		 message = { .command = &command };
	struct conf		*conf;
	int			 option;
	bool			 is_message;

	conf = map_command_configure(&command, argc, argv, options);
	if (conf == NULL)
		usage();
	while ((option = getopt(argc, argv, options)) != -1)
		if (option != 'c' && option != 'v')
			take_option(&command, &message, option);
	is_message = message.has_body || message.has_header;
	if (optind == argc || (is_message && (command.key == NULL ||
	    strcmp(command.key, "-") != 0 ||
	    command.deed != MAP_COMMAND_QUERY)))
		usage();
	option = is_message ? query_message(&message, argv + optind) :
	    map_command_run(&command, argv + optind);
	conf_free(&conf);
	return option;
}
