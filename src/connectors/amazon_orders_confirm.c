/*
 * amazon_orders_confirm.c
 *
 * Confirms a shipment, one call for each package.  A package has a number of
 * ours in the order, made from the shipment's reference: told again under the
 * same number it is the same package, so a lost answer does no harm.
 *
 * What Amazon refuses may be a package it knows already: the order is looked
 * at for our tracking number before the refusal is believed.
 */
#include "postgres.h"

#include <ctype.h>

#include "common/hashfn.h"

#include "connectors/amazon_orders.h"
#include "connectors/carrier.h"
#include "connectors/channel.h"

/* Digits of the shipment's reference that make a package's number, before its own two. */
#define REFERENCE_DIGITS 12

static const FfChannelCarrier carriers[] = {
	{"ups", "UPS"},
	{"ups_mi", "UPSMI"},
	{"usps", "USPS"},
	{"fedex", "FedEx"},
	{"dhl", "DHL"},
	{"dhl_express", "DHL"},
	{"dhl_parcel_de", "DHL"},
	{"dhl_ecommerce", "DHL eCommerce"},
	{"ontrac", "OnTrac"},
	{"royal_mail", "Royal Mail"},
	{"dpd", "DPD"},
	{"gls", "GLS"},
	{"hermes", "Hermes"},
	{"evri", "Evri"},
	{"deutsche_post", "Deutsche Post"},
	{"la_poste", "La Poste"},
	{"colissimo", "La Poste"},
	{"correos", "Correos"},
	{"poste_italiane", "Poste Italiane"},
	{"postnl", "PostNL"},
	{"postnord", "PostNord"},
	{"bring", "Bring"},
	{"schenker", "Schenker"},
	{"amazon_shipping", "Amazon Shipping"},
	{"yodel", "Yodel"},
	{"canada_post", "Canada Post"},
	{"australia_post", "Australia Post"},
	{"yamato", "Yamato Transport"},
};

static int
package_at(const FfCall *call)
{
	return (int) Max(0, Min(ff_json_int64_or(call->state, "package", 0), 1000));
}

static bool
is_checking(const FfCall *call)
{
	return ff_json_get(call->state, "refusal") != NULL;
}

/*
 * The package's number in the order: the digits of the shipment's reference
 * and two for its place, or just its place when the call names no shipment.
 * What several shipments call their packages may be the same.
 */
static char *
reference_of(const FfCall *call, int package)
{
	const char *reference = ff_json_text_or(call->document, "shipment.reference", "");
	char digits[REFERENCE_DIGITS + 1];
	int count = 0;

	for (const char *c = reference; *c != '\0'; c++)
		if (isdigit((unsigned char) *c) && (count > 0 || *c != '0'))
		{
			if (count == REFERENCE_DIGITS)
			{
				count = 0;
				break;
			}
			digits[count++] = *c;
		}
	digits[count] = '\0';
	if (*reference == '\0')
		return psprintf("%d", package + 1);
	if (count == 0)
		return psprintf("%u%02d",
						hash_bytes((const unsigned char *) reference, (int) strlen(reference)) | 1,
						package % 100 + 1);
	return psprintf("%s%02d", digits, package % 100 + 1);
}

