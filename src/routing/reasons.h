/*
 * reasons.h
 *
 * Why a location, a service or an item was not used: one list, read as an
 * enum, as the names stored with decisions and as the sentences people read.
 * FF_REASON(symbol, name, sentence).
 */
FF_REASON(NONE, "chosen", "Ships a part of the order.")
FF_REASON(NO_STOCK, "no_stock", "Has none of the items that are still to assign.")
FF_REASON(SAFETY_STOCK, "safety_stock", "What it has is kept as safety stock or channel buffer.")
FF_REASON(RULE, "rule", "A routing rule denies it.")
FF_REASON(CAPACITY, "capacity", "Its shipments of the day are used up.")
FF_REASON(HAZMAT, "hazmat", "May not handle or carry hazardous goods.")
FF_REASON(WEIGHT, "weight", "Too heavy for every service.")
FF_REASON(DIMENSIONS, "dimensions", "Too large for every service.")
FF_REASON(VALUE, "value", "Worth more than its services insure.")
FF_REASON(COUNTRY, "country", "Does not ship to this country.")
FF_REASON(CURRENCY, "currency", "Its prices are not in the currency of the routing settings.")
FF_REASON(NO_SERVICE, "no_service",
		  "None of its services is the one asked for and has a price for this destination.")
FF_REASON(FAILED, "failed", "Rejected the order or came up short before.")
FF_REASON(CLOSED, "closed", "The location or its provider is not active.")
FF_REASON(RATES, "rates", "Carriers were asked for their prices and have not answered yet.")
FF_REASON(SPLIT, "split", "Could only ship a part that the order's split rules forbid.")
FF_REASON(DEARER, "dearer", "Would cost more.")
