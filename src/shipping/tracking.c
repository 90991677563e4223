/*
 * tracking.c
 *
 * What carriers tell about packages: found, stored, and drawn together to what
 * a package and its shipment show.  Which event counts is decided in
 * model/tracking.c.  Any number of packages at once, with as many statements as
 * for one.  See shipping/tracking.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "model/time.h"
#include "notifications/notify.h"
#include "pg/spi.h"
#include "shipping/package.h"
#include "tasks/history.h"

static FfStatement find_shipment = FF_STATEMENT(
	"select shipment_id from fulfillment.packages where merchant_id = $1 and tracking_number = $2"
	" order by package_id desc limit 1",
	INT4OID, TEXTOID);

static FfStatement read_packages = FF_STATEMENT(
	"select p.package_id, p.shipment_id, p.tracking_number, p.status, p.status_at, p.contradictory"
	"  from fulfillment.packages p where p.merchant_id = $1 and p.shipment_id = any ($2)"
	" order by p.shipment_id, p.package_id",
	INT4OID, INT8ARRAYOID);

/* seconds: until the next poll, NULL when it is final; the interval grows while nothing changes */
static FfStatement save_packages = FF_STATEMENT(
	"update fulfillment.packages p set status = u.status::fulfillment.tracking_state,"
	"       status_at = u.at, contradictory = u.contradictory,"
	"       delivered_at = case when u.status = 'delivered' then u.at end,"
	"       estimated_delivery_at = coalesce(u.estimate::timestamptz, p.estimated_delivery_at),"
	"       polls = case when u.anew then 0 else least(p.polls + 1, 30) end,"
	"       poll_at = case when u.seconds is not null then $9 + least(u.seconds * power(1.5,"
	"                 case when u.anew then 0 else least(p.polls, 20) end), 86400)"
	"                 * interval '1 second' end"
	"  from unnest($2, $3, $4, $5, $6, $7, $8)"
	"    as u(package_id, status, at, contradictory, estimate, anew, seconds)"
	" where p.merchant_id = $1 and p.package_id = u.package_id",
	INT4OID, INT8ARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, BOOLARRAYOID, TEXTARRAYOID,
	BOOLARRAYOID, INT4ARRAYOID, TIMESTAMPTZOID);

/* What the shipment's packages say together; what changes nothing writes nothing. */
static FfStatement save_statuses = FF_STATEMENT(
	"update fulfillment.shipments s set tracking_status = u.status::fulfillment.tracking_state,"
	"       estimated_delivery_at = coalesce(e.at, s.estimated_delivery_at)"
	"  from unnest($2, $3) as u(shipment_id, status)"
	" cross join lateral (select max(p.estimated_delivery_at) as at from fulfillment.packages p"
	"                      where p.merchant_id = $1 and p.shipment_id = u.shipment_id) e"
	" where s.merchant_id = $1 and s.shipment_id = u.shipment_id"
	"   and (s.tracking_status, s.estimated_delivery_at) is distinct from"
	"       (u.status::fulfillment.tracking_state, coalesce(e.at, s.estimated_delivery_at))",
	INT4OID, INT8ARRAYOID, TEXTARRAYOID);

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

static void
load_package(FfPackage *package, const FfRows *rows, uint64 row)
{
	char *status = ff_row_text(rows, row, 4);

	package->package_id = ff_row_int8(rows, row, 1);
	package->number = ff_row_text(rows, row, 3);
	package->tracking.status =
		status ? ff_state_from_name(FF_MACHINE_PACKAGE, status) : FF_PACKAGE_UNKNOWN;
	package->tracking.at = ff_row_time(rows, row, 5);
	package->tracking.contradictory = ff_row_bool(rows, row, 6);
	package->before = package->tracking.status;
}

