/*
 * messages.c
 *
 * Writes down what became of messages, and who is not to be written to any
 * more; see messages.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "notifications/messages.h"
#include "pg/spi.h"

/* Ranks: what is said later in a message's life wins, and the end is the end. */
static FfStatement note_news = FF_STATEMENT(
	"update fulfillment.messages m"
	"   set state = case when r.new > r.old then $5 else m.state end,"
	"       provider_reference = coalesce($4, m.provider_reference),"
	"       error_code = case when r.new >= r.old then $6 else m.error_code end,"
	"       error_message = case when r.new >= r.old then $7 else m.error_message end,"
	"       changed_at = $8"
	"  from (select x.event_id, x.connection_id,"
	"               array_position(a.ranks, x.state) as old,"
	"               coalesce(array_position(a.ranks, $5), 0) as new"
	"          from fulfillment.messages x cross join (select"
	"               '{skipped,suppressed,queued,unknown,sending,accepted,failed,delivered}'::text[]"
	"                 as ranks) a"
	"         where x.merchant_id = $1 and x.connection_id = $2"
	"           and (x.event_id = $3 or $3 is null and x.provider_reference = $4)) r"
	" where m.merchant_id = $1 and m.event_id = r.event_id and m.connection_id = r.connection_id"
	" returning m.recipient, m.medium",
	INT4OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID);

static FfStatement add_suppression = FF_STATEMENT(
	"insert into fulfillment.suppressions (merchant_id, medium, recipient, code, reason)"
	" values ($1, $2, $3, $4, coalesce($5, 'refused')) on conflict do nothing",
	INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID);

static FfStatement drop_suppression =
	FF_STATEMENT("delete from fulfillment.suppressions"
				 " where merchant_id = $1 and medium = $2 and recipient = $3",
				 INT4OID, TEXTOID, TEXTOID);

bool
ff_message_news(const FfMessageNews *news)
{
	const char *recipient = news->recipient;
	const char *medium = news->medium;
	FfRows rows = ff_run(&note_news,
						 ff_int4(news->merchant_id),
						 ff_int8(news->connection_id),
						 ff_id(news->event_id),
						 ff_text(news->reference),
						 ff_text(news->state),
						 ff_text(news->code),
						 ff_text(news->message),
						 ff_time(GetCurrentTransactionStartTimestamp()));

	if (rows.count > 0)
	{
		recipient = ff_row_text(&rows, 0, 1);
		medium = ff_row_text(&rows, 0, 2);
	}
	if (recipient == NULL || medium == NULL)
		return rows.count > 0;
	if (news->suppress)
		ff_run(&add_suppression,
			   ff_int4(news->merchant_id),
			   ff_text(medium),
			   ff_text(recipient),
			   ff_text(news->code),
			   ff_text(news->message));
	if (news->lift)
		ff_run(&drop_suppression, ff_int4(news->merchant_id), ff_text(medium), ff_text(recipient));
	return rows.count > 0 || news->recipient != NULL;
}
