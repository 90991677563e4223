/*
 * ongoing_wms_change.c
 *
 * Changing an order that is there: single late changes and the status that
 * stops it are patched by the order's id, cancelling deletes it.  What needs
 * the id while the call does not tell it asks for the order first and goes on
 * with the id.
 *
 * The API has no hold.  Where the warehouse has agreed on a status to stop
 * by, setting hold_status names it; elsewhere a hold is refused, and the
 * order can only be cancelled.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/ongoing_wms.h"

/* Changes that the API takes alone, and therefore late; body members of the same name. */
static const char *
late_change(const FfCall *call)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} changes[] = {{"ship_on", "deliveryDate"}, {"service_point", "servicePointCode"}};
	const FfJson *wanted = ff_json_get(ff_ongoing_shipment(call), "changes");
	const char *found = NULL;
	void *state = NULL;
	char *key;
	FfJson *value;
	int count = 0;

	while (ff_json_each(wanted, &state, &key, &value))
	{
		count++;
		for (int i = 0; i < (int) lengthof(changes); i++)
			if (strcmp(key, changes[i].ours) == 0)
				found = changes[i].theirs;
	}
	return count == 1 ? found : NULL;
}

static void
begin_patch(const FfCall *call, FfMessage *message, const char *property)
{
	ff_ongoing_begin(call, message, "PATCH", "/orders/");
	ff_message_segment(message, ff_ongoing_order_id(call));
	ff_message_path(message, "/");
	ff_message_path(message, property);
}

void
ff_ongoing_update_request(const FfCall *call, FfMessage *message)
{
	const char *property = late_change(call);
	FfJsonWriter writer;

	if (property == NULL)
	{
		ff_ongoing_create_request(call, message);
		return;
	}
	if (ff_ongoing_order_id(call) == NULL)
	{
		ff_ongoing_look_up(call, message);
		return;
	}
	begin_patch(call, message, property);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer,
				  property,
				  strcmp(property, "deliveryDate") == 0 ? ff_ongoing_delivery_date(call)
														: ff_ongoing_service_point(call));
	ff_message_json(message, &writer);
}

/* After a look-up that only served to learn the id: goes on with it. */
static bool
continue_with_id(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *order;

	if (ff_ongoing_order_id(call) != NULL)
		return false;
	order = ff_ongoing_found(call, reply, outcome);
	if (order != NULL)
	{
		outcome->result = FF_RESULT_CONTINUE;
		outcome->next = psprintf("{\"order_id\": %s}", ff_json_number(order, "orderInfo.orderId"));
	}
	return true;
}

/* A patch answers the id again, or nothing at all. */
static void
read_patch(const FfCall *call, const FfReply *reply, FfOutcome *outcome, const char *state)
{
	char *id = ff_ongoing_order_id(call);

	if (reply->status != 204)
	{
		FfJson *json;

		if (!ff_ongoing_reply(call, reply, outcome, &json))
			return;
	}
	ff_ongoing_state(outcome, id, state);
}

void
ff_ongoing_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (late_change(call) == NULL)
		ff_ongoing_create_outcome(call, reply, outcome);
	else if (!continue_with_id(call, reply, outcome))
		read_patch(call, reply, outcome, NULL);
}

void
ff_ongoing_hold_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;
	int64 status;

	if (!ff_json_int64(call->config, "hold_status", &status))
		ff_connector_fail(ONGOING,
						  "config.hold_status",
						  "Set it to the order status the warehouse stops by; without one an "
						  "order can only be cancelled.");
	if (ff_ongoing_order_id(call) == NULL)
	{
		ff_ongoing_look_up(call, message);
		return;
	}
	begin_patch(call, message, "orderStatus");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_int(&writer, "orderStatusNumber", status);
	ff_message_json(message, &writer);
}

void
ff_ongoing_hold_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (!continue_with_id(call, reply, outcome))
		read_patch(call, reply, outcome, "on_hold");
}

void
ff_ongoing_cancel_request(const FfCall *call, FfMessage *message)
{
	char *id = ff_ongoing_order_id(call);

	ff_ongoing_begin(call, message, "DELETE", "/orders");
	if (id != NULL)
	{
		ff_message_path(message, "/");
		ff_message_segment(message, id);
		return;
	}
	ff_ongoing_owner_query(call, message);
	ff_message_query(message, "orderNumber", ff_ongoing_order_number(call));
}

/* An earlier cancellation whose answer was lost is refused the second time, and yet is one. */
static bool
says_cancelled(const char *message)
{
	char *lower = message ? asc_tolower(message, strlen(message)) : pstrdup("");

	return strstr(lower, "already") != NULL && strstr(lower, "cancel") != NULL;
}

void
ff_ongoing_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = NULL;
	char *id = ff_ongoing_order_id(call);

	if (reply->status != 204 && !ff_ongoing_reply(call, reply, outcome, &json))
	{
		if (outcome->result != FF_RESULT_REFUSED || !says_cancelled(outcome->message))
			return;
		outcome->result = FF_RESULT_OK;
		outcome->code = outcome->message = outcome->field = NULL;
	}
	ff_ongoing_state(outcome, id ? id : ff_json_number(json, "orderId"), "cancelled");
}
