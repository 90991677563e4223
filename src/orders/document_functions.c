/*
 * document_functions.c
 *
 * The SQL functions that take order documents and changes of them: what is
 * wrong with one is said by field, and one that is refused changes nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "orders/intake.h"
#include "orders/parts.h"
#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"

/* The first error that is as bad as this, else the first of all. */
static FfJson *
first_error(const FfSubmitted *answer, FfSeverity severity)
{
	FfJson *errors;

	if (answer->errors == NULL) /* it went away while we looked */
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("order \"%s\" was deleted meanwhile", answer->number),
				 errhint("Submit it again.")));
	errors = ff_json_parse(answer->errors, strlen(answer->errors), NULL);

	for (int i = 0; i < ff_json_count(errors); i++)
		if (strcmp(ff_json_text_or(ff_json_at(errors, i), "severity", ""),
				   ff_severity_name(severity)) == 0)
			return ff_json_at(errors, i);
	return ff_json_at(errors, 0);
}

static void
refuse_document(const FfSubmitted *answer, FfSeverity severity)
{
	FfJson *error = first_error(answer, severity);

	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("could not take order \"%s\"", answer->number ? answer->number : ""),
			 errdetail("Field \"%s\": %s.",
					   ff_json_text_or(error, "field", ""),
					   ff_json_text_or(error, "message", "it is wrong")),
			 errhint("Correct the document; fulfillment.check_order lists all that is wrong.")));
}

static void
warn_of_parked(const FfSubmitted *answer)
{
	FfJson *error = first_error(answer, FF_SEVERITY_INVALID);

	ereport(WARNING,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("order \"%s\" is parked as invalid", answer->number),
			 errdetail("Field \"%s\": %s.",
					   ff_json_text_or(error, "field", ""),
					   ff_json_text_or(error, "message", "")),
			 errhint("Correct it with fulfillment.edit_order(%lld, …).",
					 (long long) answer->order_id)));
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
		refuse_document(&answers[0], FF_SEVERITY_REFUSED);
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

/* Which order it is cannot change; what is asked of it has functions of its own. */
static void
refuse_foreign_changes(const FfOrder *order, const FfJson *changes)
{
	static const struct
	{
		const char *member;
		const char *hint;
	} foreign[] = {
		{"number", "Submit another order, and cancel this one."},
		{"channel", "Submit another order, and cancel this one."},
		{"hold", "Use fulfillment.hold_order and fulfillment.release_hold."},
		{"cancel", "Use fulfillment.cancel_order."},
	};

	for (int i = 0; i < (int) lengthof(foreign); i++)
		if (!ff_json_is_null(ff_json_get(changes, foreign[i].member)))
			ereport(ERROR,
					(errcode(FF_ERR_INVALID_DOCUMENT),
					 errmsg("could not edit order \"%s\"", order->number),
					 errdetail("Field \"%s\": it is not changed by an edit.", foreign[i].member),
					 errhint("%s", foreign[i].hint)));
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
	refuse_foreign_changes(order, changes);
	edited = ff_new_order_read(lay_over(order->document, changes), order->channel);
	edited->by_hand = true;
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
			refuse_document(&answer, edited->reader->worst);
	}
	ff_order_demand(order,
					order->state == FF_ORDER_INVALID ? FF_ORDER_EVENT_CORRECT : FF_ORDER_EVENT_EDIT,
					&request);
	ff_order_settle(merchant_id, order_id, request.cause);
	ff_spi_end();
	PG_RETURN_VOID();
}
