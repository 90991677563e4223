/*
 * usps_visit.c
 *
 * What is about places and days and not about a label: validate_address,
 * schedule_pickup, which asks the carrier of the day to take parcels along,
 * and close_manifest, whose SCAN form makes one scan of many.  An address that
 * USPS cannot find is an answer, not an error.
 */
#include "postgres.h"

#include "connectors/usps.h"

#define EXACT_MATCH  "31"
#define NEED_MORE    "32"
#define CELL_DIGITS  10
#define INSTRUCTIONS 255

void
ff_usps_validate_request(const FfCall *call, FfMessage *message)
{
	const FfJson *address = ff_json_get(call->document, "address");
	char *lines[2] = {NULL, NULL};
	char *more;
	char *zip = ff_usps_zip(address, &more);
	char *city = ff_carrier_text(address, "city", USPS_CITY);

	if (ff_carrier_country(address) != NULL && !ff_usps_is_domestic(address))
		ff_connector_fail(call->connector, "address.country", "USPS knows addresses at home only.");
	if (ff_carrier_street(address, USPS_STREET, lines, 2) == 0)
		ff_connector_fail(call->connector, "address.street1", "Give street and number.");
	if (ff_usps_state(address) == NULL)
		ff_connector_fail(call->connector, "address.region", "Give the state as two letters.");
	if (city == NULL && zip == NULL)
		ff_connector_fail(call->connector, "address.postcode", "Give the ZIP code or the city.");
	ff_usps_begin(call, message, "GET", "/addresses/v3/address");
	ff_message_query(message, "streetAddress", lines[0]);
	ff_message_query(message, "secondaryAddress", lines[1]);
	ff_message_query(message, "city", city);
	ff_message_query(message, "state", ff_usps_state(address));
	ff_message_query(message, "ZIPCode", zip);
	ff_message_query(message, "ZIPPlus4", more);
}

static bool
has_code(const FfJson *list, const char *code)
{
	for (int i = 0; i < ff_json_count(list); i++)
		if (strcmp(ff_json_text_or(ff_json_at(list, i), "code", ""), code) == 0)
			return true;
	return false;
}

/* What is wrong, by the four words of delivery point validation; NULL when nothing is. */
static const char *
wrong_field(const FfJson *json)
{
	const char *confirmed = ff_json_text_or(json, "additionalInfo.DPVConfirmation", "");
	const FfJson *corrections = ff_json_get(json, "corrections");

	if (*confirmed == 'Y')
		return NULL;
	if (*confirmed == 'D' || *confirmed == 'S')
		return "street2";
	if (*confirmed == '\0' && has_code(ff_json_get(json, "matches"), EXACT_MATCH))
		return NULL;
	return has_code(corrections, NEED_MORE) ? "street2" : "street1";
}

static void
write_suggestion(FfJsonWriter *writer, const FfJson *address)
{
	const char *zip = ff_json_text_or(address, "ZIPCode", NULL);
	const char *more = ff_json_text_or(address, "ZIPPlus4", NULL);

	if (!ff_json_is_object(address))
		return;
	ff_write_object(writer, "suggestion");
	ff_write_text(writer, "street1", ff_json_text_or(address, "streetAddress", NULL));
	ff_write_text(writer, "street2", ff_json_text_or(address, "secondaryAddress", NULL));
	ff_write_text(writer, "city", ff_json_text_or(address, "city", NULL));
	ff_write_text(writer, "region", ff_json_text_or(address, "state", NULL));
	ff_write_text(writer, "postcode", zip && more ? psprintf("%s-%s", zip, more) : zip);
	ff_write_text(writer, "country", "US");
	ff_write_end(writer);
}

/* An address that is not there; the error names the member, or the street is meant. */
static void
write_not_found(FfOutcome *outcome)
{
	const char *member = outcome->field ? strchr(outcome->field, '.') : NULL;

	ff_write_object(&outcome->body, "address");
	ff_write_bool(&outcome->body, "valid", false);
	ff_write_text(&outcome->body, "field", member ? member + 1 : "street1");
	ff_write_end(&outcome->body);
	ff_write_text(&outcome->body, "warning", outcome->message);
	ff_outcome_ok(outcome);
}

