/*
 * shipper_id_rate.c
 *
 * Prices of couriers between two areas, and booking one of them.  The booking
 * answers Shipper's own order id, the tracking id that an outbound order has
 * to name.  A courier that was booked and is named by no outbound order is
 * never picked up, and costs nothing.
 *
 * Weights are whole kilograms and lengths whole centimetres, rounded up, as
 * couriers charge them.  The members of a booking are those that public
 * clients send; the API's pages do not list them.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/shipper_id.h"

#define PACKAGE_OF_GOODS 2 /* 1 is a document, 3 a large parcel */
#define PRICES_AT_ONCE   30

bool
ff_shipper_books(const FfCall *call)
{
	return ff_json_text_or(call->config, "origin_area_id", NULL) != NULL;
}

static const FfJson *
option(const FfCall *call, const char *name)
{
	return ff_json_get(ff_carrier_subject(call), psprintf("options.%s", name));
}

static void
write_place(FfJsonWriter *writer, const char *area, const char *suburb, const char *latitude,
			const char *longitude)
{
	ff_write_number(writer, "area_id", area);
	ff_write_number(writer, "suburb_id", suburb);
	ff_write_text(writer, "lat", latitude);
	ff_write_text(writer, "lng", longitude);
}

static void
write_origin(FfJsonWriter *writer, const FfCall *call)
{
	(void) ff_carrier_need_setting(
		call, "origin_area_id", "Set it to Shipper's area of the warehouse; prices need it.");
	write_place(writer,
				ff_json_number(call->config, "origin_area_id"),
				ff_json_number(call->config, "origin_suburb_id"),
				NULL,
				NULL);
}

/* Where the parcel goes: an area that the call names or the postcode tells, or a point. */
static void
write_destination(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *to = ff_carrier_need_role(call, FF_SHIP_TO);
	char *area = ff_json_number(option(call, "area_id"), "");
	char *latitude = ff_json_text(option(call, "latitude"), "");
	char *longitude = ff_json_text(option(call, "longitude"), "");
	char *postcode = ff_carrier_postcode(to, 10);

	if (area == NULL && postcode != NULL)
		area = ff_json_number(ff_json_member(ff_json_get(call->config, "areas"), postcode), "");
	if (area == NULL && (latitude == NULL || longitude == NULL))
		ff_carrier_fail(call,
						"options.area_id",
						"Give Shipper's area of the receiver, its latitude and longitude, or the "
						"area of its postcode in setting areas.");
	write_place(writer, area, ff_json_number(option(call, "suburb_id"), ""), latitude, longitude);
}

static int64
kilograms(const FfCall *call)
{
	int64 grams = ff_carrier_total_grams(call);

	return Max(1, (grams + 999) / 1000);
}

/* The sides of all packages one on the other; of one that tells none, a small box. */
static void
write_sides(FfJsonWriter *writer, const FfCall *call)
{
	int64 longest = 0;
	int64 broadest = 0;
	int64 height = 0;

	for (int i = 0; i < Max(1, ff_carrier_package_count(call)); i++)
	{
		int64 sides[3] = {10, 10, 10};

		(void) ff_carrier_sides(ff_carrier_package(call, i), FF_MM_PER_CENTIMETRE, sides);
		longest = Max(longest, sides[0]);
		broadest = Max(broadest, sides[1]);
		height += sides[2];
	}
	ff_write_int(writer, "length", longest);
	ff_write_int(writer, "width", broadest);
	ff_write_int(writer, "height", height);
}

static char *
value_of(const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	char *value = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));

	return value ? ff_decimal_divide(value, "1", 0) : pstrdup("0");
}

