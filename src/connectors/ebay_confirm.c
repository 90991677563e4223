/*
 * ebay_confirm.c
 *
 * Confirms a shipment, one call for each package, after a look at what the
 * order has: eBay has no idempotency key, and what was told cannot be taken
 * back.  A package is known by its tracking number; one without by its lines
 * and the time it left.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/carrier.h"
#include "connectors/channel.h"
#include "connectors/ebay.h"

/* eBay's codes, which differ in the case of their letters. */
static const FfChannelCarrier carriers[] = {
	{"ups", "UPS"},
	{"usps", "USPS"},
	{"fedex", "FedEx"},
	{"fedex_smartpost", "FedExSmartPost"},
	{"dhl", "DHL"},
	{"dhl_express", "DHL"},
	{"dhl_parcel_de", "DHL"},
	{"dhl_parcel", "DHL"},
	{"deutsche_post", "DeutschePost"},
	{"hermes", "Hermes"},
	{"gls", "GLS"},
	{"dpd", "DPD"},
	{"tnt", "TNT"},
	{"royal_mail", "RoyalMail"},
	{"parcelforce", "Parcelforce"},
	{"yodel", "Yodel"},
	{"evri", "Evri"},
	{"postnord", "Posten"},
	{"posten", "Posten"},
	{"bring", "Bring"},
	{"colissimo", "Colissimo"},
	{"chronopost", "Chronopost"},
	{"mondial_relay", "MondialRelay"},
	{"correos", "Correos"},
	{"seur", "SEUR"},
	{"poste_italiane", "PosteItaliane"},
	{"bartolini", "Bartolini"},
	{"brt", "Bartolini"},
	{"postnl", "PostNL"},
	{"bpost", "BPost"},
	{"australia_post", "AustraliaPost"},
	{"canada_post", "CanadaPost"},
	{"purolator", "Purolator"},
	{"ontrac", "OnTrac"},
	{"lasership", "LaserShip"},
	{"aramex", "ARAMEX"},
	{"china_post", "ChinaPost"},
	{"4px", "4PX"},
	{"yunexpress", "YunExpress"},
};

/* Letters and digits of the number, which is all that eBay takes; NULL when it has none. */
static char *
number_of(const FfCall *call, int package)
{
	const char *number = ff_channel_tracking_number(call, package);
	char *plain;
	int length = 0;

	if (number == NULL)
		return NULL;
	plain = palloc0(strlen(number) + 1);
	for (const char *c = number; *c != '\0'; c++)
		if ((unsigned char) *c < 0x80 && isalnum((unsigned char) *c))
			plain[length++] = pg_toupper((unsigned char) *c);
	return length > 0 ? plain : NULL;
}

static int
package_count(const FfCall *call)
{
	return Max(1, ff_channel_package_count(call));
}

/* The package that is due; -1 while the list is to be looked at. */
static int
due(const FfCall *call)
{
	return (int) ff_json_int64_or(ff_json_at(ff_json_get(call->state, "missing"), 0), "", -1);
}

/* The lines of a package; one that no unit is left for stands for the first line again. */
static int
lines_of(const FfCall *call, int package, FfChannelLine **lines)
{
	int count = ff_channel_lines(call, package, lines);

	if (count > 0 || package == 0)
		return count;
	count = ff_channel_lines(call, -1, lines);
	if (count > 0)
		(*lines)[0].quantity = 1;
	return Min(count, 1);
}

