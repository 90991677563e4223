/*
 * efs.c
 *
 * The peer of eFulfillment Service: XML messages that carry their credentials,
 * failures that are an HTTP 200, order numbers that are taken once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "depot.h"

typedef struct Order
{
	char *number;
	double created;
	bool cancelled;
} Order;

static SimMap orders;
static SimMap stock; /* json integers by SKU */
static double process_h;
static char token[SIM_TEXT_SIZE];

/* --- XML, as much as our own messages have --- */

/* The text of the next element of this name, unescaped; *at moves behind it.  False: none. */
static bool
element(const char **at, const char *name, char value[SIM_TEXT_SIZE])
{
	char open[80];
	char close[80];
	const char *begin;
	const char *end;
	size_t length = 0;

	snprintf(open, sizeof open, "<%s>", name);
	snprintf(close, sizeof close, "</%s>", name);
	begin = strstr(*at, open);
	end = begin ? strstr(begin, close) : NULL;
	*value = '\0';
	if (!end)
		return false;
	*at = end + strlen(close);
	for (begin += strlen(open); begin < end && length < SIM_TEXT_SIZE - 1; length++)
	{
		static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
		static const char signs[] = "&<>\"'";
		size_t step = 1;

		value[length] = *begin;
		for (size_t i = 0; *begin == '&' && i < sizeof names / sizeof *names; i++)
			if (strncmp(begin, names[i], strlen(names[i])) == 0)
			{
				value[length] = signs[i];
				step = strlen(names[i]);
			}
		begin += step;
	}
	value[length] = '\0';
	return true;
}

static bool
has(const SimRequest *request, const char *name, char value[SIM_TEXT_SIZE])
{
	const char *at = request->body ? request->body : "";

	return element(&at, name, value);
}

static void
say(SimRequest *request, const char *root, const char *inside)
{
	char *text = sim_format("<%s><MerchantId>9999</MerchantId>%s</%s>", root, inside, root);

	sim_reply_text(request, 200, "text/xml", text, strlen(text));
	free(text);
}

static void
say_failure(SimRequest *request, const char *root, const char *why)
{
	char *text = sim_format("<Status>FAILURE</Status><Errors><Error>%s</Error></Errors>", why);

	say(request, root, text);
	free(text);
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	say_failure(request, "Response", failures->detail);
}

static void
fail(SimRequest *request, int status)
{
	sim_reply_text(request, status, "text/html", "<html>Server error</html>", 25);
}

static bool
authorize(SimRequest *request)
{
	char given[SIM_TEXT_SIZE];
	char merchant[SIM_TEXT_SIZE];

	if (has(request, "MerchantToken", given) && has(request, "MerchantId", merchant) && *given &&
		strcmp(given, "wrong") != 0 && (!*token || strcmp(given, token) == 0))
		return true;
	sim_offence(request, true, "auth", "MerchantToken", "The token is missing or wrong.");
	say_failure(request, "Response", "Invalid MerchantToken");
	return false;
}

/* --- orders --- */

static const char *const needed[] = {"Version",
									 "MerchantName",
									 "OrderNumber",
									 "ShippingMethod",
									 "LastName",
									 "Address1",
									 "City",
									 "PostalCode",
									 "Country",
									 "Sku",
									 "Quantity"};

static bool
is_complete(SimRequest *request)
{
	char value[SIM_TEXT_SIZE];

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!has(request, needed[i], value) || !*value)
		{
			sim_offence(request, true, "required", needed[i], "The element is missing.");
			snprintf(value, sizeof value, "Missing %s", needed[i]);
			say_failure(request, "OrderSubmitResponse", value);
			return false;
		}
	return true;
}

static void
say_success(SimRequest *request, const char *root, const char *number)
{
	char *text = sim_format("<Orders><Order><OrderNumber>%s</OrderNumber><Status>SUCCESS</Status>"
							"</Order></Orders>",
							number);

	say(request, root, text);
	free(text);
}

static void
submit(SimRequest *request)
{
	char number[SIM_TEXT_SIZE];
	char version[SIM_TEXT_SIZE];
	char why[SIM_TEXT_SIZE + 40];
	Order *order;

	if (!is_complete(request))
		return;
	(void) has(request, "OrderNumber", number);
	(void) has(request, "Version", version);
	if (sim_map_get(&orders, number))
	{
		snprintf(why, sizeof why, "Duplicate OrderNumber: %s", number);
		say_failure(request, "OrderSubmitResponse", why);
		return;
	}
	if (strcmp(version, "TEST") != 0)
	{
		order = sim_alloc(sizeof(Order));
		order->number = sim_strdup(number);
		order->created = sim_now();
		sim_map_put(&orders, number, order);
	}
	say_success(request, "OrderSubmitResponse", number);
}

static const char *
status_of(const Order *order)
{
	double hours = (sim_now() - order->created) / 3600;

	return order->cancelled        ? "Cancelled"
		   : hours < process_h     ? "Pending"
		   : hours < process_h * 2 ? "In Process"
								   : "Completed";
}

