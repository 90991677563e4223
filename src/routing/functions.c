/*
 * functions.c
 *
 * The room's SQL functions: what would be decided for a document, how past
 * orders would go, what carriers ask, what a reason means, and when goods leave.  Explaining a
 * stored decision is SQL (extension/api/routing.sql).
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "pg/errors.h"
#include "pg/session.h"
#include "routing/calendar.h"
#include "routing/cost.h"
#include "routing/decide.h"
#include "routing/decision.h"
#include "routing/replay.h"

PG_FUNCTION_INFO_V1(fulfillment_simulate_decision);
PG_FUNCTION_INFO_V1(fulfillment_replay_orders);
PG_FUNCTION_INFO_V1(fulfillment_request_rates);
PG_FUNCTION_INFO_V1(fulfillment_routing_reason);
PG_FUNCTION_INFO_V1(fulfillment_ship_by);

/* Where it goes and what; a document without number or street can be simulated. */
static bool
matters(const FfFieldError *error)
{
	return error->severity != FF_SEVERITY_NOTE &&
		   (strncmp(error->field, "lines", 5) == 0 || strcmp(error->field, "channel") == 0 ||
			strcmp(error->field, "ship_to") == 0 || strcmp(error->field, "ship_to.country") == 0);
}

static void
refuse_errors(const FfFieldReader *reader)
{
	ListCell *cell;

	foreach (cell, reader->errors)
	{
		const FfFieldError *error = lfirst(cell);

		if (matters(error))
			ereport(ERROR,
					(errcode(FF_ERR_INVALID_DOCUMENT),
					 errmsg("could not simulate the order: %s", error->message),
					 errdetail("Field \"%s\" of the order is wrong.", error->field)));
	}
}

/* simulate_decision(order jsonb, at timestamptz, merchant_id int) returns jsonb */
Datum
fulfillment_simulate_decision(PG_FUNCTION_ARGS)
{
	TimestampTz now = PG_GETARG_TIMESTAMPTZ(1);
	int32 merchant_id = PG_GETARG_INT32(2);
	FfFieldReader reader;
	FfOrderDocument *document;
	FfRouting *routing;
	FfJsonWriter writer;

	ff_require(FF_LEVEL_VIEWER, merchant_id);
	document = ff_order_document_read(ff_json_from_datum(PG_GETARG_DATUM(0)), &reader);
	refuse_errors(&reader);
	routing = ff_routing_simulate(merchant_id, document, now);
	if (routing->decision == NULL)
		PG_RETURN_NULL();
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_number(&writer, "cost", routing->decision->cost);
	ff_write_bool(&writer, "exact", routing->decision->exact);
	ff_write_number(&writer, "gap", routing->decision->gap);
	ff_write_raw(&writer, "chosen", routing->decision->chosen);
	ff_write_raw(&writer, "alternatives", routing->decision->alternatives);
	ff_write_raw(&writer, "rejected", routing->decision->rejected);
	ff_write_raw(&writer, "waiting", routing->decision->waiting);
	PG_RETURN_DATUM(ff_json_from_text(ff_write_finish(&writer)).value);
}

/* Sums of a replay, in the order in which people read them. */
static void
write_replay(FfJsonWriter *writer, const char *key, const FfReplay *replay)
{
	const FfPartCost *parts = &replay->parts;
	const struct
	{
		const char *name;
		FfCost cost;
	} costs[] = {
		{"handling", parts->handling},
		{"picking", parts->picking},
		{"shipping", parts->shipping},
		{"surcharge", parts->surcharge},
		{"late", parts->late},
		{"preference", parts->preference},
		{"split", replay->split},
		{"waiting", replay->waiting},
	};
	const struct
	{
		const char *name;
		int64 count;
	} counts[] = {
		{"orders", replay->orders},
		{"orders shipped", replay->shipped_orders},
		{"orders split", replay->split_orders},
		{"orders late", replay->late_orders},
		{"orders complete", replay->full_orders},
		{"shipments", replay->shipments},
		{"units", replay->units},
		{"units waiting", replay->waiting_units},
	};
	FfCost total = 0;

	ff_write_object(writer, key);
	for (int i = 0; i < (int) lengthof(counts); i++)
		ff_write_int(writer, counts[i].name, counts[i].count);
	for (int i = 0; i < (int) lengthof(costs); i++)
	{
		total += costs[i].cost;
		ff_write_number(writer, costs[i].name, ff_cost_text(costs[i].cost));
	}
	ff_write_number(writer, "cost", ff_cost_text(total));
	ff_write_end(writer);
}

/* replay_orders(rules jsonb, from timestamptz, to timestamptz, merchant_id int) returns jsonb */
Datum
fulfillment_replay_orders(PG_FUNCTION_ARGS)
{
	const FfJson *changes = ff_json_from_datum(PG_GETARG_DATUM(0));
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
	int32 merchant_id = PG_GETARG_INT32(3);
	FfReplay before;
	FfReplay after;
	FfJsonWriter writer;

	ff_require(FF_LEVEL_VIEWER, merchant_id);
	after = ff_routing_replay(merchant_id, changes, from, to);
	before = ff_routing_replay(merchant_id, NULL, from, to);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_replay(&writer, "before", &before);
	write_replay(&writer, "after", &after);
	PG_RETURN_DATUM(ff_json_from_text(ff_write_finish(&writer)).value);
}

/* request_rates(order_id bigint, merchant_id int) returns int */
Datum
fulfillment_request_rates(PG_FUNCTION_ARGS)
{
	int64 order_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(1);
	int asked;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	asked = ff_routing_request_rates(merchant_id, order_id, GetCurrentTransactionStartTimestamp());
	if (asked < 0)
		ereport(ERROR,
				(errcode(FF_ERR_REFUSED_EVENT),
				 errmsg("cannot request rates of order %lld: no carrier is asked for prices",
						(long long) order_id),
				 errdetail("Providers with live_rates whose connector knows quote_rates: none."),
				 errhint("Set live_rates of a provider; view fulfillment.connectors tells which "
						 "connectors quote prices.")));
	PG_RETURN_INT32(asked);
}

/* routing_reason(reason text) returns text */
Datum
fulfillment_routing_reason(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	for (int reason = 0; reason < FF_REASON_COUNT; reason++)
		if (strcmp(name, ff_reason_name(reason)) == 0)
			PG_RETURN_TEXT_P(cstring_to_text(ff_reason_sentence(reason)));
	PG_RETURN_NULL();
}

/*
 * ship_by(taken_at timestamptz, time_zone text, cutoff time, working_days int[],
 * closed_days date[]) returns timestamptz; a zone that does not exist counts as
 * UTC, as it does when orders are assigned
 */
Datum
fulfillment_ship_by(PG_FUNCTION_ARGS)
{
	pg_tz *time_zone = pg_tzset(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	FfNumbers working_days = ff_numbers_of(PG_GETARG_DATUM(3));
	FfNumbers closed_days = ff_numbers_of(PG_GETARG_DATUM(4));

	PG_RETURN_TIMESTAMPTZ(ff_ship_by(PG_GETARG_TIMESTAMPTZ(0),
									 time_zone != NULL ? time_zone : pg_tzset("UTC"),
									 (int) (PG_GETARG_TIMEADT(2) / USECS_PER_SEC),
									 &working_days,
									 &closed_days));
}