static void
write_fulfillment(FfJsonWriter *writer, const FfCall *call, int package)
{
	FfChannelLine *lines;
	int count = lines_of(call, package, &lines);
	char *number = number_of(call, package);
	const char *carrier = ff_channel_carrier_name(call, package, carriers, lengthof(carriers));

	if (count == 0)
		ff_connector_fail(EBAY_NAME, "shipment.lines", "Give the lines that were shipped.");
	ff_write_array(writer, "lineItems");
	for (int i = 0; i < count; i++)
	{
		if (lines[i].id == NULL)
			ff_connector_fail(EBAY_NAME,
							  psprintf("shipment.lines.%d.channel_line_id", i),
							  "Give eBay's id of each line.");
		ff_write_object(writer, NULL);
		ff_write_text(writer, "lineItemId", lines[i].id);
		ff_write_int(writer, "quantity", lines[i].quantity);
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_text(writer, "shippedDate", ff_ebay_time(ff_channel_shipped_at(call)));
	/* the two go together */
	if (number != NULL)
	{
		ff_write_text(writer, "shippingCarrierCode", carrier != NULL ? carrier : "Other");
		ff_write_text(writer, "trackingNumber", number);
	}
}

void
ff_ebay_confirm_request(const FfCall *call, FfMessage *message)
{
	int package = due(call);
	FfJsonWriter writer;

	ff_ebay_begin_order(call, message, package < 0 ? "GET" : "POST", "/shipping_fulfillment");
	if (package < 0)
		return;
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_fulfillment(&writer, call, package);
	ff_message_json(message, &writer);
}

/* Whether a fulfillment without tracking holds a line that left at the same time. */
static bool
is_same_untracked(const FfCall *call, const FfJson *fulfillment, int package)
{
	const FfJson *known = ff_json_get(fulfillment, "lineItems");
	TimestampTz shipped_at;
	FfChannelLine *lines;
	int count = lines_of(call, package, &lines);

	if (ff_json_text_or(fulfillment, "shipmentTrackingNumber", NULL) != NULL ||
		!ff_time_parse(ff_json_text(fulfillment, "shippedDate"), &shipped_at) ||
		strcmp(ff_ebay_time(shipped_at), ff_ebay_time(ff_channel_shipped_at(call))) != 0)
		return false;
	for (int i = 0; i < count; i++)
		for (int j = 0; j < ff_json_count(known); j++)
			if (lines[i].id != NULL &&
				strcmp(ff_json_text_or(ff_json_at(known, j), "lineItemId", ""), lines[i].id) == 0)
				return true;
	return false;
}

static bool
is_known(const FfCall *call, const FfJson *list, int package)
{
	char *number = number_of(call, package);

	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *fulfillment = ff_json_at(list, i);

		if (number == NULL
				? is_same_untracked(call, fulfillment, package)
				: pg_strcasecmp(ff_json_text_or(fulfillment,
												"shipmentTrackingNumber",
												ff_json_text_or(fulfillment, "fulfillmentId", "")),
								number) == 0)
			return true;
	}
	return false;
}

/* The packages that are still to be told, and how often they were in conflict. */
static void
go_on(const FfCall *call, FfOutcome *outcome, const int *missing, int count)
{
	FfJsonWriter next;

	if (count == 0)
		return;
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_array(&next, "missing");
	for (int i = 0; i < count; i++)
		ff_write_int(&next, NULL, missing[i]);
	ff_write_end(&next);
	ff_write_json(&next, "conflicts", ff_json_get(call->state, "conflicts"));
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

static void
read_list(const FfCall *call, const FfJson *list, FfOutcome *outcome)
{
	int *missing = palloc(sizeof(int) * package_count(call));
	int count = 0;

	for (int i = 0; i < package_count(call); i++)
		if (!is_known(call, list, i))
			missing[count++] = i;
	go_on(call, outcome, missing, count);
}

static void
read_sent(const FfCall *call, FfOutcome *outcome)
{
	const FfJson *before = ff_json_get(call->state, "missing");
	int *missing = palloc(sizeof(int) * (ff_json_count(before) + 1));
	int count = 0;

	for (int i = 1; i < ff_json_count(before); i++)
		missing[count++] = (int) ff_json_int64_or(ff_json_at(before, i), "", 0);
	go_on(call, outcome, missing, count);
}

void
ff_ebay_confirm_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json = ff_ebay_read(call, reply, outcome);
	int64 conflicts = ff_json_int64_or(call->state, "conflicts", 0);

	if (json != NULL && ff_json_get(json, "fulfillments") != NULL)
		read_list(call, ff_json_get(json, "fulfillments"), outcome);
	else if (json != NULL && (due(call) >= 0 || reply->status == 201))
		read_sent(call, outcome);
	else if (json != NULL)
		read_list(call, NULL, outcome);
	/* somebody else changed the order at the same time: it is looked at once more */
	if (reply->status == 409 && conflicts == 0)
	{
		outcome->result = FF_RESULT_RETRY;
		outcome->next = "{\"conflicts\":1}";
	}
	else if (outcome->result == FF_RESULT_RETRY)
		outcome->next = psprintf("{\"conflicts\":" INT64_FORMAT "}", conflicts);
}
