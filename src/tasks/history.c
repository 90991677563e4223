/*
 * history.c
 *
 * Writes the story of what happened; never reads it.  See history.h.
 */
#include "postgres.h"

#include "pg/batch.h"
#include "pg/session.h"
#include "tasks/history.h"

static FfShape new_history =
	FF_SHAPE("new_history", {"subject_kind", TEXTOID}, {"subject_id", INT8OID},
			 {"order_id", INT8OID}, {"event", TEXTOID}, {"from_state", TEXTOID},
			 {"to_state", TEXTOID}, {"cause", TEXTOID}, {"before", JSONBOID}, {"after", JSONBOID});

static FfStatement insert_history =
	FF_STATEMENT("insert into fulfillment.history (merchant_id, actor, subject_kind, subject_id,"
				 "  order_id, event, from_state, to_state, cause, before, after)"
				 " select $1, $2, n.* from new_history n",
				 INT4OID, TEXTOID);

void
ff_history_add(const FfHistory *rows, int count)
{
	FfBatch *batch;

	if (count == 0)
		return;
	ff_spi_begin();
	batch = ff_batch_begin(&new_history);
	for (int i = 0; i < count; i++)
	{
		Assert(rows[i].merchant_id == rows[0].merchant_id);
		ff_batch_add(batch,
					 ff_text(rows[i].subject_kind),
					 ff_int8(rows[i].subject_id),
					 ff_id(rows[i].order_id),
					 ff_text(rows[i].event),
					 ff_text(rows[i].from_state),
					 ff_text(rows[i].to_state),
					 ff_text(rows[i].cause),
					 ff_json_from_text(rows[i].before),
					 ff_json_from_text(rows[i].after));
	}
	ff_run_batch(&insert_history, batch, ff_int4(rows[0].merchant_id), ff_text(ff_actor()));
	ff_spi_end();
}