static void
write_items(FfJsonWriter *writer, const FfCall *call, int package)
{
	FfChannelLine *lines;
	int count = ff_channel_lines(call, package, &lines);

	if (count == 0)
		ff_connector_fail("amazon_orders",
						  ff_channel_has_contents(call) ? "shipment.lines" : "shipment.packages",
						  "Give what is in every package.");
	ff_write_array(writer, "orderItems");
	for (int i = 0; i < count; i++)
	{
		if (lines[i].id == NULL)
			ff_connector_fail("amazon_orders",
							  psprintf("shipment.lines.%d.channel_line_id", i),
							  "Give Amazon's id of each line.");
		ff_write_object(writer, NULL);
		ff_write_text(writer, "orderItemId", lines[i].id);
		ff_write_int(writer, "quantity", lines[i].quantity);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
write_package(FfJsonWriter *writer, const FfCall *call, int package)
{
	const char *number = ff_channel_tracking_number(call, package);
	const char *name = ff_channel_carrier_name(call, package, carriers, lengthof(carriers));
	const char *service = ff_json_text_or(ff_channel_package(call, package),
										  "service",
										  ff_json_text(call->document, "shipment.service"));

	if (number == NULL)
		ff_connector_fail("amazon_orders",
						  psprintf("shipment.packages.%d.tracking_number", package),
						  "Amazon takes no package without tracking number.");
	ff_write_text(writer, "marketplaceId", ff_amazon_marketplace(call));
	ff_write_object(writer, "packageDetail");
	ff_write_text(writer, "packageReferenceId", reference_of(call, package));
	ff_write_text(writer, "carrierCode", name != NULL ? name : "Other");
	if (name == NULL || strcmp(name, "Other") == 0)
	{
		const char *carrier = ff_channel_carrier(call, package);

		ff_write_text(writer, "carrierName", carrier != NULL ? carrier : "Other");
	}
	ff_write_text(writer, "shippingMethod", service);
	ff_write_text(writer, "trackingNumber", number);
	ff_write_text(writer, "shipDate", ff_amazon_orders_time(ff_channel_shipped_at(call)));
	write_items(writer, call, package);
	ff_write_end(writer);
}

void
ff_amazon_orders_confirm_request(const FfCall *call, FfMessage *message)
{
	const char *id = ff_json_text_or(
		call->document, "order.channel_order_id", ff_json_text(call->document, "order.number"));
	FfJsonWriter writer;

	if (id == NULL || *id == '\0')
		ff_connector_fail(
			"amazon_orders", "order.channel_order_id", "Give Amazon's id of the order.");
	if (is_checking(call))
	{
		ff_amazon_begin(call, message, "GET", AMAZON_ORDERS "/");
		ff_message_segment(message, id);
		ff_message_query(message, "includedData", "PACKAGES");
		return;
	}
	ff_amazon_begin(call, message, "POST", "/orders/v0/orders/");
	ff_message_segment(message, id);
	ff_message_path(message, "/shipmentConfirmation");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_package(&writer, call, package_at(call));
	ff_message_json(message, &writer);
}

/* The package behind the one that is told, while there is one with something in it. */
static void
go_on(const FfCall *call, FfOutcome *outcome)
{
	int next = package_at(call) + 1;
	FfChannelLine *lines;

	if (next >= ff_channel_package_count(call))
		return;
	if (ff_channel_lines(call, next, &lines) > 0)
		ff_outcome_continue(outcome, psprintf("{\"package\":%d}", next));
	else
		ff_write_text(&outcome->body,
					  "warning",
					  "There are more packages than goods: Amazon was not told of all of them.");
}

/* Whether the order has a package with our tracking number. */
static bool
is_known(const FfCall *call, const FfJson *json)
{
	const FfJson *packages = ff_json_get(json, "order.packages");
	const char *number = ff_channel_tracking_number(call, package_at(call));

	for (int i = 0; number != NULL && i < ff_json_count(packages); i++)
		if (pg_strcasecmp(ff_json_text_or(ff_json_at(packages, i), "trackingNumber", ""), number) ==
			0)
			return true;
	return false;
}

/* The refusal is kept while the order is looked at. */
static void
check(const FfCall *call, FfOutcome *outcome)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_int(&next, "package", package_at(call));
	ff_write_object(&next, "refusal");
	ff_write_text(&next, "code", outcome->code);
	ff_write_text(&next, "message", outcome->message);
	ff_write_text(&next, "field", outcome->field);
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

void
ff_amazon_orders_confirm_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *refusal = ff_json_get(call->state, "refusal");
	FfJson *json;
	bool success = ff_amazon_orders_reply(call, reply, outcome, &json);

	if (success && (!is_checking(call) || is_known(call, json)))
		go_on(call, outcome);
	else if (success || (is_checking(call) && outcome->result == FF_RESULT_REFUSED))
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   ff_json_text(refusal, "code"),
					   ff_json_text(refusal, "message"),
					   ff_json_text(refusal, "field"));
	else if (reply->status == 400 && outcome->result == FF_RESULT_REFUSED)
		check(call, outcome);
	if (outcome->result == FF_RESULT_RETRY && call->state != NULL)
		outcome->next = ff_json_dump(call->state);
}
