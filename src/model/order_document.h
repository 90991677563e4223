/*
 * order_document.h
 *
 * The canonical order document as C reads it, and everything that can be wrong
 * with it without looking at a table.
 *
 * Reading never throws because of what the document holds.  When
 * reader.worst is FF_SEVERITY_REFUSED nothing of the result may be stored;
 * with FF_SEVERITY_INVALID the order is stored and parked; fields that are
 * wrong are absent from the result, so keep the document beside it.
 * Whether channel and SKUs exist is for the intake to check.
 */
#ifndef FF_MODEL_ORDER_DOCUMENT_H
#define FF_MODEL_ORDER_DOCUMENT_H

#include "model/address.h"

#define FF_MAX_ORDER_LINES 1000
#define FF_MAX_QUANTITY    1000000
#define FF_MAX_ORDER_BYTES (1024 * 1024)

typedef struct FfOrderLine
{
	int line; /* its number; its place in the document, from 1, when it has none */
	char *sku;
	char *name;
	int quantity;     /* 0 when missing or wrong */
	char *unit_price; /* exact decimal text; NULL when absent */
	char *channel_line_id;
	char *group;              /* lines of one group travel together */
	const FfJson *attributes; /* object or NULL */
	/* No member of a document: of a line that is a part of a kit. */
	int kit_line; /* the kit's line; 0: it is no part of one */
	char *kit_sku;
	int lot; /* units of it in one kit */
} FfOrderLine;

typedef struct FfOrderDocument
{
	char *channel;
	char *number;
	char *channel_order_id;
	int64 version;         /* 0 when absent */
	TimestampTz placed_at; /* FF_NO_TIME when absent, as every time here */
	char *currency;        /* upper case */
	char *email;
	char *phone;
	char *language;
	FfAddress *ship_to;
	FfAddress *bill_to;
	int line_count;
	FfOrderLine *lines;
	char *service;
	TimestampTz promised_by;
	bool ship_complete;
	TimestampTz not_before;
	TimestampTz auto_cancel_at;
	char *payment_state;
	char *payment_gateway;
	char *payment_reference;
	char *payment_amount;     /* exact decimal text */
	const FfJson *attributes; /* object or NULL */
	char *hold_reason;        /* hold: true, "reason" or {reason, until}; NULL: no hold asked for */
	TimestampTz hold_until;
	char *cancel_reason; /* cancel: true, "reason" or {reason}; NULL: not cancelled */
} FfOrderDocument;

/*
 * reader is initialised here; the document points into json, which must stay.
 * NULL when json is no object at all or is too large to look at.
 */
extern FfOrderDocument *ff_order_document_read(const FfJson *json, FfFieldReader *reader);

/*
 * Whether documents have this member: of the order itself (parent NULL), or of
 * its "ship_to", "bill_to", "payment" or "lines".  attributes have any.
 */
extern bool ff_order_document_has(const char *parent, const char *member);

typedef enum FfLineChange
{
	FF_LINE_ADDED,
	FF_LINE_REMOVED,
	FF_LINE_MORE, /* only the quantity, and it is greater */
	FF_LINE_LESS, /* only the quantity, and it is smaller */
	FF_LINE_OTHER /* SKU, name, price, group or attributes; the quantity may differ too */
} FfLineChange;

typedef struct FfLineDifference
{
	FfLineChange change;
	const FfOrderLine *before; /* NULL when added */
	const FfOrderLine *after;  /* NULL when removed */
} FfLineDifference;

typedef struct FfOrderDifference
{
	List *fields; /* names (const char *) of top-level fields that differ: "ship_to", "service" … */
	int line_count;
	FfLineDifference
		*lines; /* only those that differ: as in the newer document, then the removed */
} FfOrderDifference;

/*
 * Lines are the same line when their channel_line_id is, or, where one of them
 * has none, when their number is; parts of kits when number and kit are.
 * Channel and number say which order it is, version, hold and cancel are no
 * properties of it: they are not compared.
 */
extern FfOrderDifference *ff_order_document_compare(const FfOrderDocument *before,
													const FfOrderDocument *after);
extern bool ff_order_difference_has(const FfOrderDifference *difference, const char *field);

#endif
