/*
 * fedex_error.c
 *
 * What FedEx's errors mean.  Codes are words with dots between them, and new
 * ones appear without notice: so the HTTP status decides first, then words
 * that stand in the code, by two tables: one for whose business it is, one
 * for the field it is about.  What an operation makes of single codes (nothing
 * found, already cancelled) stands with the operation.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/fedex.h"

#define WINDOW_S    10 /* in which calls are counted */
#define FORBIDDEN_S 600
#define DAY_S       86400

/* The first row whose word stands in the code decides. */
static const struct
{
	const char *word;
	FfResult result;
	const char *field;
} classes[] = {
	{"SYSTEM.UNEXPECTED", FF_RESULT_RETRY, NULL},
	{"SYSTEM.UNAVAILABLE", FF_RESULT_RETRY, NULL},
	{"SERVICE.UNAVAILABLE", FF_RESULT_RETRY, NULL},
	{"INTERNAL.SERVER.ERROR", FF_RESULT_RETRY, NULL},
	{"LIMIT.EXCEEDED", FF_RESULT_RETRY, NULL},
	{"TOO.MANY", FF_RESULT_RETRY, NULL},
	{"NOT.AUTHORIZED", FF_RESULT_UNAUTHORIZED, NULL},
	{"TOKEN.VALIDATION", FF_RESULT_UNAUTHORIZED, NULL},
	{"LOGIN.REAUTHENTICATE", FF_RESULT_UNAUTHORIZED, NULL},
	{"FORBIDDEN", FF_RESULT_UNAUTHORIZED, NULL},
	{"ACCOUNTNUMBER", FF_RESULT_REFUSED, "config.account_number"},
	{"ACCOUNT.NUMBER", FF_RESULT_REFUSED, "config.account_number"},
	{"USER.UNAUTHORIZED", FF_RESULT_REFUSED, "config.account_number"},
	{"UNAUTHORIZED.USAGE", FF_RESULT_REFUSED, "config.account_number"},
};

/* Words of codes about an address, and the member of ours that they mean. */
static const struct
{
	const char *word;
	const char *member; /* "": the party as a whole */
} address_words[] = {
	{"POSTALCODE", "postcode"},
	{"POSTAL.CODE", "postcode"},
	{"POSTALCITY", "postcode"},
	{"STATEORPROVINCE", "region"},
	{"CITY", "city"},
	{"COUNTRYCODE", "country"},
	{"PHONENUMBER", "phone"},
	{"EMAIL", "email"},
	{"STREETLINE", "street1"},
	{"PERSONNAME", "name"},
	{"COMPANYNAME", "company"},
	{"RECIPIENT", ""},
	{"ADDRESS", "street1"},
};

/* Words of codes about anything else. */
static const struct
{
	const char *word;
	const char *field;
} other_words[] = {
	{"CUSTOMSVALUE", "lines"},
	{"HARMONIZED", "lines"},
	{"COMMODIT", "lines"},
	{"SERVICETYPE", "service"},
	{"SERVICE.TYPE", "service"},
	{"PACKAGINGTYPE", "packages"},
	{"WEIGHT", "packages"},
	{"DIMENSION", "packages"},
	{"SIGNATURE", "options.signature"},
	{"DECLAREDVALUE", "options.insurance"},
	{"SHIPDATE", "ship_on"},
	{"TRACKINGNUMBER", "tracking_number"},
};

static const char *
address_field(const FfCall *call, const char *code, const char *message)
{
	bool origin = strstr(code, "SHIPPER") != NULL || strstr(code, "ORIGIN") != NULL;
	const char *party = origin ? "ship_from" : "ship_to";

	if (call->operation == FF_OP_VALIDATE_ADDRESS)
		party = "address";
	else if (call->operation == FF_OP_SCHEDULE_PICKUP)
		party = "pickup.address";
	for (int i = 0; i < (int) lengthof(address_words); i++)
	{
		const char *member = address_words[i].member;

		if (strstr(code, address_words[i].word) == NULL)
			continue;
		if (*member == '\0')
			return party;
		return ff_carrier_whose_field(call, psprintf("%s.%s", party, member), message);
	}
	return NULL;
}