static const char *
warning_of(const FfJson *json)
{
	const FfJson *first = ff_json_at(ff_json_get(json, "warnings"), 0);
	const char *text = ff_json_text_or(first, "", ff_json_text(first, "text"));

	if (text != NULL && *text != '\0')
		return ff_plain_text(text, INSTRUCTIONS);
	return ff_json_bool(json, "additionalInfo.vacant", false) ? "USPS says that nobody is there."
															  : NULL;
}

void
ff_usps_validate_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const char *business;
	const char *field;
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		bool about_address = outcome->field != NULL && strncmp(outcome->field, "address", 7) == 0;

		if (outcome->result == FF_RESULT_REFUSED && (reply->status == 404 || about_address))
			write_not_found(outcome);
		return;
	}
	if (!ff_json_is_object(ff_json_get(json, "address")))
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer does not judge the address.");
		return;
	}
	field = wrong_field(json);
	business = ff_json_text_or(json, "additionalInfo.business", "");
	ff_write_object(writer, "address");
	ff_write_bool(writer, "valid", field == NULL);
	write_suggestion(writer, ff_json_get(json, "address"));
	ff_write_text(writer, "field", field);
	if (*business == 'Y' || *business == 'N')
		ff_write_bool(writer, "residential", *business == 'N');
	ff_write_end(writer);
	ff_write_text(writer, "warning", warning_of(json));
}

/* Where USPS writes to: an e-mail address, else a mobile number. */
static void
write_contact(FfJsonWriter *writer, const FfCall *call, const FfJson *address)
{
	const char *email = ff_usps_email(address);
	char *phone = ff_usps_phone(address);
	size_t length = phone ? strlen(phone) : 0;

	if (email == NULL)
		email = ff_carrier_setting(call, "pickup_email");
	/* without the country's 1 before it */
	if (length == CELL_DIGITS + 1 && *phone == '1')
		phone++;
	else if (length != CELL_DIGITS)
		phone = NULL;
	if (email == NULL && phone == NULL)
		ff_connector_fail(call->connector,
						  "pickup.address.email",
						  "USPS wants an e-mail address or a number of ten digits.");
	ff_write_array(writer, "contact");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "email", email);
	if (email == NULL)
		ff_write_text(writer, "cellNumber", phone);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_pickup_place(FfJsonWriter *writer, const FfCall *call, const FfJson *address)
{
	char *first;
	char *last;

	if (!ff_carrier_split_name(
			ff_carrier_text(address, "name", 2 * USPS_STREET), USPS_STREET, &first, &last))
		ff_connector_fail(call->connector,
						  "pickup.address.name",
						  "Give first and last name of who hands the parcels over.");
	ff_write_object(writer, "pickupAddress");
	ff_usps_names(writer, address);
	ff_write_object(writer, "address");
	ff_usps_place(writer, address);
	ff_write_end(writer);
	write_contact(writer, call, address);
	ff_write_end(writer);
}

static void
write_pickup_location(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *pickup = ff_json_get(call->document, "pickup");
	char *note = ff_carrier_text(pickup, "note", INSTRUCTIONS);
	const char *location = ff_carrier_setting(call, "package_location");

	if (location != NULL && strcmp(location, "OTHER") == 0 && note == NULL)
		ff_connector_fail(call->connector, "pickup.note", "Say where the parcels are.");
	ff_write_object(writer, "pickupLocation");
	ff_write_text(writer, "packageLocation", location);
	ff_write_text(writer, "specialInstructions", note);
	ff_write_bool(writer, "dogPresent", ff_json_bool(pickup, "dog_present", false));
	ff_write_end(writer);
}

