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

#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "shipping/shipment.h"
#include "shipping/tracking.h"

static FfStatement known_number = FF_STATEMENT(
	"select 1 from fulfillment.packages where merchant_id = $1 and tracking_number = $2 limit 1",
	INT4OID, TEXTOID);

/* Refusals of a person's report are errors that say what is possible. */
static void
demand(FfShipment *shipment, FfShipmentEvent event, const FfShipmentReport *report)
{
	FfVerdict verdict = ff_shipment_apply(shipment, event, report);

	if (verdict.step == FF_STEP_REFUSED)
		ereport(ERROR,
				(errcode(FF_ERR_REFUSED_EVENT),
				 errmsg("cannot %s shipment %lld",
						ff_event_name(FF_MACHINE_SHIPMENT, event),
						(long long) shipment->shipment_id),
				 errdetail("Shipment %s: %s.", shipment->reference, verdict.reason),
				 errhint("Look at the view fulfillment.lifecycle for what a %s shipment takes.",
						 ff_state_name(FF_MACHINE_SHIPMENT, shipment->state))));
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

/* Adds {line, quantity} entries up by line; quantities go to shipped or short. */
static FfShipmentLine *
read_quantities(FfShipment *shipment, const FfJson *entries, const char *field, bool shortage,
				FfShipmentLine *lines, int *count)
{
	for (int i = 0; i < ff_json_count(entries); i++)
	{
		FfJson *entry = ff_json_at(entries, i);
		FfShipmentLine *line = NULL;
		int64 number;
		int64 units;

		if (!ff_json_int64(entry, "line", &number))
			refuse_field(field, i, "\"line\" must be the number of a line");
		if (!ff_json_int64(entry, "quantity", &units) || units <= 0 || units > 1000000)
			refuse_field(field, i, "\"quantity\" must be a positive whole number");
		for (int j = 0; j < shipment->line_count; j++)
			if (shipment->lines[j].line == number)
				line = &lines[j];
		if (line == NULL)
			refuse_field(field, i, "the shipment has no such line");
		line->line = (int32) number;
		if (shortage)
			line->short_quantity += (int32) units;
		else
			line->shipped += (int32) units;
		(*count)++;
	}
	return lines;
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
read_packages(FfShipment *shipment, const FfJson *packages, FfShipmentReport *report)
{
	FfShipmentLine *lines = empty_lines(shipment);
	int named = 0;

	if (packages != NULL && !ff_json_is_array(packages) && !ff_json_is_object(packages))
		refuse_field("packages", 0, "it must be an object or an array of objects");
	for (int i = 0; i < ff_json_count(packages); i++)
	{
		FfJson *package = ff_json_at(packages, i);

		if (!ff_json_is_object(package))
			refuse_field("packages", i, "a package must be an object");
		read_quantities(
			shipment, ff_json_get(package, "lines"), "packages.lines", false, lines, &named);
	}
	report->packages = packages;
	if (named == 0)
		return; /* everything that is open */
	report->lines = lines;
	report->line_count = shipment->line_count;
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
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("argument \"shipment_id\" is missing"),
				 errhint("Name the shipment.")));
	merchant_id = PG_GETARG_INT32(3);
	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	report.at = PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2);
	ff_spi_begin();
	shipment = ff_shipment_lock(merchant_id, PG_GETARG_INT64(0));
	read_packages(
		shipment, PG_ARGISNULL(1) ? NULL : ff_json_from_datum(PG_GETARG_DATUM(1)), &report);
	if (shipment->shipped_at != 0 && report.lines == NULL)
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
	int named = 0;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	shipment = ff_shipment_lock(merchant_id, PG_GETARG_INT64(0));
	report.lines = read_quantities(shipment,
								   ff_json_from_datum(PG_GETARG_DATUM(1)),
								   "lines",
								   true,
								   empty_lines(shipment),
								   &named);
	report.line_count = shipment->line_count;
	if (named == 0)
		refuse_field("lines", 0, "at least one line must be named");
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

PG_FUNCTION_INFO_V1(fulfillment_report_tracking);

/* report_tracking(tracking_number, events jsonb, merchant_id) → events that were new */
Datum
fulfillment_report_tracking(PG_FUNCTION_ARGS)
{
	char *number = text_to_cstring(PG_GETARG_TEXT_PP(0));
	FfJson *events = ff_json_from_datum(PG_GETARG_DATUM(1));
	int32 merchant_id = PG_GETARG_INT32(2);
	FfTrackingResult result;
	FfJsonWriter tracking;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	for (int i = 0; i < ff_json_count(events); i++)
	{
		const char *status = ff_json_text_or(ff_json_at(events, i), "status", "");

		if (ff_state_from_name(FF_MACHINE_PACKAGE, status) == FF_STATE_NONE)
			refuse_field("events", i, "\"status\" must be a tracking status");
	}
	ff_write_init(&tracking);
	ff_write_object(&tracking, NULL);
	ff_write_text(&tracking, "tracking_number", number);
	ff_write_array(&tracking, "events");
	for (int i = 0; i < ff_json_count(events); i++)
		ff_write_json(&tracking, NULL, ff_json_at(events, i));
	ff_spi_begin();
	if (ff_run(&known_number, ff_int4(merchant_id), ff_text(number)).count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown tracking number \"%s\"", number),
				 errdetail("Merchant %d has no package with this number.", merchant_id),
				 errhint("Report it with fulfillment.confirm_shipment first.")));
	result =
		ff_tracking_report(merchant_id,
						   0,
						   ff_json_from_datum(ff_json_from_text(ff_write_finish(&tracking)).value),
						   "report_tracking");
	ff_order_settle(merchant_id, result.order_id, "report_tracking");
	ff_spi_end();
	PG_RETURN_INT32(result.stored);
}
