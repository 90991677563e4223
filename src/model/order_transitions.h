/*
 * order_transitions.h
 *
 * The rows of the order machine; transitions.c includes them into the table.
 * Holds are rows of their own: an order is open and held, never "in" hold.
 */
#define OVER      (IN(FF_ORDER_CANCELLED) | IN(FF_ORDER_CLOSED))
#define UNSETTLED (IN(FF_ORDER_RECEIVED) | IN(FF_ORDER_INVALID) | IN(FF_ORDER_OPEN))

/* clang-format off */
{FF_MACHINE_ORDER, IN(FF_STATE_NONE), FF_ORDER_EVENT_RECEIVE, ALWAYS,
	FF_ORDER_RECEIVED, DO(FF_EFFECT_STORE_ORDER, FF_EFFECT_VALIDATE), FF_STEP_CHANGED,
	"A new order is written with its document and validated."},
{FF_MACHINE_ORDER, FF_STATE_ANY, FF_ORDER_EVENT_RECEIVE, IF(FF_GUARD_SAME_VERSION),
	FF_STATE_SAME, DO(FF_EFFECT_COUNT_DUPLICATE), FF_STEP_DUPLICATE,
	"A version that is stored already has no effect; it is counted."},
{FF_MACHINE_ORDER, FF_STATE_ANY, FF_ORDER_EVENT_RECEIVE, IF(FF_GUARD_OLDER_VERSION),
	FF_STATE_SAME, DO(FF_EFFECT_COUNT_DUPLICATE, FF_EFFECT_LOG_IGNORED), FF_STEP_DUPLICATE,
	"A version older than the stored one has no effect; history says that it came."},
{FF_MACHINE_ORDER, UNSETTLED | IN(FF_ORDER_CANCELLING), FF_ORDER_EVENT_RECEIVE,
	IF(FF_GUARD_NEWER_VERSION),
	FF_STATE_SAME, DO(FF_EFFECT_APPLY_UPDATE), FF_STEP_CHANGED,
	"A newer version is compared with the stored one and applied as edits, cancellations and "
	"holds; each refused part is named in the answer."},
{FF_MACHINE_ORDER, OVER, FF_ORDER_EVENT_RECEIVE, IF(FF_GUARD_NEWER_VERSION),
	FF_STATE_SAME, DO(FF_EFFECT_LATE_UPDATE), FF_STEP_IGNORED,
	"A newer version of an order that is over is a late update and never reopens it."},
{FF_MACHINE_ORDER, OVER, FF_ORDER_EVENT_LATE_UPDATE, ALWAYS,
	FF_STATE_SAME, DO(FF_EFFECT_ALERT_IF_GOODS_WANTED), FF_STEP_IGNORED,
	"A late update is recorded, and raises an alert when it asks for goods."},

{FF_MACHINE_ORDER, IN(FF_ORDER_RECEIVED), FF_ORDER_EVENT_VALIDATE_OK, IF(FF_GUARD_DOCUMENT_VALID),
	FF_ORDER_OPEN, DO(FF_EFFECT_ENQUEUE_ROUTING), FF_STEP_CHANGED,
	"A valid order is open and is assigned unless a hold or a date forbids it."},
{FF_MACHINE_ORDER, IN(FF_ORDER_RECEIVED), FF_ORDER_EVENT_VALIDATE_FAIL, ALWAYS,
	FF_ORDER_INVALID, DO(FF_EFFECT_REPORT_ERRORS), FF_STEP_CHANGED,
	"An order that cannot be fulfilled as it stands is parked; its channel hears what is wrong "
	"by field, its customer does not."},
{FF_MACHINE_ORDER, IN(FF_ORDER_INVALID), FF_ORDER_EVENT_CORRECT, IF(FF_GUARD_DOCUMENT_VALID),
	FF_ORDER_OPEN, DO(FF_EFFECT_STORE_CORRECTION, FF_EFFECT_ENQUEUE_ROUTING), FF_STEP_CHANGED,
	"A corrected order goes on as if it had been valid."},
{FF_MACHINE_ORDER, IN(FF_ORDER_INVALID), FF_ORDER_EVENT_CORRECT, ALWAYS,
	FF_STATE_SAME, DO(FF_EFFECT_STORE_CORRECTION, FF_EFFECT_REPORT_ERRORS), FF_STEP_CHANGED,
	"A correction that leaves something wrong is kept, and what is still wrong is reported."},

