/*
 * dhl_express_error.c
 *
 * What DHL Express's errors mean: a number before a colon in the detail or in
 * one of the additional details, or the path of a member that the schema does
 * not like.  Numbers and members are data; whose address a number is about it
 * mostly says itself.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/dhl_express.h"

#define CODE_LONGEST     8
#define WARNINGS_LONGEST 400

static const struct
{
	int code;
	FfResult result;
	const char *field;
} codes[] = {
	{996, FF_RESULT_REFUSED, "service"},
	{998, FF_RESULT_REFUSED, "ship_on"},
	{999, FF_RESULT_RETRY, NULL}, /* something failed inside DHL */
	{1001, FF_RESULT_REFUSED, "service"},
	{1003, FF_RESULT_REFUSED, "ship_on"},
	{3000, FF_RESULT_REFUSED, "ship_from.country"},
	{3001, FF_RESULT_REFUSED, "ship_from.country"},
	{3002, FF_RESULT_REFUSED, "ship_from.postcode"},
	{3003, FF_RESULT_REFUSED, "ship_from.city"},
	{3005, FF_RESULT_REFUSED, "ship_to.country"},
	{3006, FF_RESULT_REFUSED, "ship_to.postcode"},
	{3007, FF_RESULT_REFUSED, "ship_to.city"},
	{3008, FF_RESULT_REFUSED, "ship_to.country"},
	{3013, FF_RESULT_REFUSED, "packages.0.weight_g"},
	{7008, FF_RESULT_REFUSED, "options"},
	{420504, FF_RESULT_REFUSED, "ship_to.postcode"},
};

/* Names of members in DHL's paths and messages, the most telling first. */
static const struct
{
	const char *word;
	const char *member;
} members[] = {
	{"postalcode", "postcode"},
	{"cityname", "city"},
	{"countrycode", "country"},
	{"provincecode", "region"},
	{"addressline1", "street1"},
	{"addressline2", "street2"},
	{"addressline3", "street3"},
	{"phone", "phone"},
	{"email", "email"},
	{"fullname", "name"},
	{"companyname", "name"},
	{"postaladdress", NULL},
	{"contactinformation", NULL},
};

static const struct
{
	const char *word;
	const char *field;
} parts[] = {
	{"lineitems", "lines"},
	{"exportdeclaration", "customs"},
	{"declaredvalue", "customs"},
	{"incoterm", "customs.incoterm"},
	{"packages", "packages"},
	{"valueaddedservices", "options"},
	{"accounts", "config.account_number"},
	{"productcode", "service"},
	{"plannedshippingdateandtime", "ship_on"},
	{"plannedpickupdateandtime", "pickup.ready_at"},
	{"closetime", "pickup.close_at"},
	{"customerreferences", "reference"},
	{"isdeclarable", "customs"},
};

/* Who an error is about, by the words of a message in small letters; NULL when it does not say. */
static const char *
party_of(const char *text)
{
	if (strstr(text, "receiver") || strstr(text, "destination") || strstr(text, "consignee"))
		return "ship_to";
	if (strstr(text, "shipper") || strstr(text, "origin"))
		return "ship_from";
	return NULL;
}

/* The field that a message names by a path or a word of the schema; NULL for none. */
static const char *
field_of_text(const char *message)
{
	char *text = asc_tolower(message, strlen(message));
	const char *party;

	party = party_of(text);
	for (int i = 0; party != NULL && i < (int) lengthof(members); i++)
		if (strstr(text, members[i].word))
			return members[i].member ? psprintf("%s.%s", party, members[i].member) : party;
	for (int i = 0; i < (int) lengthof(parts); i++)
		if (strstr(text, parts[i].word))
			return parts[i].field;
	return NULL;
}

/* The number before a colon that begins a text; NULL without one. */
static char *
code_of(const char *text)
{
	size_t length = text ? strspn(text, "0123456789") : 0;

	return length > 0 && length <= CODE_LONGEST && text[length] == ':' ? pnstrdup(text, length)
																	   : NULL;
}

/* The field of a number, of the other party when the message says so. */
static const char *
field_of_code(const char *field, const char *message)
{
	char *text = asc_tolower(message, strlen(message));
	const char *member = field ? strchr(field, '.') : NULL;
	const char *party;

	party = party_of(text);
	if (member == NULL || party == NULL || strncmp(field, "ship_", 5) != 0)
		return field;
	return psprintf("%s%s", party, member);
}

typedef struct Error
{
	char *code;
	const char *message;
	FfResult result;
	const char *field;
	bool known;
} Error;

/* Takes a text of the answer when it says more than what was found so far. */
static void
weigh(Error *error, const char *text)
{
	char *code = code_of(text);

	if (text == NULL || error->known)
		return;
	for (int i = 0; code != NULL && i < (int) lengthof(codes); i++)
	{
		if (codes[i].code != atoi(code))
			continue;
		error->known = true;
		error->code = code;
		error->message = text;
		error->result = codes[i].result;
		error->field = field_of_code(codes[i].field, text);
		return;
	}
	if (error->code == NULL && code != NULL)
	{
		error->code = code;
		error->message = text;
	}
	if (error->field == NULL)
		error->field = field_of_text(text);
	if (error->field != NULL && error->code == NULL)
		error->message = text;
	if (error->message == NULL)
		error->message = text;
}

bool
ff_dhx_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome,
			 FfJson **json)
{
	const FfJson *details;
	Error error = {NULL, NULL, FF_RESULT_REFUSED, NULL, false};

	if (ff_outcome_http(call, reply, repeat, outcome))
	{
		*json = ff_outcome_json(reply, outcome);
		return *json != NULL;
	}
	*json = ff_outcome_json(reply, outcome);
	details = ff_json_get(*json, "additionalDetails");
	weigh(&error, ff_json_text_or(*json, "detail", NULL));
	for (int i = 0; i < ff_json_count(details); i++)
		weigh(&error, ff_json_text(ff_json_at(details, i), ""));
	if (error.message == NULL)
		error.message = ff_json_text_or(*json, "message", ff_json_text_or(*json, "title", NULL));
	ff_outcome_set(outcome, outcome->result, error.code, error.message, NULL);
	if (reply->status == 403)
		outcome->result = FF_RESULT_UNAUTHORIZED;
	if (outcome->result != FF_RESULT_REFUSED)
		return false;
	outcome->field = error.field;
	if (call->operation == FF_OP_SCHEDULE_PICKUP && error.field &&
		strcmp(error.field, "ship_on") == 0)
		outcome->field = "pickup.ready_at";
	/* the number of a failure inside DHL may come with a status that blames the request */
	if (error.known && error.result == FF_RESULT_RETRY)
		outcome->result = repeat == FF_REPEAT_SAFE ? FF_RESULT_RETRY : FF_RESULT_UNKNOWN;
	return false;
}

char *
ff_dhx_warnings(const FfJson *json)
{
	return ff_carrier_sentences(ff_json_get(json, "warnings"), "", WARNINGS_LONGEST);
}
