/*
 * ups_visit.c
 *
 * Places without a shipment: validate_address, which UPS does for the USA and
 * Puerto Rico alone, and schedule_pickup, which sends a driver.  A pickup
 * that exists already comes back with the same number, so asking twice does
 * no harm.  Times of a pickup are those of the clock at the place.
 */
#include "postgres.h"

#include "connectors/ups.h"

#define HEAVY_POUNDS_G    31751
#define HEAVY_KILOGRAMS_G 32000

void
ff_ups_address_request(const FfCall *call, FfMessage *message)
{
	const FfJson *address = ff_json_get(call->document, "address");
	const char *country = ff_carrier_country(address);
	char *postcode = ff_carrier_postcode(address, UPS_POSTCODE);
	char *lines[UPS_STREETS];
	FfJsonWriter writer;
	int count;

	if (country == NULL || (strcmp(country, "US") != 0 && strcmp(country, "PR") != 0))
		ff_connector_fail(
			"ups", "address.country", "UPS validates addresses of the USA and Puerto Rico only.");
	count = ff_carrier_street(address, UPS_LINE, lines, UPS_STREETS);
	ff_ups_begin(call, message, "POST", "/addressvalidation/v2/3");

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "XAVRequest");
	ff_write_object(&writer, "AddressKeyFormat");
	ff_write_text(&writer, "ConsigneeName", ff_carrier_text(address, "company", UPS_LINE));
	ff_write_array(&writer, "AddressLine");
	for (int i = 0; i < count; i++)
		ff_write_text(&writer, NULL, lines[i]);
	ff_write_end(&writer);
	ff_write_text(&writer, "PoliticalDivision2", ff_carrier_text(address, "city", 30));
	ff_write_text(&writer, "PoliticalDivision1", ff_carrier_region(address, UPS_REGION));
	if (postcode != NULL)
	{
		ff_write_text(&writer, "PostcodePrimaryLow", pnstrdup(postcode, 5));
		if (strlen(postcode) == 9)
			ff_write_text(&writer, "PostcodeExtendedLow", postcode + 5);
	}
	ff_write_text(&writer, "CountryCode", country);
	ff_message_json(message, &writer);
}

static void
write_suggestion(FfJsonWriter *writer, const char *key, const FfJson *candidate)
{
	const FfJson *address = ff_json_get(candidate, "AddressKeyFormat");
	const FfJson *lines = ff_json_get(address, "AddressLine");
	const char *postcode = ff_json_text_or(address, "PostcodePrimaryLow", NULL);
	const char *extension = ff_json_text_or(address, "PostcodeExtendedLow", NULL);
	const char *class = ff_json_text_or(candidate, "AddressClassification.Code", "0");

	ff_write_object(writer, key);
	for (int i = 0; i < ff_json_count(lines) && i < UPS_STREETS; i++)
		ff_write_text(writer, psprintf("street%d", i + 1), ff_json_text(ff_json_at(lines, i), ""));
	ff_write_text(writer, "city", ff_json_text(address, "PoliticalDivision2"));
	ff_write_text(writer, "region", ff_json_text(address, "PoliticalDivision1"));
	if (postcode != NULL)
		ff_write_text(
			writer, "postcode", extension ? psprintf("%s-%s", postcode, extension) : postcode);
	ff_write_text(writer, "country", ff_json_text(address, "CountryCode"));
	if (strcmp(class, "0") != 0)
		ff_write_bool(writer, "residential", strcmp(class, "2") == 0);
	ff_write_end(writer);
}

/* The first member of the address that the candidate corrects. */
static const char *
corrected_field(const FfJson *address, const FfJson *candidate)
{
	const FfJson *key = ff_json_get(candidate, "AddressKeyFormat");

	return ff_carrier_corrected(address,
								ff_json_text(key, "PoliticalDivision2"),
								ff_json_text(key, "PoliticalDivision1"),
								ff_json_text(key, "PostcodePrimaryLow"));
}

