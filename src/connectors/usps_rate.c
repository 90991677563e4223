/*
 * usps_rate.c
 *
 * quote_rates: at home the Shipping Options API, which tells prices and days;
 * abroad the International Prices API, which tells prices.  USPS prices one
 * package a call; of several the prices of a service are added up, and a
 * service that cannot take all of them is not in the answer.  All prices are
 * in US dollars.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/usps.h"

#define ALL_CLASSES "ALL"

static char *
need_zip(const FfCall *call, FfCarrierRole role, const char *field)
{
	char *zip = ff_usps_zip(ff_carrier_need_role(call, role), NULL);

	if (zip == NULL || strlen(zip) != 5 || strspn(zip, "0123456789") != 5)
		ff_carrier_fail(call, field, "Give the ZIP code, of five digits or nine.");
	return zip;
}

/* The account whose contract counts; nothing for prices anybody has. */
static void
write_account(FfJsonWriter *writer, const FfCall *call, const char *key)
{
	const char *type = ff_carrier_setting(call, "account_type");
	bool permit = type != NULL && strcmp(type, "PERMIT") == 0;
	const char *number = ff_carrier_setting(call, permit ? "permit_number" : "account_number");

	if (number == NULL || strcmp(ff_json_text_or(call->config, "price_type", ""), "CONTRACT") != 0)
		return;
	if (key != NULL)
		ff_write_object(writer, key);
	ff_write_text(writer, "accountType", type);
	ff_write_text(writer, "accountNumber", number);
	if (key != NULL)
		ff_write_end(writer);
}

static void
write_at_home(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane, int index)
{
	ff_write_text(writer, "originZIPCode", need_zip(call, FF_SHIP_FROM, "ship_from.postcode"));
	ff_write_text(writer, "destinationZIPCode", need_zip(call, FF_SHIP_TO, "ship_to.postcode"));
	ff_write_array(writer, "pricingOptions");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "priceType", ff_carrier_setting(call, "price_type"));
	write_account(writer, call, "paymentAccount");
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_object(writer, "packageDescription");
	ff_write_number(writer, "weight", ff_usps_pounds(ff_carrier_grams(call, index)));
	ff_usps_size(writer, call, index);
	ff_write_text(writer, "mailClass", lane->mail_class ? lane->mail_class : ALL_CLASSES);
	ff_write_raw(writer, "extraServices", ff_usps_extra_services(call, lane, index));
	ff_write_number(writer, "packageValue", ff_usps_insured(call, index));
	ff_write_text(writer, "mailingDate", ff_usps_mailing_date(call));
	ff_write_end(writer);
}

static void
write_abroad(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane, int index)
{
	const FfJson *receiver = ff_carrier_need_role(call, FF_SHIP_TO);

	ff_write_text(writer, "originZIPCode", need_zip(call, FF_SHIP_FROM, "ship_from.postcode"));
	ff_write_text(writer, "destinationCountryCode", ff_carrier_country(receiver));
	ff_write_text(writer, "foreignPostalCode", ff_usps_foreign_postcode(receiver));
	ff_write_number(writer, "weight", ff_usps_pounds(ff_carrier_grams(call, index)));
	ff_usps_size(writer, call, index);
	ff_write_text(writer, "mailClass", lane->mail_class ? lane->mail_class : ALL_CLASSES);
	ff_write_text(writer, "priceType", ff_carrier_setting(call, "price_type"));
	write_account(writer, call, NULL);
	ff_write_text(writer, "mailingDate", ff_usps_mailing_date(call));
	ff_write_number(writer, "itemValue", ff_usps_insured(call, index));
	ff_write_raw(writer, "extraServices", ff_usps_extra_services(call, lane, index));
}

/* Only the larger search abroad knows what is asked beside transport. */
static const char *
path_of(const FfCall *call, const FfUspsLane *lane, int index)
{
	if (!lane->abroad)
		return "/shipments/v3/options/search";
	return ff_usps_extra_services(call, lane, index) != NULL
			   ? "/international-prices/v3/total-rates/search"
			   : "/international-prices/v3/base-rates-list/search";
}

void
ff_usps_rate_request(const FfCall *call, FfMessage *message)
{
	int index = ff_carrier_track_place(call);
	FfJsonWriter writer;
	FfUspsLane lane;

	ff_usps_lane(call, index, &lane);
	ff_usps_begin(call, message, "POST", path_of(call, &lane, index));
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	if (lane.abroad)
		write_abroad(&writer, call, &lane, index);
	else
		write_at_home(&writer, call, &lane, index);
	ff_message_json(message, &writer);
}