void
ff_shipper_quote_request(const FfCall *call, FfMessage *message)
{
	const char *category = ff_json_text_or(call->config, "item_category", NULL);
	const FfJson *cod = option(call, "cod");
	FfJsonWriter writer;

	ff_shipper_begin(call, message, "POST", "/v3/fulfillment/pricing/domestic");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "origin");
	write_origin(&writer, call);
	ff_write_end(&writer);
	ff_write_object(&writer, "destination");
	write_destination(&writer, call);
	ff_write_end(&writer);
	ff_write_bool(&writer, "for_order", true);
	ff_write_bool(&writer,
				  "cod",
				  !ff_json_is_null(cod) && (ff_json_is_object(cod) || ff_json_bool(cod, "", true)));
	ff_write_int(&writer, "weight", kilograms(call));
	write_sides(&writer, call);
	ff_write_number(&writer, "item_value", value_of(call));
	if (category != NULL)
	{
		ff_write_array(&writer, "item_categories");
		ff_write_text(&writer, NULL, category);
		ff_write_end(&writer);
	}
	ff_write_int(&writer, "limit", PRICES_AT_ONCE);
	ff_write_int(&writer, "page", ff_shipper_page(call));
	ff_write_array(&writer, "sort_by");
	ff_write_text(&writer, NULL, "final_price");
	ff_write_end(&writer);
	ff_message_json(message, &writer);
}

const char *
ff_shipper_courier_name(const FfJson *pricing)
{
	const char *code = ff_json_text_or(pricing, "logistic.code", NULL);
	const char *rate = ff_json_text_or(pricing, "rate.name", NULL);

	return code == NULL ? rate : rate == NULL ? code : psprintf("%s %s", code, rate);
}

/* What it costs, with the insurance that the courier insists on. */
static char *
price_of(const FfJson *pricing)
{
	char *price = ff_json_number(pricing, "final_price");
	char *insurance = ff_json_number(pricing, "insurance_fee");

	if (price != NULL && insurance != NULL && ff_json_bool(pricing, "must_use_insurance", false) &&
		!ff_json_bool(pricing, "insurance_applied", false))
		price = ff_decimal_add(price, insurance);
	return price ? ff_decimal_trim(price) : NULL;
}

static void
write_rate(FfJsonWriter *writer, const FfJson *pricing)
{
	const char *service = ff_shipper_courier_name(pricing);
	const char *company =
		ff_json_text_or(pricing, "logistic.company_name", ff_json_text(pricing, "logistic.name"));
	char *price = price_of(pricing);
	int64 days;

	if (service == NULL || price == NULL)
		return;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "service", service);
	ff_write_text(writer,
				  "name",
				  company ? psprintf("%s %s", company, ff_json_text_or(pricing, "rate.name", ""))
						  : service);
	ff_write_number(writer, "amount", price);
	ff_write_text(writer, "currency", ff_json_text_or(pricing, "currency", "IDR"));
	if (ff_json_int64(pricing, "max_day", &days))
		ff_write_int(writer, "transit_days", days);
	ff_write_end(writer);
}

void
ff_shipper_quote_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *pricings;
	FfJson *data;

	if (!ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data))
		return;
	pricings = ff_json_get(data, "pricings");
	ff_write_array(&outcome->body, "rates");
	for (int i = 0; i < ff_json_count(pricings); i++)
		write_rate(&outcome->body, ff_json_at(pricings, i));
	ff_write_end(&outcome->body);
	if (ff_shipper_has_more(call, reply))
		ff_outcome_continue(outcome,
							psprintf("{\"page\": " INT64_FORMAT "}", ff_shipper_page(call) + 1));
}

const char *
ff_shipper_wanted_courier(const FfCall *call)
{
	const char *service = ff_json_text_or(ff_carrier_subject(call), "service", NULL);
	const FfJson *couriers = ff_json_get(call->config, "couriers");
	const char *mapped =
		service ? ff_json_text_or(ff_json_member(couriers, service), "", NULL) : NULL;

	return mapped ? mapped : service ? service : ff_json_text_or(call->config, "courier", NULL);
}

