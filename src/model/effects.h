/*
 * effects.h
 *
 * The guards and effects the transition tables name, as lists.  Here are only
 * their names and what they mean; their code lives in the domain rooms, in the
 * arrays of an FfMachineDriver.
 *
 * FF_GUARD(symbol, name, refusal)   refusal: what is said when it does not hold
 * FF_EFFECT(symbol, name, meaning)  must be safe to run when there is nothing to do
 *
 * Define the lists you want and include this file; the others read as nothing.
 */
#ifndef FF_GUARD
#define FF_GUARD(symbol, name, refusal)
#endif
#ifndef FF_EFFECT
#define FF_EFFECT(symbol, name, meaning)
#endif

/* orders */
FF_GUARD(FF_GUARD_SAME_VERSION, "same_version", "this is not the stored version")
FF_GUARD(FF_GUARD_OLDER_VERSION, "older_version", "this version is not older than the stored one")
FF_GUARD(FF_GUARD_NEWER_VERSION, "newer_version", "this version is not newer than the stored one")
FF_GUARD(FF_GUARD_DOCUMENT_VALID, "document_valid", "address, lines or currency are not valid")
FF_GUARD(FF_GUARD_NOT_HELD, "not_held", "the order is held")
FF_GUARD(FF_GUARD_NOT_BEFORE_REACHED, "not_before_reached", "the order may not be fulfilled yet")
FF_GUARD(FF_GUARD_SOMETHING_TO_ASSIGN, "something_to_assign", "no quantity is left to assign")
FF_GUARD(FF_GUARD_HOLD_EXISTS, "hold_exists", "the order has no such hold")
FF_GUARD(FF_GUARD_EDITS_UNSHIPPED, "edits_unshipped", "a quantity it touches has been shipped")
FF_GUARD(FF_GUARD_CANCELS_EVERYTHING, "cancels_everything", "a part of the order would remain")
FF_GUARD(FF_GUARD_CANCELS_UNSHIPPED, "cancels_unshipped",
		 "the quantity to cancel has been shipped or cancelled")
FF_GUARD(FF_GUARD_ALL_SHIPMENTS_CANCELLED, "all_shipments_cancelled",
		 "a shipment is not cancelled yet")
FF_GUARD(FF_GUARD_ALL_QUANTITY_CANCELLED, "all_quantity_cancelled",
		 "a quantity is not cancelled yet")
FF_GUARD(FF_GUARD_NOTHING_SHIPPED, "nothing_shipped", "a part of the order has been shipped")
FF_GUARD(FF_GUARD_ALL_QUANTITY_SHIPPED, "all_quantity_shipped",
		 "a quantity is neither shipped nor cancelled")
FF_GUARD(FF_GUARD_ALL_SHIPMENTS_FINAL, "all_shipments_final", "a shipment is still under way")
FF_GUARD(FF_GUARD_NO_OPEN_RETURN, "no_open_return", "a return is still open")
FF_GUARD(FF_GUARD_NOTHING_ASSIGNED, "nothing_assigned", "a part of the order has been assigned")
FF_GUARD(FF_GUARD_SOMETHING_UNASSIGNED, "something_unassigned",
		 "every quantity of the order has been assigned")

/* shipments */
FF_GUARD(FF_GUARD_STOCK_RESERVED, "stock_reserved", "the stock could not be reserved")
FF_GUARD(FF_GUARD_SAME_ORDER, "same_order", "the shipments belong to different orders")
FF_GUARD(FF_GUARD_TARGET_HAS_STOCK, "target_has_stock", "the other location lacks the stock")
FF_GUARD(FF_GUARD_PAYMENT_READY, "payment_ready", "the payment rule does not allow it yet")
FF_GUARD(FF_GUARD_CONSTRAINTS_HOLD, "constraints_hold",
		 "the provider does not take such a shipment")
FF_GUARD(FF_GUARD_PROVIDER_HEALTHY, "provider_healthy", "the provider's connection is not healthy")
FF_GUARD(FF_GUARD_CANCEL_PENDING, "cancel_pending", "no cancellation is waiting")
FF_GUARD(FF_GUARD_STOP_REQUESTED, "stop_requested", "no stop has been requested")
FF_GUARD(FF_GUARD_LOOKUP_IS_PROOF, "lookup_is_proof",
		 "the look-up does not prove that the provider never got it")
FF_GUARD(FF_GUARD_GRACE_RUNNING, "grace_running", "the time to look again is over")
FF_GUARD(FF_GUARD_REPEAT_IS_SAFE, "repeat_is_safe",
		 "the provider would not recognise a repeated call")
FF_GUARD(FF_GUARD_PROGRESS_RISES, "progress_rises", "the shipment is further already")
FF_GUARD(FF_GUARD_WITHIN_OPEN_QUANTITY, "within_open_quantity",
		 "the quantity is more than the shipment still holds")
