/*
 * functions.c
 *
 * The SQL functions that stop orders, let them go on and end them: check the
 * arguments and the caller's right, lock, apply, settle, answer.  Documents
 * come in by document_functions.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/machine.h"
#include "orders/parts.h"
#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"

static FfStatement holds_of_order = FF_STATEMENT(
	"select hold_id from fulfillment.holds"
	" where merchant_id = $1 and order_id = $2 and released_at is null order by hold_id",
	INT4OID, INT8OID);

static FfStatement order_of_hold =
	FF_STATEMENT("select order_id from fulfillment.holds where merchant_id = $1 and hold_id = $2",
				 INT4OID, INT8OID);

static char *
text_argument(FunctionCallInfo fcinfo, int number, const char *fallback)
{
	if (PG_ARGISNULL(number))
		return fallback ? pstrdup(fallback) : NULL;
	return text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/* A required argument of a function that is not STRICT. */
static void
require_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("argument \"%s\" is missing", name),
				 errhint("Give a value for \"%s\".", name)));
}

PG_FUNCTION_INFO_V1(fulfillment_hold_order);

/* hold_order(order_id, reason, until, merchant_id) → hold_id */
Datum
fulfillment_hold_order(PG_FUNCTION_ARGS)
{
	FfOrderRequest request = {.cause = "hold_order"};
	int32 merchant_id;
	FfOrder *order;

	require_argument(fcinfo, 0, "order_id");
	require_argument(fcinfo, 1, "reason");
	require_argument(fcinfo, 3, "merchant_id");
	merchant_id = PG_GETARG_INT32(3);
	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	request.hold_reason = text_argument(fcinfo, 1, NULL);
	request.cause = psprintf("hold_order: %s", request.hold_reason);
	request.hold_until = PG_ARGISNULL(2) ? 0 : PG_GETARG_TIMESTAMPTZ(2);
	if (*request.hold_reason == '\0')
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("a hold needs a reason"),
				 errhint("Say in \"reason\" why the order must stop.")));
	ff_spi_begin();
	order = ff_order_lock(merchant_id, PG_GETARG_INT64(0));
	ff_order_demand(order, FF_ORDER_EVENT_HOLD, &request);
	ff_spi_end();
	PG_RETURN_INT64(request.hold_id);
}

static void
release(FfOrder *order, int64 hold_id, const char *cause)
{
	FfOrderRequest request = {.cause = cause, .hold_id = hold_id};

	ff_order_demand(order, FF_ORDER_EVENT_RELEASE, &request);
}

PG_FUNCTION_INFO_V1(fulfillment_release_hold);

/* release_hold(hold_id, merchant_id) */
Datum
fulfillment_release_hold(PG_FUNCTION_ARGS)
{
	int64 hold_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(1);
	FfRows rows;
	int64 order_id;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	rows = ff_run(&order_of_hold, ff_int4(merchant_id), ff_int8(hold_id));
	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown hold %lld", (long long) hold_id),
				 errdetail("Merchant %d has no such hold.", merchant_id),
				 errhint("Look at the table fulfillment.holds.")));
	order_id = ff_row_int8(&rows, 0, 1);
	release(ff_order_lock(merchant_id, order_id), hold_id, "release_hold");
	ff_order_settle(merchant_id, order_id, "release_hold");
	ff_spi_end();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fulfillment_release_order);

/* release_order(order_id, merchant_id) → holds ended */
Datum
fulfillment_release_order(PG_FUNCTION_ARGS)
{
	int64 order_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(1);
	FfOrder *order;
	FfRows rows;
	int32 ended;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	order = ff_order_lock(merchant_id, order_id);
	rows = ff_run(&holds_of_order, ff_int4(merchant_id), ff_int8(order_id));
	for (uint64 i = 0; i < rows.count; i++)
		release(order, ff_row_int8(&rows, i, 1), "release_order");
	ended = (int32) rows.count;
	ff_order_settle(merchant_id, order_id, "release_order");
	ff_spi_end();
	PG_RETURN_INT32(ended);
}

static void
refuse_lines(int position, const char *what)
{
	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("invalid lines to cancel"),
			 errdetail("Field \"lines[%d]\": %s.", position, what),
			 errhint("Give an array of {\"line\": 1, \"quantity\": 2}.")));
}

/* So many units of a line; -1: all that is open. */
static void
add_units(const FfLine *line, int64 units, int position, FfLineQuantity *cancel)
{
	if (units < 0)
		units = ff_units_unshipped(line);
	if (units <= 0 || units > FF_MAX_QUANTITY - cancel->quantity)
		refuse_lines(position, "\"quantity\" must be positive, and not absurd");
	cancel->quantity += (int32) units;
}