static void
write_judgement(const FfCall *call, FfOutcome *outcome, const FfJson *answer, bool valid)
{
	const FfJson *candidates = ff_json_get(answer, "Candidate");
	const FfJson *best = ff_json_at(candidates, 0);
	const char *class = ff_json_text_or(answer,
										"AddressClassification.Code",
										ff_json_text_or(best, "AddressClassification.Code", "0"));

	ff_write_object(&outcome->body, "address");
	ff_write_bool(&outcome->body, "valid", valid);
	if (best != NULL)
		write_suggestion(&outcome->body, "suggestion", best);
	if (ff_json_count(candidates) > 1)
	{
		ff_write_array(&outcome->body, "candidates");
		for (int i = 0; i < ff_json_count(candidates); i++)
			write_suggestion(&outcome->body, NULL, ff_json_at(candidates, i));
		ff_write_end(&outcome->body);
	}
	if (!valid && best != NULL)
		ff_write_text(
			&outcome->body, "field", corrected_field(ff_json_get(call->document, "address"), best));
	if (strcmp(class, "0") != 0)
		ff_write_bool(&outcome->body, "residential", strcmp(class, "2") == 0);
	ff_write_end(&outcome->body);
}

void
ff_ups_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	static const char *const judgements[] = {
		"ValidAddressIndicator", "AmbiguousAddressIndicator", "NoCandidatesIndicator"};
	const FfJson *answer;
	FfJson *json;

	if (!ff_ups_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	answer = ff_json_get(json, "XAVResponse");
	for (int i = 0; i < (int) lengthof(judgements); i++)
	{
		if (!ff_json_is_null(ff_json_get(answer, judgements[i])))
		{
			write_judgement(call, outcome, answer, i == 0);
			return;
		}
	}
	ff_outcome_set(outcome,
				   FF_RESULT_RETRY,
				   "unreadable_answer",
				   "The answer does not judge the address.",
				   NULL);
}

