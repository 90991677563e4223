/*
 * ups_rate.c
 *
 * quote_rates: the prices of all services, or of the one the call names, with
 * the day of arrival.  The contract's price is preferred to the published
 * one, and a price with taxes to one without.  Times of arrival are local to
 * the destination and carry no zone, since UPS tells none.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/ups.h"

#define SMALLEST_VALUE "1"
#define LARGEST_VALUE  "99999999"
#define PALLET         "30"

void
ff_ups_rating_options(FfJsonWriter *writer, const FfCall *call)
{
	if (ff_json_bool(call->config, "negotiated_rates", true))
		ff_write_raw(writer, "ShipmentRatingOptions", "{\"NegotiatedRatesIndicator\":\"Y\"}");
	ff_ups_flag(writer, "TaxInformationIndicator", ff_json_bool(call->config, "taxes", false));
}

void
ff_ups_money(FfJsonWriter *writer, const char *key, const char *currency, const char *amount)
{
	ff_write_object(writer, key);
	ff_write_text(writer, "CurrencyCode", currency);
	ff_write_text(writer, "MonetaryValue", amount);
	ff_write_end(writer);
}

void
ff_ups_service_object(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const char *service = ff_json_text_or(ff_carrier_subject(call), "service", "");
	const char *code = ff_ups_service(lane, service);

	if (code == NULL)
		ff_connector_fail("ups",
						  ff_carrier_field(call, "service"),
						  "Give a code of UPS, such as 03 or 65, or the service's name.");
	ff_write_object(writer, "Service");
	ff_write_text(writer, "Code", code);
	ff_write_end(writer);
}

/* What the time in transit depends on: documents, goods or pallets, and the day of shipping. */
static void
write_transit(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	bool pallet = strcmp(ff_ups_packaging(call, ff_carrier_package(call, 0)), PALLET) == 0;
	const char *type = ff_carrier_documents(subject) ? "02" : "03";
	char *value = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));
	const char *currency = ff_carrier_currency(subject);

	ff_write_object(writer, "DeliveryTimeInformation");
	ff_write_text(writer, "PackageBillType", pallet && !lane->abroad ? "07" : type);
	ff_write_object(writer, "Pickup");
	ff_write_text(writer, "Date", ff_ups_ship_date(call));
	ff_write_end(writer);
	ff_write_end(writer);
	if (!lane->abroad)
		return;

	ff_ups_weight(writer, "ShipmentTotalWeight", lane, ff_carrier_total_grams(call));
	if (value == NULL || currency == NULL)
		return;
	if (ff_decimal_compare(value, SMALLEST_VALUE) < 0)
		value = SMALLEST_VALUE;
	else if (ff_decimal_compare(value, LARGEST_VALUE) > 0)
		value = LARGEST_VALUE;
	ff_ups_money(writer, "InvoiceLineTotal", currency, value);
}

void
ff_ups_rate_request(const FfCall *call, FfMessage *message)
{
	bool one = ff_json_text_or(ff_carrier_subject(call), "service", NULL) != NULL;
	const char *classification = ff_carrier_setting(call, "customer_classification");
	FfJsonWriter writer;
	FfUpsLane lane;

	ff_ups_lane(call, &lane);
	ff_ups_begin(call,
				 message,
				 "POST",
				 one ? "/rating/v2409/Ratetimeintransit" : "/rating/v2409/Shoptimeintransit");

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "RateRequest");
	ff_write_object(&writer, "Request");
	ff_write_text(&writer, "RequestOption", one ? "Rate" : "Shop");
	ff_write_text(&writer, "SubVersion", "2409");
	ff_ups_context(&writer, call);
	ff_write_end(&writer);
	ff_write_object(&writer, "PickupType");
	ff_write_text(&writer, "Code", ff_carrier_setting(call, "pickup_type"));
	ff_write_end(&writer);
	if (classification != NULL && strcmp(lane.from, "US") == 0)
	{
		ff_write_object(&writer, "CustomerClassification");
		ff_write_text(&writer, "Code", classification);
		ff_write_end(&writer);
	}
	ff_write_object(&writer, "Shipment");
	ff_ups_parties(&writer, call, &lane);
	if (ff_carrier_setting(call, "account_number") != NULL)
	{
		ff_write_object(&writer, "PaymentDetails");
		ff_ups_charges(&writer, call, &lane);
		ff_write_end(&writer);
	}
	if (one)
		ff_ups_service_object(&writer, call, &lane);
	ff_ups_rating_options(&writer, call);
	write_transit(&writer, call, &lane);
	ff_ups_shipment_options(&writer, call, &lane);
	ff_ups_packages(&writer, call, &lane);
	ff_message_json(message, &writer);
}