FF_GUARD(FF_GUARD_NOTHING_REMAINS, "nothing_remains", "a part of the shipment would remain")
FF_GUARD(FF_GUARD_WITHIN_QUANTITY, "within_quantity", "more would be shipped than was planned")
FF_GUARD(FF_GUARD_PROVIDER_REPORTS, "provider_reports",
		 "the shipment was not given to its provider, and the provider did not report it")
FF_GUARD(FF_GUARD_PROVIDER_CAN_UPDATE, "provider_can_update",
		 "the provider cannot change a shipment it has")
FF_GUARD(FF_GUARD_ALL_PACKAGES_DELIVERED, "all_packages_delivered",
		 "a package is not delivered yet")
FF_GUARD(FF_GUARD_NO_SCAN, "no_scan", "the carrier has scanned a package")
FF_GUARD(FF_GUARD_WAS_NOT_CANCELLED, "was_not_cancelled",
		 "it had been cancelled before it left; correct the stock with adjust_stock")
FF_GUARD(FF_GUARD_NO_CAPTURE, "no_capture", "money has been captured for it")
FF_GUARD(FF_GUARD_WITHIN_UNDO_WINDOW, "within_undo_window", "the time to undo it is over")

/* packages */
FF_GUARD(FF_GUARD_NEWER_EVENT, "newer_event", "a newer event is known")

/* returns */
FF_GUARD(FF_GUARD_RETURNABLE_QUANTITY, "returnable_quantity",
		 "more would come back than was shipped and is not coming back already")
FF_GUARD(FF_GUARD_WITHIN_RETURN_WINDOW, "within_return_window", "the time to return it is over")
FF_GUARD(FF_GUARD_NEW_RECEIPT, "new_receipt", "this receipt is known")
FF_GUARD(FF_GUARD_ALL_ACCOUNTED, "all_accounted", "a line is not accounted for yet")
FF_GUARD(FF_GUARD_REFUND_ON_SCAN, "refund_on_scan", "the policy pays when the goods are received")
FF_GUARD(FF_GUARD_WITHIN_REFUNDABLE, "within_refundable", "the amount is more than is refundable")
FF_GUARD(FF_GUARD_NOTHING_TO_REFUND, "nothing_to_refund", "a refund is due")
FF_GUARD(FF_GUARD_NOTHING_RECEIVED, "nothing_received", "a part of the goods has been received")

/* told to others, by every machine */
FF_EFFECT(FF_EFFECT_NOTIFY, "notify", "tell the customer, once what happens next is settled")
FF_EFFECT(FF_EFFECT_UPDATE_CHANNEL, "update_channel", "tell the sales channel")
FF_EFFECT(FF_EFFECT_ALERT, "alert", "put it in front of a person, without stopping anything")
FF_EFFECT(FF_EFFECT_RAISE_ATTENTION, "raise_attention", "a person must decide how it goes on")

/* orders */
FF_EFFECT(FF_EFFECT_STORE_ORDER, "store_order", "write the order, its lines and the document")
FF_EFFECT(FF_EFFECT_VALIDATE, "validate", "check the document: validate_ok or validate_fail")
FF_EFFECT(FF_EFFECT_COUNT_DUPLICATE, "count_duplicate", "count the redelivery")
FF_EFFECT(FF_EFFECT_LOG_IGNORED, "log_ignored", "note in the history that it was ignored")
FF_EFFECT(FF_EFFECT_APPLY_UPDATE, "apply_update",
		  "compare the versions: edit, cancel and hold; list what is refused")
FF_EFFECT(FF_EFFECT_LATE_UPDATE, "late_update", "apply the event late_update")
FF_EFFECT(FF_EFFECT_ALERT_IF_GOODS_WANTED, "alert_if_goods_wanted",
		  "alert when the late version asks for goods")
FF_EFFECT(FF_EFFECT_STORE_CORRECTION, "store_correction", "write the corrected document")
FF_EFFECT(FF_EFFECT_REPORT_ERRORS, "report_errors", "keep the errors by field; tell the channel")
FF_EFFECT(FF_EFFECT_ENQUEUE_ROUTING, "enqueue_routing",
		  "assign, now or as soon as no hold and no date forbids it")
FF_EFFECT(FF_EFFECT_ROUTE, "route",
		  "choose, reserve, plan shipments; the rest is backordered or unfillable")
FF_EFFECT(FF_EFFECT_INSERT_HOLD, "insert_hold", "write the hold")
FF_EFFECT(FF_EFFECT_REMOVE_HOLD, "remove_hold", "end the hold")
FF_EFFECT(FF_EFFECT_HOLD_SHIPMENTS, "hold_shipments", "apply hold to every shipment")
FF_EFFECT(FF_EFFECT_RESUME, "resume",
		  "when no hold is left: check again, release the shipments, assign the rest")