{FF_MACHINE_ORDER, IN(FF_ORDER_OPEN), FF_ORDER_EVENT_ROUTE, IF(FF_GUARD_NOT_HELD,
	FF_GUARD_NOT_BEFORE_REACHED, FF_GUARD_SOMETHING_TO_ASSIGN),
	FF_STATE_SAME, DO(FF_EFFECT_ROUTE), FF_STEP_CHANGED,
	"Locations and providers are chosen, stock is reserved, shipments are planned; the rest is "
	"backordered or unfillable with a reason."},

{FF_MACHINE_ORDER, UNSETTLED, FF_ORDER_EVENT_HOLD, ALWAYS,
	FF_STATE_SAME, DO(FF_EFFECT_INSERT_HOLD, FF_EFFECT_HOLD_SHIPMENTS, FF_EFFECT_UPDATE_CHANNEL),
	FF_STEP_CHANGED,
	"A hold stops every shipment of the order, as far as each can still be stopped."},
{FF_MACHINE_ORDER, UNSETTLED, FF_ORDER_EVENT_RELEASE, IF(FF_GUARD_HOLD_EXISTS),
	FF_STATE_SAME, DO(FF_EFFECT_REMOVE_HOLD, FF_EFFECT_RESUME, FF_EFFECT_UPDATE_CHANNEL),
	FF_STEP_CHANGED,
	"One hold ends; with the last one the order is checked again and goes on."},
{FF_MACHINE_ORDER, IN(FF_ORDER_OPEN), FF_ORDER_EVENT_EDIT, IF(FF_GUARD_EDITS_UNSHIPPED),
	FF_STATE_SAME, DO(FF_EFFECT_EDIT_LINES, FF_EFFECT_EDIT_SHIPMENTS, FF_EFFECT_ENQUEUE_ROUTING),
	FF_STEP_CHANGED,
	"Lines, address or service change for what has not been shipped; shipments follow, by update "
	"or by replacement."},

