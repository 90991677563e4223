/*
 * functions.c
 *
 * The SQL functions of returns: check the arguments and the caller's right,
 * lock, apply, go on, answer.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "orders/order.h"
#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "returns/parts.h"
#include "returns/read.h"
#include "stock/lookup.h"

static FfStatement steps_under_way = FF_STATEMENT(
	"select 1 from fulfillment.payments where merchant_id = $1 and return_id = $2"
	"   and state = 'pending'"
	" union all"
	" select 1 from fulfillment.tasks where merchant_id = $1 and subject_kind = 'return'"
	"   and subject_id = $2 and operation = 'push_return' and payload ->> 'refund' = 'true'",
	INT4OID, INT8OID);

static FfStatement unpaid = FF_STATEMENT("select refund_asked - refunded from fulfillment.returns"
										 " where merchant_id = $1 and return_id = $2",
										 INT4OID, INT8OID);

static char *
text_or_null(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/* A number as decimal text. */
static char *
numeric_or_null(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number)
			   ? NULL
			   : DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(number)));
}

static void
expect_amount(const char *amount, const char *name)
{
	if (amount != NULL && strspn(amount, "0123456789.") != strlen(amount))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("invalid amount %s", amount),
				 errdetail("Field \"%s\" must not be negative.", name),
				 errhint("Give an amount of money, or leave it out.")));
}

static int64
id_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("argument \"%s\" is missing", name),
				 errhint("Give a value for \"%s\".", name)));
	return PG_GETARG_INT64(number);
}

static int32
begin(FunctionCallInfo fcinfo, int number)
{
	int32 merchant_id = PG_ARGISNULL(number) ? 0 : PG_GETARG_INT32(number);

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	return merchant_id;
}

static Datum
end(FfReturn *subject)
{
	const char *state;

	ff_return_refresh(subject);
	state = ff_state_name(FF_MACHINE_RETURN, subject->state);
	ff_spi_end();
	return PointerGetDatum(cstring_to_text(state));
}

PG_FUNCTION_INFO_V1(fulfillment_request_return);

/* request_return(order_id, lines jsonb, reason, kind, override, merchant_id) → return_id */
Datum
fulfillment_request_return(PG_FUNCTION_ARGS)
{
	int64 order_id = id_argument(fcinfo, 0, "order_id");
	char *kind = PG_ARGISNULL(3) ? "rma" : text_to_cstring(PG_GETARG_TEXT_PP(3));
	FfReturnRequest request = {.cause = "request_return",
							   .reason = text_or_null(fcinfo, 2),
							   .override = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4)};
	int32 merchant_id;
	FfReturn *subject;

	merchant_id = begin(fcinfo, 5);
	if (strcmp(kind, "rma") != 0 && strcmp(kind, "exchange") != 0)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("no return of kind \"%s\" can be asked for", kind),
				 errhint("Say \"rma\" or \"exchange\".")));
	ff_order_lock(merchant_id, order_id);
	request.lines = ff_read_wanted(merchant_id,
								   order_id,
								   PG_ARGISNULL(1) ? NULL : ff_json_from_datum(PG_GETARG_DATUM(1)),
								   &request.line_count);
	subject = ff_return_new(merchant_id, order_id, kind);
	ff_return_demand(subject, FF_RETURN_EVENT_REQUEST, &request);
	ff_order_settle(merchant_id, order_id, request.cause);
	ff_spi_end();
	PG_RETURN_INT64(subject->return_id);
}

PG_FUNCTION_INFO_V1(fulfillment_approve_return);

/* approve_return(return_id, location, fee, merchant_id) → state */
Datum
fulfillment_approve_return(PG_FUNCTION_ARGS)
{
	int64 return_id = id_argument(fcinfo, 0, "return_id");
	char *location = text_or_null(fcinfo, 1);
	FfReturnRequest request = {.cause = "approve_return", .fee = numeric_or_null(fcinfo, 2)};
	int32 merchant_id;
	FfReturn *subject;

	merchant_id = begin(fcinfo, 3);
	expect_amount(request.fee, "fee");
	if (location != NULL)
		request.location_id = ff_location_id(merchant_id, location);
	subject = ff_return_lock(merchant_id, return_id);
	ff_return_demand(subject, FF_RETURN_EVENT_APPROVE, &request);
	ff_return_demand(subject, FF_RETURN_EVENT_ANNOUNCE, &request);
	if (strcmp(subject->kind, "exchange") == 0)
		ff_return_demand(subject, FF_RETURN_EVENT_EXCHANGE, &request);
	return end(subject);
}

PG_FUNCTION_INFO_V1(fulfillment_decline_return);

/* decline_return(return_id, reason, merchant_id) → state */
Datum
fulfillment_decline_return(PG_FUNCTION_ARGS)
{
	int64 return_id = id_argument(fcinfo, 0, "return_id");
	FfReturnRequest request = {.cause = "decline_return", .reason = text_or_null(fcinfo, 1)};
	int32 merchant_id = begin(fcinfo, 2);
	FfReturn *subject = ff_return_lock(merchant_id, return_id);

	ff_return_demand(subject, FF_RETURN_EVENT_DECLINE, &request);
	ff_order_settle(merchant_id, subject->order_id, request.cause);
	return end(subject);
}

