/*
 * tracking.c
 *
 * Stores what carriers tell about packages and carries over to the shipment
 * what crosses: the first scan, delivered, returning, lost.  Which event counts
 * is decided in model/tracking.c.  See shipping/tracking.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "model/time.h"
#include "model/tracking.h"
#include "notifications/notify.h"
#include "pg/spi.h"
#include "shipping/parts.h"
#include "shipping/tracking.h"
#include "tasks/history.h"

static FfStatement find_package = FF_STATEMENT(
	"select package_id, shipment_id from fulfillment.packages"
	" where merchant_id = $1 and tracking_number = $2 and ($3 is null or shipment_id = $3)"
	" order by package_id desc limit 1",
	INT4OID, TEXTOID, INT8OID);

static FfStatement lock_package = FF_STATEMENT(
	"select p.status, p.status_at, p.contradictory, p.tracking_number"
	"  from fulfillment.packages p where p.merchant_id = $1 and p.package_id = $2 for update",
	INT4OID, INT8OID);

static FfStatement add_event = FF_STATEMENT(
	"insert into fulfillment.tracking_events (merchant_id, package_id, event_key, occurred_at,"
	"       status, code, description, city, region, postcode, country, received_at)"
	" values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	" on conflict do nothing",
	INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
	TEXTOID, TIMESTAMPTZOID);

/* $8: seconds until the next poll, NULL when it is final; the interval grows while nothing changes
 */
static FfStatement save_package = FF_STATEMENT(
	"update fulfillment.packages set status = $3, status_at = $4, contradictory = $5,"
	"       delivered_at = case when $3 = 'delivered' then $4 end,"
	"       estimated_delivery_at = coalesce($6::timestamptz, estimated_delivery_at),"
	"       polls = case when $7 then 0 else least(polls + 1, 30) end,"
	"       poll_at = case when $8 is not null then $9 + least($8 * power(1.5, case when $7 then 0"
	"                 else least(polls, 20) end), 86400) * interval '1 second' end"
	" where merchant_id = $1 and package_id = $2",
	INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID, BOOLOID, TEXTOID, BOOLOID, INT4OID, TIMESTAMPTZOID);

static FfStatement statuses_of_shipment =
	FF_STATEMENT("select status, count(*) from fulfillment.packages"
				 " where merchant_id = $1 and shipment_id = $2 group by status",
				 INT4OID, INT8OID);

