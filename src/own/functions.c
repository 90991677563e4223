/*
 * functions.c
 *
 * Connectors that are two SQL functions.  What they say becomes a message or an
 * outcome; that they fail, run on or say nonsense is an error of this call.
 *
 * In a worker each connector has a share of the time only: one whose functions
 * take long runs with what is left of it.  What was cut short for that waits
 * and is tried again; when that happens several times in a row everything of
 * the connector waits, so that nobody else's calls suffer for it.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "postmaster/bgworker.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "own/parts.h"
#include "pg/errors.h"
#include "pg/guc.h"
#include "pg/guest.h"
#include "pg/session.h"

#define SHARE       0.2 /* of a worker's time */
#define LEAST_SHARE 0.1 /* of the time of a call: what it gets when the connector has used all */
#define PATIENCE    5   /* calls in a row that were cut short */
#define REMEMBERED  32

#define REMEMBERED_FOR INT64CONST(10000000) /* µs a call without end is known again */

/* What is left of a connector's time in this worker. */
typedef struct Budget
{
	char name[NAMEDATALEN];
	double left_ms;
	TimestampTz at;
	int cut_short;  /* calls in a row for which the rest was not enough */
	uint64 endless; /* the last call for which all of it was not enough, and when that was */
	TimestampTz endless_at;
} Budget;

static Budget *
budget_of(const char *name)
{
	static Budget budgets[REMEMBERED];
	static int next = 0;
	TimestampTz now = GetCurrentTimestamp();
	Budget *budget = NULL;

	for (int i = 0; i < REMEMBERED && budget == NULL; i++)
		if (strcmp(budgets[i].name, name) == 0)
			budget = &budgets[i];
	if (budget == NULL)
	{
		budget = &budgets[next];
		next = (next + 1) % REMEMBERED;
		strlcpy(budget->name, name, NAMEDATALEN);
		budget->left_ms = ff_guc_function_timeout;
		budget->cut_short = 0;
		budget->endless_at = 0;
		budget->at = now;
	}
	budget->left_ms = Min(budget->left_ms + SHARE * (double) (now - budget->at) / 1000.0,
						  (double) ff_guc_function_timeout);
	budget->at = now;
	if (budget->left_ms >= ff_guc_function_timeout)
		budget->cut_short = 0;
	return budget;
}

/* For another time, as ff_error_is_passing understands it. */
static void
wait_for_time(const FfOwn *own)
{
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("the functions of connector \"%s\" have used up their time", own->name),
			 errdetail("They may take a fifth of a worker's time."),
			 errhint("Make them faster, or look for the call that they do not get done with.")));
}

static void name_what_failed(const FfCall *call, const char *signature, const char *doing,
							 const char *problem) pg_attribute_noreturn();

static void
name_what_failed(const FfCall *call, const char *signature, const char *doing, const char *problem)
{
	int length = (int) strlen(problem);

	ereport(ERROR,
			(errcode(FF_ERR_CONNECTION),
			 errmsg("could not %s of connector \"%s\"", doing, call->connector),
			 errdetail("Function %s: %.*s.",
					   signature,
					   length > 0 && problem[length - 1] == '.' ? length - 1 : length,
					   problem),
			 errhint("Correct the function, then SELECT fulfillment.retry_task.")));
}

/* What a call is known again by. */
static uint64
hash_of(const FfGuest *guest)
{
	uint64 hash = hash_bytes_extended(
		(const unsigned char *) guest->signature, (int) strlen(guest->signature), 0);

	for (int i = 0; i < guest->count; i++)
		hash = hash_bytes_extended((const unsigned char *) DatumGetPointer(guest->arguments[i]),
								   (int) VARSIZE_ANY(DatumGetPointer(guest->arguments[i])),
								   hash);
	return hash;
}

/* An answer is read once with others and once more alone: its end is not waited for twice. */
static bool
is_known_as_endless(const Budget *budget, const FfGuest *guest)
{
	return budget->endless_at != 0 && budget->at - budget->endless_at < REMEMBERED_FOR &&
		   budget->endless == hash_of(guest);
}

/* 0 for NULL. */
static Datum
run(const FfCall *call, FfGuest *guest, const char *doing)
{
	const FfOwn *own = call->own;
	Budget *budget = MyBgworkerEntry != NULL ? budget_of(own->name) : NULL;
	bool fine;

	guest->role = ff_role_find(own->run_as);
	if (!OidIsValid(guest->role) || ff_role_all_powerful(guest->role))
		name_what_failed(
			call,
			guest->signature,
			doing,
			psprintf("role \"%s\", whose rights it has, %s",
					 own->run_as,
					 OidIsValid(guest->role) ? "has too many of them" : "does not exist any more"));
	if (budget != NULL && is_known_as_endless(budget, guest))
		name_what_failed(call,
						 guest->signature,
						 doing,
						 psprintf("it ran for longer than %d ms", ff_guc_function_timeout));
	if (budget != NULL && budget->cut_short >= PATIENCE)
		wait_for_time(own);
	guest->most_bytes = (size_t) ff_guc_max_body * 1024;
	guest->time_ms = ff_guc_function_timeout;
	if (budget != NULL)
		guest->time_ms = (int) Max(Min(budget->left_ms, (double) ff_guc_function_timeout),
								   Max(ff_guc_function_timeout * LEAST_SHARE, 1.0));
	fine = ff_guest_call(guest);
	if (budget != NULL)
	{
		budget->left_ms = Max(budget->left_ms - guest->took_ms, 0);
		if (guest->overran && guest->time_ms < ff_guc_function_timeout)
		{
			budget->cut_short++;
			wait_for_time(own);
		}
		budget->cut_short = 0;
		if (guest->overran)
		{
			budget->endless = hash_of(guest);
			budget->endless_at = GetCurrentTimestamp();
		}
	}
	if (!fine)
		name_what_failed(call, guest->signature, doing, guest->problem);
	return guest->result;
}

