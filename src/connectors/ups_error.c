/*
 * ups_error.c
 *
 * What UPS's error codes mean to us: whether to try again, to ask a person,
 * or to look the shipment up, and which of our fields a code is about.  The
 * codes are data; the numbers of party fields repeat for shipper, receiver
 * and origin.  What an operation makes of single codes (a label not found, a
 * shipment already voided) stands with the operation.
 */
#include "postgres.h"

#include "connectors/ups.h"

#define LOCKED_OUT_S     (24 * 60 * 60)
#define WARNINGS_LONGEST 400

typedef struct UpsClass
{
	int from;
	int to;
	FfResult result;
	const char *field;
} UpsClass;

/* The first row that holds the code decides. */
static const UpsClass classes[] = {
	{10400, 10401, FF_RESULT_UNAUTHORIZED, NULL},
	{10429, 10429, FF_RESULT_RETRY, NULL}, /* too many requests */
	{10004, 10004, FF_RESULT_RETRY, NULL},
	{20001, 20001, FF_RESULT_RETRY, NULL},
	{111100, 111100, FF_RESULT_REFUSED, "service"},
	{111210, 111210, FF_RESULT_REFUSED, "service"},
	{111212, 111212, FF_RESULT_REFUSED, "packages"},
	{111285, 111285, FF_RESULT_REFUSED, "ship_to.postcode"},
	{111286, 111286, FF_RESULT_REFUSED, "ship_to.region"},
	{111549, 111549, FF_RESULT_REFUSED, "customs.contents"},
	{120021, 120021, FF_RESULT_UNKNOWN, NULL}, /* requested twice: look the first one up */
	{120529, 120529, FF_RESULT_REFUSED, "packages"},
	{120541, 120542, FF_RESULT_REFUSED, "reference"},
	{120548, 120548, FF_RESULT_REFUSED, "packages"},
	{120598, 120598, FF_RESULT_REFUSED, "options.signature"},
	{120801, 120801, FF_RESULT_REFUSED, "ship_from"},
	{120802, 120802, FF_RESULT_REFUSED, "ship_to"},
	{120803, 120803, FF_RESULT_REFUSED, "ship_from"},
	{120901, 120901, FF_RESULT_RETRY, NULL}, /* no negotiated rates now */
	{121025, 121025, FF_RESULT_REFUSED, "options.insurance"},
	{121000, 121099, FF_RESULT_REFUSED, "options"},
	{121210, 121210, FF_RESULT_REFUSED, "service"},
	{121212, 121212, FF_RESULT_REFUSED, "packages"},
	{190001, 190002, FF_RESULT_RETRY, NULL},
	{250002, 250007, FF_RESULT_UNAUTHORIZED, NULL},
	{251004, 251004, FF_RESULT_UNAUTHORIZED, NULL},
	{300000, 300000, FF_RESULT_RETRY, NULL}, /* label recovery is down */
};

static const struct
{
	const char *code;
	FfResult result;
} named_classes[] = {
	{"UJ0001", FF_RESULT_UNAUTHORIZED},
	{"VSS100", FF_RESULT_RETRY},
};

/* 1201xx is about the shipper, 1202xx the receiver, 1203xx the origin; xx is the field. */
static const struct
{
	int from;
	int to;
	const char *member;
} party_fields[] = {
	{1, 1, "name"},
	{2, 2, "street1"},
	{3, 4, "street2"},
	{5, 5, "city"},
	{6, 6, "region"},
	{7, 7, "postcode"},
	{8, 8, "country"},
	{9, 9, "phone"},
	{10, 11, "email"},
	{12, 17, "phone"},
};

static const char *
party_field(int code)
{
	static const char *const parties[] = {"ship_from", "ship_to", "ship_from"};
	const char *party = parties[code / 100 - 1201];

	for (int i = 0; i < (int) lengthof(party_fields); i++)
		if (code % 100 >= party_fields[i].from && code % 100 <= party_fields[i].to)
			return psprintf("%s.%s", party, party_fields[i].member);
	return party;
}

