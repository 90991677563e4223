/*
 * fedex_visit.c
 *
 * What is about places and days and not about a shipment: validate_address,
 * schedule_pickup, which sends a driver, and close_manifest, which ends the
 * day of Ground.  Times of a pickup are those of the clock at the place, and
 * FedEx wants them with a Z that means nothing.
 */
#include "postgres.h"

#include "connectors/fedex.h"

#define REMARKS      60
#define PICKUP_PHONE 13

void
ff_fedex_address_request(const FfCall *call, FfMessage *message)
{
	const FfJson *address = ff_json_get(call->document, "address");
	FfJsonWriter writer;

	if (ff_carrier_country(address) == NULL)
		ff_connector_fail("fedex", "address.country", "Give the country as two letters.");
	ff_fedex_begin(call, message, "POST", "/address/v1/addresses/resolve");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_raw(&writer, "validateAddressControlParameters", "{\"includeResolutionTokens\":true}");
	ff_write_array(&writer, "addressesToValidate");
	ff_write_object(&writer, NULL);
	ff_fedex_address(&writer, address, 0);
	ff_message_json(message, &writer);
}

/* Attributes are booleans in the description and words in answers. */
static bool
has_attribute(const FfJson *resolved, const char *name, bool fallback)
{
	return ff_json_bool(resolved, psprintf("attributes.%s", name), fallback);
}

/* In the USA an address counts when the mail delivers there. */
static bool
is_valid(const FfJson *resolved)
{
	const char *country = ff_json_text_or(resolved, "countryCode", "");
	bool delivered = ff_json_bool(resolved, "normalizedStatusNameDPV", false);

	return has_attribute(resolved, "Resolved", false) &&
		   (!ff_carrier_among(country, "US PR") || has_attribute(resolved, "DPV", delivered));
}

static char *
full_postcode(const FfJson *resolved)
{
	char *base = ff_json_text(resolved, "parsedPostalCode.base");
	const char *more = ff_json_text_or(resolved, "parsedPostalCode.addOn", NULL);

	if (base == NULL || *base == '\0')
		return ff_json_text(resolved, "postalCode");
	return more ? psprintf("%s-%s", base, more) : base;
}

static void
write_suggestion(FfJsonWriter *writer, const char *key, const FfJson *resolved)
{
	const FfJson *lines = ff_json_get(resolved, "streetLinesToken");

	ff_write_object(writer, key);
	for (int i = 0; i < ff_json_count(lines) && i < 3; i++)
		ff_write_text(writer, psprintf("street%d", i + 1), ff_json_text(ff_json_at(lines, i), ""));
	ff_write_text(writer, "city", ff_json_text(resolved, "city"));
	ff_write_text(writer, "region", ff_json_text(resolved, "stateOrProvinceCode"));
	ff_write_text(writer, "postcode", full_postcode(resolved));
	ff_write_text(writer, "country", ff_json_text(resolved, "countryCode"));
	ff_write_end(writer);
}

/* The member of ours that FedEx's messages are about, else the first that it corrects. */
static const char *
wrong_field(const FfCall *call, const FfJson *resolved)
{
	static const char *const lists[] = {"customerMessages", "customerMessage"};

	if (has_attribute(resolved, "SuiteRequiredButMissing", false) ||
		has_attribute(resolved, "InvalidSuiteNumber", false))
		return "street2";
	for (int list = 0; list < (int) lengthof(lists); list++)
	{
		const FfJson *messages = ff_json_get(resolved, lists[list]);

		for (int i = 0; i < ff_json_count(messages); i++)
		{
			const FfJson *message = ff_json_at(messages, i);
			const char *code = ff_json_text_or(message, "code", ff_json_text(message, ""));

			if (code != NULL && strstr(code, "SUITE") != NULL)
				return "street2";
			if (code != NULL && strstr(code, "NOTFOUND") != NULL)
				return "street1";
		}
	}
	return ff_carrier_corrected(ff_json_get(call->document, "address"),
								ff_json_text(resolved, "city"),
								ff_json_text(resolved, "stateOrProvinceCode"),
								full_postcode(resolved));
}

void
ff_fedex_address_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *all;
	const FfJson *best;
	const char *class;
	FfJson *json;

	if (!ff_fedex_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
		return;
	all = ff_json_get(json, "output.resolvedAddresses");
	best = ff_json_at(all, 0);
	if (best == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer does not judge the address.");
		return;
	}
	class = ff_json_text_or(best, "classification", "");
	ff_write_object(writer, "address");
	ff_write_bool(writer, "valid", is_valid(best));
	if (has_attribute(best, "Resolved", false))
		write_suggestion(writer, "suggestion", best);
	if (ff_json_count(all) > 1)
	{
		ff_write_array(writer, "candidates");
		for (int i = 0; i < ff_json_count(all); i++)
			write_suggestion(writer, NULL, ff_json_at(all, i));
		ff_write_end(writer);
	}
	if (!is_valid(best))
		ff_write_text(writer, "field", wrong_field(call, best));
	if (strcmp(class, "RESIDENTIAL") == 0 || strcmp(class, "BUSINESS") == 0)
		ff_write_bool(writer, "residential", *class == 'R');
	ff_write_end(writer);
}