static bool
is_wanted(const FfJson *pricing, const char *wanted)
{
	const char *type = ff_json_text_or(pricing, "rate.type", "");
	const char *name = ff_shipper_courier_name(pricing);
	const char *code = ff_json_text_or(pricing, "logistic.code", "");

	return wanted == NULL || pg_strcasecmp(type, wanted) == 0 || pg_strcasecmp(code, wanted) == 0 ||
		   (name && pg_strcasecmp(name, wanted) == 0);
}

const FfJson *
ff_shipper_choose(const FfCall *call, const FfJson *data)
{
	const FfJson *pricings = ff_json_get(data, "pricings");
	const char *wanted = ff_shipper_wanted_courier(call);
	const FfJson *best = NULL;

	for (int i = 0; i < ff_json_count(pricings); i++)
	{
		const FfJson *pricing = ff_json_at(pricings, i);
		char *price = price_of(pricing);

		if (price == NULL || ff_json_number(pricing, "rate.id") == NULL ||
			!is_wanted(pricing, wanted))
			continue;
		if (best == NULL || ff_decimal_compare(price, price_of(best)) < 0)
			best = pricing;
	}
	return best;
}

static void
write_person(FfJsonWriter *writer, const char *key, const FfJson *address, const char *phone)
{
	char *name = ff_carrier_text(address, "name", 100);

	ff_write_object(writer, key);
	ff_write_text(writer, "name", name ? name : ff_carrier_text(address, "company", 100));
	ff_write_text(writer, "phone_number", phone ? phone : ff_carrier_text(address, "phone", 30));
	ff_write_end(writer);
}

static void
write_street(FfJsonWriter *writer, const FfJson *address)
{
	char *lines[1];

	if (ff_carrier_street(address, 200, lines, 1) > 0)
		ff_write_text(writer, "address", lines[0]);
}

static void
write_package(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *lines = ff_json_get(ff_carrier_subject(call), "lines");

	ff_write_object(writer, "package");
	ff_write_array(writer, "items");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		char *price = ff_json_number(line, "unit_price");
		char *name = ff_carrier_text(line, "name", 100);

		ff_write_object(writer, NULL);
		ff_write_text(writer, "name", name ? name : ff_carrier_text(line, "sku", 100));
		ff_write_number(writer, "price", price ? ff_decimal_trim(price) : "0");
		ff_write_number(writer, "qty", ff_carrier_quantity(line));
		ff_write_end(writer);
	}
	ff_write_end(writer);
	write_sides(writer, call);
	ff_write_int(writer, "package_type", PACKAGE_OF_GOODS);
	ff_write_number(writer, "price", value_of(call));
	ff_write_int(writer, "weight", kilograms(call));
	ff_write_end(writer);
}

void
ff_shipper_book_request(const FfCall *call, FfMessage *message)
{
	const FfJson *from = ff_carrier_role(call, FF_SHIP_FROM);
	const FfJson *to = ff_carrier_need_role(call, FF_SHIP_TO);
	FfJsonWriter writer;

	ff_shipper_begin(call, message, "POST", "/v3/order");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "external_id", ff_shipper_order_number(call));
	ff_write_text(&writer, "coverage", "domestic");
	ff_write_text(&writer, "payment_type", "postpay");
	write_person(&writer, "consignee", to, NULL);
	write_person(&writer, "consigner", from, ff_json_text_or(call->config, "sender_phone", NULL));
	ff_write_object(&writer, "courier");
	ff_write_bool(&writer, "cod", false);
	ff_write_number(&writer, "rate_id", ff_json_number(call->state, "rate_id"));
	ff_write_bool(&writer, "use_insurance", ff_json_bool(call->state, "insured", false));
	ff_write_end(&writer);
	ff_write_object(&writer, "origin");
	write_street(&writer, from);
	write_origin(&writer, call);
	ff_write_end(&writer);
	ff_write_object(&writer, "destination");
	write_street(&writer, to);
	write_destination(&writer, call);
	ff_write_end(&writer);
	write_package(&writer, call);
	ff_message_json(message, &writer);
}
