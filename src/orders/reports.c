/*
 * reports.c
 *
 * What people report of shipments by hand, and the work of a manual provider:
 * the same events, guards, stock and messages as for any other provider.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/order_document.h"
#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "shipping/shipment.h"

#define MAX_TEXT     500
#define MAX_PACKAGES 1000

/* Refusals of a person's report are errors that say what is possible. */
static void
demand(FfShipment *shipment, FfShipmentEvent event, const FfShipmentReport *report)
{
	FfVerdict verdict = ff_shipment_apply(shipment, event, report);

	if (verdict.step == FF_STEP_REFUSED)
		ereport(
			ERROR,
			(errcode(FF_ERR_REFUSED_EVENT),
			 errmsg("cannot %s shipment %lld",
					ff_event_name(FF_MACHINE_SHIPMENT, event),
					(long long) shipment->shipment_id),
			 errdetail("Shipment %s: %s.", shipment->reference, verdict.reason),
			 errhint("The view fulfillment.lifecycle says what a shipment takes in which state.")));
}

static void
refuse_field(const char *field, int position, const char *what)
{
	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("invalid report"),
			 errdetail("Field \"%s[%d]\": %s.", field, position, what),
			 errhint("Correct it; nothing was changed.")));
}

/*
 * Adds {line, quantity} entries up by line; quantities go to shipped or short.
 * Answers how many entries there were.
 */
static int
read_quantities(FfShipment *shipment, const FfJson *entries, const char *field, bool shortage,
				FfShipmentLine *lines)
{
	int count = ff_json_count(entries);

	if (!ff_json_is_null(entries) && !ff_json_is_array(entries))
		refuse_field(field, 0, "it must be an array of {\"line\", \"quantity\"}");
	for (int i = 0; i < count; i++)
	{
		FfJson *entry = ff_json_at(entries, i);
		FfShipmentLine *line = NULL;
		int32 *sum;
		int64 number;
		int64 units;

		if (!ff_json_int64(entry, "line", &number))
			refuse_field(field, i, "\"line\" must be the number of a line");
		for (int j = 0; j < shipment->line_count; j++)
			if (shipment->lines[j].line == number)
				line = &lines[j];
		if (line == NULL)
			refuse_field(field, i, "the shipment has no such line");
		sum = shortage ? &line->short_quantity : &line->shipped;
		if (!ff_json_int64(entry, "quantity", &units) || units <= 0 ||
			units > FF_MAX_QUANTITY - *sum)
			refuse_field(field, i, "\"quantity\" must be a positive whole number, and not absurd");
		*sum += (int32) units;
	}
	return count;
}

static FfShipmentLine *
empty_lines(const FfShipment *shipment)
{
	FfShipmentLine *lines = palloc0(sizeof(FfShipmentLine) * Max(shipment->line_count, 1));

	for (int i = 0; i < shipment->line_count; i++)
		lines[i].line = shipment->lines[i].line;
	return lines;
}

static void
read_package(const FfJson *package, int position)
{
	static const char *const texts[] = {"tracking_number", "carrier", "tracking_url"};
	const FfJson *number;
	int64 value;

	if (!ff_json_is_object(package))
		refuse_field("packages", position, "a package must be an object");
	for (int i = 0; i < (int) lengthof(texts); i++)
	{
		const FfJson *said = ff_json_get(package, texts[i]);

		if (!ff_json_is_null(said) && !ff_json_is_string(said))
			refuse_field("packages", position, psprintf("\"%s\" must be text", texts[i]));
		if (strlen(ff_json_text_or(package, texts[i], "")) > MAX_TEXT)
			refuse_field("packages", position, psprintf("\"%s\" is too long", texts[i]));
	}
	number = ff_json_get(package, "number");
	if (!ff_json_is_null(number) &&
		(!ff_json_int64(package, "number", &value) || value <= 0 || value > MAX_PACKAGES))
		refuse_field("packages", position, "\"number\" must be a small positive number");
}

