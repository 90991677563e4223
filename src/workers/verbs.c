/*
 * verbs.c
 *
 * The table of operations; see verbs.h.  What is not named in a row is what
 * everybody does: done when it is ok, a person when it is refused.
 */
#include "postgres.h"

#include "workers/verbs.h"

#define PAYMENT                                                                    \
	{                                                                              \
		.load = ff_load_payments, .look = FF_OP_FIND_PAYMENT, .ok = ff_apply_paid, \
		.refused = ff_apply_payment_refused, .unknown = ff_apply_payment_unknown   \
	}

static const FfVerb verbs[FF_OPERATION_COUNT] = {
	[FF_OP_QUOTE_RATES] = {.load = ff_load_rate_requests,
						   .ok = ff_apply_rates,
						   .refused = ff_apply_rates_refused,
						   .unknown = ff_apply_rates_given_up,
						   .given_up = ff_apply_rates_given_up},
	[FF_OP_CREATE_SHIPMENT] = {.load = ff_load_shipments,
							   .look = FF_OP_FIND_SHIPMENT,
							   .admits = true,
							   .ok_together = ff_apply_created,
							   .refused = ff_apply_create_refused,
							   .nothing = ff_apply_create_nothing,
							   .unknown = ff_apply_create_unknown,
							   .lost = ff_apply_create_lost},
	[FF_OP_FIND_SHIPMENT] = {.load = ff_load_shipments,
							 .ok_together = ff_apply_found,
							 .absent = ff_apply_not_found,
							 .refused = ff_apply_no_lookup,
							 .given_up = ff_apply_no_lookup},
	[FF_OP_GET_SHIPMENT] = {.load = ff_load_shipments,
							.ok_together = ff_apply_reports,
							.page = ff_apply_report_page},
	[FF_OP_UPDATE_SHIPMENT] = {.load = ff_load_shipments, .ok_together = ff_apply_reports},
	[FF_OP_HOLD_SHIPMENT] = {.load = ff_load_shipments,
							 .ok = ff_apply_held,
							 .refused = ff_apply_hold_refused},
	[FF_OP_CANCEL_SHIPMENT] = {.load = ff_load_shipments,
							   .ok = ff_apply_cancelled,
							   .absent = ff_apply_cancelled,
							   .refused = ff_apply_cancel_refused},
	[FF_OP_ANNOUNCE_RETURN] = {.load = ff_load_returns, .ok = ff_apply_return_announced},
	[FF_OP_GET_RETURN] = {.load = ff_load_returns, .ok = ff_apply_return_read},
	[FF_OP_PUSH_RETURN] = {.load = ff_load_return_pushes,
						   .ok = ff_apply_return_pushed,
						   .refused = ff_apply_return_push_refused},
	[FF_OP_GET_INVENTORY] = {.load = ff_load_inventory_wishes,
							 .ok = ff_apply_inventory,
							 .page = ff_apply_inventory_page},
	[FF_OP_PUT_ITEMS] = {.load = ff_load_items, .work = "items"},
	[FF_OP_FETCH_ORDERS] = {.load = ff_load_fetches,
							.ok = ff_apply_orders,
							.page = ff_apply_orders_page},
	[FF_OP_ACKNOWLEDGE_ORDER] = {.load = ff_load_orders},
	[FF_OP_CONFIRM_SHIPMENT] = {.load = ff_load_confirmations},
	[FF_OP_UPDATE_ORDER] = {.load = ff_load_orders},
	[FF_OP_PUSH_INVENTORY] = {.load = ff_load_levels,
							  .work = "inventory",
							  .ok = ff_apply_levels_taken},
	[FF_OP_CAPTURE] = PAYMENT,
	[FF_OP_REFUND] = PAYMENT,
	[FF_OP_VOID] = PAYMENT,
	[FF_OP_FIND_PAYMENT] = {.load = ff_load_payments,
							.ok = ff_apply_paid,
							.absent = ff_apply_payment_absent,
							.refused = ff_apply_payment_doubtful,
							.given_up = ff_apply_payment_doubtful},
	[FF_OP_FETCH_FILES] = {.load = ff_load_files,
						   .ok = ff_apply_files,
						   .page = ff_apply_files_page},
	[FF_OP_SEND_MESSAGE] = {.load = ff_load_messages,
							.work = "message",
							.ok = ff_apply_message_sent,
							.refused = ff_apply_message_refused,
							.unknown = ff_apply_message_unknown,
							.page = ff_apply_message_later,
							.given_up = ff_apply_message_given_up},
	[FF_OP_TEST_CONNECTION] = {.load = ff_load_payloads,
							   .ok = ff_apply_test_passed,
							   .refused = ff_apply_test_failed,
							   .nothing = ff_apply_test_failed},
};

/* An operation whose call is what its task was given, and whose answer only calls keeps. */
static const FfVerb plain = {.load = ff_load_payloads};

const FfVerb *
ff_verb_of(FfOperation operation)
{
	const FfVerb *verb = operation < FF_OPERATION_COUNT ? &verbs[operation] : &plain;

	return verb->load != NULL ? verb : &plain;
}

bool
ff_verb_writes(FfOperation operation)
{
	const FfVerb *verb = ff_verb_of(operation);

	return verb->ok != NULL || verb->ok_together != NULL;
}
