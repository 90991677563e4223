/*
 * told.c
 *
 * What others tell of returns: a channel that a customer wants to send goods
 * back, a warehouse or a file what came.  Each becomes the events that a
 * person would give, and the same told again changes nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "orders/order.h"
#include "orders/settle.h"
#include "returns/parts.h"
#include "returns/read.h"

/* Of a channel: by its own id of the order, or by the number that both know. */
static FfStatement order_of_channel = FF_STATEMENT(
	"select o.order_id from fulfillment.channels c"
	"  join fulfillment.orders o on o.merchant_id = $1 and o.channel_id = c.channel_id"
	" where c.merchant_id = $1 and c.connection_id = $2"
	"   and (o.number = any (array[$4, ltrim($4, '#'), '#' || $4]) or o.channel_order_id = $3)"
	" order by o.channel_order_id is not distinct from $3 desc, o.order_id desc limit 1",
	INT4OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement return_of_channel = FF_STATEMENT(
	"select return_id from fulfillment.returns"
	" where merchant_id = $1 and order_id = $2 and attributes ->> 'channel_return' = $3"
	" order by return_id desc limit 1",
	INT4OID, INT8OID, TEXTOID);

static FfStatement keep_channel_number =
	FF_STATEMENT("update fulfillment.returns"
				 "   set attributes = attributes || jsonb_build_object('channel_return', $3::text)"
				 " where merchant_id = $1 and return_id = $2",
				 INT4OID, INT8OID, TEXTOID);

/* Of whoever runs the location it comes to: by our number, or by theirs. */
static FfStatement return_of_provider = FF_STATEMENT(
	"select r.return_id from fulfillment.returns r"
	"  join fulfillment.merchants m on m.merchant_id = $1"
	"  left join fulfillment.locations l on l.merchant_id = $1 and l.location_id = r.location_id"
	"  left join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = l.provider_id"
	" where r.merchant_id = $1 and $2 in (r.connection_id, p.connection_id)"
	"   and (r.provider_reference = $3"
	"    or r.return_id = substring($3 from '^' || m.reference_prefix || '-R([0-9]{1,18})$')::bigint)"
	" order by r.return_id desc limit 1",
	INT4OID, INT8OID, TEXTOID);

/* The one place of a provider; nobody can say which of several. */
static FfStatement place_of_provider =
	FF_STATEMENT("select min(l.code), min(l.location_id) from fulfillment.locations l"
				 "  join fulfillment.providers p on p.merchant_id = $1"
				 "   and p.provider_id = l.provider_id and p.connection_id = $2"
				 " where l.merchant_id = $1 and l.active having count(*) = 1",
				 INT4OID, INT8OID);

/* line, SKU, units accounted for, units put back on the shelf */
static FfStatement known_lines = FF_STATEMENT(
	"select n.line, i.sku, n.received + n.missing, (select coalesce(sum(q.quantity), 0)::int"
	"         from fulfillment.receipts q where q.merchant_id = $1 and q.return_id = $2"
	"          and q.line = n.line and q.disposition = 'restock')"
	"  from fulfillment.return_lines n"
	"  join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
	" where n.merchant_id = $1 and n.return_id = $2",
	INT4OID, INT8OID);

/* The older a return, the seldomer it is asked for; once it has come, or where files tell it, not
 * at all. */
static FfStatement schedule_poll = FF_STATEMENT(
	"update fulfillment.returns r set poll_at = case"
	"        when state in ('expected', 'in_transit', 'receiving') and exists ("
	"             select 1 from fulfillment.connections k"
	"               join fulfillment.connector_list() c on c.name = k.connector"
	"                and 'get_return' = any (c.operations)"
	"                and not 'fetch_files' = any (c.operations)"
	"              where k.merchant_id = $1 and k.connection_id = r.connection_id) then now()"
	"             + least(greatest((now() - created_at) / 20, interval '30 minutes'),"
	"                     interval '12 hours') end"
	" where merchant_id = $1 and return_id = $2",
	INT4OID, INT8OID);

#define UNITS_LIMIT 1000000

static int32
units_of(const FfJson *said, const char *member, int32 fallback)
{
	double units = ff_json_double_or(said, member, fallback);

	return units <= 0 ? 0 : units > UNITS_LIMIT ? UNITS_LIMIT : (int32) units;
}

void
ff_return_poll_later(int32 merchant_id, int64 return_id)
{
	ff_run(&schedule_poll, ff_int4(merchant_id), ff_int8(return_id));
}

static int64
find_or_ask(int32 merchant_id, int64 order_id, const FfJson *said, const char *cause)
{
	const char *number = ff_json_text_or(said, "number", NULL);
	FfReturnRequest request = {.cause = cause, .reason = ff_json_text_or(said, "reason", NULL)};
	FfReturn *subject;
	FfRows rows;

	ff_order_lock(merchant_id, order_id);
	if (number != NULL)
	{
		rows = ff_run(&return_of_channel, ff_int4(merchant_id), ff_int8(order_id), ff_text(number));
		if (rows.count > 0)
			return ff_row_int8(&rows, 0, 1);
	}
	request.lines =
		ff_read_wanted(merchant_id, order_id, ff_json_get(said, "lines"), &request.line_count);
	subject = ff_return_new(merchant_id, order_id, "rma");
	ff_return_demand(subject, FF_RETURN_EVENT_REQUEST, &request);
	if (number != NULL)
		ff_run(&keep_channel_number,
			   ff_int4(merchant_id),
			   ff_int8(subject->return_id),
			   ff_text(number));
	ff_order_settle(merchant_id, order_id, cause);
	return subject->return_id;
}

int64
ff_return_of_channel(int32 merchant_id, int64 connection_id, const FfJson *said, const char *cause)
{
	FfReturnRequest request = {.cause = cause};
	FfReturn *subject;
	int64 return_id;
	FfRows rows = ff_run(&order_of_channel,
						 ff_int4(merchant_id),
						 ff_int8(connection_id),
						 ff_text(ff_json_text_or(said, "channel_order_id", NULL)),
						 ff_text(ff_json_text_or(said, "order_number", NULL)));

	if (rows.count == 0 || ff_json_count(ff_json_get(said, "lines")) == 0)
		return 0;
	return_id = find_or_ask(merchant_id, ff_row_int8(&rows, 0, 1), said, cause);
	if (strcmp(ff_json_text_or(said, "state", ""), "approved") != 0)
		return return_id;
	subject = ff_return_lock(merchant_id, return_id);
	if (subject->state == FF_RETURN_REQUESTED)
	{
		ff_return_demand(subject, FF_RETURN_EVENT_APPROVE, &request);
		ff_return_demand(subject, FF_RETURN_EVENT_ANNOUNCE, &request);
	}
	return return_id;
}

/* Units that came, one entry for what went back on the shelf and one for the rest. */
static void
write_units(FfJsonWriter *lines, const FfJson *said, int32 line, int32 units, int32 restocked,
			const char *condition)
{
	const int32 parts[] = {Min(restocked, units), units - Min(restocked, units)};

	for (int i = 0; i < (int) lengthof(parts); i++)
	{
		if (parts[i] == 0)
			continue;
		ff_write_object(lines, NULL);
		if (line != 0)
			ff_write_int(lines, "line", line);
		ff_write_text(lines, "sku", ff_json_text_or(said, "sku", NULL));
		ff_write_int(lines, "quantity", parts[i]);
		ff_write_text(lines, "condition", i == 0 ? "good" : condition);
		if (i == 0)
			ff_write_text(lines, "disposition", "restock");
		ff_write_end(lines);
	}
}

/* Receives what is written; nothing when nothing is. */
static void
receive(FfReturn *subject, FfJsonWriter *lines, const char *reference, const char *cause)
{
	FfReturnRequest request = {.cause = cause, .reference = reference};
	char *text = ff_write_finish(lines);
	FfJson *json = ff_json_parse(text, strlen(text), NULL);

	if (ff_json_count(json) == 0)
		return;
	request.lines = ff_read_received(subject, json, &request.line_count);
	ff_expect_location(subject, &request);
	ff_return_demand(subject, FF_RETURN_EVENT_RECEIVE, &request);
	ff_return_go_on(subject, &request);
}

/* How the other side calls goods that it did not put back; the newest word counts. */
static const char *
condition_of(const FfJson *said)
{
	const FfJson *receipts = ff_json_get(said, "receipts");

	for (int i = ff_json_count(receipts) - 1; i >= 0; i--)
		if (!ff_json_bool(ff_json_at(receipts, i), "restocked", true))
			return ff_json_text_or(ff_json_at(receipts, i), "condition", "damaged");
	return "damaged";
}

void
ff_return_told(int32 merchant_id, int64 return_id, const FfJson *said, const char *cause)
{
	FfReturn *subject = ff_return_lock(merchant_id, return_id);
	FfRows known = ff_run(&known_lines, ff_int4(merchant_id), ff_int8(return_id));
	const FfJson *list = ff_json_get(said, "lines");
	FfJsonWriter lines;

	ff_write_init(&lines);
	ff_write_array(&lines, NULL);
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *entry = ff_json_at(list, i);
		int64 line = ff_json_int64_or(entry, "line", 0);
		const char *sku = ff_json_text_or(entry, "sku", "");
		int32 received = units_of(entry, "received", 0);
		int32 restocked = units_of(entry, "restocked", received);

		for (uint64 k = 0; k < known.count; k++)
		{
			int32 units = received - ff_row_int4(&known, k, 3);

			if (line != 0 ? ff_row_int4(&known, k, 1) != line
						  : strcmp(ff_row_text(&known, k, 2), sku) != 0)
				continue;
			if (units > 0)
				write_units(&lines,
							entry,
							ff_row_int4(&known, k, 1),
							units,
							Max(restocked - ff_row_int4(&known, k, 4), 0),
							condition_of(entry));
			break;
		}
	}
	receive(subject, &lines, NULL, cause);
	ff_return_poll_later(merchant_id, return_id);
}

