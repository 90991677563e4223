/*
 * parts.h
 *
 * Private to orders/: the guards and effects of the order machine, each in the
 * file that owns its subject.
 */
#ifndef FF_ORDERS_PARTS_H
#define FF_ORDERS_PARTS_H

#include "orders/order.h"
#include "pg/spi.h"
#include "shipping/shipment.h"

/* guards.c */
extern const FfGuardFunction ff_order_guards[FF_GUARD_COUNT];
extern int32 ff_units_to_cancel(const FfOrderRequest *request, const FfLine *line);

/* cancel.c */
extern bool ff_stop_excess(FfOrder *order, FfShipment **shipments, int count, const char *cause);
extern void ff_cancel_lines(void *order, const void *request);
extern void ff_cancel_shipments(void *order, const void *request);
extern void ff_cancel_rest(void *order, const void *request);
extern void ff_expire_lines(void *order, const void *request);
extern void ff_mark_uncancellable(void *order, const void *request);

/* assignment.c */
extern void ff_route_order(void *order, const void *request);

/* hold.c */
extern void ff_insert_hold(void *order, const void *request);
extern void ff_remove_hold(void *order, const void *request);
extern void ff_hold_shipments(void *order, const void *request);
extern void ff_resume(void *order, const void *request);
extern void ff_enqueue_routing(void *order, const void *request);

/* edit.c, version.c */
extern bool ff_edit_touches_shipped(FfOrder *order, const FfOrderRequest *request);
extern void ff_edit_lines(void *order, const void *request);
extern void ff_edit_shipments(void *order, const void *request);
extern void ff_count_duplicate(void *order, const void *request);
extern void ff_log_ignored(void *order, const void *request);
extern void ff_apply_update(void *order, const void *request);
extern void ff_late_update(void *order, const void *request);
extern void ff_alert_if_goods_wanted(void *order, const void *request);
extern void ff_store_correction(void *order, const void *request);

/* tell.c: channel, platforms, people, money */
extern void ff_report_errors(void *order, const void *request);
/* A channel that takes no parts hears of what left when nothing more will. */
extern void ff_confirm_whole(FfOrder *order);
extern void ff_report_corrected(FfOrder *order, const FfOrderRequest *request);
extern void ff_order_notify(void *order, const void *request);
extern void ff_order_update_channel(void **orders, const void **requests, int count);
extern void ff_order_refund(void *order, const void *request);
extern void ff_capture_remainder(void **orders, const void **requests, int count);

/* kits.c */
/* Lines of kits (their item ids) become lines of their parts, in documents and item_ids. */
extern void ff_kits_explode(int32 merchant_id, struct FfNewOrder **orders, int count,
							const int64 *kits, int kit_count);
/*
 * A document with the parts that the order has of its kits; those of kits that
 * the order has not come from the same document exploded, when that is given.
 */
extern const FfOrderDocument *ff_kits_compose(const FfOrder *order, const FfOrderDocument *document,
											  const FfOrderDocument *exploded);

/* merge.c */
/* The order as people left it, changed by what differs between the last two deliveries. */
extern FfJson *ff_merge_documents(const FfJson *ours, const FfJson *before, const FfJson *after);

/* store.c: rows of orders and lines; resolve.c: what their names stand for */
typedef struct FfNewOrder
{
	const FfOrderDocument *document;
	const FfOrderDocument *said; /* with its kits as kits; NULL: it has none */
	FfFieldReader *reader;
	const FfJson *raw;
	const FfJson *delivered; /* as it came in, when raw is it merged with what people changed */
	bool by_hand;            /* a person changed it here */
	int64 channel_id;
	const char *currency; /* the channel's, when the document has none */
	const char *service;  /* ours, for what the document asks; NULL: any */
	int64 *item_ids;      /* of the lines; 0: unknown */
	int64 order_id;       /* set by ff_orders_insert; 0: it exists already */
	int32 *assigned;      /* of the lines: units that shipments hold; NULL: none */
	bool valid;
} FfNewOrder;

/*
 * The later version of a document as if its lines still counted what has left
 * since the earlier one was made (shipped.c); NULL when neither tells any.
 */
extern FfJson *ff_count_from_start(const FfJson *before, const FfJson *after);
/* Reads one document; channel stands in when it names none. */
extern FfNewOrder *ff_new_order_read(const FfJson *raw, const char *channel);
/* Channel and items of documents, set-based; adds unknown_channel and unknown_sku errors. */
extern void ff_orders_resolve(int32 merchant_id, FfNewOrder **orders, int count);
extern void ff_orders_insert(int32 merchant_id, FfNewOrder **orders, int count);
extern void ff_order_lines_insert(int32 merchant_id, FfNewOrder **orders, int count);
/*
 * assign.c: valid new orders that nothing keeps from being routed, of which all
 * but the lines is written, in whatever order: assigned, and their lines written.
 */
extern void ff_new_orders_assign(int32 merchant_id, FfNewOrder **orders, int count,
								 const char *cause);
/* Writes header columns, document and errors of a version or correction. */
extern void ff_order_rewrite(FfOrder *order, const FfNewOrder *version, int64 number);
/* The reader's errors as a value of orders.errors; NULL when there are none. */
extern FfArgument ff_errors_or_null(const FfFieldReader *reader);

#endif
