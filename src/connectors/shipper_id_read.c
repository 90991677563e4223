/*
 * shipper_id_read.c
 *
 * Reading orders: find_shipment and get_shipment.  A status comes as a word or
 * as the warehouse's code.  An order that was split has its status and lines
 * at its parts; it is as far as all of them are.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/shipper_id.h"
#include "connectors/unknown.h"

#define NO_ORDER "3012"

/* Words in small letters without blanks and signs. */
static const struct
{
	const char *said; /* with | between */
	const char *state;
	bool partial;
} statuses[] = {
	{"|pendingaudit|registered|pending|", "submitted", false},
	{"|00|0|created|createso|", "accepted", false},
	{"|30|partiallyallocated|40|allocated|", "accepted", false},
	{"|50|partiallypicked|60|picked|", "picking", false},
	{"|62|partiallycartonized|63|cartonized|65|partiallyloaded|66|loaded|", "packed", false},
	{"|70|partiallyshipped|", "shipped", true},
	{"|80|shipped|", "shipped", false},
	{"|90|cancelled|canceled|", "cancelled", false},
};

static char *
squeeze(const char *said)
{
	return said ? psprintf("|%s|", ff_carrier_squeeze(said, strlen(said), "")) : pstrdup("");
}

FfShipperStatus
ff_shipper_status(const char *said)
{
	FfShipperStatus status = {NULL, false};
	char *word = squeeze(said);

	for (int i = 0; strlen(word) > 2 && i < (int) lengthof(statuses); i++)
		if (strstr(statuses[i].said, word) != NULL)
		{
			status.state = statuses[i].state;
			status.partial = statuses[i].partial;
			break;
		}
	return status;
}

bool
ff_shipper_closed(const char *said)
{
	char *word = squeeze(said);

	return strcmp(word, "|99|") == 0 || strcmp(word, "|closed|") == 0;
}

char *
ff_shipper_carrier(const char *courier)
{
	size_t length = courier ? strcspn(courier, " -_/") : 0;
	char *name = length > 0 ? pnstrdup(courier, length) : NULL;

	for (char *at = name; at != NULL && *at != '\0'; at++)
		*at = pg_tolower((unsigned char) *at);
	return name;
}

void
ff_shipper_get_request(const FfCall *call, FfMessage *message)
{
	ff_shipper_begin(call, message, "GET", "/v3/fulfillment/warehouse/");
	ff_message_segment(message, ff_shipper_warehouse(call));
	ff_message_path(message, "/outbound/oms/");
	ff_message_segment(message, ff_shipper_order_number(call));
}

/* The parts of an order: those it was split into, else itself. */
static const FfJson *
part_at(const FfJson *order, int index)
{
	const FfJson *parts = ff_json_get(order, "sub_orders");

	if (ff_json_bool(order, "has_split", false) && ff_json_count(parts) > 0)
		return ff_json_at(parts, index);
	return index == 0 ? order : NULL;
}

static bool
shipped_something(const FfJson *part)
{
	const FfJson *details = ff_json_get(part, "details");

	for (int i = 0; i < ff_json_count(details); i++)
		if (ff_json_double_or(ff_json_at(details, i), "qty_shipped", 0) > 0)
			return true;
	return false;
}

static FfShipperStatus
status_of_part(const FfJson *part)
{
	const char *said = ff_json_text_or(part, "so_status", ff_json_text(part, "status_code"));
	FfShipperStatus status = ff_shipper_status(said);

	if (status.state == NULL && ff_shipper_closed(said))
		status.state = shipped_something(part) ? "shipped" : "cancelled";
	return status;
}

/* The status of a part that we do not know; NULL when there is none. */
static const char *
unknown_of(const FfJson *order)
{
	const FfJson *part;

	for (int i = 0; (part = part_at(order, i)) != NULL; i++)
	{
		const char *said = ff_json_text_or(part, "so_status", ff_json_text(part, "status_code"));

		if (status_of_part(part).state == NULL && said != NULL)
			return said;
	}
	return NULL;
}

/* How far a state is, among those that lead to a delivery. */
static int
rank_of(const char *state)
{
	static const char *const way[] = {"submitted", "accepted", "picking", "packed", "shipped"};

	for (int i = 0; state != NULL && i < (int) lengthof(way); i++)
		if (strcmp(way[i], state) == 0)
			return i;
	return -1;
}

/* Parts that were cancelled do not count while others live; the slowest says how far it is. */
static FfShipperStatus
status_of(const FfJson *order)
{
	FfShipperStatus slowest = {NULL, false};
	const FfJson *part;
	bool some_shipped = false;
	bool cancelled = false;

	for (int i = 0; (part = part_at(order, i)) != NULL; i++)
	{
		FfShipperStatus status = status_of_part(part);

		if (status.state != NULL && strcmp(status.state, "cancelled") == 0)
		{
			cancelled = true;
			continue;
		}
		if (status.state == NULL)
			continue;
		some_shipped |= strcmp(status.state, "shipped") == 0;
		if (slowest.state == NULL || rank_of(status.state) < rank_of(slowest.state))
			slowest = status;
	}
	if (slowest.state == NULL)
		slowest.state = cancelled ? "cancelled" : NULL;
	else if (some_shipped && strcmp(slowest.state, "shipped") != 0)
		slowest = (FfShipperStatus){"shipped", true};
	return slowest;
}

