/*
 * usps_error.c
 *
 * What USPS's errors mean.  Their codes are numbers nobody lists; what tells
 * most is the HTTP status, then the parameter an error names, then its words.
 * So three tables: parts of parameters and the fields of ours they are, words
 * about addresses, words about money.  What an operation makes of single
 * errors (nothing found, void before) stands with the operation.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/usps.h"

#define QUOTA_PAUSE_S 60

/* Parties by the part of a parameter that names them. */
static const struct
{
	const char *word;
	const char *party;
} parties[] = {
	{"toAddress", "ship_to"},
	{"fromAddress", "ship_from"},
	{"senderAddress", "ship_from"},
	{"returnAddress", "return_to"},
	{"pickupAddress", "pickup.address"},
	{"destination", "ship_to"},
	{"foreign", "ship_to"},
	{"origin", "ship_from"},
};

static const struct
{
	const char *word;
	const char *member;
} members[] = {
	{"streetAddress", "street1"},
	{"secondaryAddress", "street2"},
	{"ZIP", "postcode"},
	{"ostalCode", "postcode"},
	{"ountry", "country"},
	{"city", "city"},
	{"state", "region"},
	{"province", "region"},
	{"phone", "phone"},
	{"email", "email"},
	{"firstName", "name"},
	{"lastName", "name"},
	{"firm", "company"},
};

/* Anything that is no address; %d is the package an error is about. */
static const struct
{
	const char *word;
	const char *field;
} others[] = {
	{"destinationEntryFacilityType", "service"},
	{"mailClass", "service"},
	{"rateIndicator", "service"},
	{"processingCategory", "service"},
	{"mailingDate", "ship_on"},
	{"extraServices", "options"},
	{"packageValue", "options.insurance"},
	{"AESITN", "customs.itn"},
	{"customsForm", "lines"},
	{"contents", "lines"},
	{"item", "lines"},
	{"weight", "packages.%d.weight_g"},
	{"length", "packages.%d.length_mm"},
	{"width", "packages.%d.width_mm"},
	{"height", "packages.%d.height_mm"},
	{"imageType", "options.label_format"},
	{"trackingNumber", "tracking_number"},
	{"pickupDate", "pickup.ready_at"},
	{"CRID", "config.crid"},
	{"MID", "config.mid"},
	{"account", "config.account_number"},
};

/* Sentences about an address that name no parameter. */
static const struct
{
	const char *words;
	const char *member;
} address_sentences[] = {
	{"address not found", "street1"},
	{"no match for the address", "street1"},
	{"multiple addresses", "street1"},
	{"more than one address", "street1"},
	{"insufficient", "street1"},
	{"invalid delivery address", "street1"},
	{"invalid zip", "postcode"},
	{"zip code", "postcode"},
	{"invalid city", "city"},
	{"the city", "city"},
	{"invalid state", "region"},
	{"the state code", "region"},
};

/* Sentences about the account that pays: the operator must act. */
static const char *const money_sentences[] = {
	"eps account", "insufficient funds", "payment authorization", "payment account"};

static bool
says(const char *text, const char *words)
{
	return text != NULL && strstr(asc_tolower(text, strlen(text)), words) != NULL;
}

bool
ff_usps_says(const FfOutcome *outcome, const char *words)
{
	return says(outcome->message, words);
}

static const char *
party_of(const FfCall *call, const char *parameter)
{
	if (call->operation == FF_OP_VALIDATE_ADDRESS)
		return "address";
	if (call->operation == FF_OP_SCHEDULE_PICKUP)
		return "pickup.address";
	for (int i = 0; i < (int) lengthof(parties); i++)
		if (strstr(parameter, parties[i].word) != NULL)
			return parties[i].party;
	return NULL;
}

static const char *
field_of(const FfCall *call, const char *parameter)
{
	const char *party = party_of(call, parameter);
	int package = (int) ff_json_int64_or(call->state, "at", 0);

	for (int i = 0; party != NULL && i < (int) lengthof(members); i++)
		if (strstr(parameter, members[i].word) != NULL)
			return psprintf("%s.%s", party, members[i].member);
	for (int i = 0; i < (int) lengthof(others); i++)
	{
		const char *field = others[i].field;
		const char *number = strstr(field, "%d");

		if (strstr(parameter, others[i].word) == NULL)
			continue;
		return number ? psprintf("%.*s%d%s", (int) (number - field), field, package, number + 2)
					  : field;
	}
	return party;
}

