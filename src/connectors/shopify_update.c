/*
 * shopify_update.c
 *
 * The state of an order.  Held and released are its fulfillment orders, each
 * by itself, and only with a hold of ours: what the merchant or another app
 * holds is theirs to release.  The handle of a hold makes it the same hold
 * when it is placed again.
 *
 * Every request follows a look, so a repetition does nothing twice.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/carrier.h"
#include "connectors/shopify.h"

#define NOTE_LONGEST   255
#define HANDLE_LONGEST 60
#define TAG_LONGEST    40

static const char look_query[] =
	"query OrderState($id:ID!){"
	"order(id:$id){id name cancelledAt closedAt " SHOPIFY_FULFILLMENT_ORDERS "}}";
static const char hold_query[] =
	"mutation Hold($id:ID!,$h:FulfillmentOrderHoldInput!){"
	"fulfillmentOrderHold(id:$id,fulfillmentHold:$h){fulfillmentHold{id} "
	"fulfillmentOrder{id status} remainingFulfillmentOrder{id} userErrors{code field message}}}";
static const char release_query[] =
	"mutation Release($id:ID!,$holds:[ID!]){fulfillmentOrderReleaseHold(id:$id,holdIds:$holds){"
	"fulfillmentOrder{id status} userErrors{code field message}}}";
static const char cancel_query[] =
	"mutation Cancel($id:ID!,$reason:OrderCancelReason!,$restock:Boolean!,$notify:Boolean,"
	"$refund:OrderCancelRefundMethodInput,$note:String){orderCancel(orderId:$id,reason:$reason,"
	"restock:$restock,notifyCustomer:$notify,refundMethod:$refund,staffNote:$note){job{id done} "
	"orderCancelUserErrors{code field message}}}";
static const char close_query[] = "mutation Close($input:OrderCloseInput!){orderClose(input:$input)"
								  "{order{id closed} userErrors{field message}}}";
static const char tag_query[] =
	"mutation Tag($id:ID!,$tags:[String!]!){tagsAdd(id:$id,tags:$tags){userErrors{field message}}}";

/* What a note is about, and the reasons Shopify has for it; the first word found decides. */
static const struct
{
	const char *word;
	const char *hold;
	const char *cancel;
} reasons[] = {
	{"fraud", "HIGH_RISK_OF_FRAUD", "FRAUD"},
	{"risk", "HIGH_RISK_OF_FRAUD", "FRAUD"},
	{"declined", "AWAITING_PAYMENT", "DECLINED"},
	{"payment", "AWAITING_PAYMENT", "DECLINED"},
	{"address", "INCORRECT_ADDRESS", "OTHER"},
	{"ship_to", "INCORRECT_ADDRESS", "OTHER"},
	{"stock", "INVENTORY_OUT_OF_STOCK", "INVENTORY"},
	{"inventory", "INVENTORY_OUT_OF_STOCK", "INVENTORY"},
	{"return", "AWAITING_RETURN_ITEMS", "OTHER"},
	{"customer", "OTHER", "CUSTOMER"},
	{"buyer", "OTHER", "CUSTOMER"},
};

static const char *
reason_of(const FfCall *call, bool cancel)
{
	const char *note = ff_json_text_or(call->document, "order.note", "");
	char *text = asc_tolower(note, strlen(note));

	for (int i = 0; i < (int) lengthof(reasons); i++)
		if (strstr(text, reasons[i].word) != NULL)
			return cancel ? reasons[i].cancel : reasons[i].hold;
	return "OTHER";
}

static const char *
state_of(const FfCall *call)
{
	return ff_json_text_or(call->document, "order.state", "");
}

static bool
state_is(const FfCall *call, const char *state)
{
	return strcmp(state_of(call), state) == 0;
}

/* "ffl-1001": letters and digits of the order's number. */
static char *
handle_of(const FfCall *call)
{
	const char *number = ff_json_text_or(call->document, "order.number", "");

	return psprintf(
		"%s%.*s", SHOPIFY_HANDLE, HANDLE_LONGEST, ff_carrier_squeeze(number, strlen(number), ""));
}

