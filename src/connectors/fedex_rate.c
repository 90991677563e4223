/*
 * fedex_rate.c
 *
 * quote_rates: the prices of all services, or of the one the call names, with
 * the day of arrival.  Of the prices FedEx tells, the one in a currency of our
 * choice is preferred, then the account's, then the published one.  Times of
 * arrival are local to the destination and carry no zone, since FedEx tells
 * none.  A service that cannot be quoted is simply not in the answer.
 */
#include "postgres.h"

#include "connectors/fedex.h"

/* The words of a setting as a list of texts; nothing when there is none. */
static void
write_words(FfJsonWriter *writer, const char *key, const char *words, const char *before)
{
	if (words == NULL && before == NULL)
		return;
	ff_write_array(writer, key);
	ff_write_text(writer, NULL, before);
	while (words != NULL && *words != '\0')
	{
		size_t length = strcspn(words, " ,");

		if (length > 0)
			ff_write_text(writer, NULL, pnstrdup(words, length));
		words += length + (words[length] != '\0' ? 1 : 0);
	}
	ff_write_end(writer);
}

static void
write_shipment(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	const char *currency = ff_carrier_setting(call, "preferred_currency");
	int receiver = ff_fedex_is_home(lane) ? FEDEX_AT_HOME : FEDEX_WITH_RESIDENTIAL;

	ff_write_object(writer, "requestedShipment");
	ff_write_object(writer, "shipper");
	ff_fedex_address(writer, ff_carrier_need_role(call, FF_SHIP_FROM), 0);
	ff_write_end(writer);
	ff_write_object(writer, "recipient");
	ff_fedex_address(writer, ff_carrier_need_role(call, FF_SHIP_TO), receiver);
	ff_write_end(writer);
	ff_write_text(writer, "serviceType", lane->service);
	ff_write_text(writer, "pickupType", ff_carrier_setting(call, "pickup_type"));
	ff_write_text(writer, "packagingType", lane->packaging);
	write_words(writer,
				"rateRequestType",
				ff_carrier_setting(call, "rate_types"),
				currency ? "PREFERRED" : NULL);
	ff_write_text(writer, "preferredCurrency", currency);
	ff_write_text(writer, "shipDateStamp", ff_carrier_ship_date(call));
	if (ff_carrier_package_count(call) > 1)
		ff_write_int(writer, "totalPackageCount", ff_carrier_package_count(call));
	if (lane->abroad)
		ff_write_number(writer,
						"totalWeight",
						ff_fedex_weight_text(lane->pounds, ff_carrier_total_grams(call)));
	if (ff_carrier_documents(ff_carrier_subject(call)))
		ff_write_bool(writer, "documentShipment", true);
	ff_fedex_special_services(writer, call, lane);
	ff_fedex_customs(writer, call, lane);
	ff_fedex_smart_post(writer, call, lane);
	ff_fedex_packages(writer, call, lane);
	ff_write_end(writer);
}

void
ff_fedex_rate_request(const FfCall *call, FfMessage *message)
{
	bool saturday = ff_json_bool(ff_carrier_subject(call), "options.saturday", false);
	FfJsonWriter writer;
	FfFedexLane lane;

	ff_fedex_lane(call, &lane);
	ff_fedex_begin(call, message, "POST", "/rate/v1/rates/quotes");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_fedex_account(&writer, call, "accountNumber");
	ff_write_object(&writer, "rateRequestControlParameters");
	ff_write_bool(&writer, "returnTransitTimes", true);
	if (saturday)
		ff_write_text(&writer, "variableOptions", "SATURDAY_DELIVERY");
	ff_write_end(&writer);
	write_words(&writer, "carrierCodes", ff_carrier_setting(call, "carrier_codes"), NULL);
	write_shipment(&writer, call, &lane);
	ff_message_json(message, &writer);
}

