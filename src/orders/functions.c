/*
 * functions.c
 *
 * The SQL functions of orders: check the arguments and the caller's right,
 * lock, apply, settle, answer.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/machine.h"
#include "orders/intake.h"
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

static void
refuse_document(const FfSubmitted *answer)
{
	FfJson *first = ff_json_at(ff_json_parse(answer->errors, strlen(answer->errors), NULL), 0);

	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("could not take order \"%s\"", answer->number ? answer->number : ""),
			 errdetail("Field \"%s\": %s.",
					   ff_json_text_or(first, "field", ""),
					   ff_json_text_or(first, "message", "it is wrong")),
			 errhint("Correct the document; fulfillment.check_order lists all that is wrong.")));
}

static void
warn_of_parked(const FfSubmitted *answer)
{
	FfJson *errors = ff_json_parse(answer->errors, strlen(answer->errors), NULL);

	for (int i = 0; i < ff_json_count(errors); i++)
	{
		FfJson *error = ff_json_at(errors, i);

		if (strcmp(ff_json_text_or(error, "severity", ""), "invalid") == 0)
		{
			ereport(WARNING,
					(errcode(FF_ERR_INVALID_DOCUMENT),
					 errmsg("order \"%s\" is parked as invalid", answer->number),
					 errdetail("Field \"%s\": %s.",
							   ff_json_text_or(error, "field", ""),
							   ff_json_text_or(error, "message", "")),
					 errhint("Correct it with fulfillment.edit_order(%lld, …).",
							 (long long) answer->order_id)));
			return;
		}
	}
}

PG_FUNCTION_INFO_V1(fulfillment_submit_order);

/* submit_order(order jsonb, merchant_id) → order_id */
Datum
fulfillment_submit_order(PG_FUNCTION_ARGS)
{
	int32 merchant_id = PG_GETARG_INT32(1);
	FfJson *document = ff_json_from_datum(PG_GETARG_DATUM(0));
	FfSubmitted *answers;
	int64 order_id;
	int count;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	if (!ff_json_is_object(document))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("an order must be a JSON object"),
				 errhint("Use fulfillment.submit_orders for an array of orders.")));
	ff_spi_begin();
	answers = ff_orders_submit(merchant_id, document, NULL, false, "submit_order", &count);
	if (answers[0].outcome == FF_INTAKE_REFUSED)
		refuse_document(&answers[0]);
	if (answers[0].outcome == FF_INTAKE_INVALID)
		warn_of_parked(&answers[0]);
	order_id = answers[0].order_id;
	ff_spi_end();
	PG_RETURN_INT64(order_id);
}

PG_FUNCTION_INFO_V1(fulfillment_submit_orders);

/* submit_orders(orders jsonb, merchant_id) → (position, number, order_id, outcome, error) */
Datum
fulfillment_submit_orders(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32 merchant_id = PG_GETARG_INT32(1);
	FfJson *documents = ff_json_from_datum(PG_GETARG_DATUM(0));
	MemoryContext outer;
	FfSubmitted *answers;
	int count;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	if (!ff_json_is_array(documents))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("orders must be a JSON array of objects"),
				 errhint("Use fulfillment.submit_order for one order.")));
	InitMaterializedSRF(fcinfo, 0);
	outer = ff_spi_begin();
	answers = ff_orders_submit(merchant_id, documents, NULL, false, "submit_orders", &count);
	MemoryContextSwitchTo(outer);
	for (int i = 0; i < count; i++)
	{
		Datum values[5];
		bool nulls[5] = {false};

		values[0] = Int32GetDatum(i + 1);
		nulls[1] = answers[i].number == NULL;
		values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(answers[i].number);
		nulls[2] = answers[i].order_id == 0;
		values[2] = Int64GetDatum(answers[i].order_id);
		values[3] = CStringGetTextDatum(ff_intake_name(answers[i].outcome));
		nulls[4] = answers[i].errors == NULL;
		values[4] = nulls[4] ? (Datum) 0 : ff_json_from_text(answers[i].errors).value;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	ff_spi_end();
	return (Datum) 0;
}

