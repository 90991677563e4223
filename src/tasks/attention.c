/*
 * attention.c
 *
 * What waits for a person: each thing once, counted when it comes again.
 * Decides what is "the same thing" (kind, order, shipment, task, while open);
 * resolving is the workers' room's.
 */
#include "postgres.h"

#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/task.h"

static FfStatement open_attention = FF_STATEMENT(
	"insert into fulfillment.attention as a"
	" (merchant_id, kind, order_id, shipment_id, task_id, connection_id, subject, message, hint,"
	"  detail)"
	" values ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10, '{}'))"
	" on conflict (merchant_id, kind, order_id, shipment_id, task_id, connection_id, subject)"
	"  where resolved_at is null"
	" do update set times = a.times + 1, message = excluded.message,"
	"  hint = excluded.hint, detail = excluded.detail",
	INT4OID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, JSONBOID);

static FfStatement close_connection_attention =
	FF_STATEMENT("update fulfillment.attention set resolved_at = now(), resolved_by = $4,"
				 "  resolution = $5"
				 " where merchant_id = $1 and resolved_at is null and kind = $2"
				 "  and order_id is null and shipment_id is null and task_id is null"
				 "  and connection_id = $3",
				 INT4OID, TEXTOID, INT8OID, TEXTOID, TEXTOID);

static FfStatement close_attention =
	FF_STATEMENT("update fulfillment.attention set resolved_at = now(), resolved_by = $5,"
				 "  resolution = $6"
				 " where merchant_id = $1 and resolved_at is null and kind = $2 and order_id = $3"
				 "  and ($4 is null or shipment_id = $4)",
				 INT4OID, TEXTOID, INT8OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement close_subjects =
	FF_STATEMENT("update fulfillment.attention set resolved_at = now(), resolved_by = $4,"
				 "  resolution = $5"
				 " where merchant_id = $1 and resolved_at is null and kind = $2"
				 "  and order_id is null and shipment_id is null and task_id is null"
				 "  and connection_id is null and subject = any ($3)",
				 INT4OID, TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID);

void
ff_attention_open(int32 merchant_id, const char *kind, int64 order_id, int64 shipment_id,
				  int64 task_id, const char *message, const char *hint)
{
	ff_spi_begin();
	ff_run(&open_attention,
		   ff_int4(merchant_id),
		   ff_text(kind),
		   ff_id(order_id),
		   ff_id(shipment_id),
		   ff_id(task_id),
		   ff_null(),
		   ff_null(),
		   ff_text(message),
		   ff_text(hint),
		   ff_null());
	ff_spi_end();
}

void
ff_attention_open_connection(int32 merchant_id, const char *kind, int64 connection_id,
							 const char *message, const char *hint)
{
	ff_spi_begin();
	ff_run(&open_attention,
		   ff_int4(merchant_id),
		   ff_text(kind),
		   ff_null(),
		   ff_null(),
		   ff_null(),
		   ff_int8(connection_id),
		   ff_null(),
		   ff_text(message),
		   ff_text(hint),
		   ff_null());
	ff_spi_end();
}

void
ff_attention_close_connection(int32 merchant_id, const char *kind, int64 connection_id,
							  const char *resolution)
{
	ff_spi_begin();
	ff_run(&close_connection_attention,
		   ff_int4(merchant_id),
		   ff_text(kind),
		   ff_int8(connection_id),
		   ff_text(ff_actor()),
		   ff_text(resolution));
	ff_spi_end();
}

void
ff_attention_close(int32 merchant_id, const char *kind, int64 order_id, int64 shipment_id,
				   const char *resolution)
{
	ff_spi_begin();
	ff_run(&close_attention,
		   ff_int4(merchant_id),
		   ff_text(kind),
		   ff_int8(order_id),
		   ff_id(shipment_id),
		   ff_text(ff_actor()),
		   ff_text(resolution));
	ff_spi_end();
}

void
ff_attention_open_subject(int32 merchant_id, const char *kind, const char *subject,
						  const char *message, const char *hint, const char *detail)
{
	ff_spi_begin();
	ff_run(&open_attention,
		   ff_int4(merchant_id),
		   ff_text(kind),
		   ff_null(),
		   ff_null(),
		   ff_null(),
		   ff_null(),
		   ff_text(subject),
		   ff_text(message),
		   ff_text(hint),
		   detail == NULL ? ff_null() : ff_json_from_text(detail));
	ff_spi_end();
}

void
ff_attention_close_subjects(int32 merchant_id, const char *kind, const FfColumn *subjects,
							const char *resolution)
{
	ff_spi_begin();
	ff_run(&close_subjects,
		   ff_int4(merchant_id),
		   ff_text(kind),
		   ff_column(subjects),
		   ff_text(ff_actor()),
		   ff_text(resolution));
	ff_spi_end();
}