/* A line by its number, or all parts of a kit by the number it was ordered with. */
static void
name_line(const FfOrder *order, int64 number, int position, int64 units, FfLineQuantity *cancel)
{
	int64 open = 0;
	bool found = false;

	for (int i = 0; i < order->line_count; i++)
		if (order->lines[i].line == number || order->lines[i].kit_line == number)
		{
			found = true;
			open += ff_units_unshipped(&order->lines[i]);
		}
	if (!found)
		refuse_lines(position, "the order has no such line");
	if (units < 0 && open == 0)
		refuse_lines(position, "nothing of the line is left to cancel");
	for (int i = 0; i < order->line_count; i++)
	{
		const FfLine *line = &order->lines[i];

		if (line->line == number)
			add_units(line, units, position, &cancel[i]);
		else if (line->kit_line == number && (units >= 0 || ff_units_unshipped(line) > 0))
			add_units(line, units < 0 ? units : units * line->lot, position, &cancel[i]);
	}
}

/* The same line named twice counts twice. */
static void
read_lines(FfOrder *order, const FfJson *lines, FfOrderRequest *request)
{
	int count = ff_json_count(lines);
	FfLineQuantity *cancel = palloc0(sizeof(FfLineQuantity) * Max(order->line_count, 1));

	if (!ff_json_is_array(lines) || count == 0)
		refuse_lines(0, "at least one line must be named");
	for (int i = 0; i < order->line_count; i++)
		cancel[i].line = order->lines[i].line;
	for (int i = 0; i < count; i++)
	{
		FfJson *entry = ff_json_at(lines, i);
		int64 number;
		int64 units = -1;

		if (!ff_json_int64(entry, "line", &number) || number <= 0 || number > PG_INT32_MAX)
			refuse_lines(i, "\"line\" must be the number of a line");
		if (!ff_json_is_null(ff_json_get(entry, "quantity")) &&
			!ff_json_int64(entry, "quantity", &units))
			refuse_lines(i, "\"quantity\" must be a whole number");
		if (!ff_json_is_null(ff_json_get(entry, "quantity")) &&
			(units <= 0 || units > FF_MAX_QUANTITY))
			refuse_lines(i, "\"quantity\" must be positive, and not absurd");
		name_line(order, number, i, units, cancel);
	}
	request->cancel = cancel;
	request->cancel_count = order->line_count;
}

PG_FUNCTION_INFO_V1(fulfillment_cancel_order);

/* cancel_order(order_id, reason, lines jsonb, merchant_id) → state */
Datum
fulfillment_cancel_order(PG_FUNCTION_ARGS)
{
	FfOrderRequest request = {0};
	int32 merchant_id;
	int64 order_id;
	FfOrder *order;
	FfOrderState state;

	require_argument(fcinfo, 0, "order_id");
	require_argument(fcinfo, 3, "merchant_id");
	order_id = PG_GETARG_INT64(0);
	merchant_id = PG_GETARG_INT32(3);
	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	request.cancel_reason = text_argument(fcinfo, 1, "cancelled");
	request.cause = psprintf("cancel_order: %s", request.cancel_reason);
	ff_spi_begin();
	order = ff_order_lock(merchant_id, order_id);
	if (!PG_ARGISNULL(2))
		read_lines(order, ff_json_from_datum(PG_GETARG_DATUM(2)), &request);
	ff_order_demand(order, FF_ORDER_EVENT_CANCEL, &request);
	ff_order_settle(merchant_id, order_id, request.cause);
	state = ff_order_lock(merchant_id, order_id)->state;
	ff_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(ff_state_name(FF_MACHINE_ORDER, state)));
}

PG_FUNCTION_INFO_V1(fulfillment_supported_actions);

/* supported_actions(order_id, merchant_id) → what a person may ask for now */
Datum
fulfillment_supported_actions(PG_FUNCTION_ARGS)
{
	int64 order_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(1);
	FfFieldReader reader = {0};
	FfOrderRequest request = {.cause = "supported_actions", .reader = &reader};
	MemoryContext outer;
	FfColumn actions;
	FfOrder *order;
	Datum result;

	ff_require(FF_LEVEL_VIEWER, merchant_id);
	outer = ff_spi_begin();
	order = ff_order_lock(merchant_id, order_id);
	request.raw = order->document;
	request.document = ff_order_document_read(order->document, &reader);
	request.version = order->version;
	reader.worst = FF_SEVERITY_NOTE;
	ff_column_init(&actions, TEXTOID);
	for (int event = 0; event < ff_event_count(FF_MACHINE_ORDER); event++)
	{
		/* any of its holds would do */
		if (event == FF_ORDER_EVENT_RELEASE)
		{
			FfRows rows = ff_run(&holds_of_order, ff_int4(merchant_id), ff_int8(order_id));

			request.hold_id = rows.count > 0 ? ff_row_int8(&rows, 0, 1) : 0;
		}
		if (ff_event_is_action(FF_MACHINE_ORDER, event) && ff_order_may(order, event, &request))
			ff_column_add(&actions, ff_text(ff_event_name(FF_MACHINE_ORDER, event)));
	}
	MemoryContextSwitchTo(outer);
	result = ff_column(&actions).value;
	ff_spi_end();
	PG_RETURN_DATUM(result);
}
