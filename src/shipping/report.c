/*
 * report.c
 *
 * What a provider says of a shipment, in the canonical words of an outcome,
 * becomes the events of our machine, in the order of nature.  Quantities are
 * sums: what other shipments under the same reference have shipped already is
 * taken off first.  Any number of shipments at once: those that the same happens
 * to are moved together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "model/time.h"
#include "pg/spi.h"
#include "shipping/parts.h"
#include "shipping/tracking.h"

/* By shipment and line. */
static FfStatement shipped_with_siblings = FF_STATEMENT(
	"select m.shipment_id, n.line, sum(n.shipped + n.over_shipped)::int, sum(n.short)::int"
	"  from unnest($2) as u(shipment_id)"
	"  join fulfillment.shipments m on m.merchant_id = $1 and m.shipment_id = u.shipment_id"
	"  join fulfillment.shipments s on s.merchant_id = $1 and s.order_id = m.order_id"
	"   and s.shipment_id <> m.shipment_id and s.provider_id = m.provider_id"
	"   and s.provider_reference = m.provider_reference"
	"  join fulfillment.shipment_lines n on n.merchant_id = $1 and n.shipment_id = s.shipment_id"
	" group by m.shipment_id, n.line",
	INT4OID, INT8ARRAYOID);

/* What is not shipped yet is asked for again; the interval grows while nothing changes. */
static FfStatement schedule_polls = FF_STATEMENT(
	"update fulfillment.shipments s set polls = least(s.polls + 1, 20), poll_at = $3"
	"       + least(u.seconds * power(1.5, least(s.polls, 20)), 14400) * interval '1 second'"
	"  from unnest($2, $4) as u(shipment_id, seconds)"
	" where s.merchant_id = $1 and s.shipment_id = u.shipment_id"
	"   and s.state in ('accepted', 'cancel_requested')",
	INT4OID, INT8ARRAYOID, TIMESTAMPTZOID, INT4ARRAYOID);

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
sibling_units(const FfRows *rows, const FfShipment *shipment, int32 line, int column)
{
	for (uint64 i = 0; i < rows->count; i++)
		if (ff_row_int8(rows, i, 1) == shipment->shipment_id && ff_row_int4(rows, i, 2) == line)
			return ff_row_int4(rows, i, column);
	return 0;
}

static int32
units_of(const FfJson *said, const char *member)
{
	double units = ff_json_double_or(said, member, 0);

	return units <= 0 ? 0 : units > 1000000 ? 1000000 : (int32) units;
}

/* A report under way. */
typedef struct Hearing
{
	const FfSaid *said;
	FfShipment *shipment;
	FfShipmentReport report;
	int event;      /* FF_EVENT_NONE: only words */
	int32 shipped;  /* units it tells of */
	int32 missing;  /* … as not found */
	int departure;  /* the event by which it leaves, FF_EVENT_NONE: it does not */
	TimestampTz at; /* when it left; 0: it does not say */
	bool over;      /* nothing more is to come of it */
} Hearing;

static int
count_lines(const FfJson *said)
{
	return ff_json_count(ff_json_get(said, "lines")) + ff_json_count(ff_json_get(said, "short"));
}

/* What other shipments under the same references have shipped. */
static FfRows
read_siblings(const Hearing *hearings, int count)
{
	FfColumn ids;

	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		if (hearings[i].shipment->provider_reference != NULL &&
			count_lines(hearings[i].said->report) > 0)
			ff_column_add(&ids, ff_int8(hearings[i].shipment->shipment_id));
	if (ids.count == 0)
		return (FfRows){0};
	return ff_run(
		&shipped_with_siblings, ff_int4(hearings[0].shipment->merchant_id), ff_column(&ids));
}

/*
 * The quantities still to be applied.  shipped[] and short[] of an outcome are
 * one list each: lines[{line, shipped, short}] and short[{line, quantity}].
 */
static void
read_lines(Hearing *hearing, const FfRows *siblings)
{
	FfShipment *shipment = hearing->shipment;
	const FfJson *said = hearing->said->report;
	FfJson *lines = ff_json_get(said, "lines");
	FfJson *shorts = ff_json_get(said, "short");
	int size = count_lines(said);
	FfShipmentLine *result = palloc0(sizeof(FfShipmentLine) * Max(size, 1));
	/* files tell each parcel alone, everybody else how much it is by now */
	bool added = strcmp(ff_json_text_or(said, "quantities", ""), "added") == 0;

	for (int i = 0; i < size; i++)
	{
		bool is_short = i >= ff_json_count(lines);
		FfJson *entry =
			is_short ? ff_json_at(shorts, i - ff_json_count(lines)) : ff_json_at(lines, i);
		FfShipmentLine *line = &result[i];
		FfShipmentLine *ours = ff_shipment_line(shipment, line_of(entry));

		line->line = line_of(entry);
		line->shipped = is_short ? 0 : units_of(entry, "shipped");
		line->short_quantity = units_of(entry, is_short ? "quantity" : "short");
		if (!added)
			line->shipped = Max(line->shipped - sibling_units(siblings, shipment, line->line, 3) -
									(ours ? ours->shipped + ours->over_shipped : 0),
								0);
		line->short_quantity =
			Max(line->short_quantity - sibling_units(siblings, shipment, line->line, 4) -
					(ours ? ours->short_quantity : 0),
				0);
		hearing->shipped += line->shipped;
		hearing->missing += line->short_quantity;
	}
	hearing->report.lines = size > 0 ? result : NULL;
	hearing->report.line_count = size;
}

