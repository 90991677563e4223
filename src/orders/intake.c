/*
 * intake.c
 *
 * The way in: documents are read, resolved and written together; what exists
 * already goes the way of versions, one by one in the order of ids, so that
 * sessions with overlapping batches cannot deadlock.  See intake.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"

#include "notifications/notify.h"
#include "orders/assign.h"
#include "orders/intake.h"
#include "orders/parts.h"
#include "orders/settle.h"
#include "pg/spi.h"
#include "stock/ledger.h"
#include "tasks/history.h"
#include "tasks/task.h"

static FfStatement find_orders =
	FF_STATEMENT("select u.position, o.order_id, o.version"
				 "  from unnest($2, $3) with ordinality as u(channel_id, number, position)"
				 "  join fulfillment.orders o on o.merchant_id = $1 and o.channel_id = u.channel_id"
				 "   and o.number = u.number"
				 " order by o.order_id, u.position"
				 "   for update of o",
				 INT4OID, INT8ARRAYOID, TEXTARRAYOID);

const char *
ff_intake_name(FfIntake outcome)
{
	static const char *const names[] = {
		[FF_INTAKE_CREATED] = "created",
		[FF_INTAKE_INVALID] = "invalid",
		[FF_INTAKE_DUPLICATE] = "duplicate",
		[FF_INTAKE_UPDATED] = "updated",
		[FF_INTAKE_LATE] = "late_update",
		[FF_INTAKE_REFUSED] = "refused",
	};

	return names[outcome];
}

FfNewOrder *
ff_new_order_read(const FfJson *raw, const char *channel)
{
	FfNewOrder *order = palloc0(sizeof(FfNewOrder));

	if (channel != NULL && ff_json_is_object(raw) && ff_json_is_null(ff_json_get(raw, "channel")))
	{
		FfJsonWriter named;

		ff_write_init(&named);
		ff_write_object(&named, NULL);
		ff_write_text(&named, "channel", channel);
		raw = ff_json_from_datum(DirectFunctionCall2(
			jsonb_concat, ff_json_to_datum(raw), ff_json_from_text(ff_write_finish(&named)).value));
	}
	order->raw = raw;
	order->reader = palloc0(sizeof(FfFieldReader));
	order->document = ff_order_document_read(raw, order->reader);
	if (order->document == NULL) /* no object at all: refused, with nothing in it */
		order->document = palloc0(sizeof(FfOrderDocument));
	return order;
}

/* History and facts of orders that were just written. */
static void
record_new(int32 merchant_id, FfNewOrder **orders, int count, const char *cause)
{
	FfHistory *history = palloc0(sizeof(FfHistory) * Max(count, 1) * 2);
	FfFact *facts = palloc0(sizeof(FfFact) * Max(count, 1));
	int rows = 0;

	for (int i = 0; i < count; i++)
	{
		bool valid = orders[i]->valid;
		FfOrderEvent event = valid ? FF_ORDER_EVENT_VALIDATE_OK : FF_ORDER_EVENT_VALIDATE_FAIL;
		FfOrderState state = valid ? FF_ORDER_OPEN : FF_ORDER_INVALID;
		FfJsonWriter data;
		FfHistory row = {.merchant_id = merchant_id,
						 .subject_kind = "order",
						 .subject_id = orders[i]->order_id,
						 .order_id = orders[i]->order_id,
						 .cause = cause,
						 .event = ff_event_name(FF_MACHINE_ORDER, FF_ORDER_EVENT_RECEIVE),
						 .to_state = ff_state_name(FF_MACHINE_ORDER, FF_ORDER_RECEIVED)};

		history[rows++] = row;
		row.from_state = row.to_state;
		row.event = ff_event_name(FF_MACHINE_ORDER, event);
		row.to_state = ff_state_name(FF_MACHINE_ORDER, state);
		if (!valid)
			row.after = ff_field_errors_json(orders[i]->reader);
		history[rows++] = row;
		ff_write_init(&data);
		ff_write_object(&data, NULL);
		ff_write_int(&data, "order_id", orders[i]->order_id);
		ff_write_text(&data, "order_number", orders[i]->document->number);
		ff_write_text(&data, "channel", orders[i]->document->channel);
		if (!valid)
			ff_write_raw(&data, "errors", row.after);
		facts[i] = (FfFact){.merchant_id = merchant_id,
							.type = valid ? "order.confirmed" : "order.rejected",
							.order_id = orders[i]->order_id,
							.data = ff_write_finish(&data)};
	}
	ff_history_add(history, rows);
	ff_notify(facts, count);
}