static FfStatement save_shipment_status = FF_STATEMENT(
	"update fulfillment.shipments set tracking_status = $3, estimated_delivery_at = coalesce("
	"         (select max(p.estimated_delivery_at) from fulfillment.packages p"
	"           where p.merchant_id = $1 and p.shipment_id = $2), estimated_delivery_at)"
	" where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID, TEXTOID);

/* How soon a package is worth asking for again, by what is known of it. */
static const int poll_seconds[FF_PACKAGE_STATUS_COUNT] = {
	[FF_PACKAGE_UNKNOWN] = 7200,
	[FF_PACKAGE_LABEL_CREATED] = 7200,
	[FF_PACKAGE_IN_TRANSIT] = 10800,
	[FF_PACKAGE_DELAYED] = 10800,
	[FF_PACKAGE_EXCEPTION] = 7200,
	[FF_PACKAGE_OUT_FOR_DELIVERY] = 1800,
	[FF_PACKAGE_READY_FOR_PICKUP] = 14400,
	[FF_PACKAGE_ATTEMPTED] = 3600,
	[FF_PACKAGE_RETURNING] = 21600,
	/* delivered, returned, lost, cancelled: not asked for again */
};

typedef struct Event
{
	TimestampTz at;
	FfPackageStatus status;
} Event;

typedef struct Package
{
	int32 merchant_id;
	int64 package_id;
	FfTracking tracking;
	char *number;
	Event *fresh; /* events that were new and mean a status */
	int fresh_count;
	int stored;
} Package;

static int
by_time(const void *a, const void *b)
{
	const Event *left = a;
	const Event *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return ff_package_rank(left->status) - ff_package_rank(right->status);
}

static void
load_package(Package *package)
{
	FfRows rows =
		ff_run(&lock_package, ff_int4(package->merchant_id), ff_int8(package->package_id));
	char *status = ff_row_text(&rows, 0, 1);

	package->tracking.status =
		status ? ff_state_from_name(FF_MACHINE_PACKAGE, status) : FF_PACKAGE_UNKNOWN;
	package->tracking.at = ff_row_time(&rows, 0, 2);
	package->tracking.contradictory = ff_row_bool(&rows, 0, 3);
	package->number = ff_row_text(&rows, 0, 4);
}

/* Stores one event; what is new and says a status is kept for the rule. */
static void
store_event(Package *package, const FfJson *event, const char *fallback_status)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	const char *at_text = ff_json_text_or(event, "at", NULL);
	const char *status = ff_json_text_or(event, "status", fallback_status);
	const char *code = ff_json_text_or(event, "code", status);
	const char *city = ff_json_text_or(event, "city", NULL);
	const char *region = ff_json_text_or(event, "region", NULL);
	const char *postcode = ff_json_text_or(event, "postcode", NULL);
	const char *country = ff_json_text_or(event, "country", NULL);
	TimestampTz at = now;
	bool dated = at_text != NULL && ff_time_parse(at_text, &at);
	char *key = ff_tracking_event_key(
		ff_json_text_or(event, "id", NULL), code, dated ? at : 0, city, region, postcode, country);
	int known = status ? ff_state_from_name(FF_MACHINE_PACKAGE, status) : FF_STATE_NONE;

	if (ff_run(&add_event,
			   ff_int4(package->merchant_id),
			   ff_int8(package->package_id),
			   ff_text(key),
			   ff_time(at),
			   ff_text(known == FF_STATE_NONE ? NULL : status),
			   ff_text(code),
			   ff_text(ff_json_text_or(event, "description", NULL)),
			   ff_text(city),
			   ff_text(region),
			   ff_text(postcode),
			   ff_text(country),
			   ff_time(now))
			.count == 0)
		return;
	package->stored++;
	if (known != FF_STATE_NONE)
		package->fresh[package->fresh_count++] = (Event){.at = at, .status = known};
}

static void
note_change(const Package *package, const FfShipment *shipment, FfPackageStatus from,
			const char *cause)
{
	FfHistory row = {.merchant_id = package->merchant_id,
					 .subject_kind = "package",
					 .subject_id = package->package_id,
					 .order_id = shipment->order_id,
					 .event = "tracking",
					 .from_state = ff_state_name(FF_MACHINE_PACKAGE, from),
					 .to_state = ff_state_name(FF_MACHINE_PACKAGE, package->tracking.status),
					 .cause = cause};
	FfJsonWriter data;
	FfFact fact = {.merchant_id = package->merchant_id,
				   .type = "shipment.tracking_updated",
				   .order_id = shipment->order_id,
				   .shipment_id = shipment->shipment_id,
				   .package_id = package->package_id,
				   .at = package->tracking.at};

	ff_history_add(&row, 1);
	ff_write_init(&data);
	ff_write_object(&data, NULL);
	ff_write_int(&data, "shipment_id", shipment->shipment_id);
	ff_write_text(&data, "reference", shipment->reference);
	ff_write_text(&data, "tracking_number", package->number);
	ff_write_text(&data, "status", row.to_state);
	ff_write_text(&data, "at", ff_time_iso(package->tracking.at));
	fact.data = ff_write_finish(&data);
	ff_notify(&fact, 1);
}

static void
save(Package *package, const FfJson *tracking, bool changed)
{
	int64 hint = ff_json_int64_or(tracking, "poll_after_s", 0);
	int seconds = poll_seconds[package->tracking.status];
	bool known = package->tracking.status != FF_PACKAGE_UNKNOWN;

	if (hint > 0 && seconds > 0)
		seconds = (int) Min(hint, 86400);
	ff_run(&save_package,
		   ff_int4(package->merchant_id),
		   ff_int8(package->package_id),
		   ff_text(ff_state_name(FF_MACHINE_PACKAGE, package->tracking.status)),
		   known ? ff_time(package->tracking.at) : ff_null(),
		   ff_bool(package->tracking.contradictory),
		   ff_text(ff_json_text_or(tracking, "estimated_delivery_at", NULL)),
		   ff_bool(changed || hint > 0),
		   seconds > 0 ? ff_int4(seconds) : ff_null(),
		   ff_time(GetCurrentTransactionStartTimestamp()));
}

