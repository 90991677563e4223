/*
 * smtp_answer.c
 *
 * What a mail server's answer means for a message and for its recipient.  Two
 * tables decide: the code (RFC 5321) says whether it may work later, and in
 * refusals the enhanced code (RFC 3463) says whose fault it is.  A server that
 * wants one recipient's message later does not hold up the others: the message
 * waits alone, for two days.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/smtp.h"

#define PATIENCE_S (48 * 3600)

typedef enum Meaning
{
	LATER,     /* another time, this message alone */
	BUSY,      /* another time, and the server is left alone meanwhile */
	ADDRESS,   /* the address is not to be written to any more */
	RECIPIENT, /* this message will never reach this recipient */
	TOO_LARGE, /* … with its files */
	OURS,      /* our message, or who we are */
	LOGIN      /* credentials or settings */
} Meaning;

/* What a refusal means without an enhanced code, or with one that says nothing here; LOGIN always.
 */
static const struct
{
	int code;
	Meaning meaning;
} by_code[] = {
	{421, BUSY},
	{454, BUSY},
	{530, LOGIN},
	{534, LOGIN},
	{535, LOGIN},
	{538, LOGIN},
	{550, RECIPIENT},
	{551, RECIPIENT},
	{552, RECIPIENT},
	{553, RECIPIENT},
	{556, RECIPIENT},
};

/* Subject and detail of an enhanced code 5.x.y; -1: any detail. */
static const struct
{
	int subject;
	int detail;
	Meaning meaning;
} by_enhanced[] = {
	{1, 1, ADDRESS},    /* no such mailbox */
	{1, 2, RECIPIENT},  /* no such domain: may be its DNS */
	{1, 3, RECIPIENT},  /* bad syntax */
	{1, 6, ADDRESS},    /* moved */
	{1, 10, ADDRESS},   /* the domain takes no mail */
	{1, -1, RECIPIENT}, /* other addresses */
	{2, 1, ADDRESS},    /* disabled */
	{2, 2, LATER},      /* full */
	{2, 3, TOO_LARGE},  {2, -1, RECIPIENT}, {3, 4, TOO_LARGE},
	{3, -1, RECIPIENT}, {4, -1, RECIPIENT}, /* cannot be reached */
	{5, -1, OURS},                          /* protocol */
	{6, 7, RECIPIENT},                      /* an address in UTF-8 */
	{6, -1, OURS},      {7, 8, LOGIN},      {7, 9, LOGIN},
	{7, 30, LOGIN},     {7, -1, OURS}, /* policy: who we are, never the recipient's fault */
};

/* Minutes until the next try of a message that is not wanted now; greylists want five. */
static const int pauses[] = {5, 15, 30, 60, 120, 240};

/*
 * The text of the last line, behind its code: "5.1.1 no such user".  Where the
 * farewell was quicker than the end of the connection, the line before it.
 */
static char *
last_words(const FfReply *reply)
{
	const char *end = reply->body + reply->length;
	const char *start;

	do
	{
		while (end > reply->body && isspace((unsigned char) end[-1]))
			end--;
		for (start = end; start > reply->body && start[-1] != '\n'; start--)
			;
		if (end - start < 3 || strncmp(start, "221", 3) != 0)
			return end - start > 4 ? pnstrdup(start + 4, end - start - 4) : pstrdup("");
		end = start;
	} while (end > reply->body);
	return pstrdup("");
}

static Meaning
meaning_of(int code, const char *words)
{
	Meaning meaning = code < 500 ? LATER : OURS;
	int class;
	int subject;
	int detail;

	for (int i = 0; i < (int) lengthof(by_code); i++)
		if (by_code[i].code == code)
			meaning = by_code[i].meaning;
	if (code >= 500 && meaning != LOGIN &&
		sscanf(words, "%1d.%3d.%3d", &class, &subject, &detail) == 3 && class == 5)
		for (int i = 0; i < (int) lengthof(by_enhanced); i++)
			if (by_enhanced[i].subject == subject &&
				(by_enhanced[i].detail == detail || by_enhanced[i].detail == -1))
				return by_enhanced[i].meaning;
	return meaning;
}

bool
ff_smtp_goes_small(const FfCall *call)
{
	return ff_json_bool(call->state, "small", false);
}