static void
begin_hearing(Hearing *hearing, const FfSaid *said)
{
	FfProviderReport kind = ff_report_from_name(ff_json_text_or(said->report, "state", ""));
	const char *when = ff_json_text_or(said->report, "shipped_at", NULL);

	hearing->said = said;
	hearing->shipment = said->shipment;
	hearing->departure = FF_EVENT_NONE;
	hearing->event = kind == FF_PROVIDER_REPORT_COUNT ? FF_EVENT_NONE : ff_report_event(kind);
	hearing->report = (FfShipmentReport){.cause = said->cause,
										 .outcome = said->report,
										 .code = ff_json_text(said->report, "error.code"),
										 .message = ff_json_text(said->report, "error.message"),
										 .by_provider = true};
	if (when != NULL)
		(void) ff_time_parse(when, &hearing->at);
}

static bool
leaves(const Hearing *hearing)
{
	return hearing->event == FF_SHIPMENT_EVENT_SHIP ||
		   hearing->event == FF_SHIPMENT_EVENT_DELIVERED;
}

/* Whether more of a line has left than is open, or of one that is none of ours. */
static bool
exceeds(const Hearing *hearing)
{
	const FfShipmentReport *report = &hearing->report;

	for (int i = 0; i < report->line_count; i++)
	{
		FfShipmentLine *line = ff_shipment_line(hearing->shipment, report->lines[i].line);

		if (report->lines[i].shipped > (line ? open_units(line) : 0))
			return true;
	}
	return false;
}

/* Whether a report stands for an event, where it is not said by name. */
static bool
lacks_units(const Hearing *hearing, FfShipmentEvent event)
{
	return hearing->missing > 0 && hearing->event != FF_EVENT_NONE;
}

static bool
departs(const Hearing *hearing, FfShipmentEvent event)
{
	return hearing->departure == (int) event;
}

static bool
is_meant(const Hearing *hearing, FfShipmentEvent event)
{
	return hearing->event == (int) event;
}

/* Moves those whose reports stand for the event. */
static void
move_those(Hearing *hearings, int count, bool (*chosen)(const Hearing *, FfShipmentEvent),
		   FfShipmentEvent event)
{
	FfShipment **shipments = palloc(sizeof(FfShipment *) * count);
	FfShipmentReport *reports = palloc(sizeof(FfShipmentReport) * count);
	FfVerdict *verdicts = palloc(sizeof(FfVerdict) * count);
	int chosen_count = 0;

	for (int i = 0; i < count; i++)
		if (!hearings[i].over && chosen(&hearings[i], event))
		{
			shipments[chosen_count] = hearings[i].shipment;
			reports[chosen_count++] = hearings[i].report;
		}
	if (chosen_count > 0)
		ff_shipments_move(shipments, event, reports, chosen_count, verdicts);
}

/* Units that were not found may end a shipment. */
static void
take_shortages(Hearing *hearings, int count)
{
	move_those(hearings, count, lacks_units, FF_SHIPMENT_EVENT_SHORT);
	for (int i = 0; i < count; i++)
		hearings[i].over = lacks_units(&hearings[i], FF_SHIPMENT_EVENT_SHORT) &&
						   hearings[i].shipment->state == FF_SHIPMENT_CANCELLED;
}

/* From now on a report is about the whole shipment, as of now. */
static void
forget_lines(Hearing *hearing)
{
	hearing->report.lines = NULL;
	hearing->report.line_count = 0;
}

static void
take_departures(Hearing *hearings, int count)
{
	for (int i = 0; i < count; i++)
	{
		Hearing *hearing = &hearings[i];

		/* lines that say nothing was shipped are no proof that nothing was: all of it is meant */
		if (!leaves(hearing) || hearing->shipped == 0)
			forget_lines(hearing);
		if (!leaves(hearing))
			continue;
		hearing->report.at = hearing->at;
		hearing->departure =
			exceeds(hearing) ? FF_SHIPMENT_EVENT_OVER_SHIP : FF_SHIPMENT_EVENT_SHIP;
	}
	move_those(hearings, count, departs, FF_SHIPMENT_EVENT_SHIP);
	move_those(hearings, count, departs, FF_SHIPMENT_EVENT_OVER_SHIP);
	for (int i = 0; i < count; i++)
	{
		forget_lines(&hearings[i]);
		hearings[i].report.at = 0;
	}
}

