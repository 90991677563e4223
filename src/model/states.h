/*
 * states.h
 *
 * The stored states of every machine, as lists that are read as enums, as
 * names and by the views.  The name is what the tables hold.
 *
 * FF_ORDER_STATE(symbol, name, final)      final: over; a newer version is a late update
 * FF_SHIPMENT_STATE(symbol, name, final)   final: nothing more is expected of the provider
 * FF_RETURN_STATE(symbol, name, final)     final: nothing more is expected of anybody
 * FF_PACKAGE_STATUS(symbol, name, rank, final, physical, trouble)
 *     rank      decides between events of the same instant
 *     physical  proves that the goods have left the house: the first such report ships what we
 *               did not know to be shipped
 *     trouble   0 none, else how bad: the worst is what a shipment shows
 *
 * Define the lists you want and include this file; the others read as nothing.
 */
#ifndef FF_ORDER_STATE
#define FF_ORDER_STATE(symbol, name, final)
#endif
#ifndef FF_SHIPMENT_STATE
#define FF_SHIPMENT_STATE(symbol, name, final)
#endif
#ifndef FF_RETURN_STATE
#define FF_RETURN_STATE(symbol, name, final)
#endif
#ifndef FF_PACKAGE_STATUS
#define FF_PACKAGE_STATUS(symbol, name, rank, final, physical, trouble)
#endif

FF_ORDER_STATE(FF_ORDER_RECEIVED, "received", false)
FF_ORDER_STATE(FF_ORDER_INVALID, "invalid", false)
FF_ORDER_STATE(FF_ORDER_OPEN, "open", false)
FF_ORDER_STATE(FF_ORDER_CANCELLING, "cancelling", false)
FF_ORDER_STATE(FF_ORDER_CANCELLED, "cancelled", true)
FF_ORDER_STATE(FF_ORDER_CLOSED, "closed", true)

FF_SHIPMENT_STATE(FF_SHIPMENT_DRAFT, "draft", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_QUEUED, "queued", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_SUBMITTING, "submitting", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_UNKNOWN, "unknown", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_ACCEPTED, "accepted", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_CANCEL_REQUESTED, "cancel_requested", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_CANCELLED, "cancelled", true)
FF_SHIPMENT_STATE(FF_SHIPMENT_REJECTED, "rejected", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_ATTENTION, "attention", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_SHIPPED, "shipped", false)
FF_SHIPMENT_STATE(FF_SHIPMENT_DELIVERED, "delivered", true)
FF_SHIPMENT_STATE(FF_SHIPMENT_RETURNING, "returning", true)
FF_SHIPMENT_STATE(FF_SHIPMENT_LOST, "lost", true)

FF_RETURN_STATE(FF_RETURN_REQUESTED, "requested", false)
FF_RETURN_STATE(FF_RETURN_DECLINED, "declined", true)
FF_RETURN_STATE(FF_RETURN_APPROVED, "approved", false)
FF_RETURN_STATE(FF_RETURN_EXPECTED, "expected", false)
FF_RETURN_STATE(FF_RETURN_IN_TRANSIT, "in_transit", false)
FF_RETURN_STATE(FF_RETURN_RECEIVING, "receiving", false)
FF_RETURN_STATE(FF_RETURN_RECEIVED, "received", false)
FF_RETURN_STATE(FF_RETURN_REFUNDING, "refunding", false)
FF_RETURN_STATE(FF_RETURN_RESOLVED, "resolved", true)
FF_RETURN_STATE(FF_RETURN_CANCELLED, "cancelled", true)
FF_RETURN_STATE(FF_RETURN_EXPIRED, "expired", true)
FF_RETURN_STATE(FF_RETURN_MATCHING, "matching", false)

/* A carrier that has nothing to say of a label yet is "unknown": it never overwrites a real status.
 */
FF_PACKAGE_STATUS(FF_PACKAGE_UNKNOWN, "unknown", 0, false, false, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_LABEL_CREATED, "label_created", 10, false, false, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_CANCELLED, "cancelled", 15, false, false, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_IN_TRANSIT, "in_transit", 30, false, true, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_DELAYED, "delayed", 35, false, false, 1)
FF_PACKAGE_STATUS(FF_PACKAGE_EXCEPTION, "exception", 35, false, false, 2)
FF_PACKAGE_STATUS(FF_PACKAGE_OUT_FOR_DELIVERY, "out_for_delivery", 40, false, true, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_READY_FOR_PICKUP, "ready_for_pickup", 40, false, true, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_ATTEMPTED, "attempted", 40, false, true, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_RETURNING, "returning", 60, false, true, 4)
FF_PACKAGE_STATUS(FF_PACKAGE_LOST, "lost", 65, false, true, 5)
FF_PACKAGE_STATUS(FF_PACKAGE_DELIVERED, "delivered", 70, true, true, 0)
FF_PACKAGE_STATUS(FF_PACKAGE_RETURNED, "returned", 70, true, true, 3)

#undef FF_ORDER_STATE
#undef FF_SHIPMENT_STATE
#undef FF_RETURN_STATE
#undef FF_PACKAGE_STATUS
