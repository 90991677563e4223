/*
 * read.h
 *
 * Private to returns/: the lines that people name, as lines of a request.
 * What cannot be understood is an error that names position and member.
 */
#ifndef FF_RETURNS_READ_H
#define FF_RETURNS_READ_H

#include "returns/parts.h"

/* Of an order, by line or SKU; lines NULL: everything that left and is not back or coming back. */
extern FfReturnLine *ff_read_wanted(int32 merchant_id, int64 order_id, const FfJson *lines,
									int *count);
/* What came of a return, with condition; lines NULL: all of it, in good order. */
extern FfReturnLine *ff_read_received(const FfReturn *subject, const FfJson *lines, int *count);
/* What lies in a parcel nobody announced, one line per item; it lies at a location. */
extern FfReturnLine *ff_read_blind(int32 merchant_id, const FfJson *lines, const char *location,
								   int *count);
/* In which condition it was, kept until it is known whose it is; and read again. */
extern void ff_keep_conditions(const FfReturn *subject, const FfReturnRequest *request);
extern FfReturnLine *ff_read_conditions(const FfReturn *subject, int *count);
/* Goods lie somewhere: an error when neither the return nor the report says where. */
extern void ff_expect_location(const FfReturn *subject, const FfReturnRequest *request);

#endif
