/*
 * ebay_stock.c
 *
 * Pushes absolute levels, 25 rows a call, each with its own answer.  A row
 * whose listing gives an offer sets the quantity of that offer, too.
 */
#include "postgres.h"

#include "connectors/carrier.h"
#include "connectors/channel.h"
#include "connectors/ebay.h"

#define BATCH 25

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

/* The offer of a row: what the listing calls product or variation; NULL when it has none. */
static const char *
offer_of(const FfJson *row)
{
	return ff_json_text_or(row, "variation_id", ff_json_text_or(row, "product_id", NULL));
}

static int
sent(const FfCall *call)
{
	return (int) Max(0, Min(ff_json_int64_or(call->state, "sent", 0), row_count(call)));
}

/* Behind the last row of the batch that begins at a position. */
static int
batch_end(const FfCall *call, int from)
{
	int taken = 0;
	int end = from;

	while (end < row_count(call) && taken < BATCH)
		taken += is_usable(row_at(call, end++)) ? 1 : 0;
	return end;
}

static bool
any_usable(const FfCall *call, int from)
{
	for (int i = from; i < row_count(call); i++)
		if (is_usable(row_at(call, i)))
			return true;
	return false;
}

void
ff_ebay_stock_request(const FfCall *call, FfMessage *message)
{
	int from = sent(call);
	FfJsonWriter writer;

	if (!any_usable(call, from))
		ff_connector_fail(
			EBAY_NAME, "inventory", "Give rows with a sku and a whole number as quantity.");
	ff_ebay_begin(call, message, "POST", "/sell/inventory/v1/bulk_update_price_quantity");
	ff_message_header(message, "Content-Language", ff_carrier_setting(call, "content_language"));
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_array(&writer, "requests");
	for (int i = from; i < batch_end(call, from); i++)
	{
		const FfJson *row = row_at(call, i);

		if (!is_usable(row))
			continue;
		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "sku", ff_json_text(row, "sku"));
		ff_write_object(&writer, "shipToLocationAvailability");
		ff_write_number(&writer, "quantity", ff_channel_level(row));
		ff_write_end(&writer);
		if (offer_of(row) != NULL)
		{
			ff_write_array(&writer, "offers");
			ff_write_object(&writer, NULL);
			ff_write_text(&writer, "offerId", offer_of(row));
			ff_write_number(&writer, "availableQuantity", ff_channel_level(row));
			ff_write_end(&writer);
			ff_write_end(&writer);
		}
		ff_write_end(&writer);
	}
	ff_message_json(message, &writer);
}

/* Why a row was refused; NULL when it was taken.  A SKU and its offer are answered apart. */
static const char *
row_error(const FfJson *row, const FfJson *responses, bool *answered)
{
	const char *offer = offer_of(row);
	const char *found = NULL;

	*answered = false;
	for (int i = 0; i < ff_json_count(responses); i++)
	{
		const FfJson *response = ff_json_at(responses, i);
		const FfJson *error = ff_json_at(ff_json_get(response, "errors"), 0);
		const char *sku = ff_json_text_or(response, "sku", NULL);
		int64 status = ff_json_int64_or(response, "statusCode", 200);
		bool about = sku != NULL ? strcmp(sku, ff_json_text(row, "sku")) == 0
								 : offer != NULL &&
									   strcmp(ff_json_text_or(response, "offerId", ""), offer) == 0;

		if (!about)
			continue;
		*answered = true;
		if (found == NULL && (status < 200 || status > 299 || !ff_json_is_null(error)))
			found = ff_plain_text(
				ff_json_text_or(error,
								"longMessage",
								ff_json_text_or(error,
												"message",
												psprintf("HTTP status " INT64_FORMAT, status))),
				200);
	}
	return *answered ? found : "eBay did not answer for this SKU.";
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

void
ff_ebay_stock_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_ebay_read(call, reply, outcome);
	FfJson *responses = ff_json_get(json, "responses");
	int from = sent(call);
	int end = batch_end(call, from);

	/* when every row failed the answer may be an error with the rows in it */
	if (json == NULL && outcome->result == FF_RESULT_REFUSED)
		responses = ff_json_get(ff_json_parse(reply->body, reply->length, NULL), "responses");
	if (json == NULL && responses == NULL)
	{
		if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
			outcome->next = ff_json_dump(call->state);
		return;
	}
	if (!ff_json_is_array(responses))
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "eBay answered without responses.");
		if (call->state != NULL)
			outcome->next = ff_json_dump(call->state);
		return;
	}
	ff_outcome_ok(outcome);
	ff_write_array(&outcome->body, "inventory");
	for (int i = from; i < end; i++)
	{
		const FfJson *row = row_at(call, i);
		bool answered;

		if (is_usable(row))
			write_result(outcome, row, row_error(row, responses, &answered));
		else
			write_result(outcome,
						 row,
						 ff_channel_level(row) == NULL ? "The quantity is no whole number."
													   : "The row has no SKU.");
	}
	ff_write_end(&outcome->body);
	if (any_usable(call, end))
		ff_outcome_continue(outcome, psprintf("{\"sent\":%d}", end));
}