/* What the document of a new order asks for beyond being fulfilled. */
static void
apply_wishes(int32 merchant_id, const FfNewOrder *new_order, bool from_channel)
{
	const FfOrderDocument *document = new_order->document;
	FfOrderRequest request = {.from_channel = from_channel, .by_document = true};
	FfOrder *order;

	if (document->hold_reason == NULL && document->cancel_reason == NULL && new_order->valid)
		return;
	order = ff_order_lock(merchant_id, new_order->order_id);
	request.cause = "the order document";
	if (document->cancel_reason != NULL)
	{
		request.cancel_reason = document->cancel_reason;
		ff_order_apply(order, FF_ORDER_EVENT_CANCEL, &request);
	}
	else if (document->hold_reason != NULL)
	{
		request.hold_reason = document->hold_reason;
		request.hold_until = document->hold_until;
		ff_order_apply(order, FF_ORDER_EVENT_HOLD, &request);
	}
	if (!new_order->valid)
	{
		request.reader = new_order->reader;
		ff_report_errors(order, &request);
	}
	ff_order_settle(merchant_id, new_order->order_id, request.cause);
}

/* What people changed here stays, unless the channel has changed it, too. */
static void
merge_with_ours(int32 merchant_id, const FfOrder *order, FfNewOrder *version)
{
	const FfJson *delivered = version->raw;
	FfNewOrder *merged = ff_new_order_read(
		ff_merge_documents(order->document, order->delivered, delivered), order->channel);

	ff_orders_resolve(merchant_id, &merged, 1);
	*version = *merged;
	version->delivered = delivered;
}

/* Lines that count only what is left to ship are put back to where the first version began. */
static void
count_from_start(int32 merchant_id, const FfOrder *order, FfNewOrder *version)
{
	FfJson *raw = ff_count_from_start(order->delivered != NULL ? order->delivered : order->document,
									  version->raw);
	FfNewOrder *counted;

	if (raw == NULL)
		return;
	counted = ff_new_order_read(raw, order->channel);
	ff_orders_resolve(merchant_id, &counted, 1);
	*version = *counted;
}

/* A document of an order that exists: another version, or the same again. */
static FfIntake
redeliver(int32 merchant_id, int64 order_id, FfNewOrder *version, bool from_channel,
		  const char *cause)
{
	FfOrder *order = ff_order_lock(merchant_id, order_id);
	FfOrderRequest request = {
		.cause = cause, .from_channel = from_channel, .version = version->document->version};
	FfVerdict verdict;

	if (request.version > order->version)
		count_from_start(merchant_id, order, version);
	if (order->delivered != NULL && request.version > order->version)
		merge_with_ours(merchant_id, order, version);
	request.raw = version->raw;
	request.document = version->document;
	request.reader = version->reader;
	request.resolved = version;
	verdict = ff_order_apply(order, FF_ORDER_EVENT_RECEIVE, &request);

	if (verdict.step == FF_STEP_DUPLICATE)
		return FF_INTAKE_DUPLICATE;
	ff_order_settle(merchant_id, order_id, cause);
	return verdict.step == FF_STEP_IGNORED ? FF_INTAKE_LATE : FF_INTAKE_UPDATED;
}

/* Documents of orders that exist already, with the orders' ids, rising. */
typedef struct Repeated
{
	int count;
	FfNewOrder **orders;
	FfSubmitted **answers;
} Repeated;

/* Locks the orders the documents are about. */
static FfRows
lock_repeated(int32 merchant_id, const Repeated *repeated)
{
	FfColumn channels;
	FfColumn numbers;

	ff_column_init(&channels, INT8OID);
	ff_column_init(&numbers, TEXTOID);
	for (int i = 0; i < repeated->count; i++)
	{
		ff_column_add(&channels, ff_int8(repeated->orders[i]->channel_id));
		ff_column_add(&numbers, ff_text(repeated->orders[i]->document->number));
	}
	return ff_run(&find_orders, ff_int4(merchant_id), ff_column(&channels), ff_column(&numbers));
}

/*
 * Newer versions move stock order by order, so that all the stock the whole
 * call may come to need is locked before the first of it moves.
 */
static void
lock_stock(int32 merchant_id, const Repeated *repeated, const FfRows *found, FfNewOrder **all,
		   int count)
{
	int64 *orders = palloc(sizeof(int64) * Max(found->count, 1));
	int64 *items;
	int newer = 0;
	int lines = 0;

	for (uint64 row = 0; row < found->count; row++)
	{
		const FfNewOrder *version = repeated->orders[ff_row_int8(found, row, 1) - 1];

		if (version->document->version > ff_row_int8(found, row, 3))
			orders[newer++] = ff_row_int8(found, row, 2);
	}
	if (newer == 0 || count == 1)
		return;
	for (int i = 0; i < count; i++)
		lines += all[i]->document->line_count;
	items = palloc(sizeof(int64) * Max(lines, 1));
	lines = 0;
	for (int i = 0; i < count; i++)
		for (int j = 0; j < all[i]->document->line_count; j++)
			items[lines++] = all[i]->item_ids[j];
	ff_stock_lock(merchant_id, orders, newer, items, lines);
}

