/*
 * history.c
 *
 * Writes the story of what happened; never reads it.  See history.h.
 */
#include "postgres.h"

#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/history.h"

static FfStatement insert_history =
	FF_STATEMENT("insert into fulfillment.history (merchant_id, actor, subject_kind, subject_id,"
				 "  order_id, event, from_state, to_state, cause, before, after)"
				 " select $1, $2, u.* from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11) as u",
				 INT4OID, TEXTOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID,
				 TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID, JSONBARRAYOID);

typedef struct Columns
{
	FfColumn subject_kind;
	FfColumn subject_id;
	FfColumn order_id;
	FfColumn event;
	FfColumn from_state;
	FfColumn to_state;
	FfColumn cause;
	FfColumn before;
	FfColumn after;
} Columns;

static void
init_columns(Columns *columns)
{
	ff_column_init(&columns->subject_kind, TEXTOID);
	ff_column_init(&columns->subject_id, INT8OID);
	ff_column_init(&columns->order_id, INT8OID);
	ff_column_init(&columns->event, TEXTOID);
	ff_column_init(&columns->from_state, TEXTOID);
	ff_column_init(&columns->to_state, TEXTOID);
	ff_column_init(&columns->cause, TEXTOID);
	ff_column_init(&columns->before, JSONBOID);
	ff_column_init(&columns->after, JSONBOID);
}

static void
add_row(Columns *columns, const FfHistory *row)
{
	ff_column_add(&columns->subject_kind, ff_text(row->subject_kind));
	ff_column_add(&columns->subject_id, ff_int8(row->subject_id));
	ff_column_add(&columns->order_id, ff_id(row->order_id));
	ff_column_add(&columns->event, ff_text(row->event));
	ff_column_add(&columns->from_state, ff_text(row->from_state));
	ff_column_add(&columns->to_state, ff_text(row->to_state));
	ff_column_add(&columns->cause, ff_text(row->cause));
	ff_column_add(&columns->before, ff_json_from_text(row->before));
	ff_column_add(&columns->after, ff_json_from_text(row->after));
}

void
ff_history_add(const FfHistory *rows, int count)
{
	Columns columns;

	if (count == 0)
		return;
	ff_spi_begin();
	init_columns(&columns);
	for (int i = 0; i < count; i++)
	{
		Assert(rows[i].merchant_id == rows[0].merchant_id);
		add_row(&columns, &rows[i]);
	}
	ff_run(&insert_history,
		   ff_int4(rows[0].merchant_id),
		   ff_text(ff_actor()),
		   ff_column(&columns.subject_kind),
		   ff_column(&columns.subject_id),
		   ff_column(&columns.order_id),
		   ff_column(&columns.event),
		   ff_column(&columns.from_state),
		   ff_column(&columns.to_state),
		   ff_column(&columns.cause),
		   ff_column(&columns.before),
		   ff_column(&columns.after));
	ff_spi_end();
}