/* The stored document with changes laid over it; addresses and payment by member, lines as given.
 */
static FfJson *
lay_over(const FfJson *document, const FfJson *changes)
{
	static const char *const merged[] = {"ship_to", "bill_to", "payment", "attributes"};
	FfJsonWriter writer;
	void *state = NULL;
	char *key;
	FfJson *value;
	Datum layered;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	while (ff_json_each(changes, &state, &key, &value))
	{
		FfJson *old = ff_json_get(document, key);
		bool merges = false;

		for (int i = 0; i < (int) lengthof(merged); i++)
			merges |= strcmp(merged[i], key) == 0;
		if (merges && ff_json_is_object(old) && ff_json_is_object(value))
			value = ff_json_from_datum(
				DirectFunctionCall2(jsonb_concat, ff_json_to_datum(old), ff_json_to_datum(value)));
		ff_write_json(&writer, key, value);
	}
	layered = DirectFunctionCall2(jsonb_concat,
								  ff_json_to_datum(document),
								  ff_json_from_text(ff_write_finish(&writer)).value);
	return ff_json_from_datum(layered);
}

PG_FUNCTION_INFO_V1(fulfillment_edit_order);

/* edit_order(order_id, changes jsonb, merchant_id) */
Datum
fulfillment_edit_order(PG_FUNCTION_ARGS)
{
	int64 order_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(2);
	FfJson *changes = ff_json_from_datum(PG_GETARG_DATUM(1));
	FfOrderRequest request = {.cause = "edit_order"};
	FfNewOrder *edited;
	FfOrder *order;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	if (!ff_json_is_object(changes))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("changes must be a JSON object"),
				 errhint("Give the members of the order that change.")));
	ff_spi_begin();
	order = ff_order_lock(merchant_id, order_id);
	edited = ff_new_order_read(lay_over(order->document, changes), order->channel);
	ff_orders_resolve(merchant_id, &edited, 1);
	request.version = order->version;
	request.raw = edited->raw;
	request.document = edited->document;
	request.reader = edited->reader;
	request.resolved = edited;
	if (edited->reader->worst >= FF_SEVERITY_INVALID)
	{
		FfSubmitted answer = {.number = order->number,
							  .errors = ff_field_errors_json(edited->reader)};

		if (order->state != FF_ORDER_INVALID || edited->reader->worst == FF_SEVERITY_REFUSED)
			refuse_document(&answer);
	}
	ff_order_demand(order,
					order->state == FF_ORDER_INVALID ? FF_ORDER_EVENT_CORRECT : FF_ORDER_EVENT_EDIT,
					&request);
	ff_order_settle(merchant_id, order_id, request.cause);
	ff_spi_end();
	PG_RETURN_VOID();
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

static void
read_lines(FfOrder *order, const FfJson *lines, FfOrderRequest *request)
{
	int count = ff_json_count(lines);
	FfLineQuantity *cancel = palloc(sizeof(FfLineQuantity) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		FfJson *entry = ff_json_at(lines, i);
		int64 number;
		int64 units;
		FfLine *line;

		if (!ff_json_int64(entry, "line", &number) || number <= 0 || number > PG_INT32_MAX)
			refuse_lines(i, "\"line\" must be the number of a line");
		line = ff_order_line(order, (int32) number);
		if (line == NULL)
			refuse_lines(i, "the order has no such line");
		units = line->quantity - line->cancelled - line->shipped;
		if (!ff_json_is_null(ff_json_get(entry, "quantity")) &&
			!ff_json_int64(entry, "quantity", &units))
			refuse_lines(i, "\"quantity\" must be a whole number");
		if (units <= 0 || units > FF_MAX_QUANTITY)
			refuse_lines(i, "\"quantity\" must be positive");
		cancel[i] = (FfLineQuantity){.line = (int32) number, .quantity = (int32) units};
	}
	request->cancel = cancel;
	request->cancel_count = count;
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
