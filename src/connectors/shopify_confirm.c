/*
 * shopify_confirm.c
 *
 * Confirms a shipment: looks at what the order has, sends the fulfillments
 * that are missing there, one by one.  fulfillmentCreate has no idempotency
 * key, so after any doubt the operation begins again with the look.
 *
 * What the shop refuses may have been done by a request whose answer was
 * lost: it is looked at once more before the refusal is believed.
 */
#include "postgres.h"

#include "connectors/channel.h"
#include "connectors/shopify.h"

static const char look_query[] =
	"query Fulfillments($id:ID!){order(id:$id){id name "
	"fulfillments(first:100){id status trackingInfo(first:50){company number url} "
	"fulfillmentLineItems(first:50){"
	"pageInfo{hasNextPage} nodes{quantity lineItem{id}}}} " SHOPIFY_FULFILLMENT_ORDERS "}}";
static const char send_query[] =
	"mutation Ship($fulfillment:FulfillmentInput!){fulfillmentCreate(fulfillment:$fulfillment){"
	"fulfillment{id status trackingInfo{company number url}} userErrors{field message}}}";

/* Carriers by our names, and as Shopify's list has them, which is what makes links. */
static const FfChannelCarrier companies[] = {
	{"ups", "UPS"},
	{"usps", "USPS"},
	{"fedex", "FedEx"},
	{"dhl", "DHL Express"},
	{"dhl_express", "DHL Express"},
	{"dhl_parcel_de", "DHL Parcel"},
	{"dhl_parcel", "DHL Parcel"},
	{"dhl_ecommerce", "DHL eCommerce"},
	{"postnord", "PostNord SE"},
	{"postnord_se", "PostNord SE"},
	{"postnord_dk", "PostNord DK"},
	{"postnord_no", "PostNord NO"},
	{"bring", "Bring"},
	{"dpd", "DPD"},
	{"dpd_uk", "DPD UK"},
	{"gls", "GLS"},
	{"tnt", "TNT"},
	{"royal_mail", "Royal Mail"},
	{"evri", "Evri"},
	{"deutsche_post", "Deutsche Post"},
	{"postnl", "PostNL"},
	{"bpost", "BPost"},
	{"colissimo", "Colissimo"},
	{"chronopost", "Chronopost"},
	{"correos", "Correos"},
	{"seur", "SEUR"},
	{"brt", "BRT"},
	{"poste_italiane", "Poste Italiane"},
	{"swiss_post", "Swiss Post"},
	{"inpost", "Inpost"},
	{"packeta", "Packeta"},
	{"canada_post", "Canada Post"},
	{"purolator", "Purolator"},
	{"australia_post", "Australia Post"},
	{"yamato", "Yamato (EN)"},
	{"sagawa", "Sagawa (EN)"},
	{"sf_express", "SF Express"},
	{"yunexpress", "YunExpress"},
	{"4px", "4PX"},
};

static const char *
company_of(const FfCall *call, int package)
{
	const char *name = ff_channel_carrier_name(call, package, companies, lengthof(companies));

	return name != NULL ? name : ff_channel_carrier(call, package);
}

/* A member of all packages that are meant, as a list; answers how many there are. */
static int
write_list(FfJsonWriter *writer, const char *key, const FfJson *packages, const char *member)
{
	int count = 0;

	for (int i = 0; i < ff_json_count(packages); i++)
	{
		const char *text = ff_json_text_or(ff_json_at(packages, i), member, NULL);

		if (text == NULL)
			continue;
		if (count++ == 0)
			ff_write_array(writer, key);
		ff_write_text(writer, NULL, text);
	}
	if (count > 0)
		ff_write_end(writer);
	return count;
}

static int
count_of(const FfJson *packages, const char *member)
{
	int count = 0;

	for (int i = 0; i < ff_json_count(packages); i++)
		count += ff_json_text_or(ff_json_at(packages, i), member, NULL) != NULL ? 1 : 0;
	return count;
}

/* number and url for one parcel, numbers and urls for several; never both forms. */
static void
write_tracking(FfJsonWriter *writer, const FfCall *call, int package)
{
	const FfJson *packages = ff_json_get(call->document, "shipment.packages");
	const FfJson *one = ff_json_at(packages, Max(package, 0));
	bool several = package < 0 && count_of(packages, "tracking_number") > 1;

	if (count_of(several ? packages : one, "tracking_number") == 0 &&
		company_of(call, Max(package, 0)) == NULL)
		return;
	ff_write_object(writer, "trackingInfo");
	ff_write_text(writer, "company", company_of(call, Max(package, 0)));
	if (several)
	{
		(void) write_list(writer, "numbers", packages, "tracking_number");
		/* links stand by their numbers, so it is all of them or none */
		if (count_of(packages, "tracking_url") == count_of(packages, "tracking_number"))
			(void) write_list(writer, "urls", packages, "tracking_url");
	}
	else
	{
		ff_write_text(writer, "number", ff_json_text_or(one, "tracking_number", NULL));
		ff_write_text(writer, "url", ff_json_text_or(one, "tracking_url", NULL));
	}
	ff_write_end(writer);
}

