/*
 * efs_order.c
 *
 * An order, what became of it, and its cancellation.  EFS tells nothing of a
 * parcel but its number: where it is, the carrier says.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/efs.h"
#include "connectors/unknown.h"

#define ORDERS "/xml/orders/"

static const char *
order_number(const FfCall *call)
{
	const char *known = ff_json_text_or(call->document, "shipment.provider_reference", NULL);

	return known ? known : ff_json_text_or(call->document, "shipment.reference", NULL);
}

static const char *
need_number(const FfCall *call)
{
	const char *number = order_number(call);

	if (number == NULL)
		ff_connector_fail(
			EFS, "shipment.reference", "Give the shipment's reference, the order's number.");
	return number;
}

static const char *
shipping_method(const FfCall *call)
{
	const char *service = ff_json_text_or(ff_carrier_subject(call), "service", NULL);
	const FfJson *methods = ff_json_get(call->config, "shipping_methods");
	const char *code =
		service ? ff_json_text_or(ff_json_member(methods, service), "", service) : NULL;

	code = code ? code : ff_json_text_or(call->config, "shipping_method", NULL);
	if (code == NULL)
		ff_carrier_fail(
			call, "service", "EFS ships by a method: name one, or set shipping_method.");
	return code;
}

/* A name of one word is a last name; a company without a person is the receiver. */
static void
write_address(StringInfo xml, const FfCall *call, const char *element)
{
	const FfJson *to = ff_carrier_need_role(call, FF_SHIP_TO);
	char *name = ff_carrier_text(to, "name", 60);
	char *company = ff_carrier_text(to, "company", 60);
	char *first = NULL;
	char *last = name ? name : company;

	if (last == NULL)
		ff_carrier_fail(call, "ship_to.name", "EFS needs a receiver.");
	if (name != NULL)
		(void) ff_carrier_split_name(name, 60, &first, &last);
	appendStringInfo(xml, "<%s>", element);
	ff_efs_element(xml, "FirstName", first);
	ff_efs_element(xml, "LastName", last ? last : name);
	ff_efs_element(xml, "Company", company);
	ff_efs_element(xml, "Address1", ff_carrier_text(to, "street1", 100));
	ff_efs_element(xml, "Address2", ff_carrier_text(to, "street2", 100));
	ff_efs_element(xml, "City", ff_carrier_text(to, "city", 60));
	ff_efs_element(xml, "State", ff_carrier_text(to, "region", 40));
	ff_efs_element(xml, "PostalCode", ff_carrier_text(to, "postcode", 20));
	ff_efs_element(xml, "Country", ff_carrier_need_country(call, FF_SHIP_TO));
	ff_efs_element(xml, "Phone", ff_carrier_text(to, "phone", 30));
	ff_efs_element(xml, "Email", ff_carrier_email(to, 100));
	appendStringInfo(xml, "</%s>", element);
}

static void
write_options(StringInfo xml, const FfCall *call)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *currency = NULL;
	char *insured = ff_carrier_amount(subject, "options.insurance", &currency);
	char *cod = ff_carrier_amount(subject, "options.cod", &currency);
	char *value = ff_carrier_goods_value(subject, ff_json_get(subject, "lines"));
	bool adult;

	appendStringInfoString(xml, "<ShippingOptions>");
	ff_efs_element(xml, "Insurance", insured ? ff_decimal_money(insured) : NULL);
	ff_efs_element(xml, "CashOnDelivery", cod ? ff_decimal_money(cod) : NULL);
	ff_efs_element(xml, "DeclaredValue", value ? ff_decimal_money(value) : NULL);
	ff_efs_element(xml, "SignatureRequired", ff_carrier_signature(subject, &adult) ? "1" : NULL);
	appendStringInfoString(xml, "</ShippingOptions>");
}

