/*
 * channel.h
 *
 * What connectors of sales channels share: where a fetch begins, what is in
 * which parcel of a shipment, and what the channel calls the carrier.
 */
#ifndef FF_CONNECTORS_CHANNEL_H
#define FF_CONNECTORS_CHANNEL_H

#include "connectors/connector.h"

/*
 * The time a fetch begins at: member of the cursor, which may also be kept as
 * text or be a time itself, else the call's since; false for all there is.
 */
extern bool ff_channel_begin(const FfCall *call, const char *member, TimestampTz *begin);

/* The shipment's packages, and one of them; NULL behind the end. */
extern int ff_channel_package_count(const FfCall *call);
extern const FfJson *ff_channel_package(const FfCall *call, int index);
extern const char *ff_channel_tracking_number(const FfCall *call, int index);
/* Whether every package says what is in it. */
extern bool ff_channel_has_contents(const FfCall *call);

/* A line that travels in a package. */
typedef struct FfChannelLine
{
	const char *id; /* the channel's; NULL when the call does not know it */
	const char *sku;
	int64 quantity;
} FfChannelLine;

/*
 * The lines in a package, or in all of them (-1).  Where packages do not say
 * what is in them the first holds all but one unit for each of the others, as
 * long as there are some.  Answers how many.
 */
extern int ff_channel_lines(const FfCall *call, int package, FfChannelLine **lines);

/* When the shipment left: never in the future. */
extern TimestampTz ff_channel_shipped_at(const FfCall *call);

/* Our name of a carrier, and the channel's. */
typedef struct FfChannelCarrier
{
	const char *ours;
	const char *theirs;
} FfChannelCarrier;

/* What the call says of the carrier of a package; NULL when it says nothing. */
extern const char *ff_channel_carrier(const FfCall *call, int package);
/* The channel's name of it, from setting "carriers" or the table; NULL when neither knows it. */
extern const char *ff_channel_carrier_name(const FfCall *call, int package,
										   const FfChannelCarrier *carriers, int count);

/* A whole number as a level of stock, nothing below zero; NULL when it is none. */
extern char *ff_channel_level(const FfJson *row);

#endif
