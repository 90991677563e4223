/*
 * usps_status.c
 *
 * What USPS's events mean: by their code, one row per canonical status, and by
 * their text, a list of words in which the first hit counts.  Codes nobody
 * has published are guesses, so for them the text comes first.  A parcel as a
 * whole has a category, which is worth more than its newest event.  A status
 * of NULL tells something and leaves the status as it is.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/usps.h"

#define TEXT 300

static const struct
{
	const char *status;
	const char *codes;
	const char *guessed;
} statuses[] = {
	{"label_created", "89 GX MA", ""},
	{"in_transit",
	 "03 06 07 10 14 17 19 41 42 43 80 81 82 83 A1 AD EF NT OA PA PC SF TM UA",
	 "33 84 86 L1 T1 U1"},
	{"out_for_delivery", "OF", "59"},
	{"ready_for_pickup", "16", "39"},
	{"delivered", "01", ""},
	{"attempted", "02 30 51 52 53 54 55 56", "57 58"},
	{"delayed", "08 15 71", "38"},
	{"exception", "04 05 11 21 22 23 24 25 26 28", ""},
	{"returning", "09 27 29 31", ""},
	{"cancelled", "44", ""},
	{NULL, "DX GC", ""},
};

/* In this order. */
static const struct
{
	const char *words;
	const char *status;
} texts[] = {
	{"delivered, to original sender", "returned"},
	{"tendered to returns agent", "returned"},
	{"return to sender", "returning"},
	{"being returned to sender", "returning"},
	{"unclaimed", "returning"},
	{"delivered", "delivered"},
	{"held at post office, retrieved", "delivered"},
	{"picked up at post", "delivered"},
	{"tendered to military agent", "delivered"},
	{"out for delivery", "out_for_delivery"},
	{"available for pickup", "ready_for_pickup"},
	{"available for redelivery or pickup", "ready_for_pickup"},
	{"held at post office, at customer request", "ready_for_pickup"},
	{"collect for pick up", "ready_for_pickup"},
	{"notice left", "attempted"},
	{"delivery attempted", "attempted"},
	{"attempted delivery", "attempted"},
	{"business closed", "attempted"},
	{"receptacle", "attempted"},
	{"no secure location", "attempted"},
	{"no authorized recipient", "attempted"},
	{"arriving late", "delayed"},
	{"weather", "delayed"},
	{"rescheduled", "delayed"},
	{"redelivery scheduled", "delayed"},
	{"held in customs", "delayed"},
	{"missent", "delayed"},
	{"label cancelled", "cancelled"},
	{"refused", "exception"},
	{"undeliverable", "exception"},
	{"no such number", "exception"},
	{"insufficient address", "exception"},
	{"addressee unknown", "exception"},
	{"moved, left no address", "exception"},
	{"forward expired", "exception"},
	{"vacant", "exception"},
	{"deceased", "exception"},
	{"animal interference", "exception"},
	{"processing exception", "exception"},
	{"disposed", "exception"},
	{"shipping label created", "label_created"},
	{"pre-shipment", "label_created"},
	{"shipping partner", "in_transit"},
	{"usps awaiting item", "label_created"},
	{"usps expects item", "label_created"},
	{"merchant order receipt", "label_created"},
	{"reminder to", NULL},
	{"accept", "in_transit"},
	{"possession of item", "in_transit"},
	{"picked up", "in_transit"},
	{"arriv", "in_transit"},
	{"depart", "in_transit"},
	{"processed", "in_transit"},
	{"in transit", "in_transit"},
	{"sorting complete", "in_transit"},
	{"dispatched", "in_transit"},
	{"customs", "in_transit"},
	{"forwarded", "in_transit"},
	{"tendered", "in_transit"},
};

/* Categories by how they begin; the longer stand before the shorter. */
static const struct
{
	const char *begins;
	const char *status;
} categories[] = {
	{"pre-shipment", "label_created"},
	{"accepted", "in_transit"},
	{"moving through network", "in_transit"},
	{"in transit, arriving late", "delayed"},
	{"in transit", "in_transit"},
	{"out for delivery", "out_for_delivery"},
	{"preparing for delivery", "out_for_delivery"},
	{"available for pickup", "ready_for_pickup"},
	{"delivered", "delivered"},
	{"delivery attempt", "attempted"},
	{"alert", "exception"},
};