static void
write_pickup_place(FfJsonWriter *writer, const FfJson *address)
{
	char *extension;
	char *phone = ff_carrier_phone(address, PICKUP_PHONE, &extension);

	if (phone == NULL)
		ff_connector_fail(
			"fedex", "pickup.address.phone", "FedEx wants a phone number of the place.");
	ff_write_object(writer, "pickupLocation");
	ff_fedex_party(writer, address, NULL, 0);
	ff_write_end(writer);
}

/* The company that fetches: Ground's parcels have a driver of their own. */
static const char *
pickup_carrier(const FfCall *call)
{
	const char *service = ff_json_text_or(
		call->document, "pickup.service", ff_json_text_or(ff_carrier_subject(call), "service", ""));
	const char *code = *service != '\0' ? ff_fedex_service(service) : NULL;

	if (ff_carrier_among(service, "FDXE FDXG"))
		return service;
	return ff_fedex_is_ground(code) ? "FDXG" : "FDXE";
}

static void
write_origin(FfJsonWriter *writer, const FfCall *call, const FfJson *address)
{
	TimestampTz ready = ff_carrier_local_clock(call, "ready_at");
	TimestampTz close = ff_carrier_local_clock(call, "close_at");
	bool today = strcmp(ff_time_format(ready, "%Y%m%d"), ff_time_format(call->now, "%Y%m%d")) == 0;

	ff_write_object(writer, "originDetail");
	ff_write_text(writer, "pickupAddressType", "SHIPPER");
	write_pickup_place(writer, address);
	ff_write_text(writer, "readyDateTimestamp", ff_time_iso(ready));
	ff_write_text(writer, "customerCloseTime", ff_time_format(close, "%H:%M:%S"));
	ff_write_text(writer, "pickupDateType", today ? "SAME_DAY" : "FUTURE_DAY");
	ff_write_text(writer, "packageLocation", ff_carrier_setting(call, "package_location"));
	ff_write_end(writer);
}

void
ff_fedex_pickup_request(const FfCall *call, FfMessage *message)
{
	const FfJson *pickup = ff_json_get(call->document, "pickup");
	const FfJson *address = ff_carrier_pickup_address(call);
	const char *country = ff_carrier_country(address);
	int64 grams = ff_carrier_pickup_grams(call);
	FfJsonWriter writer;

	if (country == NULL)
		ff_connector_fail("fedex", "pickup.address.country", "Give the country as two letters.");
	ff_fedex_begin(call, message, "POST", "/pickup/v1/pickups");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_fedex_account(&writer, call, "associatedAccountNumber");
	write_origin(&writer, call, address);
	ff_write_text(&writer, "carrierCode", pickup_carrier(call));
	ff_write_int(&writer, "packageCount", ff_carrier_pickup_count(call));
	if (grams > 0)
		ff_fedex_weight(&writer, "totalWeight", ff_carrier_pounds(country), grams);
	ff_write_text(&writer, "remarks", ff_carrier_text(pickup, "note", REMARKS));
	ff_message_json(message, &writer);
}

/* Where the driver starts from is told with the number: an Express pickup is cancelled by both. */
void
ff_fedex_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const FfJson *output;
	const char *number;
	FfJson *json;

	if (!ff_fedex_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	output = ff_json_get(json, "output");
	number = ff_json_text_or(output, "pickupConfirmationCode", NULL);
	if (number == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no pickup.");
		return;
	}
	ff_write_object(&outcome->body, "pickup");
	ff_write_text(&outcome->body, "provider_reference", number);
	ff_write_text(&outcome->body, "location", ff_json_text_or(output, "location", NULL));
	ff_write_end(&outcome->body);
	ff_write_text(&outcome->body, "warning", ff_fedex_warning(ff_json_get(output, "alerts")));
}

void
ff_fedex_close_request(const FfCall *call, FfMessage *message)
{
	FfJsonWriter writer;

	ff_fedex_begin(call, message, "PUT", "/ship/v1/endofday/");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "closeReqType", "GCDR");
	ff_fedex_account(&writer, call, "accountNumber");
	ff_write_text(&writer, "groundServiceCategory", "GROUND");
	ff_write_text(&writer, "closeDate", ff_carrier_manifest_date(call));
	ff_write_raw(&writer, "closeDocumentSpecification", "{\"closeDocumentTypes\":[\"MANIFEST\"]}");
	ff_message_json(message, &writer);
}

void
ff_fedex_close_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *output;
	const FfJson *documents;
	FfJson *json;

	if (!ff_fedex_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	output = ff_json_get(json, "output");
	if (!ff_json_is_object(output))
	{
		ff_outcome_unreadable(
			outcome, FF_RESULT_UNKNOWN, "The answer does not say whether the day is closed.");
		return;
	}
	documents = ff_json_get(output, "closeDocuments");
	ff_write_object(writer, "manifest");
	ff_write_text(
		writer, "provider_reference", ff_json_text(ff_json_at(documents, 0), "shippingCycle"));
	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_json_count(documents); i++)
	{
		const FfJson *parts = ff_json_get(ff_json_at(documents, i), "parts");

		for (int j = 0; j < ff_json_count(parts); j++)
			ff_carrier_write_document(writer,
									  "manifest",
									  "pdf",
									  ff_json_text_or(ff_json_at(parts, j), "image", NULL),
									  NULL,
									  0);
	}
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_text(writer, "warning", ff_fedex_warning(ff_json_get(output, "alerts")));
}
