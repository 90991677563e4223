/*
 * dhl_parcel_de_error.c
 *
 * What DHL's answers mean: one status for the call, one for each shipment of
 * it, and messages that name a property.  The status of a shipment decides,
 * not that of HTTP; properties become our fields by a table.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"

#define WARNINGS_LONGEST 400

/* The longest beginning of a property that stands here decides; the first of equal ones. */
static const struct
{
	const char *property;
	const char *field;
} properties[] = {
	{"consignee.addressStreet", "ship_to.street1"},
	{"consignee.addressHouse", "ship_to.street1"},
	{"consignee.additionalAddressInformation", "ship_to.street2"},
	{"consignee.postalCode", "ship_to.postcode"},
	{"consignee.city", "ship_to.city"},
	{"consignee.state", "ship_to.region"},
	{"consignee.country", "ship_to.country"},
	{"consignee.name", "ship_to.name"},
	{"consignee.email", "ship_to.email"},
	{"consignee.phone", "ship_to.phone"},
	{"consignee.lockerID", "options.service_point"},
	{"consignee.retailID", "options.service_point"},
	{"consignee.postNumber", "options.service_point"},
	{"consignee.dispatchingInformation", "options.instructions"},
	{"consignee", "ship_to"},
	{"shipper.addressStreet", "ship_from.street1"},
	{"shipper.addressHouse", "ship_from.street1"},
	{"shipper.postalCode", "ship_from.postcode"},
	{"shipper.city", "ship_from.city"},
	{"shipper.country", "ship_from.country"},
	{"shipper.name", "ship_from.name"},
	{"shipper.email", "ship_from.email"},
	{"shipper", "ship_from"},
	{"details.weight", "packages.%d.weight_g"},
	{"details.dim.length", "packages.%d.length_mm"},
	{"details.dim.width", "packages.%d.width_mm"},
	{"details.dim.height", "packages.%d.height_mm"},
	{"details", "packages.%d"},
	{"services.additionalInsurance", "options.insurance"},
	{"services.cashOnDelivery", "options.cod"},
	{"services.signedForByRecipient", "options.signature"},
	{"services.visualCheckOfAge", "options.signature"},
	{"services.dhlRetoure", "options.return_label"},
	{"services", "options"},
	{"customs.items", "lines"},
	{"customs.invoiceNo", "customs.invoice_number"},
	{"customs.exportType", "customs.contents"},
	{"customs", "customs"},
	{"product", "service"},
	{"billingNumber", "config.billing_number"},
	{"profile", "config.profile"},
	{"receiverId", "config.return_receiver"},
	{"itemWeight", "packages.0.weight_g"},
	{"itemValue", "lines"},
	{"refNo", "reference"},
	{"customerReference", "reference"},
	{"shipDate", "ship_on"},
	{"pickupLocation.pickupAddress.postalCode", "pickup.address.postcode"},
	{"pickupLocation", "pickup.address"},
	{"pickupDetails", "pickup.ready_at"},
};

/* "shipments[0].consignee.city" is about "consignee.city". */
static const char *
own_property(const char *property)
{
	const char *dot;

	if (strncmp(property, "$.", 2) == 0)
		property += 2;
	if (strncmp(property, "shipments", 9) != 0)
		return property;
	dot = strchr(property, '.');
	if (dot != NULL && dot[1] >= '0' && dot[1] <= '9')
		dot = strchr(dot + 1, '.');
	return dot ? dot + 1 : property;
}

static const char *
field_of(const FfCall *call, const char *property, const char *message, int index)
{
	const char *own = property ? own_property(property) : "";
	const char *field = NULL;
	size_t best = 0;

	for (int i = 0; i < (int) lengthof(properties); i++)
	{
		size_t length = strlen(properties[i].property);

		if (length <= best || pg_strncasecmp(own, properties[i].property, length) != 0)
			continue;
		best = length;
		field = strchr(properties[i].field, '%')
					? psprintf("packages.%d%s", index, properties[i].field + strlen("packages.%d"))
					: properties[i].field;
	}
	if (field == NULL && message &&
		(strstr(message, "encodable") || strstr(message, "leitcodierbar")))
		field = "ship_to";
	/* an address that is merely judged has no role */
	if (field != NULL && call->operation == FF_OP_VALIDATE_ADDRESS &&
		strncmp(field, "ship_to.", 8) == 0)
		field += 8;
	return field;
}