/*
 * The price of a shipment as Rating and Ship answer it: the contract's if
 * there is one, with taxes if they are told.
 */
const FfJson *
ff_ups_price(const FfJson *charges, const FfJson *published)
{
	static const char *const members[] = {"TotalChargesWithTaxes", "TotalCharge", "TotalCharges"};
	const FfJson *const places[] = {charges, published};

	for (int place = 0; place < (int) lengthof(places); place++)
	{
		for (int i = 0; i < (int) lengthof(members); i++)
		{
			const FfJson *price = ff_json_at(ff_json_get(places[place], members[i]), 0);

			if (ff_json_number(price, "MonetaryValue") != NULL)
				return price;
		}
	}
	return NULL;
}

/* Local time of arrival, as far as it is told: a date, or date and time. */
static char *
arrival(const FfJson *estimated)
{
	return ff_ups_local_time(ff_json_text(estimated, "Arrival.Date"),
							 ff_json_text(estimated, "Arrival.Time"));
}

static void
write_rate(FfJsonWriter *writer, const FfJson *rated)
{
	static const char *const days[] = {
		"TimeInTransit.ServiceSummary.EstimatedArrival.BusinessDaysInTransit",
		"TimeInTransit.ServiceSummary.EstimatedArrival.TotalTransitDays",
		"GuaranteedDelivery.BusinessDaysInTransit",
	};
	const FfJson *price =
		ff_ups_price(ff_json_at(ff_json_get(rated, "NegotiatedRateCharges"), 0), rated);
	const FfJson *summary = ff_json_at(ff_json_get(rated, "TimeInTransit.ServiceSummary"), 0);
	const char *code = ff_json_text(rated, "Service.Code");
	const char *name = ff_json_text_or(rated, "Service.Description", NULL);
	int64 transit_days;

	if (code == NULL || price == NULL)
		return;
	if (strlen(code) == 1)
		code = psprintf("0%s", code);
	if (name == NULL)
		name = ff_json_text_or(summary, "Service.Description", ff_ups_service_name(code));
	ff_write_object(writer, NULL);
	ff_write_text(writer, "service", code);
	ff_write_text(writer, "name", name ? ff_plain_text(name, 100) : NULL);
	ff_write_number(writer, "amount", ff_json_number(price, "MonetaryValue"));
	ff_write_text(writer, "currency", ff_json_text(price, "CurrencyCode"));
	for (int i = 0; i < (int) lengthof(days); i++)
	{
		if (ff_json_int64(rated, days[i], &transit_days))
		{
			ff_write_int(writer, "transit_days", transit_days);
			break;
		}
	}
	ff_write_text(
		writer, "estimated_delivery_at", arrival(ff_json_get(summary, "EstimatedArrival")));
	ff_write_end(writer);
}

void
ff_ups_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *rated;
	FfJson *json;

	if (!ff_ups_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	if (!ff_json_is_object(ff_json_get(json, "RateResponse")))
	{
		ff_outcome_set(
			outcome, FF_RESULT_RETRY, "unreadable_answer", "The answer holds no rates.", NULL);
		return;
	}
	rated = ff_json_get(json, "RateResponse.RatedShipment");
	ff_write_array(&outcome->body, "rates");
	for (int i = 0; i < ff_json_count(rated); i++)
		write_rate(&outcome->body, ff_json_at(rated, i));
	ff_write_end(&outcome->body);
	ff_write_text(&outcome->body, "warning", ff_ups_warnings(ff_json_get(json, "RateResponse")));
}