static const FfJson *
due(const FfCall *call)
{
	return ff_shopify_step_is(call, "send") ? ff_json_at(ff_json_get(call->state, "sends"), 0)
											: NULL;
}

void
ff_shopify_confirm_request(const FfCall *call, FfMessage *message)
{
	const FfJson *send = due(call);
	FfJsonWriter writer;

	if (ff_shopify_step_is(call, "piece"))
	{
		ff_shopify_piece_request(call, message, ff_json_get(call->state, "order"));
		return;
	}
	ff_shopify_begin(call, message, &writer, send != NULL ? send_query : look_query);
	if (send == NULL)
		ff_write_text(&writer, "id", ff_shopify_order_gid(call));
	else
	{
		ff_write_object(&writer, "fulfillment");
		ff_write_json(&writer, "lineItemsByFulfillmentOrder", ff_json_get(send, "items"));
		ff_write_bool(
			&writer, "notifyCustomer", ff_json_bool(call->config, "notify_customer", true));
		write_tracking(&writer, call, (int) ff_json_int64_or(send, "package", -1));
		ff_write_end(&writer);
	}
	ff_message_json(message, &writer);
}

/* A step with what is remembered of a refusal and of a doubt. */
static void
go_to(const FfCall *call, FfOutcome *outcome, const char *step, const char *member,
	  const char *value)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", step);
	ff_write_json(&next, "refusal", ff_json_get(call->state, "refusal"));
	ff_write_json(&next, "unsure", ff_json_get(call->state, "unsure"));
	ff_write_raw(&next, member, value);
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

static void
read_order(const FfCall *call, const FfJson *order, FfOutcome *outcome)
{
	const FfJson *refusal = ff_json_get(call->state, "refusal");
	FfJsonWriter sends;
	int count;

	if (!ff_json_is_object(order))
	{
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "order_not_found",
					   "The shop has no such order.",
					   "order.channel_order_id");
		return;
	}
	if (ff_shopify_is_partial(order))
	{
		go_to(call, outcome, "piece", "order", ff_json_dump(order));
		return;
	}
	ff_write_init(&sends);
	count = ff_shopify_plan(call, order, &sends, outcome);
	if (count < 0 && refusal == NULL)
		return;
	if (count != 0 && refusal != NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   ff_json_text(refusal, "code"),
					   ff_json_text(refusal, "message"),
					   ff_json_text(refusal, "field"));
	else if (count > 0)
		go_to(call, outcome, "send", "sends", ff_write_finish(&sends));
}

/* The shop said no: whether it has the fulfillment all the same is seen by looking. */
static void
doubt(const FfCall *call, FfOutcome *outcome)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", "look");
	ff_write_json(&next, "unsure", ff_json_get(due(call), "unsure"));
	ff_write_object(&next, "refusal");
	ff_write_text(&next, "code", outcome->code);
	ff_write_text(&next, "message", outcome->message);
	ff_write_text(&next, "field", outcome->field);
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

static void
read_sent(const FfCall *call, const FfJson *payload, FfOutcome *outcome)
{
	const FfJson *sends = ff_json_get(call->state, "sends");
	FfJsonWriter rest;

	if (ff_shopify_user_error(payload, outcome))
	{
		if (outcome->result == FF_RESULT_REFUSED)
			doubt(call, outcome);
		return;
	}
	if (ff_json_count(sends) <= 1)
		return;
	ff_write_init(&rest);
	ff_write_array(&rest, NULL);
	for (int i = 1; i < ff_json_count(sends); i++)
		ff_write_json(&rest, NULL, ff_json_at(sends, i));
	go_to(call, outcome, "send", "sends", ff_write_finish(&rest));
}

void
ff_shopify_confirm_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data = ff_shopify_read(call, reply, outcome);
	FfJson *payload = ff_json_get(data, "fulfillmentCreate");

	if (data != NULL && ff_shopify_step_is(call, "piece"))
		read_order(call, ff_shopify_piece_join(ff_json_get(call->state, "order"), data), outcome);
	else if (payload != NULL && !ff_json_is_null(payload))
		read_sent(call, payload, outcome);
	else if (data != NULL && due(call) == NULL)
		read_order(call, ff_json_get(data, "order"), outcome);
	else if (data != NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The shop did not say what it did.");
	if (outcome->result == FF_RESULT_RETRY)
	{
		const FfJson *unsure = ff_json_get(due(call) ? due(call) : call->state, "unsure");

		outcome->next = psprintf("{\"step\":\"look\"%s%s}",
								 unsure ? ",\"unsure\":" : "",
								 unsure ? ff_json_dump(unsure) : "");
	}
}
