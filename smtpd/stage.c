/*
 * Questions at the stages of a session.
 */

#include "smtpd/stage.h"

#include "conf/conf.h"
#include "smtpd/gate.h"
#include "smtpd/question.h"
#include "smtpd/reply.h"
#include "smtpd/transaction.h"

static bool
has_rates(const struct conf *conf)
{
	return conf->smtpd_client_message_rate_limit > 0 ||
	    conf->smtpd_sasl_message_rate_limit > 0 ||
	    conf->smtpd_sender_message_rate_limit > 0;
}

static bool
is_asked(const struct conf *conf, enum judge_stage stage)
{
	switch (stage) {
	case JUDGE_HELO:
		return !conf->smtpd_delay_reject &&
		    conf->smtpd_helo_restrictions[0] != '\0';
	case JUDGE_MAIL:
		return has_rates(conf) || (!conf->smtpd_delay_reject &&
		    (conf->smtpd_reject_unlisted_sender ||
		    conf->smtpd_sender_restrictions[0] != '\0'));
	case JUDGE_AUTH:
		return conf->smtpd_client_auth_rate_limit > 0;
	case JUDGE_STARTTLS:
		return conf->smtpd_client_new_tls_session_rate_limit > 0;
	case JUDGE_DATA:
		return conf->smtpd_data_restrictions[0] != '\0';
	case JUDGE_END:
		return conf->smtpd_end_of_data_restrictions[0] != '\0';
	default:
		return true;
	}
}

static void
on_answer(struct question *question)
{
	struct session	*s = question->session;
	bool		 ok = question->code == 250;

	reply_log_notes(question);
	if (ok && s->txn != NULL)
		transaction_act(s->txn, question);
	if (!ok)
		reply_refuse(question);
	question_free(&s->question);
	s->go_on(s, ok);
}

/* Of content for one recipient alone it is said who that is. */
static const char *
recipient_of(const struct session *s, enum judge_stage stage)
{
	const struct transaction	*txn = s->txn;

	if ((stage != JUDGE_DATA && stage != JUDGE_END) || txn == NULL ||
	    txn->count != 1 || txn->rcpt_count == 0)
		return "";
	return txn->recipients[0].original;
}

enum step
stage_ask(struct session *s, enum judge_stage stage,
    void (*go_on)(struct session *s, bool ok))
{
	if (!is_asked(s->gate->conf, stage))
		return STEP_DONE;
	s->go_on = go_on;
	s->question = question_new(s, stage, recipient_of(s, stage),
	    on_answer);
	return STEP_WAIT;
}