static FfResult
result_of(int64 status)
{
	if (status == 401)
		return FF_RESULT_UNAUTHORIZED;
	if (status == 408 || status == 429 || status >= 500)
		return FF_RESULT_RETRY;
	return FF_RESULT_REFUSED;
}

static int64
status_of(const FfJson *status)
{
	return ff_json_int64_or(status, "statusCode", ff_json_int64_or(status, "status", 0));
}

static bool
is_warning(const FfJson *message)
{
	return pg_strcasecmp(ff_json_text_or(message, "validationState", "Error"), "Warning") == 0;
}

/* The first message that is an error. */
static const FfJson *
first_error(const FfJson *item)
{
	const FfJson *messages = ff_json_get(item, "validationMessages");

	for (int i = 0; i < ff_json_count(messages); i++)
		if (!is_warning(ff_json_at(messages, i)))
			return ff_json_at(messages, i);
	return NULL;
}

FfPdeFailure
ff_pde_item(const FfCall *call, const FfJson *item, int index)
{
	const FfJson *status = ff_json_get(item, "sstatus");
	const FfJson *error = first_error(item);
	int64 code = status_of(status);
	FfPdeFailure failure = {FF_RESULT_OK, NULL, NULL, NULL};

	if (code >= 200 && code < 300)
		return failure;
	/* an item without a status is as good as its messages */
	if (code == 0 && error == NULL && ff_json_text_or(item, "shipmentNo", NULL) != NULL)
		return failure;
	failure.result = result_of(code);
	failure.code = psprintf(INT64_FORMAT, code != 0 ? code : 400);
	failure.message = ff_json_text_or(
		error,
		"validationMessage",
		ff_json_text_or(status, "detail", ff_json_text_or(status, "title", "DHL refused it.")));
	failure.field = field_of(call, ff_json_text(error, "property"), failure.message, index);
	return failure;
}

char *
ff_pde_warnings(const FfJson *items)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *messages = ff_json_get(ff_json_at(items, i), "validationMessages");

		for (int j = 0; j < ff_json_count(messages); j++)
		{
			const FfJson *message = ff_json_at(messages, j);
			const char *words = ff_json_text_or(message, "validationMessage", NULL);

			if (is_warning(message) && words != NULL && strstr(text.data, words) == NULL)
				appendStringInfo(&text, "%s%s", text.len > 0 ? " " : "", words);
		}
	}
	return text.len > 0 ? ff_plain_text(text.data, WARNINGS_LONGEST) : NULL;
}

/* The words for a call that failed as a whole. */
static const char *
trouble(const FfJson *json)
{
	static const char *const paths[] = {"status.detail",
										"detail",
										"sstatus.detail",
										"error_description",
										"status.title",
										"title",
										"sstatus.title"};

	for (int i = 0; i < (int) lengthof(paths); i++)
	{
		const char *words = ff_json_text_or(json, paths[i], NULL);

		if (words != NULL)
			return words;
	}
	return NULL;
}

bool
ff_pde_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome,
			 FfJson **json)
{
	const FfJson *items;

	if (ff_outcome_http(call, reply, repeat, outcome))
	{
		*json = ff_outcome_json(reply, outcome);
		return *json != NULL;
	}
	*json = ff_outcome_json(reply, outcome);
	ff_outcome_set(outcome, outcome->result, NULL, trouble(*json), NULL);
	if (reply->status == 403)
		outcome->field = "config.billing_number";
	items = ff_json_get(*json, "items");
	if (ff_json_count(items) == 0 && ff_json_count(ff_json_get(*json, "validationMessages")) > 0)
		items = *json;
	/* a doubtful answer stays doubtful, whatever it says of single shipments */
	for (int i = 0; outcome->result == FF_RESULT_REFUSED && i < ff_json_count(items); i++)
	{
		const FfJson *error = first_error(ff_json_at(items, i));

		if (error == NULL)
			continue;
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   NULL,
					   ff_json_text(error, "validationMessage"),
					   field_of(call,
								ff_json_text(error, "property"),
								ff_json_text(error, "validationMessage"),
								i));
		break;
	}
	return false;
}
