/*
 * The client's side of libcyrus-sasl.
 */

#include "net/sasl_login.h"

#include <sasl/sasl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/sasl_flags.h"
#include "net/sasl_options.h"
#include "net/sasl_rand.h"
#include "util/mem.h"

/* RFC 7677 section 4 wants 4096 or more; each costs a server's client CPU. */
#define ITERATION_LIMIT	50000

struct sasl_login {
	sasl_conn_t		*conn;
	sasl_callback_t		 callbacks[5];
	sasl_channel_binding_t	 binding;
	char			*user;
	sasl_secret_t		*secret;
	size_t			 secret_size;
	char			 mechanism[64];	/* as commands name it */
	bool			 is_complete;	/* nothing more is expected */
	struct buf		 reason;
};

/* ---- callbacks ----------------------------------------------------------- */

static int
on_user(void *context, int id, const char **text_r, unsigned *len_r)
{
	const struct sasl_login	*login = context;

	/* Acting for nobody else: no name but that of the login. */
	*text_r = id == SASL_CB_AUTHNAME ? login->user : "";
	if (len_r != NULL)
		*len_r = (unsigned)strlen(*text_r);
	return SASL_OK;
}

static int
on_password(sasl_conn_t *conn, void *context, int id,
    sasl_secret_t **secret_r)
{
	const struct sasl_login	*login = context;

	(void)conn;
	(void)id;
	*secret_r = login->secret;
	return SASL_OK;
}

static int
on_log(void *context, int level, const char *text)
{
	struct sasl_login	*login = context;

	if (login != NULL && level == SASL_LOG_ERR) {
		buf_empty(&login->reason);
		buf_put_str(&login->reason, text);
	}
	return SASL_OK;
}

#define CALLBACK(id, fn, context) ((sasl_callback_t){ (id), \
	(int (*)(void))(void (*)(void))(fn), (context) })

