/*
 * ups_options.c
 *
 * What is asked of UPS beside transport: signature, declared value, collect
 * on delivery, Saturday delivery, mails, return services.  Each stands at the
 * package or at the shipment as the lane demands (ups_lane.c decides), and
 * amounts stay decimal text.  An amount for the whole shipment is divided
 * among its packages, since UPS insures and collects by the package.
 */
#include "postgres.h"

#include "connectors/ups.h"

#define UPS_EMAILED_LABEL "8"

static const FfCarrierCode return_services[] = {
	{"9", "print|print_label"},
	{"8", "email|electronic"},
	{"3", "one_attempt"},
	{"5", "three_attempts"},
	{"2", "print_and_mail"},
};

const char *
ff_ups_return_service(const FfCall *call)
{
	const char *wish = ff_json_text_or(ff_carrier_subject(call),
									   "options.return_service",
									   ff_carrier_setting(call, "return_service"));
	int row = wish ? FF_CARRIER_CODE(return_services, "ups", wish) : -1;

	return row >= 0 ? return_services[row].code : wish;
}

/* UPS takes no signature together with collect on delivery, nor on returns. */
static void
signature(FfJsonWriter *writer, const FfJson *subject, const FfUpsLane *lane, bool at_package)
{
	const char *currency;
	bool adult;

	if (lane->package_signature != at_package || lane->is_return ||
		!ff_carrier_signature(subject, &adult) ||
		ff_carrier_amount(subject, "options.cod", &currency))
		return;
	ff_write_object(writer, "DeliveryConfirmation");
	if (at_package)
		ff_write_text(writer, "DCISType", adult ? "3" : "2");
	else
		ff_write_text(writer, "DCISType", adult ? "2" : "1");
	ff_write_end(writer);
}

static void
write_unless_empty(FfJsonWriter *writer, const char *key, FfJsonWriter *object)
{
	char *text = ff_write_finish(object);

	if (strcmp(text, "{}") != 0)
		ff_write_raw(writer, key, text);
}

/* Funds: 0 any at American addresses, 1 cash elsewhere. */
static void
cash(FfJsonWriter *writer, const char *funds, const char *currency, const char *amount)
{
	ff_write_object(writer, "COD");
	ff_write_text(writer, "CODFundsCode", funds);
	ff_ups_money(writer, "CODAmount", currency, amount);
	ff_write_end(writer);
}

void
ff_ups_package_options(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	FfJsonWriter options;
	const char *currency;
	char *amount;

	ff_write_init(&options);
	ff_write_object(&options, NULL);
	signature(&options, subject, lane, true);
	amount = ff_carrier_amount(subject, "options.cod", &currency);
	if (amount && lane->package_cod && !lane->is_return)
		cash(&options, "0", currency, ff_carrier_share(call, index, amount, currency));

	amount = ff_carrier_insured(call, index, &currency);
	if (amount)
	{
		ff_write_object(&options, "DeclaredValue");
		if (call->operation != FF_OP_QUOTE_RATES)
			ff_write_raw(&options, "Type", "{\"Code\":\"01\"}");
		ff_write_text(&options, "CurrencyCode", currency);
		ff_write_text(&options, "MonetaryValue", amount);
		ff_write_end(&options);
	}
	write_unless_empty(writer, "PackageServiceOptions", &options);
}

/* Wishes that are flags: by an option of the shipment, or a setting for all of them. */
static const struct
{
	const char *option;
	const char *setting;
	const char *flag;
} flags[] = {
	{"options.saturday", NULL, "SaturdayDeliveryIndicator"},
	{"options.direct_delivery", "direct_delivery", "DirectDeliveryOnlyIndicator"},
	{"options.carbon_neutral", "carbon_neutral", "UPScarbonneutralIndicator"},
};

/* Mails that UPS may send: words of setting "notify". */
static const struct
{
	const char *word;
	const char *code;
} notifications[] = {{"ship", "6"}, {"exception", "7"}, {"delivery", "8"}};

static void
notify(FfJsonWriter *writer, const FfCall *call)
{
	char *email = ff_carrier_email(ff_carrier_role(call, FF_SHIP_TO), UPS_EMAIL);
	bool any = false;

	for (int i = 0; email && i < (int) lengthof(notifications); i++)
	{
		if (!ff_carrier_lists(call, "notify", notifications[i].word))
			continue;
		if (!any)
			ff_write_array(writer, "Notification");
		any = true;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "NotificationCode", notifications[i].code);
		ff_write_object(writer, "EMail");
		ff_write_array(writer, "EMailAddress");
		ff_write_text(writer, NULL, email);
		ff_write_end(writer);
		ff_write_end(writer);
		ff_write_end(writer);
	}
	if (any)
		ff_write_end(writer);
}

/* What only the Ship API takes. */
static void
shipping_options(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	notify(writer, call);
	if (lane->is_return && strcmp(ff_ups_return_service(call), UPS_EMAILED_LABEL) == 0)
	{
		char *email = ff_carrier_email(ff_carrier_role(call, FF_SHIP_FROM), UPS_EMAIL);

		if (email == NULL)
			ff_connector_fail("ups",
							  ff_carrier_field(call, "ship_from.email"),
							  "Give the address UPS mails the return label to.");
		ff_write_object(writer, "LabelDelivery");
		ff_write_object(writer, "EMail");
		ff_write_text(writer, "EMailAddress", email);
		ff_write_end(writer);
		ff_write_end(writer);
	}
	ff_ups_international_forms(writer, call, lane);
}

void
ff_ups_shipment_options(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	FfJsonWriter options;
	const char *currency;
	char *amount = ff_carrier_amount(subject, "options.cod", &currency);

	ff_write_init(&options);
	ff_write_object(&options, NULL);
	for (int i = 0; i < (int) lengthof(flags); i++)
		ff_ups_flag(
			&options,
			flags[i].flag,
			ff_json_bool(subject,
						 flags[i].option,
						 flags[i].setting && ff_json_bool(call->config, flags[i].setting, false)));
	signature(&options, subject, lane, false);
	if (amount && !lane->package_cod && !lane->is_return)
		cash(&options, "1", currency, amount);
	if (call->operation != FF_OP_QUOTE_RATES)
		shipping_options(&options, call, lane);
	else if (lane->is_return)
	{
		ff_write_object(&options, "ReturnService");
		ff_write_text(&options, "Code", ff_ups_return_service(call));
		ff_write_end(&options);
	}
	write_unless_empty(writer, "ShipmentServiceOptions", &options);
}