static const FfJson *
due(const FfCall *call)
{
	return ff_shopify_step_is(call, "act") ? ff_json_at(ff_json_get(call->state, "todo"), 0) : NULL;
}

static void
write_hold(FfJsonWriter *writer, const FfCall *call)
{
	ff_write_object(writer, "h");
	ff_write_text(writer, "reason", reason_of(call, false));
	ff_write_text_max(
		writer, "reasonNotes", ff_json_text_or(call->document, "order.note", NULL), NOTE_LONGEST);
	ff_write_text(writer, "handle", handle_of(call));
	ff_write_bool(writer, "notifyMerchant", false);
	ff_write_end(writer);
}

static void
write_cancel(FfJsonWriter *writer, const FfCall *call)
{
	ff_write_text(writer, "reason", reason_of(call, true));
	ff_write_bool(writer, "restock", ff_json_bool(call->config, "cancel_restock", true));
	ff_write_bool(writer, "notify", ff_json_bool(call->config, "notify_customer", true));
	if (ff_json_bool(call->config, "cancel_refund", true))
	{
		ff_write_object(writer, "refund");
		ff_write_bool(writer, "originalPaymentMethodsRefund", true);
		ff_write_end(writer);
	}
	ff_write_text_max(
		writer, "note", ff_json_text_or(call->document, "order.note", NULL), NOTE_LONGEST);
}

static void
act(const FfCall *call, FfMessage *message, const FfJson *action)
{
	FfJsonWriter writer;

	if (state_is(call, "on_hold"))
	{
		ff_shopify_begin(call, message, &writer, hold_query);
		ff_write_text(&writer, "id", ff_json_text(action, "id"));
		write_hold(&writer, call);
	}
	else if (state_is(call, "released"))
	{
		ff_shopify_begin(call, message, &writer, release_query);
		ff_write_text(&writer, "id", ff_json_text(action, "id"));
		ff_write_json(&writer, "holds", ff_json_get(action, "holds"));
	}
	else if (state_is(call, "cancelled"))
	{
		ff_shopify_begin(call, message, &writer, cancel_query);
		ff_write_text(&writer, "id", ff_shopify_order_gid(call));
		write_cancel(&writer, call);
	}
	else
	{
		ff_shopify_begin(call, message, &writer, close_query);
		ff_write_object(&writer, "input");
		ff_write_text(&writer, "id", ff_shopify_order_gid(call));
	}
	ff_message_json(message, &writer);
}

static void
request_tag(const FfCall *call, FfMessage *message)
{
	char *note = ff_connector_need(SHOPIFY_NAME, call, "order.note", "Give a state or a note.");
	FfJsonWriter writer;

	ff_shopify_begin(call, message, &writer, tag_query);
	ff_write_text(&writer, "id", ff_shopify_order_gid(call));
	ff_write_array(&writer, "tags");
	ff_write_text_max(&writer, NULL, note, TAG_LONGEST);
	ff_message_json(message, &writer);
}

void
ff_shopify_update_request(const FfCall *call, FfMessage *message)
{
	static const char *const states[] = {"on_hold", "released", "cancelled", "completed"};
	FfJsonWriter writer;
	bool known = false;

	for (int i = 0; i < (int) lengthof(states); i++)
		known |= state_is(call, states[i]);
	if (*state_of(call) == '\0')
		request_tag(call, message);
	else if (!known)
		ff_connector_fail(
			SHOPIFY_NAME, "order.state", "Give on_hold, released, cancelled or completed.");
	else if (due(call) != NULL)
		act(call, message, due(call));
	else if (ff_shopify_step_is(call, "piece"))
		ff_shopify_piece_request(call, message, ff_json_get(call->state, "order"));
	else
	{
		ff_shopify_begin(call, message, &writer, look_query);
		ff_write_text(&writer, "id", ff_shopify_order_gid(call));
		ff_message_json(message, &writer);
	}
}

/* The holds of ours, as the list of a release; answers how many. */
static int
write_our_holds(FfJsonWriter *writer, const FfJson *part)
{
	const FfJson *holds = ff_json_get(part, "fulfillmentHolds");
	int count = 0;

	ff_write_array(writer, "holds");
	for (int i = 0; i < ff_shopify_count(holds); i++)
		if (ff_shopify_is_our_hold(ff_shopify_at(holds, i)))
		{
			ff_write_text(writer, NULL, ff_json_text(ff_shopify_at(holds, i), "id"));
			count++;
		}
	ff_write_end(writer);
	return count;
}