/* A field by the words of a message alone. */
static const char *
field_in_words(const FfCall *call, const char *message)
{
	const char *party = party_of(call, "toAddress");

	for (int i = 0; i < (int) lengthof(address_sentences); i++)
		if (says(message, address_sentences[i].words))
			return ff_carrier_whose_field(
				call, psprintf("%s.%s", party, address_sentences[i].member), message);
	return NULL;
}

/* The first of several errors that names a parameter, else the first; NULL without any. */
static const FfJson *
choose(const FfJson *errors)
{
	for (int i = 0; i < ff_json_count(errors); i++)
		if (ff_json_text_or(ff_json_at(errors, i), "source.parameter", NULL) != NULL)
			return ff_json_at(errors, i);
	return ff_json_at(errors, 0);
}

/* An expired payment token is renewed with the other one; anything else about money is not ours. */
static void
judge_money(FfOutcome *outcome, const char *message)
{
	for (int i = 0; i < (int) lengthof(money_sentences); i++)
	{
		if (!says(message, money_sentences[i]))
			continue;
		outcome->result = says(message, "expired") ? FF_RESULT_UNAUTHORIZED : FF_RESULT_REFUSED;
		outcome->field =
			outcome->result == FF_RESULT_REFUSED ? "config.account_number" : outcome->field;
		return;
	}
}

static void
judge(const FfCall *call, const FfReply *reply, FfOutcome *outcome, const FfJson *error)
{
	const FfJson *detail = choose(ff_json_get(error, "errors"));
	const char *parameter = ff_json_text_or(detail, "source.parameter", NULL);
	const char *message = ff_json_text_or(
		detail, "detail", ff_json_text_or(detail, "title", ff_json_text(error, "message")));
	const char *code = ff_json_text_or(detail, "code", ff_json_text(error, "code"));

	ff_outcome_set(outcome, outcome->result, code, message, NULL);
	/* a token without the API's scope is made all the same, and refused by the API */
	if (outcome->result == FF_RESULT_UNAUTHORIZED && says(message, "scope"))
		outcome->field = "config.scope";
	if (outcome->result != FF_RESULT_REFUSED)
		return;
	if (parameter != NULL)
		outcome->field = field_of(call, parameter);
	if (outcome->field == NULL)
		outcome->field = field_in_words(call, message);
	if (reply->status == 403)
		outcome->result = FF_RESULT_UNAUTHORIZED;
	judge_money(outcome, message);
}

bool
ff_usps_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome,
			  FfJson **json)
{
	bool success = ff_outcome_http(call, reply, repeat, outcome);
	const char *type = ff_reply_header(reply, "Content-Type");
	const FfJson *error;

	*json = NULL;
	if (success && type != NULL && pg_strncasecmp(type, "multipart/", 10) == 0)
		return true;
	if (success && reply->length > 2 && strncmp(reply->body, "--", 2) == 0)
		return true;
	if (reply->status == 429 && outcome->retry_after_s < 0)
		outcome->retry_after_s = QUOTA_PAUSE_S;
	*json = ff_outcome_json(reply, outcome);
	error = ff_json_get(*json, "error");
	if (*json == NULL || ff_json_is_null(error))
	{
		if (reply->status == 403)
			outcome->result = FF_RESULT_UNAUTHORIZED;
		return success && *json != NULL;
	}
	if (success)
		outcome->result = FF_RESULT_REFUSED;
	if (ff_json_is_string(error))
		ff_outcome_set(outcome,
					   reply->status == 403 ? FF_RESULT_UNAUTHORIZED : outcome->result,
					   ff_json_text(error, ""),
					   ff_json_text(*json, "error_description"),
					   NULL);
	else
		judge(call, reply, outcome, error);
	return false;
}