static void
redeliver_all(int32 merchant_id, const Repeated *repeated, const FfRows *found, bool from_channel,
			  const char *cause)
{
	for (uint64 row = 0; row < found->count; row++)
	{
		int which = (int) ff_row_int8(found, row, 1) - 1;
		FfSubmitted *answer = repeated->answers[which];
		FfNewOrder *version = repeated->orders[which];

		answer->order_id = ff_row_int8(found, row, 2);
		answer->outcome = redeliver(merchant_id, answer->order_id, version, from_channel, cause);
		if (version->reader->errors != NIL) /* with the parts that were refused */
			answer->errors = ff_field_errors_json(version->reader);
	}
}

/* Whether a new order can be assigned at once: it asks for nothing but being fulfilled, and now. */
static bool
goes_at_once(const FfNewOrder *order)
{
	const FfOrderDocument *document = order->document;

	return order->valid && document->line_count > 0 && document->hold_reason == NULL &&
		   document->cancel_reason == NULL &&
		   document->not_before <= GetCurrentTransactionStartTimestamp();
}

/* Those that go at once come first; answers how many they are. */
static int
part_orders(FfNewOrder **orders, int count)
{
	FfNewOrder **others = palloc(sizeof(FfNewOrder *) * Max(count, 1));
	int first = 0;
	int other = 0;

	for (int i = 0; i < count; i++)
		if (goes_at_once(orders[i]))
			orders[first++] = orders[i];
		else
			others[other++] = orders[i];
	memcpy(orders + first, others, sizeof(FfNewOrder *) * other);
	return first;
}

/* The others get their lines first, for what they ask is done to orders like any other. */
static void
create_others(int32 merchant_id, FfNewOrder **orders, int count, bool from_channel,
			  const char *cause)
{
	int64 *ids = palloc(sizeof(int64) * Max(count, 1));
	int valid = 0;

	for (int i = 0; i < count; i++)
	{
		apply_wishes(merchant_id, orders[i], from_channel);
		if (orders[i]->valid)
			ids[valid++] = orders[i]->order_id;
	}
	if (valid > 0)
		ff_orders_assign(merchant_id, ids, valid, cause);
}

/* Reads and judges the documents; answers those that can be stored. */
static int
read_documents(int32 merchant_id, const FfJson *documents, const char *channel, FfNewOrder **orders,
			   FfNewOrder **storable, FfSubmitted *answers, int count)
{
	int ready = 0;

	for (int i = 0; i < count; i++)
	{
		orders[i] = ff_new_order_read(ff_json_at(documents, i), channel);
		answers[i].number = orders[i]->document->number;
	}
	ff_orders_resolve(merchant_id, orders, count);
	for (int i = 0; i < count; i++)
	{
		if (orders[i]->reader->errors != NIL)
			answers[i].errors = ff_field_errors_json(orders[i]->reader);
		answers[i].outcome = FF_INTAKE_REFUSED;
		if (orders[i]->reader->worst < FF_SEVERITY_REFUSED)
			storable[ready++] = orders[i];
	}
	return ready;
}

FfSubmitted *
ff_orders_submit(int32 merchant_id, const FfJson *documents, const char *channel, bool from_channel,
				 const char *cause, int *count)
{
	int all = ff_json_count(documents);
	FfSubmitted *answers = palloc0(sizeof(FfSubmitted) * Max(all, 1));
	FfNewOrder **orders = palloc(sizeof(FfNewOrder *) * Max(all, 1));
	FfNewOrder **storable = palloc(sizeof(FfNewOrder *) * Max(all, 1));
	FfNewOrder **created = palloc(sizeof(FfNewOrder *) * Max(all, 1));
	Repeated repeated = {.orders = palloc(sizeof(FfNewOrder *) * Max(all, 1)),
						 .answers = palloc(sizeof(FfSubmitted *) * Max(all, 1))};
	int ready = read_documents(merchant_id, documents, channel, orders, storable, answers, all);
	int fresh = 0;
	int at_once;
	FfRows found = {0};

	*count = all;
	if (ready == 0)
		return answers;
	ff_orders_insert(merchant_id, storable, ready);
	for (int i = 0; i < all; i++)
		if (orders[i]->order_id != 0)
		{
			answers[i].order_id = orders[i]->order_id;
			answers[i].outcome = orders[i]->valid ? FF_INTAKE_CREATED : FF_INTAKE_INVALID;
			created[fresh++] = orders[i];
		}
		else if (orders[i]->reader->worst < FF_SEVERITY_REFUSED)
		{
			repeated.answers[repeated.count] = &answers[i];
			repeated.orders[repeated.count++] = orders[i];
		}
	record_new(merchant_id, created, fresh, cause);
	at_once = part_orders(created, fresh);
	ff_order_lines_insert(merchant_id, created + at_once, fresh - at_once);
	/* every lock on an order comes before the first on stock */
	if (repeated.count > 0)
	{
		found = lock_repeated(merchant_id, &repeated);
		lock_stock(merchant_id, &repeated, &found, storable, ready);
	}
	create_others(merchant_id, created + at_once, fresh - at_once, from_channel, cause);
	ff_new_orders_assign(merchant_id, created, at_once, cause);
	redeliver_all(merchant_id, &repeated, &found, from_channel, cause);
	return answers;
}