/* What is to be done, one action after another; answers how many. */
static int
write_todo(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	const FfJson *list = ff_json_get(order, "fulfillmentOrders");
	bool whole = state_is(call, "cancelled") || state_is(call, "completed");
	const char *done = state_is(call, "cancelled") ? "cancelledAt" : "closedAt";
	int count = 0;

	ff_write_array(writer, "todo");
	if (whole && ff_json_text_or(order, done, NULL) == NULL)
	{
		ff_write_object(writer, NULL);
		ff_write_end(writer);
		count++;
	}
	for (int i = 0; i < ff_shopify_count(list) && !whole; i++)
	{
		const FfJson *part = ff_shopify_at(list, i);
		FfJsonWriter holds;
		int ours;
		char *text;

		ff_write_init(&holds);
		ff_write_object(&holds, NULL);
		ff_write_text(&holds, "id", ff_json_text(part, "id"));
		ours = write_our_holds(&holds, part);
		text = ff_write_finish(&holds);
		if (ff_shopify_part(part) == FF_SHOPIFY_GONE || (ours > 0) == state_is(call, "on_hold"))
			continue;
		ff_write_raw(writer, NULL, text);
		count++;
	}
	ff_write_end(writer);
	return count;
}

static void
read_order(const FfCall *call, const FfJson *order, FfOutcome *outcome)
{
	FfJsonWriter next;

	if (!ff_json_is_object(order))
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "order_not_found",
					   "The shop has no such order.",
					   "order.channel_order_id");
		return;
	}
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	if (ff_shopify_is_partial(order))
	{
		ff_write_text(&next, "step", "piece");
		ff_write_json(&next, "order", order);
		ff_outcome_continue(outcome, ff_write_finish(&next));
		return;
	}
	ff_write_text(&next, "step", "act");
	if (write_todo(&next, call, order) > 0)
		ff_outcome_continue(outcome, ff_write_finish(&next));
}

/* The hold is there already: the handle says that it is the same one. */
static bool
is_held_already(const FfOutcome *outcome)
{
	return outcome->code != NULL &&
		   (strcmp(outcome->code, "DUPLICATE_FULFILLMENT_HOLD_HANDLE") == 0 ||
			strcmp(outcome->code, "TAKEN") == 0);
}

static void
read_action(const FfCall *call, const FfJson *payload, FfOutcome *outcome)
{
	const FfJson *todo = ff_json_get(call->state, "todo");
	FfJsonWriter next;

	if (ff_shopify_user_error(payload, outcome))
	{
		if (!is_held_already(outcome))
			return;
		ff_outcome_ok(outcome);
	}
	if (ff_json_count(todo) <= 1)
		return;
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", "act");
	ff_write_array(&next, "todo");
	for (int i = 1; i < ff_json_count(todo); i++)
		ff_write_json(&next, NULL, ff_json_at(todo, i));
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

void
ff_shopify_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	static const char *const actions[] = {"fulfillmentOrderHold",
										  "fulfillmentOrderReleaseHold",
										  "orderCancel",
										  "orderClose",
										  "tagsAdd"};
	FfJson *data = ff_shopify_read(call, reply, outcome);
	const FfJson *payload = NULL;

	for (int i = 0; i < (int) lengthof(actions) && payload == NULL; i++)
		payload = ff_json_get(data, actions[i]);
	if (payload != NULL && !ff_json_is_null(payload))
		read_action(call, payload, outcome);
	else if (data != NULL && ff_shopify_step_is(call, "piece"))
		read_order(call, ff_shopify_piece_join(ff_json_get(call->state, "order"), data), outcome);
	else if (data != NULL && due(call) == NULL && payload == NULL)
		read_order(call, ff_json_get(data, "order"), outcome);
	else if (data != NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The shop did not say what it did.");
	if (outcome->result == FF_RESULT_RETRY)
		outcome->next = "{\"step\":\"look\"}";
}