static void
read_packages(FfShipment *shipment, const FfJson *packages, FfShipmentReport *report)
{
	FfShipmentLine *lines = empty_lines(shipment);
	int named = 0;

	if (packages != NULL && !ff_json_is_array(packages) && !ff_json_is_object(packages))
		refuse_field("packages", 0, "it must be an object or an array of objects");
	if (ff_json_count(packages) > MAX_PACKAGES)
		refuse_field("packages", MAX_PACKAGES, "there are too many of them");
	for (int i = 0; i < ff_json_count(packages); i++)
	{
		FfJson *package = ff_json_at(packages, i);

		read_package(package, i);
		named += read_quantities(
			shipment, ff_json_get(package, "lines"), "packages.lines", false, lines);
	}
	report->packages = packages;
	if (named == 0)
		return; /* everything that is open */
	report->lines = lines;
	report->line_count = shipment->line_count;
}

/* Goods leave today, or left before; a clock may be a little fast. */
static TimestampTz
read_shipped_at(FunctionCallInfo fcinfo, int argument)
{
	TimestampTz at;

	if (PG_ARGISNULL(argument))
		return 0;
	at = PG_GETARG_TIMESTAMPTZ(argument);
	if (TIMESTAMP_NOT_FINITE(at) || at > GetCurrentTimestamp() + USECS_PER_DAY)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("invalid report"),
				 errdetail("Field \"shipped_at\": it must be a time that has come."),
				 errhint("Correct it; nothing was changed.")));
	return at;
}

/*
 * Of a shipment that has left, quantities said again are those of the whole
 * shipment: only what is more than before has left since.  Answers whether
 * there is more.
 */
static bool
take_off_known(const FfShipment *shipment, FfShipmentLine *lines)
{
	bool more = false;

	for (int i = 0; lines != NULL && i < shipment->line_count; i++)
	{
		lines[i].shipped -= shipment->lines[i].shipped + shipment->lines[i].over_shipped;
		lines[i].shipped = Max(lines[i].shipped, 0);
		more |= lines[i].shipped > 0;
	}
	return more;
}

static bool
more_than_planned(const FfShipment *shipment, const FfShipmentReport *report)
{
	for (int i = 0; report->lines != NULL && i < shipment->line_count; i++)
		if (report->lines[i].shipped > shipment->lines[i].quantity - shipment->lines[i].shipped -
										   shipment->lines[i].short_quantity)
			return true;
	return false;
}

PG_FUNCTION_INFO_V1(fulfillment_confirm_shipment);

/* confirm_shipment(shipment_id, packages jsonb, shipped_at, merchant_id) → state */
Datum
fulfillment_confirm_shipment(PG_FUNCTION_ARGS)
{
	FfShipmentReport report = {.cause = "confirm_shipment", .by_provider = true};
	FfShipment *shipment;
	int32 merchant_id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		ereport(
			ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("argument \"%s\" is missing", PG_ARGISNULL(0) ? "shipment_id" : "merchant_id"),
			 errhint("Name the shipment.")));
	merchant_id = PG_GETARG_INT32(3);
	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	report.at = read_shipped_at(fcinfo, 2);
	ff_spi_begin();
	shipment = ff_shipment_lock(merchant_id, PG_GETARG_INT64(0));
	read_packages(
		shipment, PG_ARGISNULL(1) ? NULL : ff_json_from_datum(PG_GETARG_DATUM(1)), &report);
	if (shipment->shipped_at != 0 &&
		!take_off_known(shipment, unconstify(FfShipmentLine *, report.lines)))
		ff_shipment_correct(shipment, &report);
	else
		demand(shipment,
			   more_than_planned(shipment, &report) ? FF_SHIPMENT_EVENT_OVER_SHIP
													: FF_SHIPMENT_EVENT_SHIP,
			   &report);
	ff_order_settle(merchant_id, shipment->order_id, report.cause);
	ff_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(ff_state_name(FF_MACHINE_SHIPMENT, shipment->state)));
}

/* The state a report by hand leads to, for functions of (shipment_id, text, merchant_id). */
static Datum
report_event(FunctionCallInfo fcinfo, FfShipmentEvent event, FfShipmentReport *report)
{
	int32 merchant_id = PG_GETARG_INT32(2);
	FfShipment *shipment;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	shipment = ff_shipment_lock(merchant_id, PG_GETARG_INT64(0));
	demand(shipment, event, report);
	ff_order_settle(merchant_id, shipment->order_id, report->cause);
	ff_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(ff_state_name(FF_MACHINE_SHIPMENT, shipment->state)));
}