static void
write_pickup_address(FfJsonWriter *writer, const FfJson *address)
{
	char *company = ff_carrier_text(address, "company", 27);
	char *person = ff_carrier_text(address, "name", 22);
	char *lines[UPS_STREETS];
	char *extension;
	char *phone = ff_carrier_phone(address, UPS_PHONE, &extension);

	ff_write_object(writer, "PickupAddress");
	ff_write_text(writer, "CompanyName", company ? company : person);
	ff_write_text(writer, "ContactName", person ? person : ff_carrier_text(address, "company", 22));
	ff_write_array(writer, "AddressLine");
	if (ff_carrier_street(address, UPS_LINE, lines, UPS_STREETS) > 0)
		ff_write_text(writer, NULL, lines[0]);
	ff_write_end(writer);
	ff_write_text(writer, "City", ff_carrier_text(address, "city", 50));
	ff_write_text(writer, "StateProvince", ff_carrier_region(address, UPS_REGION));
	ff_write_text(writer, "PostalCode", ff_carrier_postcode(address, UPS_POSTCODE));
	ff_write_text(writer, "CountryCode", ff_carrier_country(address));
	ff_write_text(
		writer, "ResidentialIndicator", ff_json_bool(address, "residential", false) ? "Y" : "N");
	if (phone == NULL)
		ff_connector_fail("ups", "pickup.address.phone", "UPS wants a phone number of the place.");
	ff_write_object(writer, "Phone");
	ff_write_text(writer, "Number", phone);
	ff_write_text(writer, "Extension", extension);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* 01 packages, 02 letters, 03 pallets. */
static const char *
container(const FfCall *call)
{
	const char *packaging = ff_ups_packaging(call, ff_carrier_package(call, 0));

	if (strcmp(packaging, "30") == 0)
		return "03";
	return strcmp(packaging, "01") == 0 ? "02" : "01";
}

/* Service codes of the Pickup API have three digits. */
static void
write_pieces(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const char *service =
		ff_json_text_or(call->document,
						"pickup.service",
						ff_json_text_or(ff_carrier_subject(call), "service", "03"));
	const char *given = ff_ups_service(lane, service);
	const char *code = given ? given : "03";
	int64 grams = ff_carrier_pickup_grams(call);
	int64 heaviest = 0;

	for (int i = 0; i < ff_carrier_package_count(call); i++)
		heaviest = Max(heaviest, ff_json_int64_or(ff_carrier_package(call, i), "weight_g", 0));
	ff_write_array(writer, "PickupPiece");
	ff_write_object(writer, NULL);
	ff_write_text(
		writer, "ServiceCode", psprintf("%.*s%s", Max(0, 3 - (int) strlen(code)), "000", code));
	ff_write_text(writer, "Quantity", psprintf(INT64_FORMAT, ff_carrier_pickup_count(call)));
	ff_write_text(writer, "DestinationCountryCode", lane->to);
	ff_write_text(writer, "ContainerCode", container(call));
	ff_write_end(writer);
	ff_write_end(writer);
	if (grams > 0)
	{
		ff_write_object(writer, "TotalWeight");
		ff_write_text(
			writer,
			"Weight",
			ff_grams_to(grams, lane->pounds ? FF_GRAMS_PER_POUND : FF_GRAMS_PER_KILOGRAM, 1));
		ff_write_text(writer, "UnitOfMeasurement", lane->pounds ? "LBS" : "KGS");
		ff_write_end(writer);
	}
	ff_write_text(writer,
				  "OverweightIndicator",
				  heaviest > (lane->pounds ? HEAVY_POUNDS_G : HEAVY_KILOGRAMS_G) ? "Y" : "N");
}

void
ff_ups_pickup_request(const FfCall *call, FfMessage *message)
{
	const FfJson *pickup = ff_json_get(call->document, "pickup");
	const FfJson *address = ff_carrier_pickup_address(call);
	TimestampTz ready = ff_carrier_local_clock(call, "ready_at");
	TimestampTz close = ff_carrier_local_clock(call, "close_at");
	FfJsonWriter writer;
	FfUpsLane lane = {0};

	lane.from = ff_carrier_country(address);
	if (lane.from == NULL)
		ff_connector_fail("ups", "pickup.address.country", "Give the country as two letters.");
	lane.to = ff_carrier_country(ff_carrier_role(call, FF_SHIP_TO));
	if (lane.to == NULL)
		lane.to = lane.from;
	lane.pounds = ff_carrier_pounds(lane.from);
	ff_ups_begin(call, message, "POST", "/pickupcreation/v2409/pickup");

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_object(&writer, "PickupCreationRequest");
	ff_write_object(&writer, "Request");
	ff_ups_context(&writer, call);
	ff_write_end(&writer);
	ff_write_text(&writer, "RatePickupIndicator", "N");
	ff_write_object(&writer, "Shipper");
	ff_write_object(&writer, "Account");
	ff_write_text(&writer, "AccountNumber", ff_ups_account(call));
	ff_write_text(&writer, "AccountCountryCode", lane.from);
	ff_write_end(&writer);
	ff_write_end(&writer);
	ff_write_object(&writer, "PickupDateInfo");
	ff_write_text(&writer, "CloseTime", ff_time_format(close, "%H%M"));
	ff_write_text(&writer, "ReadyTime", ff_time_format(ready, "%H%M"));
	ff_write_text(&writer, "PickupDate", ff_time_format(ready, "%Y%m%d"));
	ff_write_end(&writer);
	write_pickup_address(&writer, address);
	ff_write_text(&writer, "AlternateAddressIndicator", "Y");
	write_pieces(&writer, call, &lane);
	ff_write_text(&writer, "PaymentMethod", "01");
	ff_write_text(&writer, "SpecialInstruction", ff_carrier_text(pickup, "note", 57));
	ff_write_text(&writer, "ReferenceNumber", ff_carrier_text(pickup, "reference", UPS_REFERENCE));
	ff_message_json(message, &writer);
}

void
ff_ups_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *answer;
	const char *number;
	FfJson *json;

	if (!ff_ups_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	answer = ff_json_get(json, "PickupCreationResponse");
	number = ff_json_text_or(answer, "PRN", NULL);
	if (number == NULL)
	{
		ff_outcome_set(
			outcome, FF_RESULT_RETRY, "unreadable_answer", "The answer names no pickup.", NULL);
		return;
	}
	ff_write_object(&outcome->body, "pickup");
	ff_write_text(&outcome->body, "provider_reference", number);
	if (ff_json_number(answer, "RateResult.GrandTotalOfAllCharge") != NULL)
	{
		ff_write_object(&outcome->body, "cost");
		ff_write_number(
			&outcome->body, "amount", ff_json_number(answer, "RateResult.GrandTotalOfAllCharge"));
		ff_write_text(&outcome->body, "currency", ff_json_text(answer, "RateResult.CurrencyCode"));
		ff_write_end(&outcome->body);
	}
	ff_write_end(&outcome->body);
}