static const sasl_callback_t	global_callbacks[] = {
	{ SASL_CB_LOG, (int (*)(void))(void (*)(void))on_log, NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

/* ---- an exchange --------------------------------------------------------- */

int
sasl_login_open(char **why_r)
{
	char	name[64];
	int	result;

	/* net/gethostname.c, or the library will ask the DNS. */
	if (gethostname(name, sizeof(name)) < 0 ||
	    strchr(name, '.') == NULL) {
		*why_r = mem_strdup("this machine has no full name");
		return -1;
	}
	result = sasl_rand_check() < 0 ? SASL_FAIL :
	    sasl_client_init(global_callbacks);
	if (result == SASL_OK)
		return 0;
	*why_r = mem_printf("SASL library: %s",
	    sasl_errstring(result, NULL, NULL));
	return -1;
}

static void
keep(struct sasl_login *login, const struct sasl_login_setup *setup)
{
	size_t	len = strlen(setup->password);

	login->user = mem_strdup(setup->user);
	login->secret_size = sizeof(*login->secret) + len;
	login->secret = mem_new(login->secret_size);
	login->secret->len = len;
	memcpy(login->secret->data, setup->password, len);
	login->callbacks[0] = CALLBACK(SASL_CB_USER, on_user, login);
	login->callbacks[1] = CALLBACK(SASL_CB_AUTHNAME, on_user, login);
	login->callbacks[2] = CALLBACK(SASL_CB_PASS, on_password, login);
	login->callbacks[3] = CALLBACK(SASL_CB_LOG, on_log, login);
	login->callbacks[4] = CALLBACK(SASL_CB_LIST_END, NULL, NULL);
}

static int
set_properties(struct sasl_login *login,
    const struct sasl_login_setup *setup)
{
	sasl_security_properties_t	properties = {
		.security_flags = sasl_flags_of(setup->options),
	};
	int				result;

	result = sasl_setprop(login->conn, SASL_SEC_PROPS, &properties);
	if (result != SASL_OK || setup->binding_name[0] == '\0')
		return result;
	login->binding.name = mem_strdup(setup->binding_name);
	login->binding.data = mem_copy(setup->binding.data,
	    setup->binding.len);
	login->binding.len = setup->binding.len;
	return sasl_setprop(login->conn, SASL_CHANNEL_BINDING,
	    &login->binding);
}

struct sasl_login *
sasl_login_new(const struct sasl_login_setup *setup, char **why_r)
{
	struct sasl_login	*login = mem_new(sizeof(*login));
	int			 result;

	keep(login, setup);
	result = sasl_client_new(setup->service, setup->host, NULL, NULL,
	    login->callbacks, 0, &login->conn);
	if (result == SASL_OK)
		result = set_properties(login, setup);
	if (result == SASL_OK)
		return login;
	*why_r = mem_printf("SASL library: %s",
	    sasl_errstring(result, NULL, NULL));
	sasl_login_free(&login);
	return NULL;
}

void
sasl_login_free(struct sasl_login **loginp)
{
	struct sasl_login	*login = *loginp;

	if (login == NULL)
		return;
	*loginp = NULL;
	sasl_dispose(&login->conn);
	explicit_bzero(login->secret, login->secret_size);
	mem_free(login->secret);
	mem_free(login->user);
	mem_free((void *)(uintptr_t)login->binding.name);
	mem_free((void *)(uintptr_t)login->binding.data);
	buf_clear(&login->reason);
	mem_free(login);
}

static int
take(struct sasl_login *login, int result)
{
	login->is_complete = result == SASL_OK;
	if (result == SASL_OK || result == SASL_CONTINUE)
		return 0;
	if (login->reason.len == 0)
		buf_put_str(&login->reason, sasl_errdetail(login->conn));
	return -1;
}

/*
 * The library does not say -PLUS, also where it binds to the channel, which
 * the initial response shows (RFC 5802 section 7, gs2-cbind-flag).
 */
static void
name(struct sasl_login *login, const char *mechanism, struct slice initial)
{
	bool	is_bound = strncmp(mechanism, "SCRAM-", 6) == 0 &&
		    slice_has_prefix(initial, "p=");

	snprintf(login->mechanism, sizeof(login->mechanism), "%s%s",
	    mechanism, is_bound ? "-PLUS" : "");
}

int
sasl_login_start(struct sasl_login *login, const char *mechanisms,
    const char **mechanism_r, bool *has_initial_r, struct buf *initial)
{
	const char	*out = NULL, *mechanism;
	unsigned	 len = 0;
	int		 result;

	result = sasl_client_start(login->conn, mechanisms, NULL, &out, &len,
	    &mechanism);
	if (take(login, result) < 0)
		return -1;
	name(login, mechanism, slice_from(out, len));
	*mechanism_r = login->mechanism;
	*has_initial_r = out != NULL;
	if (out != NULL)
		buf_put(initial, out, len);
	return 0;
}

/*
 * The server chooses how often the password is hashed (RFC 5802 section
 * 5.1, "i="): a bad one would stop all other deliveries.
 */
static bool
is_too_much(const struct sasl_login *login, struct slice challenge)
{
	struct slice	word;
	uint64_t	count;

	if (strncmp(login->mechanism, "SCRAM-", 6) != 0)
		return false;
	while (slice_get_word(&challenge, ",", &word) == 0)
		if (slice_has_prefix(word, "i=") && (slice_parse_u64(
		    slice_after(word, 2), &count) < 0 ||
		    count > ITERATION_LIMIT))
			return true;
	return false;
}

int
sasl_login_step(struct sasl_login *login, struct slice challenge,
    struct buf *response)
{
	const char	*out = NULL;
	unsigned	 len = 0;
	int		 result;

	if (login->is_complete) {
		/* It has nothing to ask any more. */
		buf_put_str(&login->reason, "a challenge after the last one");
		return -1;
	}
	if (is_too_much(login, challenge)) {
		buf_put_str(&login->reason, "too many iterations are asked");
		return -1;
	}
	result = sasl_client_step(login->conn, challenge.len == 0 ? "" :
	    (const char *)challenge.data, (unsigned)challenge.len, NULL,
	    &out, &len);
	if (take(login, result) < 0)
		return -1;
	buf_put(response, out, len);
	return 0;
}

int
sasl_login_finish(const struct sasl_login *login)
{
	return login->is_complete ? 0 : -1;
}

const char *
sasl_login_reason(struct sasl_login *login)
{
	return buf_cstr(&login->reason);
}