static FfPackages
load_packages(const FfTracked *tracked, int count)
{
	FfPackages packages = {.merchant_id = tracked[0].shipment->merchant_id};
	FfColumn ids;
	FfRows rows;

	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&ids, ff_int8(tracked[i].shipment->shipment_id));
	rows = ff_run(&read_packages, ff_int4(packages.merchant_id), ff_column(&ids));
	packages.count = (int) rows.count;
	packages.items = palloc0(sizeof(FfPackage) * Max(packages.count, 1));
	for (int i = 0; i < packages.count; i++)
	{
		int64 shipment_id = ff_row_int8(&rows, i, 2);

		load_package(&packages.items[i], &rows, i);
		for (int j = 0; j < count && packages.items[i].shipment == NULL; j++)
			if (tracked[j].shipment->shipment_id == shipment_id)
				packages.items[i].shipment = tracked[j].shipment;
	}
	return packages;
}

/* The newest package of the shipment with the number; NULL: none has it. */
static FfPackage *
find_package(const FfPackages *packages, const FfTracked *tracked)
{
	const char *number = ff_json_text_or(tracked->tracking, "tracking_number", "");

	for (int i = packages->count - 1; i >= 0; i--)
		if (packages->items[i].shipment == tracked->shipment && packages->items[i].number != NULL &&
			strcmp(packages->items[i].number, number) == 0)
			return &packages->items[i];
	return NULL;
}

static int
by_time(const void *a, const void *b)
{
	const FfPackageEvent *left = a;
	const FfPackageEvent *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return ff_package_rank(left->status) - ff_package_rank(right->status);
}

/* What the package shows by now, by the rule. */
static void
draw_status(FfPackage *package)
{
	qsort(package->fresh, package->fresh_count, sizeof(FfPackageEvent), by_time);
	for (int i = 0; i < package->fresh_count; i++)
	{
		bool applied;

		package->tracking = ff_package_track(
			&package->tracking, package->fresh[i].status, package->fresh[i].at, &applied);
	}
}

static void
save(const FfPackages *packages)
{
	FfColumn columns[7];
	static const Oid types[lengthof(columns)] = {
		INT8OID, TEXTOID, TIMESTAMPTZOID, BOOLOID, TEXTOID, BOOLOID, INT4OID};

	for (int i = 0; i < (int) lengthof(columns); i++)
		ff_column_init(&columns[i], types[i]);
	for (int p = 0; p < packages->count; p++)
	{
		FfPackage *package = &packages->items[p];

		if (package->said == NULL)
			continue;
		int64 hint = ff_json_int64_or(package->said, "poll_after_s", 0);
		int seconds = poll_seconds[package->tracking.status];
		bool known = package->tracking.status != FF_PACKAGE_UNKNOWN;

		if (hint > 0 && seconds > 0)
			seconds = (int) Min(hint, 86400);
		ff_column_add(&columns[0], ff_int8(package->package_id));
		ff_column_add(&columns[1],
					  ff_text(ff_state_name(FF_MACHINE_PACKAGE, package->tracking.status)));
		ff_column_add(&columns[2], known ? ff_time(package->tracking.at) : ff_null());
		ff_column_add(&columns[3], ff_bool(package->tracking.contradictory));
		ff_column_add(&columns[4],
					  ff_text(ff_json_text_or(package->said, "estimated_delivery_at", NULL)));
		ff_column_add(&columns[5], ff_bool(ff_package_changed(package) || hint > 0));
		ff_column_add(&columns[6], seconds > 0 ? ff_int4(seconds) : ff_null());
	}
	ff_run(&save_packages,
		   ff_int4(packages->merchant_id),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]),
		   ff_column(&columns[4]),
		   ff_column(&columns[5]),
		   ff_column(&columns[6]),
		   ff_time(GetCurrentTransactionStartTimestamp()));
}

static char *
describe(const FfPackage *package)
{
	FfJsonWriter data;

	ff_write_init(&data);
	ff_write_object(&data, NULL);
	ff_write_int(&data, "shipment_id", package->shipment->shipment_id);
	ff_write_text(&data, "reference", package->shipment->reference);
	ff_write_text(&data, "tracking_number", package->number);
	ff_write_text(&data, "status", ff_state_name(FF_MACHINE_PACKAGE, package->tracking.status));
	ff_write_text(&data, "at", ff_time_iso(package->tracking.at));
	return ff_write_finish(&data);
}

