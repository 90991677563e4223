/*
 * control.c
 *
 * What people decide about calls that wait for them: try again, or say what
 * really happened.  A call whose outcome nobody could find out is never
 * repeated unless a person says that it did not happen.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "orders/settle.h"
#include "pg/errors.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "shipping/shipment.h"
#include "tasks/task.h"

static FfStatement retry_row =
	FF_STATEMENT("update fulfillment.tasks set state = 'ready', due_at = now(), attempts = 0,"
				 "  crashes = 0, in_doubt = in_doubt and not $3"
				 " where merchant_id = $1 and task_id = $2 and state <> 'leased'",
				 INT4OID, INT8OID, BOOLOID);

static FfStatement close_of_task =
	FF_STATEMENT("update fulfillment.attention set resolved_at = now(), resolved_by = $3,"
				 "  resolution = $4"
				 " where merchant_id = $1 and task_id = $2 and resolved_at is null",
				 INT4OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement close_one =
	FF_STATEMENT("update fulfillment.attention set resolved_at = now(), resolved_by = $3,"
				 "  resolution = $4"
				 " where merchant_id = $1 and attention_id = $2 and resolved_at is null"
				 " returning kind, shipment_id, task_id",
				 INT4OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement parked_task =
	FF_STATEMENT("select operation, subject_id from fulfillment.tasks"
				 " where merchant_id = $1 and task_id = $2 and state = 'parked' for update",
				 INT4OID, INT8OID);

static FfStatement drop_task = FF_STATEMENT(
	"delete from fulfillment.tasks where merchant_id = $1 and task_id = $2", INT4OID, INT8OID);

static void
close_attention(int32 merchant_id, int64 task_id, const char *resolution)
{
	ff_run(&close_of_task,
		   ff_int4(merchant_id),
		   ff_int8(task_id),
		   ff_text(ff_actor()),
		   ff_text(resolution));
}

/* Makes a task ready; true when there was one to make ready. */
static bool
make_ready(int32 merchant_id, int64 task_id, bool did_not_happen)
{
	if (ff_run(&retry_row, ff_int4(merchant_id), ff_int8(task_id), ff_bool(did_not_happen)).count ==
		0)
		return false;
	ff_tasks_wake_at_commit();
	return true;
}

PG_FUNCTION_INFO_V1(fulfillment_retry_task);

/* retry_task(task_id, merchant_id) */
Datum
fulfillment_retry_task(PG_FUNCTION_ARGS)
{
	int64 task_id = PG_GETARG_INT64(0);
	int32 merchant_id = PG_GETARG_INT32(1);

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	if (!make_ready(merchant_id, task_id, false))
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("no task " INT64_FORMAT " waits", task_id),
				 errdetail("It is done, or a worker is calling just now."),
				 errhint("The view fulfillment.task_queue shows the tasks there are.")));
	close_attention(merchant_id, task_id, "retried");
	ff_spi_end();
	PG_RETURN_VOID();
}

/* What a person may say about a call whose outcome nobody knows. */
typedef enum Verdict
{
	VERDICT_NOTE,     /* anything else: only noted */
	VERDICT_CREATED,  /* it happened */
	VERDICT_ABSENT,   /* it did not: send it again */
	VERDICT_ABANDONED /* it did not, and shall not */
} Verdict;

static Verdict
verdict_of(const char *resolution)
{
	static const struct
	{
		const char *word;
		Verdict verdict;
	} words[] = {
		{"created", VERDICT_CREATED},
		{"not_created", VERDICT_ABSENT},
		{"retry", VERDICT_ABSENT},
		{"abandoned", VERDICT_ABANDONED},
	};

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strcmp(words[i].word, resolution) == 0)
			return words[i].verdict;
	return VERDICT_NOTE;
}

/* Moves a shipment that stands in front of a person. */
static void
decide_shipment(int32 merchant_id, int64 shipment_id, Verdict verdict, const char *reference,
				const char *cause)
{
	static const FfShipmentEvent events[] = {
		[VERDICT_CREATED] = FF_SHIPMENT_EVENT_FOUND,
		[VERDICT_ABSENT] = FF_SHIPMENT_EVENT_RETRY,
		[VERDICT_ABANDONED] = FF_SHIPMENT_EVENT_ABANDON,
	};
	FfShipment *shipment = ff_shipment_lock(merchant_id, shipment_id);
	FfShipmentReport report = {.cause = cause};
	FfJsonWriter outcome;

	ff_write_init(&outcome);
	ff_write_object(&outcome, NULL);
	ff_write_text(&outcome, "provider_reference", reference);
	ff_write_finish(&outcome);
	report.outcome = ff_json_parse(outcome.text.data, outcome.text.len, NULL);
	if (shipment->state != FF_SHIPMENT_ATTENTION)
		return;
	ff_shipment_apply(shipment, events[verdict], &report);
	ff_order_settle(merchant_id, shipment->order_id, cause);
}

/* A parked task goes on or leaves, as the person decided. */
static void
decide_task(int32 merchant_id, int64 task_id, Verdict verdict, const char *reference,
			const char *cause)
{
	FfRows rows = ff_run(&parked_task, ff_int4(merchant_id), ff_int8(task_id));

	if (rows.count == 0)
		return;
	if (ff_operation_from_name(ff_row_text(&rows, 0, 1)) == FF_OP_CREATE_SHIPMENT &&
		verdict != VERDICT_NOTE)
		decide_shipment(merchant_id, ff_row_int8(&rows, 0, 2), verdict, reference, cause);
	if (verdict == VERDICT_ABSENT)
		make_ready(merchant_id, task_id, true);
	else
		ff_run(&drop_task, ff_int4(merchant_id), ff_int8(task_id));
}

PG_FUNCTION_INFO_V1(fulfillment_resolve_attention);

/* resolve_attention(attention_id, resolution, provider_reference, merchant_id) */
Datum
fulfillment_resolve_attention(PG_FUNCTION_ARGS)
{
	int64 attention_id;
	int32 merchant_id;
	char *resolution;
	char *reference;
	int64 task_id;
	FfRows rows;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_VOID();
	attention_id = PG_GETARG_INT64(0);
	resolution = text_to_cstring(PG_GETARG_TEXT_PP(1));
	reference = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	merchant_id = PG_GETARG_INT32(3);
	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	rows = ff_run(&close_one,
				  ff_int4(merchant_id),
				  ff_int8(attention_id),
				  ff_text(ff_actor()),
				  ff_text(resolution));
	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("attention " INT64_FORMAT " is not open", attention_id),
				 errhint("The view fulfillment.attention_list shows what waits.")));
	task_id = ff_row_int8(&rows, 0, 3);
	if (task_id != 0)
		decide_task(merchant_id,
					task_id,
					verdict_of(resolution),
					reference,
					psprintf("resolved by %s: %s", ff_actor(), resolution));
	ff_spi_end();
	PG_RETURN_VOID();
}