/* What a text says beside a code or a category, or only beside a category. */
static const struct
{
	const char *status;
	const char *words;
	const char *instead;
	bool of_events;
} corrections[] = {
	{"delivered", "to original sender", "returned", true},
	{"delivered", "to the original sender", "returned", true},
	{"delivered", "for final delivery", "in_transit", true},
	{"in_transit", "arriving late", "delayed", false},
	{"exception", "return", "returning", false},
	{"exception", "weather", "delayed", false},
	{"exception", "awaiting delivery scan", "delayed", false},
};

/* Text of a member in lower case and without the mark-up USPS puts into it. */
static char *
words_of(const FfJson *json, const char *member)
{
	char *text = ff_carrier_text(json, member, TEXT);

	return text ? asc_tolower(text, strlen(text)) : pstrdup("");
}

static bool
find_code(const char *code, const char **status, bool *guessed)
{
	for (int i = 0; i < (int) lengthof(statuses); i++)
	{
		*guessed = ff_carrier_among(code, statuses[i].guessed);
		*status = statuses[i].status;
		if (*guessed || ff_carrier_among(code, statuses[i].codes))
			return true;
	}
	return false;
}

static bool
find_text(const char *text, const char **status)
{
	for (int i = 0; i < (int) lengthof(texts); i++)
	{
		*status = texts[i].status;
		if (strstr(text, texts[i].words) != NULL)
			return true;
	}
	return false;
}

static const char *
corrected(const char *status, const char *text, bool of_event)
{
	for (int i = 0; status != NULL && i < (int) lengthof(corrections); i++)
		if (strcmp(corrections[i].status, status) == 0 &&
			strstr(text, corrections[i].words) != NULL && (corrections[i].of_events || !of_event))
			return corrections[i].instead;
	return status;
}

/* "No update" is news only when the parcel should have arrived by then. */
static const char *
judge_silence(const FfJson *event, const char *expected)
{
	const char *day = ff_json_text_or(event, "eventTimestamp", ff_json_text(event, "GMTTimestamp"));

	return day != NULL && expected != NULL && strncmp(day, expected, 10) > 0 ? "delayed" : NULL;
}

const char *
ff_usps_event_status(const FfJson *event, const char *expected)
{
	char *code = ff_carrier_upper(ff_carrier_text(event, "eventCode", 4));
	char *text = words_of(event, "eventType");
	const char *by_code;
	const char *by_text;
	bool guessed;
	bool known = code != NULL && find_code(code, &by_code, &guessed);

	if (known && strcmp(code, "DX") == 0)
		return judge_silence(event, expected);
	if (known && !guessed)
		return corrected(by_code, text, true);
	if (find_text(text, &by_text))
		return corrected(by_text, text, true);
	return known ? by_code : "unknown";
}

/* A push may be one event, with its number beside it. */
const FfJson *
ff_usps_events(const FfJson *parcel)
{
	const FfJson *events = ff_json_get(parcel, "trackingEvents");
	bool single =
		ff_json_text(parcel, "trackingNumber") != NULL &&
		(ff_json_text(parcel, "eventCode") != NULL || ff_json_text(parcel, "eventType") != NULL);

	return ff_json_is_null(events) && single ? parcel : events;
}

static const char *
newest_status(const FfJson *parcel, const char *expected)
{
	const FfJson *events = ff_usps_events(parcel);

	for (int i = 0; i < ff_json_count(events); i++)
	{
		const char *status = ff_usps_event_status(ff_json_at(events, i), expected);

		if (status != NULL)
			return status;
	}
	return NULL;
}

const char *
ff_usps_parcel_status(const FfJson *parcel, const char *expected)
{
	char *category = words_of(parcel, "statusCategory");
	char *text = words_of(parcel, "status");
	const char *status;

	for (int i = 0; i < (int) lengthof(categories); i++)
		if (strncmp(category, categories[i].begins, strlen(categories[i].begins)) == 0)
			return corrected(
				categories[i].status,
				psprintf("%s %s %s", category, text, words_of(parcel, "statusSummary")),
				false);
	status = newest_status(parcel, expected);
	if (status == NULL && !find_text(text, &status))
		status = "unknown";
	return status ? corrected(status, text, false) : "unknown";
}