static void
note_changes(const FfPackages *packages)
{
	FfHistory *history = palloc(sizeof(FfHistory) * Max(packages->count, 1));
	FfFact *facts = palloc(sizeof(FfFact) * Max(packages->count, 1));
	int count = 0;

	for (int p = 0; p < packages->count; p++)
	{
		FfPackage *package = &packages->items[p];

		if (!ff_package_changed(package))
			continue;
		history[count] =
			(FfHistory){.merchant_id = packages->merchant_id,
						.subject_kind = "package",
						.subject_id = package->package_id,
						.order_id = package->shipment->order_id,
						.event = "tracking",
						.from_state = ff_state_name(FF_MACHINE_PACKAGE, package->before),
						.to_state = ff_state_name(FF_MACHINE_PACKAGE, package->tracking.status),
						.cause = package->cause};
		facts[count++] = (FfFact){.merchant_id = packages->merchant_id,
								  .type = "shipment.tracking_updated",
								  .order_id = package->shipment->order_id,
								  .shipment_id = package->shipment->shipment_id,
								  .package_id = package->package_id,
								  .at = package->tracking.at,
								  .data = describe(package)};
	}
	ff_history_add(history, count);
	ff_notify(facts, count);
}

/* What the packages of each shipment say together. */
static void
save_shipments(const FfPackages *packages)
{
	FfColumn ids;
	FfColumn statuses;
	int next;

	ff_column_init(&ids, INT8OID);
	ff_column_init(&statuses, TEXTOID);
	for (int i = 0; i < packages->count; i = next)
	{
		FfShipment *shipment = packages->items[i].shipment;
		int counts[FF_PACKAGE_STATUS_COUNT] = {0};

		for (next = i; next < packages->count && packages->items[next].shipment == shipment; next++)
			counts[packages->items[next].tracking.status]++;
		ff_column_add(&ids, ff_int8(shipment->shipment_id));
		ff_column_add(&statuses,
					  ff_text(ff_state_name(FF_MACHINE_PACKAGE, ff_shipment_tracking(counts))));
	}
	ff_run(&save_statuses, ff_int4(packages->merchant_id), ff_column(&ids), ff_column(&statuses));
}

void
ff_tracking_take(FfTracked *tracked, int count)
{
	FfPackages packages;
	FfPackage **meant = palloc(sizeof(FfPackage *) * Max(count, 1));
	bool told = false;
	FfStory *story;

	if (count == 0)
		return;
	packages = load_packages(tracked, count);
	story = ff_story_begin();
	for (int i = 0; i < count; i++)
	{
		meant[i] = find_package(&packages, &tracked[i]);
		if (meant[i] == NULL)
			continue;
		told = true;
		meant[i]->said = tracked[i].tracking;
		meant[i]->cause = tracked[i].cause;
		ff_story_add(story, meant[i], tracked[i].tracking);
	}
	if (!told)
		return;
	ff_story_store(story, packages.merchant_id);
	for (int i = 0; i < packages.count; i++)
		draw_status(&packages.items[i]);
	save(&packages);
	ff_packages_cross(&packages);
	note_changes(&packages);
	save_shipments(&packages);
	for (int i = 0; i < count; i++)
		if (meant[i] != NULL)
			tracked[i].result = (FfTrackingResult){.order_id = tracked[i].shipment->order_id,
												   .shipment_id = tracked[i].shipment->shipment_id,
												   .stored = meant[i]->stored,
												   .changed = ff_package_changed(meant[i])};
}

FfTrackingResult
ff_tracking_report(int32 merchant_id, const FfJson *tracking, const char *cause)
{
	FfTracked tracked = {.tracking = tracking, .cause = cause};
	FfRows rows = ff_run(&find_shipment,
						 ff_int4(merchant_id),
						 ff_text(ff_json_text_or(tracking, "tracking_number", "")));

	if (rows.count == 0)
		return tracked.result;
	tracked.shipment = ff_shipment_lock(merchant_id, ff_row_int8(&rows, 0, 1));
	ff_tracking_take(&tracked, 1);
	ff_shipments_recount(&tracked.shipment, 1);
	return tracked.result;
}