/* Days in words, in the order of their number from one on. */
static const char *const day_words[] = {
	"ONE",     "TWO",     "THREE",     "FOUR",     "FIVE",     "SIX",      "SEVEN",
	"EIGHT",   "NINE",    "TEN",       "ELEVEN",   "TWELVE",   "THIRTEEN", "FOURTEEN",
	"FIFTEEN", "SIXTEEN", "SEVENTEEN", "EIGHTEEN", "NINETEEN", "TWENTY",
};

/* "TWO_DAYS" as 2, also a plain number; 0 for what is unknown. */
static int
days_of(const char *text)
{
	size_t length = text ? strcspn(text, "_") : 0;

	if (length == 0)
		return 0;
	for (int i = 0; i < (int) lengthof(day_words); i++)
		if (strlen(day_words[i]) == length && pg_strncasecmp(day_words[i], text, length) == 0)
			return i + 1;
	return Max(0, atoi(text));
}

static int
transit_days(const FfJson *detail)
{
	static const char *const paths[] = {
		"commit.transitDays.minimumTransitTime",
		"commit.transitDays",
		"commit.daysInTransit",
		"operationalDetail.transitTime",
	};
	int days = 0;

	for (int i = 0; days == 0 && i < (int) lengthof(paths); i++)
		days = days_of(ff_json_text(detail, paths[i]));
	return days;
}

static char *
arrival(const FfJson *detail)
{
	static const char *const paths[] = {
		"operationalDetail.deliveryDate",
		"commit.dateDetail.dayFormat",
		"operationalDetail.commitDate",
		"commit.commitTimestamp",
	};
	char *time = NULL;

	for (int i = 0; time == NULL && i < (int) lengthof(paths); i++)
		time = ff_carrier_time(ff_json_text(detail, paths[i]));
	return time;
}

/* How much a kind of price is wanted; 0 for one that is better than none. */
static int
preference(const FfCall *call, const char *type)
{
	if (strncmp(type, "PREFERRED", 9) == 0)
		return ff_carrier_setting(call, "preferred_currency") != NULL ? 3 : 0;
	if (strstr(type, "ACCOUNT") != NULL)
		return 2;
	return strstr(type, "LIST") != NULL ? 1 : 0;
}

static const FfJson *
choose_price(const FfCall *call, const FfJson *prices)
{
	const FfJson *chosen = NULL;
	int best = -1;

	for (int i = 0; i < ff_json_count(prices); i++)
	{
		const FfJson *price = ff_json_at(prices, i);
		int wanted = preference(call, ff_json_text_or(price, "rateType", ""));

		if (ff_json_number(price, "totalNetCharge") == NULL || wanted <= best)
			continue;
		best = wanted;
		chosen = price;
	}
	return chosen;
}

static void
write_rate(FfJsonWriter *writer, const FfCall *call, const FfJson *detail)
{
	const FfJson *price = choose_price(call, ff_json_get(detail, "ratedShipmentDetails"));
	const char *service = ff_json_text_or(detail, "serviceType", NULL);
	int days = transit_days(detail);

	if (service == NULL || price == NULL)
		return;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "service", service);
	ff_write_text(writer, "name", ff_carrier_text(detail, "serviceName", 100));
	ff_write_number(writer, "amount", ff_json_number(price, "totalNetCharge"));
	ff_write_text(
		writer,
		"currency",
		ff_json_text_or(price, "currency", ff_json_text(price, "shipmentRateDetail.currency")));
	if (days > 0)
		ff_write_int(writer, "transit_days", days);
	ff_write_text(writer, "estimated_delivery_at", arrival(detail));
	ff_write_end(writer);
}

void
ff_fedex_rate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *output;
	const FfJson *details;
	FfJson *json;

	if (!ff_fedex_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	output = ff_json_get(json, "output");
	if (!ff_json_is_object(output))
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer holds no rates.");
		return;
	}
	details = ff_json_get(output, "rateReplyDetails");
	ff_write_array(&outcome->body, "rates");
	for (int i = 0; i < ff_json_count(details); i++)
		write_rate(&outcome->body, call, ff_json_at(details, i));
	ff_write_end(&outcome->body);
	ff_write_text(&outcome->body, "warning", ff_fedex_warning(ff_json_get(output, "alerts")));
}