static void
write_items(StringInfo xml, const FfCall *call)
{
	const FfJson *lines = ff_json_get(ff_carrier_subject(call), "lines");

	if (ff_json_count(lines) == 0)
		ff_carrier_fail(call, "lines", "EFS takes no order without items.");
	appendStringInfoString(xml, "<ItemList>");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		const char *sku = ff_json_text_or(line, "sku", NULL);

		if (sku == NULL)
			ff_carrier_fail(
				call, psprintf("lines.%d.sku", i), "Give the SKU as the control panel has it.");
		appendStringInfoString(xml, "<Item>");
		ff_efs_element(xml, "Sku", sku);
		ff_efs_element(xml, "Quantity", ff_carrier_quantity(line));
		appendStringInfoString(xml, "</Item>");
	}
	appendStringInfoString(xml, "</ItemList>");
}

void
ff_efs_create_request(const FfCall *call, FfMessage *message)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *note =
		ff_json_text_or(subject, "options.instructions", ff_json_text_or(subject, "note", NULL));
	StringInfoData xml;

	ff_efs_begin(&xml, call, "OrderSubmitRequest", true);
	appendStringInfoString(&xml, "<OrderList><Order>");
	ff_efs_element(&xml, "OrderNumber", need_number(call));
	ff_efs_element(&xml, "ReferenceNumber", ff_json_text_or(subject, "order_number", NULL));
	ff_efs_element(&xml, "ShippingMethod", shipping_method(call));
	write_options(&xml, call);
	ff_efs_element(&xml, "Comments", note ? ff_plain_text(note, 250) : NULL);
	write_address(&xml, call, "ShippingAddress");
	write_items(&xml, call);
	appendStringInfoString(&xml, "</Order></OrderList>");
	ff_efs_send(call, message, ORDERS, &xml, "OrderSubmitRequest");
}

static void
write_state(const FfCall *call, FfOutcome *outcome, const char *state)
{
	ff_write_object(&outcome->body, "shipment");
	ff_write_text(&outcome->body, "provider_reference", order_number(call));
	ff_write_text(&outcome->body, "state", state);
	ff_write_end(&outcome->body);
}

/* Our number twice: the order is there already, and it is ours. */
static bool
is_duplicate(const FfOutcome *outcome)
{
	return outcome->result == FF_RESULT_REFUSED && ff_efs_says(outcome->message, "duplicate");
}

void
ff_efs_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *document = ff_efs_answer(call, reply, FF_REPEAT_WITH_KEY, outcome);

	if (document == NULL && !is_duplicate(outcome))
		return;
	if (document != NULL &&
		!ff_efs_says(ff_efs_text(document, "status|result"), "success|ok|accept"))
	{
		ff_outcome_unreadable(
			outcome, FF_RESULT_UNKNOWN, "The answer says neither success nor failure.");
		return;
	}
	ff_outcome_ok(outcome);
	write_state(call, outcome, "accepted");
}

/* The name of an element that a setting tells; what is none would break the document. */
static const char *
root_of(const FfCall *call, const char *setting)
{
	const char *root = ff_carrier_need_setting(call, setting, "Name the message's root element.");

	for (const char *at = root; *at != '\0'; at++)
		if (!isalnum((unsigned char) *at) && *at != '_')
			ff_connector_fail(
				EFS, psprintf("config.%s", setting), "Name an element by letters and digits.");
	return root;
}

/* A message that names the order and nothing else; what it is called is a setting. */
static void
send_order_question(const FfCall *call, FfMessage *message, const char *root_setting,
					const char *path_setting)
{
	const char *root = root_of(call, root_setting);
	StringInfoData xml;

	ff_efs_begin(&xml, call, root, false);
	appendStringInfoString(&xml, "<OrderList><Order>");
	ff_efs_element(&xml, "OrderNumber", need_number(call));
	appendStringInfoString(&xml, "</Order></OrderList>");
	ff_efs_send(call, message, ff_json_text_or(call->config, path_setting, ORDERS), &xml, root);
}

void
ff_efs_get_request(const FfCall *call, FfMessage *message)
{
	send_order_question(call, message, "status_request", "status_path");
}

