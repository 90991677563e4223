/*
 * guards.c
 *
 * The guards of the order machine.  Each answers one question about the locked
 * order and the request, and changes nothing.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "orders/parts.h"
#include "pg/spi.h"

static FfStatement hold_is_active = FF_STATEMENT(
	"select 1 from fulfillment.holds where merchant_id = $1 and order_id = $2 and hold_id = $3"
	"   and released_at is null",
	INT4OID, INT8OID, INT8OID);

/* shipments that live, shipments under way, returns that are open */
static FfStatement unfinished = FF_STATEMENT(
	"select count(*) filter (where s.state not in ('cancelled', 'rejected')),"
	"       count(*) filter (where s.state not in ('cancelled', 'delivered', 'returning', 'lost')),"
	"       (select count(*) from fulfillment.returns r where r.merchant_id = $1"
	"           and r.order_id = $2 and r.ended_at is null)"
	"  from fulfillment.shipments s where s.merchant_id = $1 and s.order_id = $2",
	INT4OID, INT8OID);

static bool
same_version(void *subject, const void *payload)
{
	return ((const FfOrderRequest *) payload)->version == ((FfOrder *) subject)->version;
}

static bool
older_version(void *subject, const void *payload)
{
	return ((const FfOrderRequest *) payload)->version < ((FfOrder *) subject)->version;
}

static bool
newer_version(void *subject, const void *payload)
{
	return ((const FfOrderRequest *) payload)->version > ((FfOrder *) subject)->version;
}

static bool
document_valid(void *subject, const void *payload)
{
	return ((const FfOrderRequest *) payload)->reader->worst < FF_SEVERITY_INVALID;
}

static bool
not_held(void *subject, const void *payload)
{
	return ((FfOrder *) subject)->active_holds == 0;
}

static bool
not_before_reached(void *subject, const void *payload)
{
	return ((FfOrder *) subject)->not_before <= GetCurrentTransactionStartTimestamp();
}

static bool
something_to_assign(void *subject, const void *payload)
{
	return ff_order_sum_to_assign(subject) > 0;
}

static bool
hold_exists(void *subject, const void *payload)
{
	FfOrder *order = subject;

	return ff_run(&hold_is_active,
				  ff_int4(order->merchant_id),
				  ff_int8(order->order_id),
				  ff_int8(((const FfOrderRequest *) payload)->hold_id))
			   .count > 0;
}

/* Units of a line that a request to cancel names; everything that has not left when it names none.
 */
int32
ff_units_to_cancel(const FfOrderRequest *request, const FfLine *line)
{
	if (request->cancel == NULL)
		return ff_units_unshipped(line);
	for (int i = 0; i < request->cancel_count; i++)
		if (request->cancel[i].line == line->line)
			return request->cancel[i].quantity;
	return 0;
}

static bool
cancels_everything(void *subject, const void *payload)
{
	FfOrder *order = subject;

	for (int i = 0; i < order->line_count; i++)
		if (ff_units_to_cancel(payload, &order->lines[i]) <
			order->lines[i].quantity - order->lines[i].cancelled)
			return false;
	return true;
}

static bool
cancels_unshipped(void *subject, const void *payload)
{
	FfOrder *order = subject;
	int64 sum = 0;

	for (int i = 0; i < order->line_count; i++)
	{
		const FfLine *line = &order->lines[i];
		int32 units = ff_units_to_cancel(payload, line);

		if (units > ff_units_unshipped(line))
			return false;
		sum += units;
	}
	return sum > 0;
}

static bool
nothing_shipped(void *subject, const void *payload)
{
	return ff_order_sum_shipped(subject) == 0;
}

static bool
all_quantity_cancelled(void *subject, const void *payload)
{
	FfOrder *order = subject;

	for (int i = 0; i < order->line_count; i++)
		if (order->lines[i].cancelled < order->lines[i].quantity)
			return false;
	return order->line_count > 0;
}

static bool
all_quantity_shipped(void *subject, const void *payload)
{
	FfOrder *order = subject;

	for (int i = 0; i < order->line_count; i++)
		if (order->lines[i].cancelled + order->lines[i].shipped < order->lines[i].quantity)
			return false;
	return true;
}

static bool
nothing_assigned(void *subject, const void *payload)
{
	FfOrder *order = subject;

	for (int i = 0; i < order->line_count; i++)
		if (order->lines[i].assigned > 0)
			return false;
	return true;
}

static int64
count_unfinished(const FfOrder *order, int column)
{
	FfRows rows = ff_run(&unfinished, ff_int4(order->merchant_id), ff_int8(order->order_id));

	return ff_row_int8(&rows, 0, column);
}

static bool
all_shipments_cancelled(void *subject, const void *payload)
{
	return count_unfinished(subject, 1) == 0;
}

static bool
all_shipments_final(void *subject, const void *payload)
{
	return ((FfOrder *) subject)->ended || count_unfinished(subject, 2) == 0;
}

static bool
no_open_return(void *subject, const void *payload)
{
	return ((FfOrder *) subject)->ended || count_unfinished(subject, 3) == 0;
}

static bool
edits_unshipped(void *subject, const void *payload)
{
	return !ff_edit_touches_shipped(subject, payload);
}

const FfGuardFunction ff_order_guards[FF_GUARD_COUNT] = {
	[FF_GUARD_SAME_VERSION] = same_version,
	[FF_GUARD_OLDER_VERSION] = older_version,
	[FF_GUARD_NEWER_VERSION] = newer_version,
	[FF_GUARD_DOCUMENT_VALID] = document_valid,
	[FF_GUARD_NOT_HELD] = not_held,
	[FF_GUARD_NOT_BEFORE_REACHED] = not_before_reached,
	[FF_GUARD_SOMETHING_TO_ASSIGN] = something_to_assign,
	[FF_GUARD_HOLD_EXISTS] = hold_exists,
	[FF_GUARD_EDITS_UNSHIPPED] = edits_unshipped,
	[FF_GUARD_CANCELS_EVERYTHING] = cancels_everything,
	[FF_GUARD_CANCELS_UNSHIPPED] = cancels_unshipped,
	[FF_GUARD_ALL_SHIPMENTS_CANCELLED] = all_shipments_cancelled,
	[FF_GUARD_ALL_QUANTITY_CANCELLED] = all_quantity_cancelled,
	[FF_GUARD_NOTHING_SHIPPED] = nothing_shipped,
	[FF_GUARD_ALL_QUANTITY_SHIPPED] = all_quantity_shipped,
	[FF_GUARD_ALL_SHIPMENTS_FINAL] = all_shipments_final,
	[FF_GUARD_NO_OPEN_RETURN] = no_open_return,
	[FF_GUARD_NOTHING_ASSIGNED] = nothing_assigned,
	[FF_GUARD_SOMETHING_UNASSIGNED] = something_to_assign,
};
