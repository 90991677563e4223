/*
 * apply_shipment.c
 *
 * Results of calls about shipments become events of the shipment machine.
 * Which event a result is stands here; what an event does, in shipping/.
 *
 * Every function locks orders and shipments, applies, and lets the orders draw
 * their conclusions (orders/settle.h).  What comes often is applied for many at
 * once, one being a group like any other.
 */
#include "postgres.h"

#include "access/xact.h"

#include "connectors/call.h"
#include "orders/settle.h"
#include "pg/spi.h"
#include "shipping/shipment.h"
#include "shipping/tracking.h"
#include "workers/verbs.h"

static FfShipmentReport
report_of(const FfSettling *settling)
{
	return (FfShipmentReport){.cause = settling->cause,
							  .outcome = ff_json_get(settling->outcome, "shipment"),
							  .code = settling->code,
							  .message = settling->message,
							  .field = settling->field,
							  .by_provider = true};
}

static FfShipment *
lock_subject(const FfSettling *settling)
{
	const FfClaimedTask *task = &settling->errand->task;

	return ff_shipment_lock(task->merchant_id, task->subject_id);
}

/* NULL for one whose task does not name its order, or that is gone. */
static FfShipment **
lock_subjects(FfErrand **errands, int count)
{
	int64 *orders = palloc(sizeof(int64) * count);
	int64 *shipments = palloc(sizeof(int64) * count);

	for (int i = 0; i < count; i++)
	{
		orders[i] = errands[i]->task.order_id;
		shipments[i] = errands[i]->task.subject_id;
	}
	return ff_shipments_lock(errands[0]->task.merchant_id, orders, shipments, count);
}

/* What many results have in common; whatever is wrong with one is an error of all. */
static FfShipment **
lock_all(FfSettling **settlings, int count)
{
	FfErrand **errands = palloc(sizeof(FfErrand *) * count);
	FfShipment **shipments;

	for (int i = 0; i < count; i++)
		errands[i] = settlings[i]->errand;
	shipments = lock_subjects(errands, count);
	for (int i = 0; i < count; i++)
		if (shipments[i] == NULL)
			shipments[i] = lock_subject(settlings[i]);
	return shipments;
}

static void
settle_order(const FfShipment *shipment, const FfSettling *settling)
{
	ff_order_settle(shipment->merchant_id, shipment->order_id, settling->cause);
}

static bool
says_no_more_than_accepted(const FfJson *said)
{
	FfProviderReport kind = ff_report_from_name(ff_json_text_or(said, "state", ""));
	int event = kind == FF_PROVIDER_REPORT_COUNT ? FF_EVENT_NONE : ff_report_event(kind);

	return event == FF_EVENT_NONE || event == FF_SHIPMENT_EVENT_ACCEPT;
}

/* What the outcomes say beyond an event that was applied, and what follows for the orders. */
static void
hear(FfSettling **settlings, FfShipment **shipments, int count, bool acceptance_known)
{
	FfSaid *said = palloc0(sizeof(FfSaid) * count);
	int64 *orders = palloc(sizeof(int64) * count);
	const char **causes = palloc(sizeof(char *) * count);
	int said_count = 0;

	for (int i = 0; i < count; i++)
	{
		FfSaid *it = &said[said_count];

		*it = (FfSaid){.shipment = shipments[i],
					   .report = ff_json_get(settlings[i]->outcome, "shipment"),
					   .tracking = ff_json_get(settlings[i]->outcome, "tracking"),
					   .cause = settlings[i]->cause};
		if (it->report != NULL && acceptance_known && says_no_more_than_accepted(it->report))
			it->report = NULL;
		if (it->report != NULL || ff_json_count(it->tracking) > 0)
			said_count++;
		orders[i] = shipments[i]->order_id;
		causes[i] = settlings[i]->cause;
	}
	if (said_count > 0)
		ff_shipments_hear(said, said_count);
	ff_orders_settle(shipments[0]->merchant_id, orders, causes, count);
}

