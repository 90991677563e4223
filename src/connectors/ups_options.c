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

#include "utils/formatting.h"

#include "connectors/decimal.h"
#include "connectors/ups.h"
#include "model/currency.h"

#define UPS_EMAILED_LABEL "8"

static const struct
{
	const char *name;
	const char *code;
} return_services[] = {
	{"print", "9"},
	{"print_label", "9"},
	{"email", "8"},
	{"electronic", "8"},
	{"one_attempt", "3"},
	{"three_attempts", "5"},
	{"print_and_mail", "2"},
};

const char *
ff_ups_return_service(const FfCall *call)
{
	const char *wish = ff_json_text_or(
		ff_ups_subject(call), "options.return_service", ff_ups_setting(call, "return_service"));

	for (int i = 0; i < (int) lengthof(return_services); i++)
		if (pg_strcasecmp(return_services[i].name, wish) == 0)
			return return_services[i].code;
	return wish;
}

/*
 * An amount given as {amount, currency}, as a number, or as true for the
 * value of the goods; NULL when there is none.
 */
static char *
option_amount(const FfJson *subject, const char *path, const char **currency)
{
	const FfJson *option = ff_json_get(subject, path);
	char *amount;

	*currency = ff_json_text_or(option, "currency", ff_ups_currency(subject));
	if (ff_json_is_object(option))
		amount = ff_json_number(option, "amount");
	else
		amount = ff_json_number(option, "");
	if (amount == NULL && !ff_json_is_object(option) && ff_json_bool(option, "", false))
		amount = ff_ups_goods_value(subject);
	return amount && ff_decimal_positive(amount) && *currency ? amount : NULL;
}

/* Whether a signature is wanted, and whether of an adult. */
static bool
wants_signature(const FfJson *subject, bool *adult)
{
	static const char *const none[] = {"", "none", "no", "false", "0", "off", "not_required"};
	const char *wish = ff_json_text_or(subject, "options.signature", "");

	for (int i = 0; i < (int) lengthof(none); i++)
		if (pg_strcasecmp(wish, none[i]) == 0)
			return false;
	*adult = strstr(asc_tolower(wish, strlen(wish)), "adult") != NULL;
	return true;
}

/* UPS takes no signature together with collect on delivery, nor on returns. */
static void
signature(FfJsonWriter *writer, const FfJson *subject, const FfUpsLane *lane, bool at_package)
{
	const char *currency;
	bool adult;

	if (lane->package_signature != at_package || lane->is_return ||
		!wants_signature(subject, &adult) || option_amount(subject, "options.cod", &currency))
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

/* The share of one package in an amount that is meant for all of them. */
static char *
share(const FfCall *call, int index, const char *amount, const char *currency)
{
	int count = ff_ups_package_count(call);

	return count == 1 ? pstrdup(amount)
					  : ff_decimal_share(amount, count, index, ff_currency_decimals(currency));
}

void
ff_ups_package_options(FfJsonWriter *writer, const FfCall *call, const FfUpsLane *lane, int index)
{
	const FfJson *subject = ff_ups_subject(call);
	const FfJson *package = ff_ups_package(call, index);
	FfJsonWriter options;
	const char *currency;
	char *amount;

	ff_write_init(&options);
	ff_write_object(&options, NULL);
	signature(&options, subject, lane, true);
	amount = option_amount(subject, "options.cod", &currency);
	if (amount && lane->package_cod && !lane->is_return)
		cash(&options, "0", currency, share(call, index, amount, currency));

	amount = option_amount(subject, "options.insurance", &currency);
	if (amount)
		amount = share(call, index, amount, currency);
	if (ff_json_number(package, "value"))
	{
		amount = ff_json_number(package, "value");
		currency = ff_json_text_or(package, "currency", ff_ups_currency(subject));
	}
	if (amount && currency)
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
	const char *wanted = ff_ups_setting(call, "notify");
	char *email = ff_ups_email(ff_ups_role(call, UPS_SHIP_TO));
	bool any = false;

	for (int i = 0; wanted && email && i < (int) lengthof(notifications); i++)
	{
		if (strstr(wanted, notifications[i].word) == NULL)
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
		char *email = ff_ups_email(ff_ups_role(call, UPS_SHIP_FROM));

		if (email == NULL)
			ff_connector_fail("ups",
							  ff_ups_field(call, "ship_from.email"),
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
	const FfJson *subject = ff_ups_subject(call);
	FfJsonWriter options;
	const char *currency;
	char *amount = option_amount(subject, "options.cod", &currency);

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
