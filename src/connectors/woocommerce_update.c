/*
 * woocommerce_update.c
 *
 * What else the shop is told about an order: its state with the reason in a
 * note, and returns, which WooCommerce knows as refunds.
 *
 * A state may be set again; a note that may have been written is not written
 * again, since nothing depends on it.  A refund carries the number of the
 * return as its reason and is looked up by it before it is made.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/woocommerce.h"

static const struct
{
	const char *state;
	const char *status;
} statuses[] = {
	{"on_hold", "on-hold"},
	{"released", "processing"},
	{"cancelled", "cancelled"},
	{"completed", "completed"},
};

/* Whether this request writes the note, and not the state before it. */
static bool
writes_note(const FfCall *call)
{
	return strcmp(ff_woo_step(call), "note") == 0 ||
		   ff_json_text_or(call->document, "order.state", NULL) == NULL;
}

void
ff_woo_update_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;
	char *state;

	if (writes_note(call))
	{
		ff_woo_note(call,
					message,
					ff_connector_need(WOO_NAME, call, "order.note", "Give a state or a note."),
					false);
		return;
	}
	state = ff_json_text(call->document, "order.state");
	ff_woo_begin_order(call, message, "PUT", "wc/v3", "");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	for (int i = 0; i < (int) lengthof(statuses); i++)
	{
		if (strcmp(statuses[i].state, state) == 0)
		{
			ff_write_text(&writer, "status", statuses[i].status);
			ff_message_json(message, &writer);
			return;
		}
	}
	ff_connector_fail(WOO_NAME, "order.state", "Give on_hold, released, cancelled or completed.");
}

void
ff_woo_update_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_woo_read(call, reply, outcome);
	bool in_doubt = reply->status == 0 || reply->status == 500 || reply->status == 502 ||
					reply->status >= 504 || (reply->status >= 200 && reply->status < 300);

	if (json != NULL)
	{
		if (!writes_note(call) && ff_json_text_or(call->document, "order.note", NULL) != NULL)
			ff_woo_continue(outcome, "note");
	}
	else if (writes_note(call) && outcome->result == FF_RESULT_RETRY)
	{
		if (in_doubt)
		{
			ff_outcome_init(outcome);
			ff_write_text(
				&outcome->body, "warning", "The shop did not say whether it took the note.");
		}
		else if (call->state != NULL)
			outcome->next = ff_json_dump(call->state);
	}
}

static FfJson *
return_of(const FfCall *call)
{
	return ff_json_get(call->document, "return");
}

/* Nothing is refunded: an exchange, or goods that only came back. */
static bool
refunds_nothing(const FfCall *call)
{
	return ff_decimal_compare(ff_json_number(return_of(call), "amount"), NULL) <= 0;
}

static void
write_refund_lines(FfJsonWriter *writer, const FfJson *lines)
{
	ff_write_array(writer, "line_items");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		FfJson *line = ff_json_at(lines, i);
		FfJson *taxes = ff_json_get(line, "taxes");
		char *id = ff_json_number(line, "channel_line_id");

		if (id == NULL)
			continue;
		ff_write_object(writer, NULL);
		ff_write_number(writer, "id", id);
		ff_write_number(writer, "quantity", ff_json_number(line, "quantity"));
		ff_write_number(writer, "refund_total", ff_json_number(line, "amount"));
		if (ff_json_count(taxes) > 0)
		{
			ff_write_array(writer, "refund_tax");
			for (int j = 0; j < ff_json_count(taxes); j++)
			{
				ff_write_object(writer, NULL);
				ff_write_json(writer, "id", ff_json_get(ff_json_at(taxes, j), "id"));
				ff_write_number(
					writer, "refund_total", ff_json_number(ff_json_at(taxes, j), "amount"));
				ff_write_end(writer);
			}
			ff_write_end(writer);
		}
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* "Return RMA-311: 1 × MUG-BLUE" */
static char *
return_note(const FfCall *call)
{
	FfJson *lines = ff_json_get(return_of(call), "lines");
	StringInfoData note;

	initStringInfo(&note);
	appendStringInfo(&note, "Return %s", ff_json_text_or(return_of(call), "number", ""));
	for (int i = 0; i < ff_json_count(lines); i++)
		appendStringInfo(&note,
						 "%s %s × %s",
						 i == 0 ? ":" : ",",
						 ff_json_text_or(ff_json_at(lines, i), "quantity", "1"),
						 ff_json_text_or(ff_json_at(lines, i), "sku", "?"));
	return note.data;
}

void
ff_woo_return_request(const FfCall *call, FfMessage *message)
{
	char *number =
		ff_connector_need(WOO_NAME, call, "return.number", "Give the number of the return.");
	FfJsonWriter writer;

	if (refunds_nothing(call))
		ff_woo_note(call, message, return_note(call), false);
	else if (strcmp(ff_woo_step(call), "send") != 0)
	{
		ff_woo_begin_order(call, message, "GET", "wc/v3", "/refunds");
		ff_message_query(message, "per_page", "100");
	}
	else
	{
		ff_woo_begin_order(call, message, "POST", "wc/v3", "/refunds");
		ff_write_init(&writer);
		ff_write_object(&writer, NULL);
		ff_write_text(
			&writer, "amount", ff_decimal_money(ff_json_number(return_of(call), "amount")));
		ff_write_text(&writer, "reason", number);
		ff_write_bool(&writer, "api_refund", ff_json_bool(call->config, "api_refund", false));
		ff_write_bool(&writer, "api_restock", ff_json_bool(call->config, "api_restock", false));
		write_refund_lines(&writer, ff_json_get(return_of(call), "lines"));
		ff_message_json(message, &writer);
	}
}

static void
write_return(const FfCall *call, const FfJson *refund, FfOutcome *outcome)
{
	char *amount = ff_json_number(refund, "amount");

	ff_write_object(&outcome->body, "return");
	ff_write_text(&outcome->body, "number", ff_json_text(return_of(call), "number"));
	ff_write_text(&outcome->body, "provider_reference", ff_json_text(refund, "id"));
	ff_write_text(&outcome->body, "amount", amount != NULL ? ff_decimal_absolute(amount) : NULL);
	ff_write_end(&outcome->body);
}

void
ff_woo_return_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *number = ff_json_text_or(return_of(call), "number", "");
	FfJson *json = ff_woo_read(call, reply, outcome);

	if (refunds_nothing(call))
		return;
	if (json == NULL)
	{
		if (outcome->result == FF_RESULT_RETRY)
			outcome->next = "{\"step\":\"first\"}";
		return;
	}
	if (strcmp(ff_woo_step(call), "send") == 0)
	{
		write_return(call, json, outcome);
		return;
	}
	for (int i = 0; i < ff_json_count(json); i++)
	{
		const char *reason = ff_json_text_or(ff_json_at(json, i), "reason", "");

		if (strcmp(reason, number) == 0)
		{
			write_return(call, ff_json_at(json, i), outcome);
			return;
		}
	}
	ff_woo_continue(outcome, "send");
}