static const struct
{
	const char *said; /* without blanks, in small letters, with | around */
	const char *state;
} states[] = {
	{"|pending|new|received|", "accepted"},
	{"|onhold|hold|backorder|backordered|", "on_hold"},
	{"|inprocess|processing|", "picking"},
	{"|completed|complete|shipped|", "shipped"},
	{"|cancelled|canceled|void|voided|", "cancelled"},
};

static const char *
state_of(const char *said)
{
	char *word =
		said ? psprintf("|%s|", ff_carrier_squeeze(said, strlen(said), "")) : pstrdup("||");

	for (int i = 0; strlen(word) > 2 && i < (int) lengthof(states); i++)
		if (strstr(states[i].said, word) != NULL)
			return states[i].state;
	return NULL;
}

/* The order of our number among those of the answer; NULL when it has none. */
static const FfJson *
order_of(const FfCall *call, const FfJson *document)
{
	const FfJson *orders = ff_efs_find(document, "order");
	const char *number = order_number(call);

	for (int i = 0; number != NULL && i < ff_json_count(orders); i++)
	{
		const FfJson *order = ff_json_at(orders, i);
		const char *theirs = ff_efs_text(order, "ordernumber");

		if (theirs != NULL && strcmp(theirs, number) == 0)
			return order;
	}
	return NULL;
}

/* Parcels by their numbers; answers the first day one left, or NULL. */
static const char *
write_parcels(FfJsonWriter *writer, const FfJson *order)
{
	const FfJson *parcels = ff_efs_find(order, "shipment|package");
	const char *shipped = NULL;
	int number = 0;

	ff_write_array(writer, "packages");
	for (int i = 0; i < Max(1, ff_json_count(parcels)); i++)
	{
		const FfJson *parcel = parcels ? ff_json_at(parcels, i) : order;
		const char *tracking = ff_efs_text(parcel, "trackingnumber");
		const char *carrier = ff_efs_text(parcel, "carrier|carriername");
		const char *day = ff_efs_text(parcel, "shipdate|shippeddate");

		if (day != NULL && (shipped == NULL || strcmp(day, shipped) < 0))
			shipped = day;
		if (tracking != NULL)
			ff_carrier_write_package(writer,
									 ++number,
									 tracking,
									 carrier ? ff_carrier_squeeze(carrier, strlen(carrier), "")
											 : NULL,
									 NULL);
	}
	ff_write_end(writer);
	return shipped;
}

void
ff_efs_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	FfJson *document = ff_efs_answer(call, reply, FF_REPEAT_SAFE, outcome);
	const FfJson *order = order_of(call, document);
	const char *said = ff_efs_text(order, "orderstatus|status");
	const char *state = state_of(said);
	const char *shipped;
	TimestampTz at;

	if (order == NULL)
	{
		if (document != NULL ||
			ff_efs_says(outcome->message, "not found|no such|unknown order|does not exist"))
			ff_outcome_set(
				outcome, FF_RESULT_ABSENT, "no_order", "EFS has no order of this number.", NULL);
		return;
	}
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", order_number(call));
	ff_write_text(writer, "state", state);
	ff_write_text(writer, "provider_state", said);
	if (state == NULL)
		ff_write_unknown(writer, said, NULL);
	shipped = write_parcels(writer, order);
	if (state != NULL && strcmp(state, "shipped") == 0 && ff_time_parse(shipped, &at))
		ff_write_text(writer, "shipped_at", ff_time_iso(at));
	ff_write_end(writer);
}

void
ff_efs_cancel_request(const FfCall *call, FfMessage *message)
{
	send_order_question(call, message, "cancel_request", "cancel_path");
}

/* They take a request; the order's status tells what becomes of it. */
void
ff_efs_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_efs_answer(call, reply, FF_REPEAT_SAFE, outcome) != NULL)
		write_state(call, outcome, "cancel_requested");
	else if (outcome->result == FF_RESULT_REFUSED &&
			 ff_efs_says(outcome->message, "already cancel|already void"))
	{
		ff_outcome_ok(outcome);
		write_state(call, outcome, "cancelled");
	}
}