typedef struct Line
{
	const char *line;
	const char *sku;
	const char *ordered; /* NULL: not told */
	const char *shipped;
} Line;

static bool
same_line(const Line *a, const Line *b)
{
	return strcmp(a->line, b->line) == 0 && strcmp(a->sku, b->sku) == 0;
}

/* Adds what a part tells of its lines to what others told of the same; answers how many lines. */
static int
add_lines(Line *lines, int count, const FfJson *details)
{
	for (int i = 0; i < ff_json_count(details); i++)
	{
		const FfJson *detail = ff_json_at(details, i);
		Line line = {.line = ff_json_text_or(detail, "order_line", ""),
					 .sku = ff_json_text_or(detail, "sku", ""),
					 .ordered = ff_json_number(detail, "qty_ordered"),
					 .shipped = ff_json_number(detail, "qty_shipped")};
		int place = 0;

		if (line.shipped == NULL)
			continue;
		while (place < count && !same_line(&lines[place], &line))
			place++;
		if (place == count)
		{
			lines[count++] = line;
			continue;
		}
		lines[place].shipped = ff_decimal_add(lines[place].shipped, line.shipped);
		if (line.ordered != NULL)
			lines[place].ordered = ff_decimal_add(lines[place].ordered, line.ordered);
	}
	return count;
}

/* What left per line, over all parts; what is missing is short once nothing more follows. */
static void
write_lines(FfJsonWriter *writer, const FfJson *order, bool partial)
{
	const FfJson *part;
	Line *lines;
	int count = 0;

	for (int i = 0; (part = part_at(order, i)) != NULL; i++)
		count += ff_json_count(ff_json_get(part, "details"));
	lines = palloc(sizeof(Line) * (count + 1));
	count = 0;
	for (int i = 0; (part = part_at(order, i)) != NULL; i++)
		count = add_lines(lines, count, ff_json_get(part, "details"));
	ff_write_array(writer, "lines");
	for (int i = 0; i < count; i++)
	{
		char *missing = ff_decimal_subtract(lines[i].ordered, lines[i].shipped);

		ff_write_object(writer, NULL);
		ff_write_text(writer, "line", *lines[i].line != '\0' ? lines[i].line : NULL);
		ff_write_text(writer, "sku", *lines[i].sku != '\0' ? lines[i].sku : NULL);
		ff_write_number(writer, "shipped", ff_decimal_trim(lines[i].shipped));
		if (!partial && lines[i].ordered != NULL)
			ff_write_number(
				writer, "short", ff_decimal_positive(missing) ? ff_decimal_trim(missing) : "0");
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
write_packages(FfJsonWriter *writer, const FfJson *order)
{
	const FfJson *part;
	int number = 0;

	ff_write_array(writer, "packages");
	for (int i = 0; (part = part_at(order, i)) != NULL; i++)
	{
		const char *waybill = ff_json_text_or(part, "delivery_no", "*");
		const char *courier =
			ff_json_text_or(part, "carrier_name", ff_json_text(order, "carrier_name"));

		if (strcmp(waybill, "*") == 0)
			continue;
		ff_carrier_write_package(writer, ++number, waybill, ff_shipper_carrier(courier), NULL);
	}
	ff_write_end(writer);
}

bool
ff_shipper_write_order(const FfCall *call, const FfJson *data, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *order = ff_json_get(data, "outbound");
	const char *number = ff_json_text_or(order, "order_no", ff_json_text(order, "so_reference_2"));
	FfShipperStatus status;

	if (number == NULL || *number == '\0')
		return false;
	status = status_of(order);
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", number);
	ff_write_text(writer, "state", status.state);
	ff_write_text(writer, "provider_state", ff_json_text_or(order, "so_status", NULL));
	ff_write_unknown(writer, unknown_of(order), NULL);
	if (status.partial)
		ff_write_bool(writer, "partial", true);
	write_packages(writer, order);
	if (status.state != NULL && strcmp(status.state, "shipped") == 0)
		write_lines(writer, order, status.partial);
	ff_write_end(writer);
	return true;
}

/* No such order: they say so by a code of their own, whatever the HTTP status is. */
void
ff_shipper_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *data;

	if (!ff_shipper_reply(call, reply, FF_REPEAT_SAFE, outcome, &data))
	{
		if (reply->status == 404 || (outcome->code != NULL && strcmp(outcome->code, NO_ORDER) == 0))
			outcome->result = FF_RESULT_ABSENT;
		return;
	}
	if (!ff_shipper_write_order(call, data, outcome))
		ff_outcome_unreadable(
			outcome, FF_RESULT_RETRY, "The answer holds no order, and does not say why.");
}
