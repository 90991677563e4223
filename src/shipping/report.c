/*
 * report.c
 *
 * What a provider says of a shipment, in the canonical words of an outcome,
 * becomes the events of our machine, in the order of nature.  Quantities are
 * sums: what other shipments under the same reference have shipped already is
 * taken off first.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "model/time.h"
#include "pg/spi.h"
#include "shipping/parts.h"

static FfStatement shipped_with_siblings = FF_STATEMENT(
	"select n.line, sum(n.shipped + n.over_shipped)::int, sum(n.short)::int"
	"  from fulfillment.shipments s"
	"  join fulfillment.shipment_lines n on n.merchant_id = $1 and n.shipment_id = s.shipment_id"
	" where s.merchant_id = $1 and s.order_id = $2 and s.shipment_id <> $3"
	"   and s.provider_id = $4 and s.provider_reference = $5"
	" group by n.line",
	INT4OID, INT8OID, INT8OID, INT8OID, TEXTOID);

/* What is not shipped yet is asked for again; the interval grows while nothing changes. */
static FfStatement schedule_poll = FF_STATEMENT(
	"update fulfillment.shipments set polls = least(polls + 1, 20),"
	"       poll_at = $3 + least($4 * power(1.5, least(polls, 20)), 14400) * interval '1 second'"
	" where merchant_id = $1 and shipment_id = $2 and state in ('accepted', 'cancel_requested')",
	INT4OID, INT8OID, TIMESTAMPTZOID, INT4OID);