/* Everything else, and what is no event at all. */
static void
take_others(Hearing *hearings, int count)
{
	FfShipment **shipments = palloc(sizeof(FfShipment *) * count);
	const FfShipmentReport **reports = palloc(sizeof(FfShipmentReport *) * count);
	int words = 0;

	for (int event = 0; event < FF_SHIPMENT_EVENT_COUNT; event++)
		if (event != FF_SHIPMENT_EVENT_SHIP && event != FF_SHIPMENT_EVENT_DELIVERED)
			move_those(hearings, count, is_meant, event);
	for (int i = 0; i < count; i++)
		if (hearings[i].event == FF_EVENT_NONE)
		{
			shipments[words] = hearings[i].shipment;
			reports[words++] = &hearings[i].report;
		}
	if (words > 0)
		ff_store_words(shipments, reports, words);
}

static void
take_tracking(const FfSaid *said, int count)
{
	FfTracked *tracked;
	int size = 0;
	int told = 0;

	for (int i = 0; i < count; i++)
		size += ff_json_count(said[i].tracking);
	tracked = palloc0(sizeof(FfTracked) * Max(size, 1));
	for (int i = 0; i < count; i++)
		for (int j = 0; j < ff_json_count(said[i].tracking); j++)
			tracked[told++] = (FfTracked){.shipment = said[i].shipment,
										  .tracking = ff_json_at(said[i].tracking, j),
										  .cause = said[i].cause};
	ff_tracking_take(tracked, told);
}

static void
ask_again(const Hearing *hearings, int count)
{
	FfColumn ids;
	FfColumn seconds;

	ff_column_init(&ids, INT8OID);
	ff_column_init(&seconds, INT4OID);
	for (int i = 0; i < count; i++)
	{
		int64 hint = ff_json_int64_or(hearings[i].said->report, "poll_after_s", 0);

		if (hearings[i].shipment->state != FF_SHIPMENT_ACCEPTED &&
			hearings[i].shipment->state != FF_SHIPMENT_CANCEL_REQUESTED)
			continue;
		ff_column_add(&ids, ff_int8(hearings[i].shipment->shipment_id));
		ff_column_add(&seconds, ff_int4(hint > 0 ? (int32) Min(hint, 14400) : POLL_SECONDS));
	}
	if (ids.count > 0)
		ff_run(&schedule_polls,
			   ff_int4(hearings[0].shipment->merchant_id),
			   ff_column(&ids),
			   ff_time(GetCurrentTransactionStartTimestamp()),
			   ff_column(&seconds));
}

static void
remember_what_is_unknown(const Hearing *hearings, int count)
{
	for (int i = 0; i < count; i++)
	{
		const FfJson *said = hearings[i].said->report;
		const char *code = ff_json_text_or(said, "unknown.code", NULL);

		if (code != NULL)
			ff_run(&remember_unknown,
				   ff_int4(hearings[i].shipment->merchant_id),
				   ff_int8(hearings[i].shipment->shipment_id),
				   ff_text(code),
				   ff_text(ff_json_text_or(said, "unknown.description", NULL)),
				   ff_time(GetCurrentTransactionStartTimestamp()));
	}
}

/* That a shipment arrived is believed after its packages have been heard. */
void
ff_shipments_hear(const FfSaid *said, int count)
{
	Hearing *hearings = palloc0(sizeof(Hearing) * count);
	FfShipment **shipments = palloc(sizeof(FfShipment *) * count);
	int reports = 0;
	FfRows siblings;

	for (int i = 0; i < count; i++)
	{
		shipments[i] = said[i].shipment;
		if (said[i].report != NULL)
			begin_hearing(&hearings[reports++], &said[i]);
	}
	siblings = read_siblings(hearings, reports);
	for (int i = 0; i < reports; i++)
		read_lines(&hearings[i], &siblings);
	if (reports > 0)
	{
		take_shortages(hearings, reports);
		take_departures(hearings, reports);
		take_others(hearings, reports);
	}
	take_tracking(said, count);
	if (reports > 0)
	{
		move_those(hearings, reports, is_meant, FF_SHIPMENT_EVENT_DELIVERED);
		remember_what_is_unknown(hearings, reports);
		ask_again(hearings, reports);
	}
	ff_shipments_recount(shipments, count);
}