/* All there is to pay, else what is told of it, else the prices of the parts. */
static char *
price_of(const FfJson *option)
{
	static const char *const totals[] = {"totalPrice", "totalBasePrice"};
	const FfJson *rates = ff_json_get(option, "rates");
	char *sum = NULL;

	for (int i = 0; i < (int) lengthof(totals); i++)
	{
		char *total = ff_json_number(option, totals[i]);

		if (total != NULL)
			return total;
	}
	for (int i = 0; i < ff_json_count(rates); i++)
	{
		char *price = ff_json_number(ff_json_at(rates, i), "price");

		if (price == NULL)
			return NULL;
		sum = ff_decimal_add(sum, price);
	}
	return sum;
}

/* The rate of that service for the packages before; NULL when it has none. */
static const FfJson *
rate_before(const FfCall *call, const char *service)
{
	const FfJson *rates = ff_json_get(call->state, "rates");

	for (int i = 0; i < ff_json_count(rates); i++)
		if (strcmp(ff_json_text_or(ff_json_at(rates, i), "service", ""), service) == 0)
			return ff_json_at(rates, i);
	return NULL;
}

/* Days stand before the commitment's name: "2 Days", "1-day"; others are names only. */
static int
days_of(const FfJson *option)
{
	return Max(0, atoi(ff_json_text_or(option, "commitment.name", "0")));
}

static char *
arrival_of(const FfJson *option, const FfJson *before)
{
	char *arrival = ff_usps_arrival(option);
	char *other = ff_json_text(before, "estimated_delivery_at");

	return other && arrival && strcmp(other, arrival) > 0 ? other : arrival;
}

static void
write_rate(FfJsonWriter *writer, const FfCall *call, const FfJson *option, const char *mail_class)
{
	const FfJson *rate = ff_json_at(ff_json_get(option, "rates"), 0);
	const FfJson *before;
	char *amount = price_of(option);
	char *service;
	int64 days;

	mail_class = ff_json_text_or(rate, "mailClass", mail_class);
	if (mail_class == NULL || amount == NULL)
		return;
	service = ff_usps_service(mail_class,
							  ff_json_text_or(rate, "rateIndicator", NULL),
							  ff_json_text_or(rate, "processingCategory", NULL),
							  ff_json_text_or(rate, "destinationEntryFacilityType", NULL));
	before = rate_before(call, service);
	if (before == NULL && ff_carrier_track_place(call) > 0)
		return;
	days = Max(days_of(option), ff_json_int64_or(before, "transit_days", 0));
	ff_write_object(writer, NULL);
	ff_write_text(writer, "service", service);
	ff_write_text(
		writer, "name", ff_plain_text(ff_json_text_or(rate, "description", mail_class), USPS_NAME));
	ff_write_number(writer,
					"amount",
					before ? ff_decimal_add(amount, ff_json_number(before, "amount")) : amount);
	ff_write_text(writer, "currency", USPS_CURRENCY);
	if (days > 0)
		ff_write_int(writer, "transit_days", days);
	ff_write_text(writer, "estimated_delivery_at", arrival_of(option, before));
	ff_write_end(writer);
}

static void
write_options(FfJsonWriter *writer, const FfCall *call, const FfJson *holder)
{
	const FfJson *options = ff_json_get(holder, "rateOptions");

	for (int i = 0; i < ff_json_count(options); i++)
		write_rate(
			writer, call, ff_json_at(options, i), ff_json_text_or(holder, "mailClass", NULL));
}

/* Options stand in the answer itself, or by kind of price and class. */
static void
write_rates(FfJsonWriter *writer, const FfCall *call, const FfJson *json)
{
	const FfJson *prices = ff_json_get(json, "pricingOptions");

	write_options(writer, call, json);
	for (int i = 0; i < ff_json_count(prices); i++)
	{
		const FfJson *classes = ff_json_get(ff_json_at(prices, i), "shippingOptions");

		for (int j = 0; j < ff_json_count(classes); j++)
			write_options(writer, call, ff_json_at(classes, j));
	}
}

void
ff_usps_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int next = ff_carrier_track_place(call) + 1;
	FfJsonWriter state;
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	if (ff_json_get(json, "pricingOptions") == NULL && ff_json_get(json, "rateOptions") == NULL)
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer holds no rates.");
	else if (next < ff_carrier_package_count(call))
	{
		ff_write_init(&state);
		ff_write_object(&state, NULL);
		ff_write_int(&state, "at", next);
		ff_write_text(&state, "mailing_date", ff_usps_mailing_date(call));
		ff_write_array(&state, "rates");
		write_rates(&state, call, json);
		ff_outcome_continue(outcome, ff_write_finish(&state));
	}
	else
	{
		ff_write_array(&outcome->body, "rates");
		write_rates(&outcome->body, call, json);
		ff_write_end(&outcome->body);
	}
}
