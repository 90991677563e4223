/*
 * tracking.c
 *
 * What a carrier's events make of a package, and packages of their shipment;
 * see tracking.h.  The rule for packages is the package rows of the table; this
 * is the driver that lets machine.c walk them over a plain struct.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/machine.h"
#include "model/time.h"
#include "model/tracking.h"

PG_FUNCTION_INFO_V1(fulfillment_next_tracking_status);
PG_FUNCTION_INFO_V1(fulfillment_shipment_tracking_status);

/* A package while one event is applied to it. */
typedef struct Tracked
{
	FfTracking tracking;
	FfPackageStatus reported;
	TimestampTz at;
	bool applied;
} Tracked;

static int
current_status(void *subject)
{
	return ((Tracked *) subject)->tracking.status;
}

static void
save_status(void *subject, int to)
{
	((Tracked *) subject)->tracking.status = (FfPackageStatus) to;
}

/* The event's own row in tracking_events is the record. */
static void
record_nothing(void *subject, const FfTransition *transition, int from, const void *payload)
{
}

static bool
is_newer(void *subject, const void *payload)
{
	const Tracked *tracked = subject;

	if (tracked->tracking.status == FF_PACKAGE_UNKNOWN)
		return true;
	if (tracked->at != tracked->tracking.at)
		return tracked->at > tracked->tracking.at;
	return ff_package_rank(tracked->reported) > ff_package_rank(tracked->tracking.status);
}

/* Every event is stored by the caller, under its key. */
static void
store_event(void *subject, const void *payload)
{
}

static void
set_status(void *subject, const void *payload)
{
	Tracked *tracked = subject;

	tracked->tracking.at = tracked->at;
	tracked->applied = true;
}

static void
flag_contradictory(void *subject, const void *payload)
{
	((Tracked *) subject)->tracking.contradictory = true;
}

static const FfMachineDriver package_driver = {
	.machine = FF_MACHINE_PACKAGE,
	.guards = {[FF_GUARD_NEWER_EVENT] = is_newer},
	.effects = {[FF_EFFECT_STORE_EVENT] = store_event,
				[FF_EFFECT_SET_STATUS] = set_status,
				[FF_EFFECT_FLAG_CONTRADICTORY] = flag_contradictory},
	.state = current_status,
	.save = save_status,
	.record = record_nothing,
};

FfTracking
ff_package_track(const FfTracking *current, FfPackageStatus reported, TimestampTz at, bool *applied)
{
	Tracked tracked = {*current, reported, at, false};

	(void) ff_machine_apply(&package_driver, &tracked, reported, NULL);
	*applied = tracked.applied;
	return tracked.tracking;
}

/* The worst trouble any package is in; FF_PACKAGE_UNKNOWN when none is. */
static FfPackageStatus
worst_trouble(const int counts[FF_PACKAGE_STATUS_COUNT])
{
	FfPackageStatus worst = FF_PACKAGE_UNKNOWN;

	for (int i = 0; i < FF_PACKAGE_STATUS_COUNT; i++)
		if (counts[i] > 0 && ff_package_trouble(i) > ff_package_trouble(worst))
			worst = (FfPackageStatus) i;
	return worst;
}

/*
 * Void labels do not count beside others.  Trouble shows, the worst first.
 * Else the shipment is where its slowest known package is, and delivered only
 * when all are, so a package of which nothing is known keeps it from that.
 */
