/*
 * track.c
 *
 * Tracking that people report by hand, for carriers that nobody can ask.  A
 * carrier's own words are taken as they come; a person's must be right, because
 * a person can correct them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/state.h"
#include "model/time.h"
#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "shipping/tracking.h"

static FfStatement known_number = FF_STATEMENT(
	"select 1 from fulfillment.packages where merchant_id = $1 and tracking_number = $2 limit 1",
	INT4OID, TEXTOID);

static void
refuse_event(int position, const char *field, const char *what)
{
	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("invalid tracking event"),
			 errdetail("Field \"events[%d]%s%s\": %s.", position, *field ? "." : "", field, what),
			 errhint("Give an array of {\"status\", \"at\", \"description\"}.")));
}

static void
judge_event(const FfJson *event, int position)
{
	const char *status = ff_json_text_or(event, "status", "");
	const char *at = ff_json_text_or(event, "at", NULL);
	TimestampTz time;

	if (!ff_json_is_object(event))
		refuse_event(position, "", "it must be an object");
	if (ff_state_from_name(FF_MACHINE_PACKAGE, status) == FF_STATE_NONE)
		refuse_event(position, "status", "it must be a tracking status");
	if (at == NULL && !ff_json_is_null(ff_json_get(event, "at")))
		refuse_event(position, "at", "it must be a time");
	if (at != NULL && !ff_time_parse(at, &time))
		refuse_event(position, "at", "it must be a time as ISO 8601 writes it");
	if (at != NULL && time > GetCurrentTimestamp() + USECS_PER_DAY)
		refuse_event(position, "at", "it lies in the future");
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
	FfArgument document;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	if (!ff_json_is_array(events) || ff_json_count(events) == 0)
		refuse_event(0, "", "at least one event must be given");
	ff_write_init(&tracking);
	ff_write_object(&tracking, NULL);
	ff_write_text(&tracking, "tracking_number", number);
	ff_write_array(&tracking, "events");
	for (int i = 0; i < ff_json_count(events); i++)
	{
		judge_event(ff_json_at(events, i), i);
		ff_write_json(&tracking, NULL, ff_json_at(events, i));
	}
	document = ff_json_from_text(ff_write_finish(&tracking));
	ff_spi_begin();
	if (ff_run(&known_number, ff_int4(merchant_id), ff_text(number)).count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown tracking number \"%s\"", number),
				 errdetail("Merchant %d has no package with this number.", merchant_id),
				 errhint("Report it with fulfillment.confirm_shipment first.")));
	result = ff_tracking_report(merchant_id, ff_json_from_datum(document.value), "report_tracking");
	ff_order_settle(merchant_id, result.order_id, "report_tracking");
	ff_spi_end();
	PG_RETURN_INT32(result.stored);
}
