/*
 * apply_return.c
 *
 * What warehouses, carriers and channels answer about returns.
 */
#include "postgres.h"

#include "returns/returns.h"
#include "workers/verbs.h"

void
ff_apply_return_announced(FfSettling *settling)
{
	const FfClaimedTask *task = &settling->errand->task;

	ff_return_announced(task->merchant_id, task->subject_id, settling->outcome, settling->cause);
}

void
ff_apply_return_read(FfSettling *settling)
{
	const FfClaimedTask *task = &settling->errand->task;
	const FfJson *said = ff_json_get(settling->outcome, "return");

	if (said != NULL)
		ff_return_told(task->merchant_id, task->subject_id, said, settling->cause);
}

/* The channel has taken note; when it pays, it has paid. */
static void
channel_answered(FfSettling *settling, bool paid)
{
	const FfClaimedTask *task = &settling->errand->task;

	if (ff_json_bool(task->payload, "refund", false))
		ff_return_paid(task->merchant_id,
					   task->subject_id,
					   paid,
					   ff_json_number(task->payload, "amount"),
					   settling->cause);
}

void
ff_apply_return_pushed(FfSettling *settling)
{
	channel_answered(settling, true);
}

void
ff_apply_return_push_refused(FfSettling *settling)
{
	channel_answered(settling, false);
	if (!ff_json_bool(settling->errand->task.payload, "refund", false))
		ff_settling_park(settling,
						 "refused",
						 settling->message != NULL ? settling->message : "the channel refused");
}