/* A parcel that nobody announced lies where the provider is. */
static int64
receive_blind(int32 merchant_id, int64 connection_id, const FfJson *said, FfJsonWriter *lines,
			  const char *reference, const char *cause)
{
	FfRows place = ff_run(&place_of_provider, ff_int4(merchant_id), ff_int8(connection_id));
	FfReturnRequest request = {.cause = cause, .reference = reference};
	char *text = ff_write_finish(lines);
	FfReturn *subject;

	if (place.count == 0)
		return 0;
	request.location_id = ff_row_int8(&place, 0, 2);
	request.hints = said;
	request.lines = ff_read_blind(merchant_id,
								  ff_json_parse(text, strlen(text), NULL),
								  ff_row_text(&place, 0, 1),
								  &request.line_count);
	subject = ff_return_new(merchant_id, 0, "blind");
	subject->location_id = request.location_id;
	ff_return_demand(subject, FF_RETURN_EVENT_BLIND_RECEIVE, &request);
	ff_keep_conditions(subject, &request);
	return subject->return_id;
}

int64
ff_return_of_file(int32 merchant_id, int64 connection_id, const FfJson *said, const char *reference,
				  const char *cause)
{
	const FfJson *list = ff_json_get(said, "lines");
	const char *number = ff_json_text_or(said, "number", NULL);
	FfRows rows = {0};
	FfJsonWriter lines;

	if (ff_json_count(list) == 0)
		return 0;
	if (number != NULL)
		rows = ff_run(
			&return_of_provider, ff_int4(merchant_id), ff_int8(connection_id), ff_text(number));
	ff_write_init(&lines);
	ff_write_array(&lines, NULL);
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const FfJson *entry = ff_json_at(list, i);
		int32 units = units_of(entry, "quantity", 0);
		const char *condition = ff_json_text_or(entry, "reason", NULL);

		/* who says only how much came, of no bad condition, has it on the shelf */
		write_units(&lines,
					entry,
					rows.count > 0 ? (int32) ff_json_int64_or(entry, "line", 0) : 0,
					units,
					units_of(entry, "restocked", condition == NULL ? units : 0),
					condition != NULL ? condition : "damaged");
	}
	if (rows.count == 0)
		return receive_blind(merchant_id, connection_id, said, &lines, reference, cause);
	receive(ff_return_lock(merchant_id, ff_row_int8(&rows, 0, 1)), &lines, reference, cause);
	return ff_row_int8(&rows, 0, 1);
}
