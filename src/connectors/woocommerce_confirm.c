/*
 * woocommerce_confirm.c
 *
 * Confirms a shipment to the shop step by step: lists what the order has,
 * sends what is missing there, completes the order when nothing is missing.
 *
 * None of the ways of woocommerce_ways.c has an idempotency key, so after any
 * doubt the operation begins again with the list.
 */
#include "postgres.h"

#include "connectors/woocommerce.h"

void
ff_woo_confirm_request(const FfCall *call, FfMessage *message)
{
	const FfWooWay *way = ff_woo_way(call);
	const char *step = ff_woo_step(call);

	if (way == NULL)
		ff_connector_fail(WOO_NAME,
						  "config.confirm_with",
						  "Choose fulfillments, shipment_tracking, advanced_shipment_tracking or "
						  "note.");
	if (strcmp(step, "send") == 0)
		way->write(
			call, message, (int) ff_json_int64_or(ff_json_get(call->state, "missing"), "0", 0));
	else if (strcmp(step, "complete") == 0)
	{
		FfJsonWriter writer;

		ff_woo_begin_order(call, message, "PUT", "wc/v3", "");
		ff_write_init(&writer);
		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "status", "completed");
		ff_message_json(message, &writer);
	}
	else
		ff_woo_begin_order(call, message, "GET", way->space, way->path);
}

/* The next thing to send, else the completion of the order, else nothing more. */
static void
go_on(const FfCall *call, FfOutcome *outcome, FfJsonWriter *missing, int count)
{
	if (count > 0)
	{
		outcome->result = FF_RESULT_CONTINUE;
		outcome->next = psprintf("{\"step\":\"send\",\"missing\":%s}", ff_write_finish(missing));
	}
	else if (ff_json_bool(call->document, "order.complete", false) &&
			 ff_json_bool(call->config, "complete_orders", true))
		ff_woo_continue(outcome, "complete");
}

/* A list that cannot be had is no hindrance: then everything counts as missing. */
static bool
list_failed_for_good(const FfOutcome *outcome)
{
	return outcome->result == FF_RESULT_REFUSED;
}

void
ff_woo_confirm_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfWooWay *way = ff_woo_way(call);
	const char *step = ff_woo_step(call);
	FfJson *json = ff_woo_read(call, reply, outcome);
	FfJsonWriter missing;
	int count = 0;

	ff_write_init(&missing);
	ff_write_array(&missing, NULL);
	if (json == NULL && (strcmp(step, "first") != 0 || !list_failed_for_good(outcome)))
	{
		/* what was sent may have arrived: begin again with the list */
		if (outcome->result == FF_RESULT_RETRY && strcmp(step, "complete") != 0)
			outcome->next = "{\"step\":\"first\"}";
		else if (outcome->result == FF_RESULT_RETRY)
			outcome->next = "{\"step\":\"complete\"}";
		if (outcome->code != NULL && strcmp(outcome->code, "rest_no_route") == 0)
			outcome->message = psprintf("The shop lacks the API that \"%s\" needs: choose another "
										"confirm_with.",
										way != NULL ? way->name : "");
		return;
	}
	if (strcmp(step, "first") == 0)
	{
		ff_outcome_init(outcome);
		for (int i = 0; way != NULL && i < way->count(call); i++)
		{
			if (way->is_known(call, json, i))
				continue;
			ff_write_int(&missing, NULL, i);
			count++;
		}
	}
	else if (strcmp(step, "send") == 0)
	{
		FfJson *before = ff_json_get(call->state, "missing");

		for (int i = 1; i < ff_json_count(before); i++, count++)
			ff_write_json(&missing, NULL, ff_json_at(before, i));
	}
	if (strcmp(step, "complete") != 0)
		go_on(call, outcome, &missing, count);
}
