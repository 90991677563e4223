/*
 * ongoing_wms_event.c
 *
 * Webhooks of the warehouse.  An order's tells its status and its parcels,
 * but no lines; those of stock and articles tell that something changed, but
 * not everything about it.  So what they lack is asked to be read again.
 * Events of another goods owner are refused: the secret may be shared.
 */
#include "postgres.h"

#include "connectors/ongoing_wms.h"
#include "connectors/unknown.h"

/* Asks the engine to read again what the webhook only hints at. */
static void
write_reread(FfJsonWriter *writer, const char *operation, const char *key, const char *value)
{
	ff_write_object(writer, "reread");
	ff_write_text(writer, "operation", operation);
	ff_write_array(writer, key);
	ff_write_text(writer, NULL, value);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Order webhooks have no lines, so quantities are read from the order itself. */
static void
receive_order(const FfCall *call, const FfJson *event, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const char *number = ff_json_text_or(event, "orderNumber", NULL);
	FfOngoingStatus status = ff_ongoing_status(call, ff_json_get(event, "orderStatus.number"));

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "reference", number);
	ff_write_text(writer, "provider_reference", ff_json_text(event, "orderId"));
	ff_write_text(writer, "state", status.state);
	ff_write_unknown(writer, status.unknown, ff_json_text(event, "orderStatus.text"));
	ff_ongoing_partial(writer, &status);
	ff_ongoing_packages(writer, event);
	ff_write_end(writer);
	ff_ongoing_tracking(writer, event, &status);
	if (number != NULL)
		write_reread(writer, "get_shipment", "references", number);
}

void
ff_ongoing_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome)
{
	FfJson *event = ff_outcome_json(webhook, outcome);
	const char *sku = ff_json_text_or(
		event, "article.articleNumber", ff_json_text_or(event, "articleNumber", NULL));
	int64 ours;
	int64 theirs;

	if (!ff_json_is_object(event))
	{
		ff_outcome_set(
			outcome, FF_RESULT_REFUSED, "unreadable_event", "The body is not an event.", NULL);
		return;
	}
	if (ff_json_int64(call->config, "goods_owner_id", &ours) &&
		(ff_json_int64(event, "goodsOwnerId", &theirs) ||
		 ff_json_int64(event, "goodsOwner.id", &theirs)) &&
		ours != theirs)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "other_goods_owner",
					   "The event is about another goods owner.",
					   "config.goods_owner_id");
	else if (ff_json_number(event, "orderId") != NULL &&
			 !ff_json_is_null(ff_json_get(event, "orderStatus")))
		receive_order(call, event, outcome);
	else if (sku != NULL)
		write_reread(&outcome->body, "get_inventory", "skus", sku);
	else
		ff_outcome_set(
			outcome, FF_RESULT_OK, "ignored_event", "Events of this kind are not used.", NULL);
}
