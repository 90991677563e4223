/*
 * fedex_status.c
 *
 * What FedEx's scan codes mean: one row per canonical status, the codes as
 * words of a sorted list, and a table of its own for delivery exceptions,
 * whose number says what happened.  A code in the row without a status tells
 * something and leaves the status as it is.  Scans are read here; the rest of
 * a tracking answer is read in fedex_track.c.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/fedex.h"

static const struct
{
	const char *status;
	const char *codes;
} statuses[] = {
	{"label_created", "AP EP MD OC"},
	{"in_transit",
	 "AA AC AF AR AX CC CH CP DO DP EA EO FD IP IT IX LO OF OW OX PF PL PM PU PX SF TP TR"},
	{"out_for_delivery", "AD ED OD"},
	{"ready_for_pickup", "HL HP"},
	{"delivered", "DL"},
	{"delayed", "CD CU DD DY PD"},
	{"exception", "DE SE"},
	{"returning", "RS RT"},
	{"cancelled", "CA LC LP RD"},
	{NULL, "AE AO AS DR DS HA IN PR RA RC RG RM RP RR SH SP US"},
};

/* Delivery exceptions by their number; others are exceptions. */
static const struct
{
	int number;
	const char *status;
} delivery_exceptions[] = {
	{3, "exception"},  /* incorrect address */
	{7, "attempted"},  /* not available or closed */
	{8, "attempted"},  /* not in or business closed */
	{15, "attempted"}, /* business closed */
	{29, NULL},        /* reroute requested */
	{83, "delayed"},   /* local delivery restriction */
	{99, "exception"}, /* unable to deliver */
};

const FfJson *
ff_fedex_scans(const FfJson *result)
{
	const FfJson *scans = ff_json_get(result, "scanEvents");

	return ff_json_is_null(scans) ? ff_json_get(result, "scanEvent") : scans;
}

static bool
find_status(const char *code, const char **status)
{
	char *upper = code ? ff_carrier_upper(ff_plain_text(code, 8)) : NULL;

	for (int i = 0; upper && strchr(upper, ' ') == NULL && i < (int) lengthof(statuses); i++)
	{
		if (!ff_carrier_among(upper, statuses[i].codes))
			continue;
		*status = statuses[i].status;
		return true;
	}
	return false;
}

/* Whether FedEx says by a detail of the scan that the parcel is late. */
static bool
is_delayed(const FfJson *detail)
{
	return pg_strcasecmp(ff_json_text_or(detail, "delayDetail.status", ""), "DELAYED") == 0;
}

static bool
says_lost(const char *text)
{
	return text != NULL && strstr(asc_tolower(text, strlen(text)), "lost") != NULL;
}

/* What a code means with what stands beside it: an exception's number, a delay, a word. */
static const char *
judge(const char *code, const char *number, const FfJson *detail, const char *text)
{
	const char *status = "unknown";

	if (!find_status(code, &status) || status == NULL || strcmp(status, "exception") != 0)
		return status;
	if (pg_strcasecmp(code, "SE") == 0)
	{
		if (says_lost(text))
			return "lost";
		return is_delayed(detail) ? "delayed" : "exception";
	}
	for (int i = 0; number && *number != '\0' && i < (int) lengthof(delivery_exceptions); i++)
		if (strspn(number, "0123456789") == strlen(number) &&
			atoi(number) == delivery_exceptions[i].number)
			return delivery_exceptions[i].status;
	return "exception";
}

const char *
ff_fedex_event_status(const FfJson *scan)
{
	static const char *const codes[] = {"derivedStatusCode", "eventType"};
	const char *text =
		ff_json_text_or(scan, "exceptionDescription", ff_json_text(scan, "eventDescription"));
	const char *status;

	for (int i = 0; i < (int) lengthof(codes); i++)
	{
		const char *code = ff_json_text_or(scan, codes[i], NULL);

		if (find_status(code, &status))
			return judge(code, ff_json_text(scan, "exceptionCode"), scan, text);
	}
	return "unknown";
}

/* The status FedEx names for the parcel; false when it names none that is known. */
static bool
latest_status(const FfJson *result, const char **status)
{
	static const char *const codes[] = {"derivedCode", "code"};
	const FfJson *latest = ff_json_get(result, "latestStatusDetail");
	const FfJson *why = ff_json_at(ff_json_get(latest, "ancillaryDetails"), 0);
	const FfJson *scan = ff_json_at(ff_fedex_scans(result), 0);
	const char *number = ff_json_text_or(why, "reason", ff_json_text(scan, "exceptionCode"));
	const char *text =
		ff_json_text_or(why, "reasonDescription", ff_json_text(latest, "description"));

	for (int i = 0; i < (int) lengthof(codes); i++)
	{
		const char *code = ff_json_text_or(latest, codes[i], NULL);

		if (find_status(code, status))
		{
			*status = judge(code, number, latest, text);
			return true;
		}
	}
	return false;
}

/* Whether FedEx marks the parcel as one that went back to its sender. */
static bool
is_marked_returned(const FfJson *result)
{
	const FfJson *identifiers = ff_json_get(result, "additionalTrackingInfo.packageIdentifiers");

	for (int i = 0; i < ff_json_count(identifiers); i++)
		if (strstr(ff_json_text_or(ff_json_at(identifiers, i), "type", ""), "RETURNED_TO_SHIPPER"))
			return true;
	return ff_json_is_object(ff_json_get(result, "returnDetail"));
}

/*
 * The latest status when it means anything, else that of the newest scan that
 * does.  After a delivery only a return changes it, and a delivery that ends a
 * return brought the parcel back.
 */
const char *
ff_fedex_parcel_status(const FfJson *result)
{
	const FfJson *scans = ff_fedex_scans(result);
	const char *status = NULL;
	bool known = latest_status(result, &status) && status != NULL;
	bool delivered = known && strcmp(status, "delivered") == 0;
	bool returning = is_marked_returned(result);

	for (int i = 0; i < ff_json_count(scans); i++)
	{
		const char *scanned = ff_fedex_event_status(ff_json_at(scans, i));

		if (scanned == NULL || strcmp(scanned, "unknown") == 0)
			continue;
		if (!known)
			status = scanned;
		known = true;
		delivered = delivered || strcmp(scanned, "delivered") == 0;
		returning = returning || strcmp(scanned, "returning") == 0;
	}
	if (!known)
		return "unknown";
	if (!delivered || strcmp(status, "returning") == 0)
		return status;
	return returning ? "returned" : "delivered";
}