FF_EFFECT(FF_EFFECT_EDIT_LINES, "edit_lines", "change lines, address or service of the order")
FF_EFFECT(FF_EFFECT_EDIT_SHIPMENTS, "edit_shipments",
		  "change every touched shipment, or cancel it and plan another")
FF_EFFECT(FF_EFFECT_CANCEL_LINES, "cancel_lines", "count the quantity as cancelled, with a reason")
FF_EFFECT(FF_EFFECT_CANCEL_SHIPMENTS, "cancel_shipments", "apply cancel to every touched shipment")
FF_EFFECT(FF_EFFECT_CANCEL_REST, "cancel_rest", "cancel the quantity that has not been shipped")
FF_EFFECT(FF_EFFECT_EXPIRE_LINES, "expire_lines", "cancel the unassigned quantity as expired")
FF_EFFECT(FF_EFFECT_MARK_UNCANCELLABLE, "mark_uncancellable",
		  "note which quantity could not be stopped")
FF_EFFECT(FF_EFFECT_OFFER_RETURN, "offer_return", "offer an interception or a prepared return")
FF_EFFECT(FF_EFFECT_REFUND, "refund", "void the authorization or refund what was captured")
FF_EFFECT(FF_EFFECT_CAPTURE_REMAINDER, "capture_remainder", "check what is left to capture")
FF_EFFECT(FF_EFFECT_CLOSE_ORDER, "close_order", "write the closing date; retention begins")
FF_EFFECT(FF_EFFECT_REOPEN_ORDER, "reopen_order", "take the closing date back")

/* shipments */
FF_EFFECT(FF_EFFECT_RESERVE, "reserve", "write the reservations and count the lines as assigned")
FF_EFFECT(FF_EFFECT_MOVE_LINES, "move_lines",
		  "release and reserve in one step; what remains gets a shipment of its own")
FF_EFFECT(FF_EFFECT_EDIT_SHIPMENT, "edit_shipment", "change the shipment in place")
FF_EFFECT(FF_EFFECT_ENQUEUE_CREATE, "enqueue_create",
		  "task create_shipment, or a line in the work list of a manual provider")
FF_EFFECT(FF_EFFECT_ENQUEUE_UPDATE, "enqueue_update", "task update_shipment")
FF_EFFECT(FF_EFFECT_DROP_TASK, "drop_task", "take back the call that was not made yet")
FF_EFFECT(FF_EFFECT_STAMP_ATTEMPT, "stamp_attempt", "count the attempt and its time")
FF_EFFECT(FF_EFFECT_STORE_ACCEPTANCE, "store_acceptance",
		  "write reference, documents, packages and cost, as far as they are not known")
FF_EFFECT(FF_EFFECT_REJECTION_POLICY, "rejection_policy",
		  "by its code: release or block the stock, hold, choose another service or location")
FF_EFFECT(FF_EFFECT_SCHEDULE_LOOKUP, "schedule_lookup", "task find_shipment")
FF_EFFECT(FF_EFFECT_STORE_PROGRESS, "store_progress", "write picking or packed")
FF_EFFECT(FF_EFFECT_REDUCE_LINES, "reduce_lines", "take the missing quantity off the shipment")
FF_EFFECT(FF_EFFECT_RECORD_SHORTAGE, "record_shortage", "correct the stock; open a discrepancy")
FF_EFFECT(FF_EFFECT_ASSIGN_REST, "assign_rest",
		  "assign what is left again, without the excluded locations")
FF_EFFECT(FF_EFFECT_SHIP_STOCK, "ship_stock",
		  "write packages, shipped quantities and the movements out of stock")
FF_EFFECT(FF_EFFECT_SPLIT_REMAINDER, "split_remainder", "what was not shipped gets a new draft")
FF_EFFECT(FF_EFFECT_RELEASE_REMAINDER, "release_remainder",
		  "what was not shipped is released and cancelled as was asked")
FF_EFFECT(FF_EFFECT_CAPTURE, "capture", "capture the value of the shipped lines, never of more")
FF_EFFECT(FF_EFFECT_RECORD_OVER_SHIP, "record_over_ship", "flag it; open a discrepancy")
FF_EFFECT(FF_EFFECT_RETAKE_STOCK, "retake_stock", "take the released stock again, with the cause")
FF_EFFECT(FF_EFFECT_FLAG_SHIPPED_AFTER_CANCEL, "flag_shipped_after_cancel",
		  "flag it; nothing is captured by itself")
FF_EFFECT(FF_EFFECT_EXPECT_RETURN, "expect_return", "open a return for the goods")
FF_EFFECT(FF_EFFECT_FREEZE, "freeze", "answer stopped")
FF_EFFECT(FF_EFFECT_UNFREEZE, "unfreeze",
		  "clear the stop; go on where it was, with a task if it had one")
