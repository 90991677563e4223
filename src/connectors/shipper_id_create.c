/*
 * shipper_id_create.c
 *
 * create_shipment.  Where we book the courier it takes four requests: a look
 * whether the order is there already, prices, the booking, the order itself;
 * otherwise the order alone.  Which one it is stands in the state:
 *
 *   none, and we book     look       {"step": "price"}
 *   step price            prices     {"step": "book", "rate_id", "courier", "insured"}
 *   step book             booking    {"step": "send", "tracking_id", "courier"}
 *   step send, or none    the order
 */
#include "postgres.h"

#include "connectors/shipper_id.h"

typedef struct Step
{
	const char *name;
	void (*request)(const FfCall *call, FfMessage *message);
	FfOutcomeFunction outcome;
} Step;

static void look_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
static void price_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
static void book_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
static void send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

static const Step steps[] = {
	{"look", ff_shipper_get_request, look_outcome},
	{"price", ff_shipper_quote_request, price_outcome},
	{"book", ff_shipper_book_request, book_outcome},
	{"send", ff_shipper_outbound_request, send_outcome},
};

/* Without a state: where a tracking id is given, or none is needed, the order is all there is. */
static const Step *
step_of(const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	bool booked =
		ff_json_text_or(subject, "options.tracking_id", NULL) != NULL ||
		ff_json_text_or(ff_json_at(ff_json_get(subject, "packages"), 0), "tracking_number", NULL) !=
			NULL;
	const char *name =
		ff_json_text_or(call->state, "step", ff_shipper_books(call) && !booked ? "look" : "send");

	for (int i = 0; i < (int) lengthof(steps); i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return &steps[lengthof(steps) - 1];
}

void
ff_shipper_create_request(const FfCall *call, FfMessage *message)
{
	step_of(call)->request(call, message);
}

void
ff_shipper_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	step_of(call)->outcome(call, reply, outcome);
}

static void
look_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	ff_shipper_get_outcome(call, reply, outcome);
	if (outcome->result == FF_RESULT_ABSENT)
		ff_outcome_continue(outcome, "{\"step\": \"price\"}");
}

static void
price_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *pricing;
	FfJson *data;
	FfJsonWriter next;

	if (!ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data))
		return;
	pricing = ff_shipper_choose(call, data);
	if (pricing == NULL)
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "no_courier",
					   "No courier of this service goes there.",
					   "service");
		return;
	}
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", "book");
	ff_write_number(&next, "rate_id", ff_json_number(pricing, "rate.id"));
	ff_write_text(&next, "courier", ff_shipper_courier_name(pricing));
	ff_write_bool(&next, "insured", ff_json_bool(pricing, "must_use_insurance", false));
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

static void
book_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *id;
	FfJson *data;
	FfJsonWriter next;

	/* a booking that no order names is never picked up: it may be made once more */
	if (!ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data))
		return;
	id = ff_json_text_or(data, "order_id", ff_json_text(data, "tracking_id"));
	if (id == NULL || *id == '\0')
	{
		ff_outcome_unreadable(
			outcome, FF_RESULT_RETRY, "The answer to the booking names no tracking id.");
		return;
	}
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", "send");
	ff_write_text(&next, "tracking_id", id);
	ff_write_text(&next, "courier", ff_json_text(call->state, "courier"));
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

static void
send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data;

	if (!ff_shipper_reply(call, reply, FF_REPEAT_AFTER_FIND, outcome, &data))
	{
		/* an order of our number is one of ours: it is looked at */
		if (outcome->result == FF_RESULT_REFUSED && outcome->field != NULL &&
			strcmp(outcome->field, "reference") == 0)
			ff_outcome_set(outcome, FF_RESULT_UNKNOWN, NULL, NULL, NULL);
		return;
	}
	ff_write_object(&outcome->body, "shipment");
	ff_write_text(&outcome->body,
				  "provider_reference",
				  ff_json_text_or(data, "outbound.order_no", ff_shipper_known_number(call)));
	ff_write_text(&outcome->body, "state", "submitted");
	ff_write_end(&outcome->body);
}