{FF_MACHINE_ORDER, UNSETTLED, FF_ORDER_EVENT_CANCEL, IF(FF_GUARD_CANCELS_EVERYTHING,
	FF_GUARD_NOTHING_SHIPPED),
	FF_ORDER_CANCELLING, DO(FF_EFFECT_CANCEL_SHIPMENTS, FF_EFFECT_CANCEL_LINES), FF_STEP_CHANGED,
	"The whole order is cancelled as soon as every shipment of it is."},
{FF_MACHINE_ORDER, UNSETTLED, FF_ORDER_EVENT_CANCEL, IF(FF_GUARD_CANCELS_UNSHIPPED),
	FF_STATE_SAME, DO(FF_EFFECT_CANCEL_SHIPMENTS, FF_EFFECT_CANCEL_LINES, FF_EFFECT_UPDATE_CHANNEL),
	FF_STEP_CHANGED,
	"A part is cancelled: reservations end at once, what a provider already has is asked back."},
{FF_MACHINE_ORDER, IN(FF_ORDER_CANCELLING) | IN(FF_ORDER_CANCELLED), FF_ORDER_EVENT_CANCEL, ALWAYS,
	FF_STATE_SAME, NOTHING, FF_STEP_DUPLICATE,
	"The order is being cancelled already."},
{FF_MACHINE_ORDER, IN(FF_ORDER_CANCELLING), FF_ORDER_EVENT_ALL_CANCELLED,
	IF(FF_GUARD_ALL_SHIPMENTS_CANCELLED),
	FF_ORDER_CANCELLED, DO(FF_EFFECT_CANCEL_REST, FF_EFFECT_REFUND, FF_EFFECT_NOTIFY,
	FF_EFFECT_UPDATE_CHANNEL), FF_STEP_CHANGED,
	"Every shipment was stopped: the order is cancelled and the money goes back."},
{FF_MACHINE_ORDER, IN(FF_ORDER_OPEN), FF_ORDER_EVENT_ALL_CANCELLED,
	IF(FF_GUARD_ALL_QUANTITY_CANCELLED, FF_GUARD_NOTHING_SHIPPED, FF_GUARD_ALL_SHIPMENTS_CANCELLED),
	FF_ORDER_CANCELLED, DO(FF_EFFECT_REFUND, FF_EFFECT_NOTIFY, FF_EFFECT_UPDATE_CHANNEL),
	FF_STEP_CHANGED,
	"Line by line everything has been cancelled and nothing was shipped."},
{FF_MACHINE_ORDER, IN(FF_ORDER_CANCELLING), FF_ORDER_EVENT_SHIPPED_ANYWAY, ALWAYS,
	FF_ORDER_OPEN, DO(FF_EFFECT_MARK_UNCANCELLABLE, FF_EFFECT_CANCEL_REST, FF_EFFECT_NOTIFY,
	FF_EFFECT_UPDATE_CHANNEL), FF_STEP_CHANGED,
	"A shipment left before it could be stopped: that quantity is uncancellable, the rest stays "
	"cancelled."},
{FF_MACHINE_ORDER, IN(FF_ORDER_OPEN), FF_ORDER_EVENT_SHIPPED_ANYWAY, ALWAYS,
	FF_STATE_SAME, DO(FF_EFFECT_MARK_UNCANCELLABLE, FF_EFFECT_NOTIFY, FF_EFFECT_UPDATE_CHANNEL),
	FF_STEP_CHANGED,
	"A part that was cancelled left before it could be stopped: that quantity is uncancellable."},
{FF_MACHINE_ORDER, IN(FF_ORDER_CANCELLED), FF_ORDER_EVENT_SHIPPED_ANYWAY, ALWAYS,
	FF_STATE_SAME, DO(FF_EFFECT_MARK_UNCANCELLABLE), FF_STEP_CHANGED,
	"A shipment left although its cancellation was confirmed: the order stays cancelled and a "
	"person is told."},

{FF_MACHINE_ORDER, IN(FF_ORDER_OPEN), FF_ORDER_EVENT_COMPLETE, IF(FF_GUARD_ALL_QUANTITY_SHIPPED,
	FF_GUARD_ALL_SHIPMENTS_FINAL, FF_GUARD_NO_OPEN_RETURN),
	FF_ORDER_CLOSED, DO(FF_EFFECT_CLOSE_ORDER, FF_EFFECT_CAPTURE_REMAINDER,
	FF_EFFECT_UPDATE_CHANNEL), FF_STEP_CHANGED,
	"Everything is shipped or cancelled, every shipment has ended and no return is open."},
{FF_MACHINE_ORDER, IN(FF_ORDER_CLOSED), FF_ORDER_EVENT_REOPEN, ALWAYS,
	FF_ORDER_OPEN, DO(FF_EFFECT_REOPEN_ORDER), FF_STEP_CHANGED,
	"A return, a parcel sent back or a late scan opens the order again; nothing is assigned."},
{FF_MACHINE_ORDER, IN(FF_ORDER_RECEIVED) | IN(FF_ORDER_OPEN), FF_ORDER_EVENT_EXPIRE,
	IF(FF_GUARD_NOTHING_ASSIGNED),
	FF_ORDER_CANCELLED, DO(FF_EFFECT_EXPIRE_LINES, FF_EFFECT_REFUND, FF_EFFECT_NOTIFY,
	FF_EFFECT_UPDATE_CHANNEL), FF_STEP_CHANGED,
	"The date is reached and nothing was assigned: the order is cancelled as expired."},
{FF_MACHINE_ORDER, IN(FF_ORDER_OPEN), FF_ORDER_EVENT_EXPIRE, IF(FF_GUARD_SOMETHING_UNASSIGNED),
	FF_STATE_SAME, DO(FF_EFFECT_EXPIRE_LINES, FF_EFFECT_UPDATE_CHANNEL), FF_STEP_CHANGED,
	"The date is reached: only the quantity that was not assigned is cancelled."},
/* clang-format on */

#undef OVER
#undef UNSETTLED
