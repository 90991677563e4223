/*
 * ebay_update.c
 *
 * The end of an order: cancelled by the seller, or because the buyer asked for
 * it, which eBay also pays back.  The order is looked at first, since it may be
 * cancelled already, or wait for our answer to the buyer's wish.
 *
 * eBay knows neither holds nor releases; the look is all that they come to.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/carrier.h"
#include "connectors/ebay.h"

/* What a note is about, and the reason eBay has for it; the first word found decides. */
static const struct
{
	const char *word;
	const char *reason;
} reasons[] = {
	{"address", "ADDRESS_ISSUES"},
	{"ship_to", "ADDRESS_ISSUES"},
	{"customer", "BUYER_ASKED_CANCEL"},
	{"buyer", "BUYER_ASKED_CANCEL"},
	{"changed my mind", "BUYER_ASKED_CANCEL"},
};

static const char *
reason_of(const FfCall *call)
{
	const char *note = ff_json_text_or(call->document, "order.note", "");
	char *text = asc_tolower(note, strlen(note));

	for (int i = 0; i < (int) lengthof(reasons); i++)
		if (strstr(text, reasons[i].word) != NULL)
			return reasons[i].reason;
	return "OUT_OF_STOCK_OR_CANNOT_FULFILL";
}

static bool
cancels(const FfCall *call)
{
	return strcmp(ff_json_text_or(call->document, "order.state", ""), "cancelled") == 0;
}

void
ff_ebay_update_request(const FfCall *call, FfMessage *message)
{
	const char *wish = ff_json_text_or(call->state, "approve", NULL);
	const char *order = ff_json_text_or(call->state, "cancel", NULL);
	FfJsonWriter writer;

	if (wish == NULL && order == NULL)
	{
		ff_ebay_begin_order(call, message, "GET", "");
		return;
	}
	ff_ebay_begin(call, message, "POST", EBAY_CANCELLATIONS);
	ff_ebay_authorize_old(message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	if (wish != NULL)
	{
		ff_message_path(message, "/");
		ff_message_segment(message, wish);
		ff_message_path(message, "/approve");
	}
	else
	{
		ff_write_text(&writer, "legacyOrderId", order);
		ff_write_text(&writer, "cancelReason", reason_of(call));
	}
	ff_message_json(message, &writer);
}

/* The buyer's wish that waits for an answer; NULL when there is none. */
static const char *
open_wish(const FfJson *order)
{
	const FfJson *wishes = ff_json_get(order, "cancelStatus.cancelRequests");

	for (int i = 0; i < ff_json_count(wishes); i++)
	{
		const FfJson *wish = ff_json_at(wishes, i);

		if (pg_strcasecmp(ff_json_text_or(wish, "cancelRequestState", ""), "REQUESTED") == 0 &&
			pg_strcasecmp(ff_json_text_or(wish, "cancelInitiator", "BUYER"), "SELLER") != 0)
			return ff_json_text_or(wish, "cancelRequestId", NULL);
	}
	return NULL;
}

static void
read_order(const FfCall *call, const FfJson *order, FfOutcome *outcome)
{
	const char *state = ff_json_text_or(order, "cancelStatus.cancelState", "NONE_REQUESTED");
	const char *wish = open_wish(order);
	FfJsonWriter next;

	/* what is cancelled, or about to be, stays so */
	if (wish == NULL && pg_strcasecmp(state, "NONE_REQUESTED") != 0)
		return;
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	if (wish != NULL)
		ff_write_text(&next, "approve", wish);
	else
		ff_write_text(&next,
					  "cancel",
					  ff_json_text_or(order, "legacyOrderId", ff_json_text(order, "orderId")));
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

void
ff_ebay_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_ebay_read(call, reply, outcome);

	if (json == NULL)
	{
		/* what was asked for may have happened: begin again with the look */
		if (outcome->result == FF_RESULT_RETRY)
			outcome->next = "{}";
	}
	else if (call->state != NULL && (ff_json_text(call->state, "approve") != NULL ||
									 ff_json_text(call->state, "cancel") != NULL))
		return;
	else if (!cancels(call))
		ff_write_text(
			&outcome->body, "warning", "eBay knows no holds: the order stays there as it is.");
	else if (ff_json_text(json, "orderId") == NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "eBay answered without the order.");
	else
		read_order(call, json, outcome);
}
