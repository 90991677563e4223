/*
 * dhl_express_rate.c
 *
 * quote_rates: every product of a lane with its price in the currency of the
 * account.  A product without such a price, or with zero, has no tariff and
 * is left out.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/dhl_express.h"

static void
write_place(FfJsonWriter *writer, const char *key, const FfJson *address)
{
	char *postcode = ff_carrier_text(address, "postcode", 12);

	ff_write_object(writer, key);
	ff_write_text(writer, "postalCode", postcode ? postcode : "");
	ff_write_text(writer, "cityName", ff_carrier_text(address, "city", 45));
	ff_write_text(writer, "countryCode", ff_carrier_country(address));
	ff_write_end(writer);
}

static void
write_amount(FfJsonWriter *writer, const char *type, const char *amount, const char *currency)
{
	ff_write_object(writer, NULL);
	ff_write_text(writer, "typeCode", type);
	ff_write_number(writer, "value", ff_decimal_trim(amount));
	ff_write_text(writer, "currency", currency);
	ff_write_end(writer);
}

void
ff_dhx_rate_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	char *value = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));
	FfJsonWriter writer;
	FfDhxLane lane;

	ff_dhx_lane(call, &lane);
	ff_dhx_begin(call, message, "POST", "/rates");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "customerDetails");
	write_place(&writer, "shipperDetails", ff_carrier_role(call, FF_SHIP_FROM));
	write_place(&writer, "receiverDetails", ff_carrier_role(call, FF_SHIP_TO));
	ff_write_end(&writer);
	ff_dhx_accounts(&writer, call, &lane);
	ff_write_text(&writer, "productCode", ff_dhx_product(call));
	ff_dhx_services(&writer, call, &lane);
	ff_write_text(&writer, "plannedShippingDateAndTime", ff_dhx_planned(call, &lane));
	ff_dhx_units(&writer, lane.pounds);
	ff_write_bool(&writer, "isCustomsDeclarable", lane.declarable);
	if (lane.declarable && value != NULL && ff_carrier_currency(subject))
	{
		ff_write_array(&writer, "monetaryAmount");
		write_amount(&writer, "declaredValue", value, ff_carrier_currency(subject));
		ff_write_end(&writer);
	}
	ff_write_bool(&writer, "nextBusinessDay", true);
	ff_dhx_packages(&writer, call, lane.pounds);
	ff_message_json(message, &writer);
}

/* The price in the account's currency. */
static const FfJson *
billed_price(const FfJson *product)
{
	const FfJson *prices = ff_json_get(product, "totalPrice");

	for (int i = 0; i < ff_json_count(prices); i++)
	{
		const FfJson *price = ff_json_at(prices, i);
		char *amount = ff_json_number(price, "price");

		if (strcmp(ff_json_text_or(price, "currencyType", ""), "BILLC") == 0)
			return amount && ff_decimal_positive(amount) ? price : NULL;
	}
	return NULL;
}

static void
write_rate(FfJsonWriter *writer, const FfCall *call, const FfJson *product, const FfJson *price)
{
	const FfJson *delivery = ff_json_get(product, "deliveryCapabilities");
	const char *there = ff_carrier_country(ff_carrier_role(call, FF_SHIP_TO));
	int64 days;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "service", ff_json_text(product, "productCode"));
	ff_write_text(writer, "name", ff_json_text(product, "productName"));
	ff_write_number(writer, "amount", ff_json_number(price, "price"));
	ff_write_text(writer, "currency", ff_json_text(price, "priceCurrency"));
	if (ff_json_int64(delivery, "totalTransitDays", &days))
		ff_write_int(writer, "transit_days", days);
	ff_write_text(writer,
				  "estimated_delivery_at",
				  ff_carrier_zoned_time(ff_json_text(delivery, "estimatedDeliveryDateAndTime"),
										ff_carrier_zone(there)));
	ff_write_end(writer);
}

void
ff_dhx_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *products;
	FfJson *json;

	if (!ff_dhx_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	products = ff_json_get(json, "products");
	ff_write_array(&outcome->body, "rates");
	for (int i = 0; i < ff_json_count(products); i++)
	{
		const FfJson *product = ff_json_at(products, i);
		const FfJson *price = billed_price(product);

		if (price != NULL)
			write_rate(&outcome->body, call, product, price);
	}
	ff_write_end(&outcome->body);
	ff_write_text(&outcome->body, "warning", ff_dhx_warnings(json));
}