static Order *
named_order(SimRequest *request, const char *root)
{
	char number[SIM_TEXT_SIZE];
	char why[SIM_TEXT_SIZE + 40];
	Order *order;

	(void) has(request, "OrderNumber", number);
	order = sim_map_get(&orders, number);
	snprintf(why, sizeof why, "Order %s not found", number);
	if (!order)
		say_failure(request, root, why);
	return order;
}

static void
tell_status(SimRequest *request)
{
	Order *order = named_order(request, "OrderStatusResponse");
	char parcel[400] = "";
	char day[40];
	char *text;

	if (!order)
		return;
	if (strcmp(status_of(order), "Completed") == 0)
		snprintf(parcel,
				 sizeof parcel,
				 "<Shipments><Shipment><Carrier>USPS</Carrier><TrackingNumber>94001%08llX"
				 "</TrackingNumber><ShipDate>%s</ShipDate></Shipment></Shipments>",
				 (unsigned long long) (sim_hash(order->number, strlen(order->number)) & 0xffffffff),
				 sim_time(order->created + process_h * 7200, 0, "%F", day));
	text = sim_format(
		"<Orders><Order><OrderNumber>%s</OrderNumber><Status>%s</Status>%s</Order></Orders>",
		order->number,
		status_of(order),
		parcel);
	say(request, "OrderStatusResponse", text);
	free(text);
}

static void
cancel(SimRequest *request)
{
	Order *order = named_order(request, "OrderCancelResponse");

	if (!order)
		return;
	if (!sim_is_one_of(status_of(order), "Pending|Cancelled", '|'))
	{
		say_failure(request, "OrderCancelResponse", "Order is already in process");
		return;
	}
	order->cancelled = true;
	say_success(request, "OrderCancelResponse", order->number);
}

/* One address for three messages: their root tells which. */
static void
take(SimRequest *request)
{
	if (strstr(request->body, "<OrderSubmitRequest>"))
		submit(request);
	else if (strstr(request->body, "<OrderStatusRequest>"))
		tell_status(request);
	else if (strstr(request->body, "<OrderCancelRequest>"))
		cancel(request);
	else
	{
		sim_offence(request, true, "root", "", "The message has no root that is known.");
		say_failure(request, "Response", "Unknown request");
	}
}

static void
tell_stock(SimRequest *request)
{
	const char *at = request->body;
	char sku[SIM_TEXT_SIZE];
	char *text = sim_strdup("");
	bool some = false;

	while (element(&at, "Sku", sku))
	{
		const json_t *units = sim_map_get(&stock, sku);

		some = true;
		if (units)
		{
			char *more = sim_format("%s<Item><Sku>%s</Sku><Quantity>%lld</Quantity></Item>",
									text,
									sku,
									(long long) json_integer_value(units));

			free(text);
			text = more;
		}
	}
	for (size_t i = 0; !some && i < stock.count; i++)
	{
		char *more = sim_format("%s<Item><Sku>%s</Sku><Quantity>%lld</Quantity></Item>",
								text,
								stock.entries[i].key,
								(long long) json_integer_value(stock.entries[i].value));

		free(text);
		text = more;
	}
	{
		char *items = sim_format("<Items>%s</Items>", text);

		say(request, "InventoryResponse", items);
		free(items);
	}
	free(text);
}

/* --- control --- */

static void
set_stock(SimRequest *request)
{
	depot_put_stock(request, &stock);
}

static void
count(SimRequest *request)
{
	json_t *by_reference = json_object();

	for (size_t i = 0; i < orders.count; i++)
		json_object_set_new(by_reference, orders.entries[i].key, json_integer(1));
	sim_reply(
		request,
		200,
		json_pack("{s:o, s:I}", "by_reference", by_reference, "orders", (json_int_t) orders.count));
}

static void
release_order(void *value)
{
	free(((Order *) value)->number);
	free(value);
}

static void
reset(void)
{
	sim_map_clear(&orders, release_order);
	sim_map_clear(&stock, sim_release_json);
}

static const SimSetting settings[] = {
	{"token", SIM_SETTING_TEXT, token, "", "empty: any but \"wrong\""},
	{"process_h",
	 SIM_SETTING_REAL,
	 &process_h,
	 "1",
	 "hours until an order is worked on, and so on"},
	{0}};

static const SimRoute routes[] = {{"POST", "/xml/orders/", take, NULL, NULL, SIM_FORM},
								  {"POST", "/xml/inventory/", tell_stock, NULL, NULL, SIM_FORM},
								  {0}};

static const SimRoute controls[] = {{"POST", "/stock", set_stock, &depot_stock_schema, NULL, 0},
									{"GET", "/counts", count, NULL, NULL, 0},
									{0}};

const SimPeer sim_peer_efs = {.name = "efs",
							  .routes = routes,
							  .controls = controls,
							  .settings = settings,
							  .authorize = authorize,
							  .refuse = refuse,
							  .fail = fail,
							  .reset = reset};