/* An event that the provider's answer is, and what it says besides. */
static void
apply_all(FfSettling **settlings, int count, FfShipmentEvent event)
{
	FfShipment **shipments = lock_all(settlings, count);
	FfShipmentReport *reports = palloc(sizeof(FfShipmentReport) * count);
	FfVerdict *verdicts = palloc(sizeof(FfVerdict) * count);

	for (int i = 0; i < count; i++)
		reports[i] = report_of(settlings[i]);
	ff_shipments_apply(shipments, event, reports, count, verdicts);
	hear(settlings, shipments, count, true);
}

static FfShipment *
apply(FfSettling *settling, FfShipmentEvent event, const FfShipmentReport *report)
{
	FfShipment *shipment = lock_subject(settling);

	ff_shipment_apply(shipment, event, report);
	return shipment;
}

/*
 * Whether a create_shipment may be sent: the shipment is still queued and
 * nothing holds it, or the provider has begun with it and waits for the next
 * request.  Runs inside the claim, under the order's lock.
 */
bool
ff_admit_shipment(FfErrand *errand)
{
	FfShipmentReport report = {.cause = "claimed by a worker"};
	FfShipment *shipment = ff_shipment_lock(errand->task.merchant_id, errand->task.subject_id);

	errand->going_on = shipment->state == FF_SHIPMENT_SUBMITTING && errand->task.progress != NULL;
	if (errand->going_on)
		return true;
	if (shipment->state != FF_SHIPMENT_QUEUED || shipment->held)
		return false;
	return ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_SENT, &report).step == FF_STEP_CHANGED;
}

void
ff_admit_shipments(FfErrand **errands, int count, bool *admitted, bool *decided)
{
	FfShipment **shipments = lock_subjects(errands, count);
	FfShipment **queued = palloc(sizeof(FfShipment *) * count);
	int *places = palloc(sizeof(int) * count);
	FfShipmentReport *reports = palloc0(sizeof(FfShipmentReport) * count);
	FfVerdict *verdicts = palloc(sizeof(FfVerdict) * count);
	int queued_count = 0;

	for (int i = 0; i < count; i++)
	{
		FfShipment *shipment = shipments[i];

		decided[i] = shipment != NULL;
		if (shipment == NULL)
			continue;
		admitted[i] = errands[i]->going_on =
			shipment->state == FF_SHIPMENT_SUBMITTING && errands[i]->task.progress != NULL;
		if (shipment->state != FF_SHIPMENT_QUEUED || shipment->held)
			continue;
		reports[queued_count].cause = "claimed by a worker";
		places[queued_count] = i;
		queued[queued_count++] = shipment;
	}
	if (queued_count > 0)
		ff_shipments_apply(queued, FF_SHIPMENT_EVENT_SENT, reports, queued_count, verdicts);
	for (int i = 0; i < queued_count; i++)
		admitted[places[i]] = verdicts[i].step == FF_STEP_CHANGED;
}

void
ff_apply_created(FfSettling **settlings, int count)
{
	apply_all(settlings, count, FF_SHIPMENT_EVENT_ACCEPT);
}

void
ff_apply_create_refused(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);

	settle_order(apply(settling, FF_SHIPMENT_EVENT_REJECT, &report), settling);
}

/*
 * The shipment stands in the queue again, unless it was to be cancelled.  One
 * that the provider has begun with stays there: the call goes on where it was.
 */
void
ff_apply_create_nothing(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);
	FfShipment *shipment;

	if (settling->errand->going_on)
		return;
	report.lookup_is_proof = true;
	shipment = apply(settling, FF_SHIPMENT_EVENT_ABSENT, &report);
	if (shipment->state != FF_SHIPMENT_QUEUED)
		settling->end.end = FF_TASK_DONE;
	settle_order(shipment, settling);
}