/* What the shipment's packages say together. */
static void
save_shipment(const FfShipment *shipment)
{
	FfRows rows = ff_run(
		&statuses_of_shipment, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id));
	int counts[FF_PACKAGE_STATUS_COUNT] = {0};

	for (uint64 i = 0; i < rows.count; i++)
	{
		char *name = ff_row_text(&rows, i, 1);
		int status = name ? ff_state_from_name(FF_MACHINE_PACKAGE, name) : FF_PACKAGE_UNKNOWN;

		counts[status] += (int) ff_row_int8(&rows, i, 2);
	}
	ff_run(&save_shipment_status,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_text(ff_state_name(FF_MACHINE_PACKAGE, ff_shipment_tracking(counts))));
}

/* What crosses from a package to its shipment. */
static void
carry_over(FfShipment *shipment, const Package *package, bool changed, const char *cause)
{
	static const struct
	{
		FfPackageStatus status;
		FfShipmentEvent event;
	} crossings[] = {
		{FF_PACKAGE_DELIVERED, FF_SHIPMENT_EVENT_DELIVERED},
		{FF_PACKAGE_RETURNING, FF_SHIPMENT_EVENT_RETURN_TO_SENDER},
		{FF_PACKAGE_RETURNED, FF_SHIPMENT_EVENT_RETURN_TO_SENDER},
		{FF_PACKAGE_LOST, FF_SHIPMENT_EVENT_LOST},
	};
	FfShipmentReport report = {.cause = cause, .by_provider = true};

	for (int i = 0; i < package->fresh_count && shipment->shipped_at == 0; i++)
		if (ff_package_is_physical(package->fresh[i].status))
		{
			report.at = package->fresh[i].at;
			ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_SHIP, &report);
			break;
		}
	if (!changed)
		return;
	report.at = package->tracking.at;
	report.package_id = package->package_id;
	for (int i = 0; i < (int) lengthof(crossings); i++)
		if (crossings[i].status == package->tracking.status)
			ff_shipment_apply(shipment, crossings[i].event, &report);
}

FfTrackingResult
ff_tracking_report(int32 merchant_id, int64 shipment_id, const FfJson *tracking, const char *cause)
{
	FfTrackingResult result = {0};
	const char *number = ff_json_text_or(tracking, "tracking_number", "");
	const char *status = ff_json_text_or(tracking, "status", NULL);
	FfJson *events = ff_json_get(tracking, "events");
	Package package = {.merchant_id = merchant_id};
	FfPackageStatus before;
	FfShipment *shipment;
	FfRows rows;

	rows = ff_run(&find_package, ff_int4(merchant_id), ff_text(number), ff_id(shipment_id));
	if (rows.count == 0)
		return result;
	package.package_id = ff_row_int8(&rows, 0, 1);
	shipment = ff_shipment_lock(merchant_id, ff_row_int8(&rows, 0, 2));
	load_package(&package);
	package.fresh = palloc(sizeof(Event) * (ff_json_count(events) + 1));
	for (int i = 0; i < ff_json_count(events); i++)
		store_event(&package, ff_json_at(events, i), NULL);
	if (ff_json_count(events) == 0 && status != NULL)
		store_event(&package, NULL, status);
	qsort(package.fresh, package.fresh_count, sizeof(Event), by_time);
	before = package.tracking.status;
	for (int i = 0; i < package.fresh_count; i++)
	{
		bool applied;

		package.tracking = ff_package_track(
			&package.tracking, package.fresh[i].status, package.fresh[i].at, &applied);
	}
	result.changed = package.tracking.status != before;
	result.stored = package.stored;
	result.order_id = shipment->order_id;
	result.shipment_id = shipment->shipment_id;
	save(&package, tracking, result.changed);
	carry_over(shipment, &package, result.changed, cause);
	if (result.changed)
		note_change(&package, shipment, before, cause);
	save_shipment(shipment);
	return result;
}