/* A status that nobody understands is counted; the same one again is no news. */
static FfStatement remember_unknown = FF_STATEMENT(
	"update fulfillment.shipments set unknown_code = $3, unknown_text = $4, unknown_at = $5"
	" where merchant_id = $1 and shipment_id = $2 and unknown_code is distinct from $3",
	INT4OID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

#define POLL_SECONDS 600 /* between two questions about a shipment a warehouse is working on */

const char *
ff_reported_progress(const FfShipmentReport *report)
{
	static const char *const known[] = {"packed", "picking"};
	static const char *const members[] = {"progress", "state"};

	for (int m = 0; m < (int) lengthof(members); m++)
	{
		const char *said = ff_json_text_or(report->outcome, members[m], "");

		for (int i = 0; i < (int) lengthof(known); i++)
			if (strcmp(said, known[i]) == 0)
				return known[i];
	}
	return NULL;
}

/* Our line a reported line means: by its number, else the only one with its SKU is the caller's to
 * know. */
static int32
line_of(const FfJson *said)
{
	return (int32) ff_json_int64_or(said, "line", 0);
}

static int32
sibling_units(const FfRows *rows, int32 line, int column)
{
	for (uint64 i = 0; i < rows->count; i++)
		if (ff_row_int4(rows, i, 1) == line)
			return ff_row_int4(rows, i, column);
	return 0;
}

static int32
units_of(const FfJson *said, const char *member)
{
	double units = ff_json_double_or(said, member, 0);

	return units <= 0 ? 0 : units > 1000000 ? 1000000 : (int32) units;
}

/*
 * The quantities still to be applied.  shipped[] and short[] of an outcome are
 * one list each: lines[{line, shipped, short}] and short[{line, quantity}].
 */
static FfShipmentLine *
reported_lines(FfShipment *shipment, const FfJson *said, int *count, int32 *shipped, int32 *missing)
{
	FfJson *lines = ff_json_get(said, "lines");
	FfJson *shorts = ff_json_get(said, "short");
	int size = ff_json_count(lines) + ff_json_count(shorts);
	FfShipmentLine *result = palloc0(sizeof(FfShipmentLine) * Max(size, 1));
	/* files tell each parcel alone, everybody else how much it is by now */
	bool added = strcmp(ff_json_text_or(said, "quantities", ""), "added") == 0;
	FfRows siblings = {0};

	*count = *shipped = *missing = 0;
	if (size == 0)
		return NULL;
	if (shipment->provider_reference != NULL)
		siblings = ff_run(&shipped_with_siblings,
						  ff_int4(shipment->merchant_id),
						  ff_int8(shipment->order_id),
						  ff_int8(shipment->shipment_id),
						  ff_int8(shipment->provider_id),
						  ff_text(shipment->provider_reference));
	for (int i = 0; i < size; i++)
	{
		bool is_short = i >= ff_json_count(lines);
		FfJson *entry =
			is_short ? ff_json_at(shorts, i - ff_json_count(lines)) : ff_json_at(lines, i);
		FfShipmentLine *line = &result[*count];
		FfShipmentLine *ours = ff_shipment_line(shipment, line_of(entry));

		line->line = line_of(entry);
		line->shipped = is_short ? 0 : units_of(entry, "shipped");
		line->short_quantity = units_of(entry, is_short ? "quantity" : "short");
		if (!added)
			line->shipped = Max(line->shipped - sibling_units(&siblings, line->line, 2) -
									(ours ? ours->shipped + ours->over_shipped : 0),
								0);
		line->short_quantity = Max(line->short_quantity - sibling_units(&siblings, line->line, 3) -
									   (ours ? ours->short_quantity : 0),
								   0);
		*shipped += line->shipped;
		*missing += line->short_quantity;
		(*count)++;
	}
	return result;
}

static bool
exceeds(FfShipment *shipment, const FfShipmentReport *report)
{
	for (int i = 0; i < report->line_count; i++)
	{
		FfShipmentLine *line = ff_shipment_line(shipment, report->lines[i].line);

		if (report->lines[i].shipped > (line ? open_units(line) : 0))
			return true;
	}
	return false;
}

static void
take_shipped(FfShipment *shipment, FfShipmentReport *report, int32 shipped)
{
	/* lines that say nothing was shipped are no proof that nothing was: all of it is meant */
	if (shipped == 0)
	{
		report->lines = NULL;
		report->line_count = 0;
	}
	ff_shipment_apply(shipment,
					  exceeds(shipment, report) ? FF_SHIPMENT_EVENT_OVER_SHIP
												: FF_SHIPMENT_EVENT_SHIP,
					  report);
}

static void
take_report(FfShipment *shipment, const FfJson *said, const char *cause)
{
	const char *state = ff_json_text_or(said, "state", "");
	FfProviderReport kind = ff_report_from_name(state);
	int event = kind == FF_PROVIDER_REPORT_COUNT ? FF_EVENT_NONE : ff_report_event(kind);
	const char *when = ff_json_text_or(said, "shipped_at", NULL);
	int32 shipped;
	int32 missing;
	FfShipmentReport report = {.cause = cause, .outcome = said, .by_provider = true};

	report.code = ff_json_text(said, "error.code");
	report.message = ff_json_text(said, "error.message");
	report.lines = reported_lines(shipment, said, &report.line_count, &shipped, &missing);
	if (when != NULL && event == FF_SHIPMENT_EVENT_SHIP)
		(void) ff_time_parse(when, &report.at);
	if (event == FF_EVENT_NONE)
	{
		ff_store_acceptance(shipment, &report);
		return;
	}
	if (missing > 0)
		ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_SHORT, &report);
	if (missing > 0 && shipment->state == FF_SHIPMENT_CANCELLED)
		return;
	switch (event)
	{
		case FF_SHIPMENT_EVENT_SHIP:
			take_shipped(shipment, &report, shipped);
			break;
		case FF_SHIPMENT_EVENT_DELIVERED:
			take_shipped(shipment, &report, shipped);
			report.lines = NULL;
			ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_DELIVERED, &report);
			break;
		default:
			report.lines = NULL;
			ff_shipment_apply(shipment, event, &report);
	}
}

void
ff_shipment_take_report(FfShipment *shipment, const FfJson *said, const char *cause)
{
	int64 hint = ff_json_int64_or(said, "poll_after_s", 0);
	const char *unknown = ff_json_text_or(said, "unknown.code", NULL);

	take_report(shipment, said, cause);
	if (unknown != NULL)
		ff_run(&remember_unknown,
			   ff_int4(shipment->merchant_id),
			   ff_int8(shipment->shipment_id),
			   ff_text(unknown),
			   ff_text(ff_json_text_or(said, "unknown.description", NULL)),
			   ff_time(GetCurrentTransactionStartTimestamp()));
	ff_run(&schedule_poll,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_time(GetCurrentTransactionStartTimestamp()),
		   ff_int4(hint > 0 ? (int32) Min(hint, 14400) : POLL_SECONDS));
}