/* What certainly does not exist is sent again, by the same task. */
static void
send_again(FfSettling *settling, const FfShipment *shipment)
{
	if (shipment->state != FF_SHIPMENT_QUEUED)
		return;
	ff_settling_anew(settling, settling->now);
	settling->end.in_doubt = false;
	settling->end.sent_at = 0;
	settling->end.progress = NULL; /* it was that of the look-up */
}

static bool
can_find(const FfSettling *settling)
{
	const FfEndpoint *endpoint = settling->errand->batch->endpoint;

	return ff_connector_able(endpoint->connector, FF_OP_FIND_SHIPMENT, endpoint->config);
}

/* From now on it is looked up before it is sent again. */
void
ff_apply_create_lost(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);

	settle_order(apply(settling, FF_SHIPMENT_EVENT_LOSE, &report), settling);
}

void
ff_apply_create_unknown(FfSettling *settling)
{
	ff_apply_create_lost(settling);
	if (can_find(settling))
		ff_settling_again(settling, FF_FAILURE_UNKNOWN);
	else
		ff_apply_no_lookup(settling);
}

void
ff_apply_found(FfSettling **settlings, int count)
{
	apply_all(settlings, count, FF_SHIPMENT_EVENT_FOUND);
}

/*
 * "Not there" proves something only where the connector says so, and only when
 * the peer has had the time to show what it took.
 */
void
ff_apply_not_found(FfSettling *settling)
{
	const FfConnector *connector = settling->errand->batch->endpoint->connector;
	const FfClaimedTask *task = &settling->errand->task;
	FfShipmentReport report = report_of(settling);
	FfShipment *shipment;

	if (connector->find_is_authoritative &&
		task->sent_at + connector->find_grace_s * USECS_PER_SEC > settling->now)
	{
		settling->end.end = FF_TASK_AGAIN;
		settling->end.due_at = task->sent_at + connector->find_grace_s * USECS_PER_SEC;
		return;
	}
	report.lookup_is_proof = connector->find_is_authoritative;
	shipment = apply(settling, FF_SHIPMENT_EVENT_ABSENT, &report);
	settle_order(shipment, settling);
	send_again(settling, shipment);
	if (shipment->state == FF_SHIPMENT_ATTENTION)
		ff_settling_park(
			settling, "unknown_outcome", "the provider does not show it, which proves nothing");
}

/* Nobody can say whether it happened. */
void
ff_apply_no_lookup(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);
	FfShipment *shipment = apply(settling, FF_SHIPMENT_EVENT_NO_LOOKUP, &report);

	settle_order(shipment, settling);
	send_again(settling, shipment);
	if (shipment->state == FF_SHIPMENT_ATTENTION)
		ff_settling_park(settling,
						 "unknown_outcome",
						 "the answer was lost, and the provider cannot be asked about it");
}

void
ff_apply_reports(FfSettling **settlings, int count)
{
	hear(settlings, lock_all(settlings, count), count, false);
}

void
ff_apply_report_page(FfSettling *settling)
{
	ff_apply_reports(&settling, 1);
}

/* Some providers only take note of the wish; the answer then comes as a report. */
static bool
only_noted(const FfSettling *settling)
{
	return strcmp(ff_json_text_or(settling->outcome, "shipment.state", ""), "cancel_requested") ==
		   0;
}

void
ff_apply_cancelled(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);

	if (!only_noted(settling))
		settle_order(apply(settling, FF_SHIPMENT_EVENT_CANCEL_OK, &report), settling);
}

void
ff_apply_cancel_refused(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);

	settle_order(apply(settling, FF_SHIPMENT_EVENT_CANCEL_NO, &report), settling);
}

void
ff_apply_held(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);

	settle_order(apply(settling, FF_SHIPMENT_EVENT_HOLD_OK, &report), settling);
}

void
ff_apply_hold_refused(FfSettling *settling)
{
	FfShipmentReport report = report_of(settling);

	settle_order(apply(settling, FF_SHIPMENT_EVENT_HOLD_NO, &report), settling);
}
