/*
 * ebay_event.c
 *
 * Notifications of eBay.  They tell which order something happened to and not
 * what; so orders are fetched.  The news that an account was deleted asks for
 * no answer but that it was heard.
 */
#include "postgres.h"

#include "connectors/ebay.h"

void
ff_ebay_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome)
{
	FfJson *event = ff_outcome_json(webhook, outcome);
	const char *topic = ff_json_text_or(event, "metadata.topic", NULL);
	const char *order = ff_json_text_or(
		event, "notification.data.orderId", ff_json_text(event, "notification.data.order.orderId"));

	if (!ff_json_is_object(event) || topic == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "unreadable_event",
					   "The body is not a notification.",
					   NULL);
	else if (order == NULL && strncmp(topic, "ORDER_", 6) != 0)
		ff_write_text(&outcome->body, "ignored", topic);
	else
	{
		ff_write_object(&outcome->body, "reread");
		ff_write_text(&outcome->body, "operation", "fetch_orders");
		ff_write_array(&outcome->body, "references");
		if (order != NULL)
			ff_write_text(&outcome->body, NULL, order);
		ff_write_end(&outcome->body);
		ff_write_end(&outcome->body);
	}
}