void
ff_usps_pickup_request(const FfCall *call, FfMessage *message)
{
	const FfJson *address = ff_carrier_pickup_address(call);
	int64 grams = ff_carrier_pickup_grams(call);
	FfJsonWriter writer;

	if (!ff_json_is_object(address))
		ff_connector_fail(call->connector, "pickup.address", "Give the address of the parcels.");
	if (grams <= 0)
		ff_connector_fail(
			call->connector, "pickup.weight_g", "USPS wants the weight of all parcels.");
	ff_usps_begin(call, message, "POST", "/pickup/v3/carrier-pickup");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer,
				  "pickupDate",
				  ff_time_format(ff_carrier_local_clock(call, "ready_at"), "%Y-%m-%d"));
	write_pickup_place(&writer, call, address);
	ff_write_array(&writer, "packages");
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "packageType", ff_usps_pickup_type(call));
	ff_write_int(&writer, "packageCount", ff_carrier_pickup_count(call));
	ff_write_end(&writer);
	ff_write_end(&writer);
	ff_write_number(&writer, "estimatedWeight", ff_usps_pounds(grams));
	write_pickup_location(&writer, call);
	ff_message_json(message, &writer);
}

/* The version of a pickup stands in a header; whoever changes it must tell that. */
void
ff_usps_pickup_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *number;
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	number = ff_json_text_or(json, "confirmationNumber", NULL);
	if (number == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no pickup.");
		return;
	}
	ff_write_object(&outcome->body, "pickup");
	ff_write_text(&outcome->body, "provider_reference", number);
	ff_write_text(&outcome->body, "etag", ff_reply_header(reply, "ETag"));
	ff_write_end(&outcome->body);
}

/* Which labels the form is for: those named, else all of a mailer id since the last form. */
static void
write_contents(FfJsonWriter *writer, const FfCall *call)
{
	const char *mailer = ff_carrier_setting(call, "manifest_mid");
	char *number = ff_usps_number(ff_carrier_manifest_number(call, 0));

	ff_write_object(writer, "shipment");
	if (number == NULL && mailer != NULL)
		ff_write_text(writer, "manifestMID", mailer);
	else if (number == NULL)
		ff_write_text(
			writer,
			"MID",
			ff_carrier_need_setting(call, "mid", "Set mid to the mailer id labels are made with."));
	else
	{
		ff_write_array(writer, "trackingNumbers");
		for (int i = 1; number != NULL; i++)
		{
			ff_write_text(writer, NULL, number);
			number = ff_usps_number(ff_carrier_manifest_number(call, i));
		}
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

void
ff_usps_scan_form_request(const FfCall *call, FfMessage *message)
{
	const FfJson *address = ff_carrier_manifest_address(call);
	const char *zip = ff_carrier_setting(call, "entry_zip");
	FfJsonWriter writer;

	if (!ff_json_is_object(address))
		ff_connector_fail(call->connector, "manifest.ship_from", "Give the address of the sender.");
	ff_usps_begin(call, message, "POST", "/scan-forms/v3/scan-form");
	ff_usps_accept_json(message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_raw(&writer, "imageInfo", "{\"imageType\":\"PDF\",\"labelType\":\"8.5X11LABEL\"}");
	ff_write_text(&writer, "mailingDate", ff_carrier_manifest_date(call));
	ff_write_text(&writer, "entryFacilityZIPCode", zip ? zip : ff_usps_zip(address, NULL));
	ff_write_text(&writer, "destinationEntryFacilityType", "NONE");
	write_contents(&writer, call);
	ff_write_object(&writer, "fromAddress");
	ff_usps_address(&writer, address, address, 0);
	ff_message_json(message, &writer);
}

void
ff_usps_scan_form_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *metadata;
	const FfJson *numbers;
	const char *number;
	char *image;
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_NEVER, outcome, &json))
		return;
	metadata = ff_usps_object(reply, json, "SCANFormMetaData");
	if (metadata == NULL)
		metadata = json;
	number = ff_json_text_or(metadata, "manifestNumber", NULL);
	if (number == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no form.");
		return;
	}
	numbers = ff_json_get(metadata, "trackingNumbers");
	ff_write_object(writer, "manifest");
	ff_write_text(writer, "provider_reference", number);
	ff_write_array(writer, "tracking_numbers");
	for (int i = 0; i < ff_json_count(numbers); i++)
		ff_write_text(writer, NULL, ff_json_text(ff_json_at(numbers, i), ""));
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	image = ff_usps_image(reply, json, "SCANFormImage");
	ff_carrier_write_document(
		writer, "manifest", ff_usps_image_format(image, "PDF"), image, NULL, 0);
	ff_write_end(writer);
	ff_write_end(writer);
}
