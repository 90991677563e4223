/*
 * documents_message.c
 *
 * The call documents of messages: a fact as it is for platforms, a text from
 * the merchant's template for customers.  What is said is decided when it is
 * sent: in the customer's language, to the address the order has by then, and
 * to nobody who does not want it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "notifications/render.h"
#include "pg/spi.h"
#include "workers/documents.h"

/* $4: how the connection reaches customers, or null */
static FfStatement read_messages = FF_STATEMENT(
	"with told as ("
	" select w.position, n.event_id, n.type, n.occurred_at, n.data, n.order_id, m.code, o.language,"
	"   nullif(case $4 when 'email' then coalesce(o.email, o.ship_to ->> 'email')"
	"     when 'sms' then coalesce(o.ship_to ->> 'phone', o.phone) end, '') as recipient,"
	"   o.ship_to, t.subject, t.body, t.html, coalesce(p.notifies_customer, false) as told_already,"
	"   o.number"
	"  from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	"  join fulfillment.notifications n on n.merchant_id = $1 and n.event_id = w.subject_id"
	"  join fulfillment.merchants m on m.merchant_id = $1"
	"  left join fulfillment.orders o on o.merchant_id = $1 and o.order_id = n.order_id"
	"  left join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = n.shipment_id"
	"   and n.type like 'shipment.%'"
	"  left join fulfillment.providers p on p.merchant_id = $1 and p.provider_id = s.provider_id"
	"  left join lateral (select t.subject, t.body, t.html from fulfillment.templates t"
	"    where $4 is not null and t.merchant_id = $1 and t.type = n.type and t.medium = $4"
	"    order by t.language = o.language desc nulls last,"
	"     t.language = split_part(o.language, '-', 1) desc nulls last,"
	"     t.language = 'en' desc, t.language limit 1) t on true),"
	" kept as ("
	"  insert into fulfillment.messages as k (merchant_id, event_id, connection_id, order_id,"
	"    medium, recipient, state)"
	"  select $1, d.event_id, $5, d.order_id, $4, d.recipient,"
	"    case when d.body is null or d.recipient is null or d.told_already then 'skipped'"
	"     when exists (select 1 from fulfillment.suppressions x where x.merchant_id = $1"
	"       and x.medium = $4 and x.recipient = d.recipient) then 'suppressed'"
	"     else 'queued' end"
	"   from told d where $4 is not null"
	"  on conflict (merchant_id, event_id, connection_id) do update set changed_at = now()"
	"  returning event_id, state)"
	" select d.position, case when $4 is null then jsonb_build_object('message',"
	"    jsonb_build_object('id', 'evt_' || $1 || '_' || d.event_id, 'type', d.type,"
	"     'timestamp', d.occurred_at, 'sequence', d.event_id, 'merchant', d.code, 'data', d.data))"
	"   when k.state in ('skipped', 'suppressed') then '{}'"
	"   else jsonb_build_object('message', jsonb_strip_nulls(jsonb_build_object("
	"     'id', 'evt_' || $1 || '_' || d.event_id || '_' || $5, 'type', d.type, 'medium', $4,"
	"     'timestamp', d.occurred_at, 'merchant', d.code, 'language', d.language,"
	"     'to', d.recipient, 'name', d.ship_to ->> 'name', 'country', d.ship_to ->> 'country',"
	"     'order_number', d.number))) end,"
	"  d.subject, d.body, d.html, d.data || jsonb_build_object('name', coalesce(d.ship_to ->> 'name', ''),"
	"   'order_number', d.number, 'ship_to', d.ship_to, 'merchant', d.code, 'lines', (select"
	"    jsonb_agg(x.line || jsonb_build_object('name', coalesce((select coalesce(nullif(i.name, ''),"
	"      i.sku) from fulfillment.items i where i.merchant_id = $1"
	"       and i.sku = x.line ->> 'sku'), x.line ->> 'sku')) order by x.n)"
	"    from jsonb_array_elements(d.data -> 'lines') with ordinality as x (line, n)))"
	" from told d left join kept k on k.event_id = d.event_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID, TEXTOID, INT8OID);

/* email, sms, or NULL for a connection to platforms. */
static const char *
medium_of(const FfConnector *connector)
{
	static const char *const media[] = {"email", "sms"};

	for (int i = 0; i < (int) lengthof(media); i++)
		if (strstr(connector->roles, media[i]) != NULL)
			return media[i];
	return NULL;
}

/* The message with its texts; one that is not sent stays without. */
static FfJson *
complete(const FfJson *members, const char *subject, const char *body, const char *html,
		 const FfJson *data)
{
	FfJson *message = ff_json_get(members, "message");
	FfJsonWriter writer;
	void *state = NULL;
	char *key;
	FfJson *value;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	if (message != NULL)
	{
		ff_write_object(&writer, "message");
		while (ff_json_each(message, &state, &key, &value))
			ff_write_json(&writer, key, value);
		if (subject != NULL)
			ff_write_text(&writer, "subject", ff_template_render(subject, data, false));
		ff_write_text(&writer, "text", ff_template_render(body, data, false));
		if (html != NULL)
			ff_write_text(&writer, "html", ff_template_render(html, data, true));
		ff_write_end(&writer);
	}
	ff_write_finish(&writer);
	return ff_json_parse(writer.text.data, writer.text.len, NULL);
}

FfJson **
ff_load_messages(FfErrand **errands, int count)
{
	const FfEndpoint *endpoint = errands[0]->batch->endpoint;
	const char *medium = medium_of(endpoint->connector);
	FfJson **members = palloc0(sizeof(FfJson *) * count);
	FfColumn subjects, payloads;
	FfRows rows;

	ff_column_init(&subjects, INT8OID);
	ff_column_init(&payloads, JSONBOID);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&subjects, ff_int8(errands[i]->task.subject_id));
		ff_column_add(&payloads, ff_json(errands[i]->task.payload));
	}
	rows = ff_run(&read_messages,
				  ff_int4(endpoint->key.merchant_id),
				  ff_column(&subjects),
				  ff_column(&payloads),
				  ff_text(medium),
				  ff_int8(endpoint->key.connection_id));
	for (uint64 i = 0; i < rows.count; i++)
	{
		FfJson *loaded = ff_row_json(&rows, i, 2);

		members[ff_row_int8(&rows, i, 1) - 1] = medium == NULL ? loaded
															   : complete(loaded,
																		  ff_row_text(&rows, i, 3),
																		  ff_row_text(&rows, i, 4),
																		  ff_row_text(&rows, i, 5),
																		  ff_row_json(&rows, i, 6));
	}
	return members;
}
