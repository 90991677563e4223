/*
 * operations.h
 *
 * The operations a connector may implement: one list, read as an enum, as
 * names, and by the views.  The name is what tasks.operation holds.
 *
 * FF_OPERATION(symbol, name, role)
 */
FF_OPERATION(FF_OP_QUOTE_RATES, "quote_rates", "provider")
FF_OPERATION(FF_OP_CREATE_SHIPMENT, "create_shipment", "provider")
FF_OPERATION(FF_OP_FIND_SHIPMENT, "find_shipment", "provider")
FF_OPERATION(FF_OP_GET_SHIPMENT, "get_shipment", "provider")
FF_OPERATION(FF_OP_UPDATE_SHIPMENT, "update_shipment", "provider")
FF_OPERATION(FF_OP_HOLD_SHIPMENT, "hold_shipment", "provider")
FF_OPERATION(FF_OP_CANCEL_SHIPMENT, "cancel_shipment", "provider")
FF_OPERATION(FF_OP_SCHEDULE_PICKUP, "schedule_pickup", "provider")
FF_OPERATION(FF_OP_CLOSE_MANIFEST, "close_manifest", "provider")
FF_OPERATION(FF_OP_VALIDATE_ADDRESS, "validate_address", "provider")
FF_OPERATION(FF_OP_ANNOUNCE_RETURN, "announce_return", "provider")
FF_OPERATION(FF_OP_GET_RETURN, "get_return", "provider")
FF_OPERATION(FF_OP_GET_INVENTORY, "get_inventory", "provider")
FF_OPERATION(FF_OP_PUT_ITEMS, "put_items", "provider")
FF_OPERATION(FF_OP_FETCH_ORDERS, "fetch_orders", "channel")
FF_OPERATION(FF_OP_ACKNOWLEDGE_ORDER, "acknowledge_order", "channel")
FF_OPERATION(FF_OP_CONFIRM_SHIPMENT, "confirm_shipment", "channel")
FF_OPERATION(FF_OP_PUSH_INVENTORY, "push_inventory", "channel")
FF_OPERATION(FF_OP_UPDATE_ORDER, "update_order", "channel")
FF_OPERATION(FF_OP_PUSH_RETURN, "push_return", "channel")
FF_OPERATION(FF_OP_CAPTURE, "capture", "payment")
FF_OPERATION(FF_OP_REFUND, "refund", "payment")
FF_OPERATION(FF_OP_VOID, "void", "payment")
FF_OPERATION(FF_OP_FIND_PAYMENT, "find_payment", "payment")
FF_OPERATION(FF_OP_SEND_MESSAGE, "send_message", "messenger")
FF_OPERATION(FF_OP_FETCH_FILES, "fetch_files", "provider")
FF_OPERATION(FF_OP_TEST_CONNECTION, "test_connection", "any")
