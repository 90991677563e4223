/*
 * amazon_orders_stock.c
 *
 * Pushes absolute quantities, one listing a call.  Amazon takes them first
 * and applies them later; what is wrong with a listing it says at once.
 */
#include "postgres.h"

#include "connectors/amazon_orders.h"
#include "connectors/carrier.h"
#include "connectors/channel.h"

static const FfJson *
row_at(const FfCall *call, int position)
{
	return ff_json_at(ff_json_get(call->document, "inventory"), position);
}

static int
row_count(const FfCall *call)
{
	return ff_json_count(ff_json_get(call->document, "inventory"));
}

static bool
is_usable(const FfJson *row)
{
	return ff_json_text_or(row, "sku", NULL) != NULL && ff_channel_level(row) != NULL;
}

/* The first row at a position or behind it that can be sent; the count when there is none. */
static int
usable_from(const FfCall *call, int position)
{
	while (position < row_count(call) && !is_usable(row_at(call, position)))
		position++;
	return position;
}

static int
due(const FfCall *call)
{
	int64 row = ff_json_int64_or(call->state, "row", 0);

	return usable_from(call, (int) Max(0, Min(row, row_count(call))));
}

void
ff_amazon_orders_stock_request(const FfCall *call, FfMessage *message)
{
	const char *seller =
		ff_carrier_need_setting(call, "seller_id", "Set seller_id to the seller's id.");
	int64 days = ff_json_int64_or(call->config, "lead_time_days", -1);
	int position = due(call);
	FfJsonWriter writer;

	if (position >= row_count(call))
		ff_connector_fail(
			"amazon_orders", "inventory", "Give rows with a sku and a whole number as quantity.");
	ff_amazon_begin(call, message, "PATCH", "/listings/2021-08-01/items/");
	ff_message_segment(message, seller);
	ff_message_path(message, "/");
	ff_message_segment(message, ff_json_text(row_at(call, position), "sku"));
	ff_message_query(message, "marketplaceIds", ff_amazon_marketplace(call));
	ff_message_query(message, "issueLocale", "en_US");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "productType", "PRODUCT");
	ff_write_array(&writer, "patches");
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "op", "replace");
	ff_write_text(&writer, "path", "/attributes/fulfillment_availability");
	ff_write_array(&writer, "value");
	ff_write_object(&writer, NULL);
	ff_write_text(
		&writer, "fulfillment_channel_code", ff_carrier_setting(call, "fulfillment_channel"));
	ff_write_number(&writer, "quantity", ff_channel_level(row_at(call, position)));
	if (days >= 0)
		ff_write_int(&writer, "lead_time_to_ship_max_days", days);
	ff_message_json(message, &writer);
}

static void
write_result(FfOutcome *outcome, const FfJson *row, const char *error)
{
	ff_write_object(&outcome->body, NULL);
	ff_write_text(&outcome->body, "sku", ff_json_text_or(row, "sku", NULL));
	ff_write_text(&outcome->body, "product_id", ff_json_text_or(row, "product_id", NULL));
	ff_write_text(&outcome->body, "variation_id", ff_json_text_or(row, "variation_id", NULL));
	ff_write_bool(&outcome->body, "accepted", error == NULL);
	ff_write_text(&outcome->body, "error", error);
	if (error == NULL)
		ff_write_number(&outcome->body, "quantity", ff_channel_level(row));
	ff_write_end(&outcome->body);
}

/* Why Amazon does not take it; NULL when it does.  Warnings are no reason. */
static const char *
listing_error(const FfJson *json)
{
	const FfJson *issues = ff_json_get(json, "issues");
	const char *status = ff_json_text_or(json, "status", "");

	if (pg_strcasecmp(status, "INVALID") != 0)
		return NULL;
	for (int i = 0; i < ff_json_count(issues); i++)
	{
		const FfJson *issue = ff_json_at(issues, i);

		if (pg_strcasecmp(ff_json_text_or(issue, "severity", "ERROR"), "ERROR") == 0)
			return ff_plain_text(
				ff_json_text_or(issue, "message", ff_json_text_or(issue, "code", "invalid")), 200);
	}
	return "Amazon calls the listing invalid.";
}

/* Errors that are about one listing and not about the request. */
static bool
is_about_row(const FfReply *reply, const FfOutcome *outcome)
{
	return outcome->result == FF_RESULT_REFUSED &&
		   (reply->status == 400 || reply->status == 404 || reply->status == 422);
}

void
ff_amazon_orders_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int position = due(call);
	const char *error = NULL;
	FfJson *json;
	int next;

	if (ff_amazon_orders_reply(call, reply, outcome, &json))
		error = listing_error(json);
	else if (is_about_row(reply, outcome))
		error = ff_plain_text(outcome->message, 200);
	else
	{
		if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
			outcome->next = ff_json_dump(call->state);
		return;
	}
	ff_outcome_ok(outcome);
	next = usable_from(call, position + 1);
	ff_write_array(&outcome->body, "inventory");
	/* rows that cannot be sent are answered with the first one that can */
	for (int i = 0; i < row_count(call) && call->state == NULL; i++)
		if (!is_usable(row_at(call, i)))
			write_result(outcome,
						 row_at(call, i),
						 ff_channel_level(row_at(call, i)) == NULL
							 ? "The quantity is no whole number."
							 : "The row has no SKU.");
	write_result(outcome, row_at(call, position), error);
	ff_write_end(&outcome->body);
	if (next < row_count(call))
		ff_outcome_continue(outcome, psprintf("{\"row\":%d}", next));
}