static void
take_parts(const FfCall *call, FfMessage *message, const FfJson *parts,
		   void (*take)(const FfCall *call, FfMessage *message, const char *name,
						const char *value))
{
	void *state = NULL;
	char *name;
	FfJson *value;

	while (ff_json_each(parts, &state, &name, &value))
		take(call, message, name, ff_json_text(value, ""));
}

static void
take_query(const FfCall *call, FfMessage *message, const char *name, const char *value)
{
	ff_message_query(message, name, value);
}

void
ff_own_function_request(const FfCall *call, FfMessage *message)
{
	const FfOwn *own = call->own;
	FfGuest guest = {.signature = own->request, .count = 2};
	const FfJson *body;
	const char *text;
	FfJson *said;
	Datum result;

	guest.arguments[0] = CStringGetTextDatum(ff_own_operation_name(call));
	guest.arguments[1] = ff_json_to_datum(ff_own_call_document(call));
	result = run(call, &guest, "make a request");
	said = result != (Datum) 0 ? ff_json_from_datum(result) : NULL;
	if (!ff_json_is_object(said))
		name_what_failed(call, own->request, "make a request", "it gave no JSON object");
	if (ff_json_text(said, "missing.field") != NULL)
		ff_connector_fail(call->connector,
						  ff_json_text(said, "missing.field"),
						  ff_json_text(said, "missing.hint"));
	ff_own_begin(call, message, ff_json_text(said, "method"), ff_json_text(said, "url"));
	take_parts(call, message, ff_json_member(said, "query"), take_query);
	take_parts(call, message, ff_json_member(said, "headers"), ff_own_header);
	body = ff_json_member(said, "body");
	if (ff_json_is_null(body))
		return;
	text = ff_json_is_string(body) ? ff_json_text(body, "") : ff_json_dump(body);
	ff_message_body(message,
					ff_json_text_or(said,
									"content_type",
									ff_json_is_string(body) ? "text/plain" : "application/json"),
					text,
					strlen(text));
}

/* Status, headers and body, and what the engine makes of them: document, problem, usual. */
static Datum
reply_document(const FfReply *reply, const FfOwnAnswer *answer, FfOutcome *usual)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_int(&writer, "status", reply->status);
	ff_own_write_headers(&writer, reply);
	if (memchr(reply->body, '\0', reply->length) == NULL &&
		pg_verifymbstr(reply->body, (int) reply->length, true))
		ff_write_text(&writer, "body", pnstrdup(reply->body, reply->length));
	else
		ff_write_text(&writer, "body_base64", ff_base64(reply->body, reply->length));
	ff_write_json(&writer, "document", answer->document);
	ff_write_text(&writer, "problem", answer->problem);
	ff_write_raw(&writer, "usual", ff_outcome_finish(usual));
	ff_write_finish(&writer);
	return ff_json_to_datum(ff_json_parse(writer.text.data, writer.text.len, NULL));
}

void
ff_own_function_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfOwn *own = call->own;
	FfGuest guest = {.signature = own->outcome, .count = 3};
	FfOwnAnswer answer;
	FfOutcome usual;
	FfResult result;
	FfJson *said;
	Datum datum;

	(void) ff_own_answer(call, reply, outcome, &answer);
	ff_outcome_init(&usual);
	usual.result = outcome->result;
	usual.code = outcome->code;
	usual.message = outcome->message;
	usual.retry_after_s = outcome->retry_after_s;
	guest.arguments[0] = CStringGetTextDatum(ff_own_operation_name(call));
	guest.arguments[1] = ff_json_to_datum(ff_own_call_document(call));
	guest.arguments[2] = reply_document(reply, &answer, &usual);
	datum = run(call, &guest, "read an answer");
	if (datum == (Datum) 0)
		return;
	said = ff_json_from_datum(datum);
	if (!ff_json_is_object(said) ||
		!ff_result_from_name(ff_json_text_or(said, "result", ""), &result))
		name_what_failed(
			call, own->outcome, "read an answer", "it gave no JSON object with a known \"result\"");
	ff_outcome_ok(outcome);
	ff_outcome_set(outcome,
				   result,
				   ff_json_text(said, "error.code"),
				   ff_json_text(said, "error.message"),
				   ff_json_text(said, "error.field"));
	outcome->retry_after_s = (int) ff_json_int64_or(said, "retry_after_s", outcome->retry_after_s);
	if (!ff_json_is_null(ff_json_member(said, "next")))
		outcome->next = ff_json_dump(ff_json_member(said, "next"));
	ff_own_take_members(outcome, said);
}