static const char *
other_field(const char *code)
{
	for (int i = 0; i < (int) lengthof(other_words); i++)
		if (strstr(code, other_words[i].word) != NULL)
			return other_words[i].field;
	return NULL;
}

void
ff_fedex_judge(const FfCall *call, FfOutcome *outcome, const char *code, const char *message)
{
	char *word = ff_carrier_upper(pstrdup(code ? code : ""));

	ff_outcome_set(outcome, outcome->result, code, message, NULL);
	for (int i = 0; i < (int) lengthof(classes); i++)
	{
		if (strstr(word, classes[i].word) == NULL)
			continue;
		outcome->result = classes[i].result;
		outcome->field = classes[i].field;
		return;
	}
	outcome->field = address_field(call, word, message);
	if (outcome->field == NULL)
		outcome->field = other_field(word);
}

bool
ff_fedex_is_absence(const char *code)
{
	return code != NULL && (strstr(code, "NOTFOUND") != NULL || strstr(code, "NOT.FOUND") != NULL);
}

/* Whether a code is one of a class, so that it says more than another. */
static bool
is_known(const char *code)
{
	for (int i = 0; i < (int) lengthof(classes); i++)
		if (strstr(code, classes[i].word) != NULL)
			return true;
	for (int i = 0; i < (int) lengthof(address_words); i++)
		if (strstr(code, address_words[i].word) != NULL)
			return true;
	return false;
}

/* The error that says most: the first of a known class, else the first; NULL without any. */
static const FfJson *
find_error(const FfJson *json)
{
	const FfJson *errors = ff_json_get(json, "errors");
	const FfJson *first = ff_json_at(errors, 0);

	if (ff_json_count(errors) == 0)
	{
		errors = ff_json_get(json, "error");
		first = ff_json_at(errors, 0);
	}
	for (int i = 0; i < ff_json_count(errors); i++)
	{
		const FfJson *error = ff_json_at(errors, i);

		if (is_known(ff_json_text_or(error, "code", "")))
			return error;
	}
	return first;
}

/* How long a peer is left alone that says nothing of it by header. */
static int
pause_s(const FfCall *call, const FfReply *reply, const char *message)
{
	if (reply->status == 403)
		return FORBIDDEN_S;
	if (reply->status != 429)
		return -1;
	/* the day's quota ends with the day in Greenwich, the other one in seconds */
	if (message != NULL && strstr(message, "12:00") != NULL)
		return DAY_S - (int) (timestamptz_to_time_t(call->now) % DAY_S);
	return WINDOW_S;
}

bool
ff_fedex_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome,
			   FfJson **json)
{
	bool success = ff_outcome_http(call, reply, repeat, outcome);
	FfResult by_status = outcome->result;
	const FfJson *error;
	const char *message;

	*json = ff_outcome_json(reply, outcome);
	error = find_error(*json);
	message = ff_json_text_or(error, "message", ff_json_text(*json, "error_description"));
	if (outcome->retry_after_s < 0)
		outcome->retry_after_s = pause_s(call, reply, message);
	if (error == NULL && reply->status == 403)
		outcome->result = FF_RESULT_UNAUTHORIZED;
	if (error == NULL)
		return success && *json != NULL;

	if (success)
		outcome->result = by_status = FF_RESULT_REFUSED;
	ff_fedex_judge(call, outcome, ff_json_text_or(error, "code", ff_json_text(error, "")), message);
	/* the status decides; words only tell more where it says no more than "bad request" */
	if (by_status != FF_RESULT_REFUSED)
		outcome->result = by_status;
	if (reply->status == 403 && outcome->field == NULL)
		outcome->result = FF_RESULT_UNAUTHORIZED;
	if (outcome->result == FF_RESULT_REFUSED)
		outcome->retry_after_s = -1;
	return false;
}

char *
ff_fedex_warning(const FfJson *alerts)
{
	for (int i = 0; i < ff_json_count(alerts); i++)
	{
		const FfJson *alert = ff_json_at(alerts, i);

		if (pg_strcasecmp(ff_json_text_or(alert, "alertType", ""), "WARNING") == 0)
			return ff_carrier_text(alert, "message", 200);
	}
	return NULL;
}