PG_FUNCTION_INFO_V1(fulfillment_report_progress);

/* report_progress(shipment_id, progress, merchant_id) → state */
Datum
fulfillment_report_progress(PG_FUNCTION_ARGS)
{
	char *progress = text_to_cstring(PG_GETARG_TEXT_PP(1));
	FfShipmentReport report = {.cause = "report_progress", .by_provider = true};
	FfJsonWriter said;

	if (strcmp(progress, "picking") != 0 && strcmp(progress, "packed") != 0)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("invalid progress \"%s\"", progress),
				 errhint("Say picking or packed.")));
	ff_write_init(&said);
	ff_write_object(&said, NULL);
	ff_write_text(&said, "progress", progress);
	report.outcome = ff_json_from_datum(ff_json_from_text(ff_write_finish(&said)).value);
	return report_event(fcinfo, FF_SHIPMENT_EVENT_PROGRESS, &report);
}

PG_FUNCTION_INFO_V1(fulfillment_report_short);

/* report_short(shipment_id, lines jsonb, merchant_id) → state */
Datum
fulfillment_report_short(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(2);
	FfShipmentReport report = {.cause = "report_short", .by_provider = true};
	FfShipment *shipment;
	FfShipmentLine *lines;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	shipment = ff_shipment_lock(merchant_id, PG_GETARG_INT64(0));
	lines = empty_lines(shipment);
	if (read_quantities(shipment, ff_json_from_datum(PG_GETARG_DATUM(1)), "lines", true, lines) ==
		0)
		refuse_field("lines", 0, "at least one line must be named");
	report.lines = lines;
	report.line_count = shipment->line_count;
	demand(shipment, FF_SHIPMENT_EVENT_SHORT, &report);
	ff_order_settle(merchant_id, shipment->order_id, report.cause);
	ff_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(ff_state_name(FF_MACHINE_SHIPMENT, shipment->state)));
}

PG_FUNCTION_INFO_V1(fulfillment_cancel_shipment);

/* cancel_shipment(shipment_id, reason, merchant_id) → state; its units are assigned anew */
Datum
fulfillment_cancel_shipment(PG_FUNCTION_ARGS)
{
	FfShipmentReport report = {0};

	report.cause = psprintf("cancel_shipment: %s", text_to_cstring(PG_GETARG_TEXT_PP(1)));
	return report_event(fcinfo, FF_SHIPMENT_EVENT_CANCEL, &report);
}

PG_FUNCTION_INFO_V1(fulfillment_undo_shipment);

/* undo_shipment(shipment_id, reason, merchant_id) → state */
Datum
fulfillment_undo_shipment(PG_FUNCTION_ARGS)
{
	FfShipmentReport report = {0};

	report.cause = psprintf("undo_shipment: %s", text_to_cstring(PG_GETARG_TEXT_PP(1)));
	return report_event(fcinfo, FF_SHIPMENT_EVENT_UNSHIP, &report);
}

PG_FUNCTION_INFO_V1(fulfillment_report_stop);

/* report_stop(shipment_id, stopped, merchant_id): what the provider said when it was called */
Datum
fulfillment_report_stop(PG_FUNCTION_ARGS)
{
	bool stopped = PG_GETARG_BOOL(1);
	int32 merchant_id = PG_GETARG_INT32(2);
	FfShipmentReport report = {.cause = "report_stop", .by_provider = true};
	FfShipment *shipment;
	FfShipmentEvent event;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	shipment = ff_shipment_lock(merchant_id, PG_GETARG_INT64(0));
	if (shipment->state == FF_SHIPMENT_CANCEL_REQUESTED)
		event = stopped ? FF_SHIPMENT_EVENT_CANCEL_OK : FF_SHIPMENT_EVENT_CANCEL_NO;
	else
		event = stopped ? FF_SHIPMENT_EVENT_HOLD_OK : FF_SHIPMENT_EVENT_HOLD_NO;
	demand(shipment, event, &report);
	ff_order_settle(merchant_id, shipment->order_id, report.cause);
	ff_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(ff_state_name(FF_MACHINE_SHIPMENT, shipment->state)));
}