PG_FUNCTION_INFO_V1(fulfillment_receive_return);

/* receive_return(return_id, lines jsonb, location, reference, hints jsonb, merchant_id) → return_id
 */
Datum
fulfillment_receive_return(PG_FUNCTION_ARGS)
{
	FfReturnRequest request = {.cause = "receive_return", .reference = text_or_null(fcinfo, 3)};
	char *location = text_or_null(fcinfo, 2);
	FfJson *lines = PG_ARGISNULL(1) ? NULL : ff_json_from_datum(PG_GETARG_DATUM(1));
	int32 merchant_id = begin(fcinfo, 5);
	FfReturn *subject;

	if (location != NULL)
		request.location_id = ff_location_id(merchant_id, location);
	if (PG_ARGISNULL(0))
	{
		subject = ff_return_new(merchant_id, 0, "blind");
		subject->location_id = request.location_id;
		request.hints = PG_ARGISNULL(4) ? NULL : ff_json_from_datum(PG_GETARG_DATUM(4));
		request.lines = ff_read_blind(merchant_id, lines, location, &request.line_count);
		ff_return_demand(subject, FF_RETURN_EVENT_BLIND_RECEIVE, &request);
		ff_keep_conditions(subject, &request);
	}
	else
	{
		subject = ff_return_lock(merchant_id, PG_GETARG_INT64(0));
		request.lines = ff_read_received(subject, lines, &request.line_count);
		ff_expect_location(subject, &request);
		ff_return_demand(subject, FF_RETURN_EVENT_RECEIVE, &request);
		ff_return_go_on(subject, &request);
	}
	ff_spi_end();
	PG_RETURN_INT64(subject->return_id);
}

PG_FUNCTION_INFO_V1(fulfillment_match_return);

/* match_return(return_id, order_id, merchant_id) → state */
Datum
fulfillment_match_return(PG_FUNCTION_ARGS)
{
	int64 return_id = id_argument(fcinfo, 0, "return_id");
	FfReturnRequest request = {.cause = "match_return",
							   .order_id = id_argument(fcinfo, 1, "order_id")};
	int32 merchant_id = begin(fcinfo, 2);
	FfReturn *subject;

	ff_order_lock(merchant_id, request.order_id);
	subject = ff_return_lock(merchant_id, return_id);
	request.lines = ff_read_conditions(subject, &request.line_count);
	ff_return_demand(subject, FF_RETURN_EVENT_MATCH, &request);
	ff_return_go_on(subject, &request);
	return end(subject);
}

/* Nobody is paying any more: what was asked for was paid by hand. */
static void
paid_by_hand(FfReturn *subject, const FfReturnRequest *request)
{
	FfRows rows;

	if (ff_run(&steps_under_way, ff_int4(subject->merchant_id), ff_int8(subject->return_id)).count >
		0)
		ereport(ERROR,
				(errcode(FF_ERR_REFUSED_EVENT),
				 errmsg("the refund of return %lld is under way", (long long) subject->return_id),
				 errhint("Wait for the gateway's answer: table fulfillment.payments.")));
	rows = ff_run(&unpaid, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	ff_refund_ended(
		subject, true, request->amount != NULL ? request->amount : ff_row_text(&rows, 0, 1));
	ff_return_demand(subject, FF_RETURN_EVENT_REFUNDED, request);
}

PG_FUNCTION_INFO_V1(fulfillment_close_return);

/* close_return(return_id, refund, reason, merchant_id) → state */
Datum
fulfillment_close_return(PG_FUNCTION_ARGS)
{
	int64 return_id = id_argument(fcinfo, 0, "return_id");
	FfReturnRequest request = {.cause = "close_return",
							   .amount = numeric_or_null(fcinfo, 1),
							   .reason = text_or_null(fcinfo, 2),
							   .by_person = true};
	int32 merchant_id;
	FfReturn *subject;

	merchant_id = begin(fcinfo, 3);
	expect_amount(request.amount, "refund");
	subject = ff_return_lock(merchant_id, return_id);
	if (subject->state == FF_RETURN_RECEIVING)
		ff_return_demand(subject, FF_RETURN_EVENT_CLOSE_SHORT, &request);
	else if (subject->state == FF_RETURN_REFUNDING)
		paid_by_hand(subject, &request);
	else if (subject->state == FF_RETURN_IN_TRANSIT)
		ff_return_demand(subject, FF_RETURN_EVENT_EXPIRE, &request);
	else if (subject->state != FF_RETURN_RECEIVED)
		ff_return_demand(subject, FF_RETURN_EVENT_CANCEL, &request);
	ff_refund_decided(subject);
	ff_return_go_on(subject, &request);
	return end(subject);
}
