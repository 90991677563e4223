/*
 * documents_shipment.c
 *
 * The call documents about shipments: addresses, lines with what customs and
 * carriers want to know of the goods, packages that exist, or parcels planned
 * from the weight of the lines and the limit of the service.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "workers/documents.h"
#include "workers/parcels.h"

static FfStatement read_shipments = FF_STATEMENT(
	"select w.position, jsonb_strip_nulls(jsonb_build_object("
	"  'reference', s.reference, 'provider_reference', s.provider_reference,"
	"  'order_number', o.number, 'service', v.provider_code, 'location', l.provider_code,"
	"  'ship_from', l.address || jsonb_build_object('country', l.country, 'postcode', l.postcode,"
	"    'name', coalesce(l.address ->> 'name', l.name)),"
	"  'ship_to', o.ship_to || jsonb_build_object('email', coalesce(o.ship_to ->> 'email', o.email),"
	"    'phone', coalesce(o.ship_to ->> 'phone', o.phone)),"
	"  'return_to', l.attributes -> 'return_to',"
	"  'lines', (select jsonb_agg(jsonb_build_object('line', n.line, 'sku', i.sku,"
	"      'name', coalesce(nullif(i.name, ''), ol.name, i.sku), 'quantity', n.quantity - n.short,"
	"      'unit_price', coalesce(ol.unit_price, i.value), 'currency', coalesce(o.currency, i.currency),"
	"      'weight_g', i.weight_g, 'length_mm', i.length_mm, 'width_mm', i.width_mm,"
	"      'height_mm', i.height_mm, 'hs_code', i.hs_code, 'origin_country', i.origin_country,"
	"      'barcode', i.barcode, 'channel_line_id', ol.channel_line_id) order by n.line)"
	"    from fulfillment.shipment_lines n"
	"    join fulfillment.order_lines ol on ol.merchant_id = $1 and ol.order_id = n.order_id"
	"     and ol.line = n.line"
	"    join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
	"    where n.merchant_id = $1 and n.shipment_id = s.shipment_id and n.quantity > n.short),"
	"  'packages', (select jsonb_agg(jsonb_build_object('number', p.number,"
	"      'weight_g', p.weight_g, 'length_mm', p.length_mm, 'width_mm', p.width_mm,"
	"      'height_mm', p.height_mm, 'tracking_number', p.tracking_number, 'carrier', p.carrier,"
	"      'lines', p.contents) order by p.number)"
	"    from fulfillment.packages p where p.merchant_id = $1 and p.shipment_id = s.shipment_id),"
	"  'customs', case when o.ship_to ->> 'country' <> l.country then"
	"    jsonb_build_object('contents', 'merchandise', 'incoterm', 'DAP',"
	"     'invoice_number', s.reference, 'invoice_date', to_char(s.created_at, 'YYYY-MM-DD'))"
	"    || coalesce(o.attributes -> 'customs', '{}') end,"
	"  'options', jsonb_build_object('label_format', pr.label_format)"
	"    || coalesce(o.attributes -> 'options', '{}'),"
	"  'attempt', s.attempt, 'created_at', s.created_at, 'accepted_at', s.accepted_at,"
	"  'changes', coalesce(w.payload -> 'changes', jsonb_build_object('ship_to', o.ship_to)))),"
	" coalesce(v.parcel_limit_g, pr.max_weight_g, 30000)"
	" from unnest($2, $3) with ordinality as w (subject_id, payload, position)"
	" join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = w.subject_id"
	" join fulfillment.orders o on o.merchant_id = $1 and o.order_id = s.order_id"
	" join fulfillment.locations l on l.merchant_id = $1 and l.location_id = s.location_id"
	" join fulfillment.providers pr on pr.merchant_id = $1 and pr.provider_id = s.provider_id"
	" left join fulfillment.services v on v.merchant_id = $1 and v.service_id = s.service_id",
	INT4OID, INT8ARRAYOID, JSONBARRAYOID);

static FfJson *
plan_parcels(const FfJson *lines, int32 parcel_limit_g)
{
	FfJsonWriter writer;
	FfJson *planned;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_parcels_write(&writer, lines, parcel_limit_g);
	ff_write_finish(&writer);
	planned = ff_json_parse(writer.text.data, writer.text.len, NULL);
	return ff_json_get(planned, "packages");
}

/* {"shipment": …} with parcels planned where no package exists. */
static FfJson *
complete(const FfJson *shipment, int32 parcel_limit_g)
{
	FfJsonBuilder whole;
	FfJsonBuilder parts;

	if (ff_json_get(shipment, "packages") == NULL)
	{
		ff_build_begin(&parts);
		ff_build_members(&parts, shipment);
		ff_build_json(
			&parts, "packages", plan_parcels(ff_json_get(shipment, "lines"), parcel_limit_g));
		shipment = ff_build_end(&parts);
	}
	ff_build_begin(&whole);
	ff_build_json(&whole, "shipment", shipment);
	return ff_build_end(&whole);
}

FfJson **
ff_load_parcelled(FfStatement *statement, FfErrand **errands, int count)
{
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
	rows = ff_run(statement,
				  ff_int4(errands[0]->task.merchant_id),
				  ff_column(&subjects),
				  ff_column(&payloads));
	for (uint64 i = 0; i < rows.count; i++)
		members[ff_row_int8(&rows, i, 1) - 1] =
			complete(ff_row_json(&rows, i, 2), ff_row_int4(&rows, i, 3));
	return members;
}

FfJson **
ff_load_shipments(FfErrand **errands, int count)
{
	return ff_load_parcelled(&read_shipments, errands, count);
}