FfPackageStatus
ff_shipment_tracking(const int counts[FF_PACKAGE_STATUS_COUNT])
{
	FfPackageStatus trouble = worst_trouble(counts);
	FfPackageStatus slowest = FF_PACKAGE_UNKNOWN;

	if (trouble != FF_PACKAGE_UNKNOWN)
		return trouble;
	for (int i = 0; i < FF_PACKAGE_STATUS_COUNT; i++)
	{
		if (counts[i] == 0 || i == FF_PACKAGE_UNKNOWN || i == FF_PACKAGE_CANCELLED)
			continue;
		if (slowest == FF_PACKAGE_UNKNOWN || ff_package_rank(i) < ff_package_rank(slowest))
			slowest = (FfPackageStatus) i;
	}
	if (slowest == FF_PACKAGE_DELIVERED && counts[FF_PACKAGE_UNKNOWN] > 0)
		return FF_PACKAGE_UNKNOWN;
	if (slowest == FF_PACKAGE_UNKNOWN && counts[FF_PACKAGE_UNKNOWN] == 0 &&
		counts[FF_PACKAGE_CANCELLED] > 0)
		return FF_PACKAGE_CANCELLED;
	return slowest;
}

/* The first half of SHA-256, as hex: plenty to tell the events of one package apart. */
static char *
short_hash(StringInfo text)
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	StringInfoData hex;

	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (uint8 *) text->data, text->len) < 0 ||
		pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not hash a tracking event");
	pg_cryptohash_free(hash);
	initStringInfo(&hex);
	for (int i = 0; i < (int) sizeof(digest) / 2; i++)
		appendStringInfo(&hex, "%02x", digest[i]);
	return hex.data;
}

char *
ff_tracking_event_key(const char *carrier_id, const char *code, TimestampTz at, const char *city,
					  const char *region, const char *postcode, const char *country)
{
	const char *const parts[] = {code, city, region, postcode, country};
	StringInfoData text;

	if (carrier_id != NULL && *carrier_id != '\0')
		return psprintf("id:%s", carrier_id);
	initStringInfo(&text);
	appendStringInfo(&text, INT64_FORMAT, at);
	/* each with its length, so that no two lists of parts look alike */
	for (int i = 0; i < (int) lengthof(parts); i++)
		appendStringInfo(&text,
						 ",%d:%s",
						 parts[i] != NULL ? (int) strlen(parts[i]) : -1,
						 parts[i] != NULL ? parts[i] : "");
	return short_hash(&text);
}

/* SQL: what follows checks arguments, calls and returns. */

static FfPackageStatus
status_from_text(text *name)
{
	int status = ff_state_from_name(FF_MACHINE_PACKAGE, text_to_cstring(name));

	if (status == FF_STATE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no tracking status \"%s\"", text_to_cstring(name))));
	return (FfPackageStatus) status;
}

Datum
fulfillment_next_tracking_status(PG_FUNCTION_ARGS)
{
	FfTracking current = {FF_PACKAGE_UNKNOWN, FF_NO_TIME, false};
	TupleDesc description;
	FfTracking next;
	bool applied;
	Datum values[4];
	bool nulls[4] = {false};

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(0))
		current.status = status_from_text(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		current.at = PG_GETARG_TIMESTAMPTZ(1);
	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "next_tracking_status must return a row");
	next = ff_package_track(
		&current, status_from_text(PG_GETARG_TEXT_PP(2)), PG_GETARG_TIMESTAMPTZ(3), &applied);
	values[0] = CStringGetTextDatum(ff_state_name(FF_MACHINE_PACKAGE, next.status));
	values[1] = TimestampTzGetDatum(next.at);
	nulls[1] = next.at == FF_NO_TIME;
	values[2] = BoolGetDatum(applied);
	values[3] = BoolGetDatum(next.contradictory);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(description), values, nulls)));
}

Datum
fulfillment_shipment_tracking_status(PG_FUNCTION_ARGS)
{
	int counts[FF_PACKAGE_STATUS_COUNT] = {0};
	Datum *statuses;
	bool *nulls;
	int count;

	deconstruct_array(
		PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &statuses, &nulls, &count);
	/* a package of which nothing was heard is unknown */
	for (int i = 0; i < count; i++)
		counts[nulls[i] ? FF_PACKAGE_UNKNOWN : status_from_text(DatumGetTextPP(statuses[i]))]++;
	PG_RETURN_TEXT_P(
		cstring_to_text(ff_state_name(FF_MACHINE_PACKAGE, ff_shipment_tracking(counts))));
}