static void
write_message(FfOutcome *outcome, const char *reference, const char *state, const char *flag,
			  int pause_s)
{
	ff_write_object(&outcome->body, "message");
	ff_write_text(&outcome->body, "provider_reference", reference);
	ff_write_text(&outcome->body, "state", state);
	if (flag != NULL)
		ff_write_bool(&outcome->body, flag, true);
	if (pause_s > 0)
		ff_write_int(&outcome->body, "retry_after_s", pause_s);
	ff_write_end(&outcome->body);
}

/* The server took it; what it calls it stands behind "queued as", if it says so. */
static void
take(FfOutcome *outcome, const char *words)
{
	const char *place = strstr(words, "queued as ");
	char *reference = NULL;

	if (place != NULL)
	{
		place += strlen("queued as ");
		reference = pnstrdup(place, Min(strcspn(place, " \t>;,"), 100));
	}
	write_message(outcome, reference, "accepted", NULL, 0);
}

static void
put_off(const FfCall *call, FfOutcome *outcome, Meaning meaning)
{
	TimestampTz since;
	int64 tries = ff_json_int64_or(call->state, "tries", 0);
	int pause_s = pauses[Min(tries, (int64) lengthof(pauses) - 1)] * 60;

	if (!ff_time_parse(ff_json_text_or(call->state, "since", ""), &since))
		since = call->now;
	if (call->now - since + pause_s * USECS_PER_SEC > PATIENCE_S * USECS_PER_SEC)
	{
		outcome->result = FF_RESULT_REFUSED;
		write_message(outcome, NULL, "failed", "recipient", 0);
		return;
	}
	outcome->result = FF_RESULT_CONTINUE;
	outcome->next = psprintf("{\"step\": \"later\", \"since\": \"%s\", \"tries\": " INT64_FORMAT
							 ", \"small\": %s}",
							 ff_time_iso(since),
							 meaning == TOO_LARGE ? tries : tries + 1,
							 meaning == TOO_LARGE || ff_smtp_goes_small(call) ? "true" : "false");
	write_message(outcome, NULL, "queued", NULL, meaning == TOO_LARGE ? 0 : pause_s);
}

/* Code and words of an answer that is no success; false for one that is. */
static bool
read_answer(const FfReply *reply, FfOutcome *outcome, const char **words)
{
	*words = last_words(reply);
	if (reply->status >= 200 && reply->status < 300)
		return false;
	if (reply->status == 0)
		ff_outcome_set(outcome, FF_RESULT_UNKNOWN, "no_answer", "No answer came.", NULL);
	else
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   psprintf("smtp_%d", reply->status),
					   **words != '\0'
						   ? psprintf("The mail server answered %d %s", reply->status, *words)
						   : psprintf("The mail server answered %d.", reply->status),
					   NULL);
	return true;
}

void
ff_smtp_send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *words;
	Meaning meaning;

	if (!read_answer(reply, outcome, &words))
	{
		take(outcome, words);
		return;
	}
	if (reply->status == 0)
		return;
	meaning = meaning_of(reply->status, words);
	if (meaning == TOO_LARGE &&
		(ff_smtp_goes_small(call) ||
		 ff_json_count(ff_json_get(call->document, "message.attachments")) == 0))
		meaning = RECIPIENT;
	switch (meaning)
	{
		case LATER:
		case TOO_LARGE:
			put_off(call, outcome, meaning);
			break;
		case BUSY:
			outcome->result = FF_RESULT_RETRY;
			break;
		case LOGIN:
			outcome->result = FF_RESULT_UNAUTHORIZED;
			break;
		case ADDRESS:
			write_message(outcome, NULL, "failed", "suppress", 0);
			break;
		case RECIPIENT:
			write_message(outcome, NULL, "failed", "recipient", 0);
			break;
		case OURS:
			write_message(outcome, NULL, "failed", NULL, 0);
			break;
	}
}

void
ff_smtp_test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *words;

	if (!read_answer(reply, outcome, &words))
		return;
	if (reply->status == 0 || reply->status < 500)
		outcome->result = FF_RESULT_RETRY;
	else if (meaning_of(reply->status, words) == LOGIN)
		outcome->result = FF_RESULT_UNAUTHORIZED;
}