/* The class of a code; false for one that says no more than the HTTP status does. */
static bool
classify(const char *code, UpsClass *class)
{
	int number = atoi(code);

	memset(class, 0, sizeof(UpsClass));
	for (int i = 0; i < (int) lengthof(named_classes); i++)
	{
		class->result = named_classes[i].result;
		if (pg_strcasecmp(code, named_classes[i].code) == 0)
			return true;
	}
	if (strspn(code, "0123456789") != strlen(code))
		return false;
	if (number >= 120100 && number <= 120399)
	{
		class->result = FF_RESULT_REFUSED;
		class->field = party_field(number);
		return true;
	}
	for (int i = 0; i < (int) lengthof(classes); i++)
	{
		*class = classes[i];
		if (number >= classes[i].from && number <= classes[i].to)
			return true;
	}
	return false;
}

/* Where UPS's APIs of different age put their errors, and how they call the parts. */
static const struct
{
	const char *list;
	const char *code;
	const char *message;
} error_shapes[] = {
	{"response.errors", "code", "message"},
	{"errors", "code", "message"},
	{"Fault.detail.Errors.ErrorDetail", "PrimaryErrorCode.Code", "PrimaryErrorCode.Description"},
	{"fault.detail.errors.errorDetail", "primaryErrorCode.code", "primaryErrorCode.description"},
	{"Fault.detail.Errors.ErrorDetail", "PrimaryErrorCode.code", "PrimaryErrorCode.description"},
	{"Response.Error", "ErrorCode", "ErrorDescription"},
};

/* The error that says most: the first of a known class, else the first; NULL without any. */
static const char *
find_error(const FfJson *json, const char **message, UpsClass *class, bool *known)
{
	const char *first = NULL;

	*known = false;
	for (int shape = 0; shape < (int) lengthof(error_shapes); shape++)
	{
		const FfJson *list = ff_json_get(json, error_shapes[shape].list);

		for (int i = 0; i < ff_json_count(list); i++)
		{
			const FfJson *error = ff_json_at(list, i);
			const char *code = ff_json_text_or(error, error_shapes[shape].code, NULL);
			bool classified = code && classify(code, class);

			if (code == NULL || (first != NULL && !classified))
				continue;
			*message = ff_json_text_or(error, error_shapes[shape].message, NULL);
			*known = classified;
			if (classified)
				return code;
			first = code;
		}
	}
	return first;
}

bool
ff_ups_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome,
			 FfJson **json)
{
	bool success = ff_outcome_http(call, reply, repeat, outcome);
	bool in_doubt = outcome->result == FF_RESULT_UNKNOWN;
	const char *message = NULL;
	const char *code;
	UpsClass class;
	bool known;

	*json = ff_outcome_json(reply, outcome);
	if (*json == NULL)
		return false;
	code = find_error(*json, &message, &class, &known);
	if (code == NULL)
		return success;
	ff_outcome_set(outcome, success ? FF_RESULT_REFUSED : outcome->result, code, message, NULL);
	if (!known)
		return false;

	/* an error inside UPS may have come after the label was made */
	outcome->result =
		class.result == FF_RESULT_RETRY && in_doubt ? FF_RESULT_UNKNOWN : class.result;
	/* 111285 and 111286 do not say whose postcode or region is wrong */
	outcome->field =
		atoi(code) / 10 == 11128 ? ff_carrier_whose_field(call, class.field, message) : class.field;
	if (strcmp(code, "250006") == 0 || strcmp(code, "250007") == 0)
		outcome->retry_after_s = LOCKED_OUT_S;
	return false;
}

char *
ff_ups_warnings(const FfJson *answer)
{
	return ff_carrier_sentences(
		ff_json_get(answer, "Response.Alert"), "Description", WARNINGS_LONGEST);
}