FF_EFFECT(FF_EFFECT_REQUEST_STOP, "request_stop",
		  "answer requested: hold, else cancel, else call the warehouse; with a deadline")
FF_EFFECT(FF_EFFECT_WITHDRAW_STOP, "withdraw_stop", "clear the stop; tell the provider to go on")
FF_EFFECT(FF_EFFECT_RECORD_STOPPED, "record_stopped", "answer stopped, with the time")
FF_EFFECT(FF_EFFECT_RECORD_TOO_LATE, "record_too_late",
		  "answer too_late to a stop that was asked for")
FF_EFFECT(FF_EFFECT_ESCALATE, "escalate", "put the failed stop in front of a person")
FF_EFFECT(FF_EFFECT_MARK_CANCEL_PENDING, "mark_cancel_pending",
		  "cancel as soon as the outcome is known")
FF_EFFECT(FF_EFFECT_REQUEST_CANCEL, "request_cancel", "task cancel_shipment, with a deadline")
FF_EFFECT(FF_EFFECT_RELEASE_STOCK, "release_stock",
		  "end the reservations and take the lines off the assigned quantity")
FF_EFFECT(FF_EFFECT_VOID_DOCUMENTS, "void_documents", "the labels are void")
FF_EFFECT(FF_EFFECT_RESTOCK_IF_PICKED, "restock_if_picked",
		  "picked goods must be put back before they are available")
FF_EFFECT(FF_EFFECT_COUNT_DELIVERED, "count_delivered", "count the lines of the package")
FF_EFFECT(FF_EFFECT_SET_DELIVERED, "set_delivered",
		  "delivered at the carrier's time; the return window begins")
FF_EFFECT(FF_EFFECT_OPEN_CLAIM, "open_claim", "a claim against the carrier; reship or refund")
FF_EFFECT(FF_EFFECT_CLOSE_CLAIM, "close_claim", "the goods arrived after all")
FF_EFFECT(FF_EFFECT_ALERT_IF_RESHIPPED, "alert_if_reshipped", "the customer may have it twice")
FF_EFFECT(FF_EFFECT_CLEAR_ESTIMATE, "clear_estimate", "no delivery is to be expected")
FF_EFFECT(FF_EFFECT_REVERSE_SHIPPING, "reverse_shipping",
		  "write counter-movements and take the shipped quantities back; nothing is deleted")
FF_EFFECT(FF_EFFECT_EXCLUDE_LOCATION, "exclude_location", "keep the location off the next choice")

/* packages */
FF_EFFECT(FF_EFFECT_STORE_EVENT, "store_event", "keep the event, once")
FF_EFFECT(FF_EFFECT_SET_STATUS, "set_status", "status, time and place are those of the event")
FF_EFFECT(FF_EFFECT_FLAG_CONTRADICTORY, "flag_contradictory", "the carrier contradicts itself")

/* returns */
FF_EFFECT(FF_EFFECT_STORE_RETURN, "store_return", "write the return and lock its shipped lines")
FF_EFFECT(FF_EFFECT_CHOOSE_RETURN_LOCATION, "choose_return_location", "where to, and what it costs")
FF_EFFECT(FF_EFFECT_ENQUEUE_ANNOUNCE, "enqueue_announce", "task announce_return, label or code")
FF_EFFECT(FF_EFFECT_PLAN_REPLACEMENT, "plan_replacement",
		  "a replacement shipment, held until the goods are back or sent in advance")
FF_EFFECT(FF_EFFECT_STORE_RECEIPT, "store_receipt",
		  "write the receipt; stock, quarantine, scrap or discrepancy by condition")
FF_EFFECT(FF_EFFECT_FLAG_LATE, "flag_late", "it came after the return was over")
FF_EFFECT(FF_EFFECT_RELEASE_REPLACEMENT, "release_replacement", "the replacement may go")
FF_EFFECT(FF_EFFECT_SETTLE_REPLACEMENT, "settle_replacement",
		  "charge or cancel the replacement, as the policy says")
FF_EFFECT(FF_EFFECT_COMPUTE_REFUND, "compute_refund", "amount from dispositions and fees")
FF_EFFECT(FF_EFFECT_ENQUEUE_REFUND, "enqueue_refund", "task refund, keyed by return and version")
FF_EFFECT(FF_EFFECT_CANCEL_ANNOUNCEMENT, "cancel_announcement",
		  "the warehouse need not wait; the label is void")
FF_EFFECT(FF_EFFECT_RANK_CANDIDATES, "rank_candidates", "orders it may belong to, best first")
FF_EFFECT(FF_EFFECT_BIND_RETURN, "bind_return",
		  "it belongs to this order; no refund until confirmed")

#undef FF_GUARD
#undef FF_EFFECT
