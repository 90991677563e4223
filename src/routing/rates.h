/*
 * rates.h
 *
 * Prices that carriers quoted, kept: what was asked is a row of rate_requests,
 * what was answered rows of rate_quotes.  One that is fresh counts instead of
 * the price table, for what comes to the same step of weight and as many
 * parcels; nobody is called here.
 */
#ifndef FF_ROUTING_RATES_H
#define FF_ROUTING_RATES_H

#include "routing/demand.h"
#include "routing/network.h"
#include "routing/tariff.h"

/* What one request knows of one service; of no service when it was not answered, or with nothing.
 */
typedef struct FfRate
{
	const FfService *service; /* NULL: none of ours */
	int64 provider_id;
	int64 location_id;
	char *country;
	char *area; /* first characters of the postcode's key, as many as count; "": none */
	bool residential;
	int64 weight_g; /* of the goods it was asked for */
	int64 volume_mm3;
	bool fresh;  /* it was answered, and not too long ago */
	bool barred; /* it is not to be asked again yet: it was just asked, or could not be answered */
	bool failed; /* it could not be answered */
	TimestampTz quoted_at;
	int transit_days; /* -1: not told */
	FfTariffQuote quote;
} FfRate;

typedef struct FfRates
{
	int count;
	FfRate *rates; /* by provider, location and destination; the latest first */
} FfRates;

/* A shipment whose price a carrier is to be asked for. */
typedef struct FfRateQuestion
{
	int64 order_id;
	int64 provider_id;
	int64 location_id;
	char *country;
	char *area;
	bool residential;
	int64 weight_g;
	int64 volume_mm3;
	char *contents; /* JSON: [{line, quantity}] */
} FfRateQuestion;

typedef struct FfRateQuestions
{
	int count;
	int capacity;
	FfRateQuestion *questions;
} FfRateQuestions;

/* What is known of the demands' destinations, into the network; nothing where no service is live.
 */
extern void ff_rates_load(FfNetwork *network, const FfDemand *demands, int count);

/* The rates of a service from a location to a destination, one for each weight and number of
 * parcels. */
extern int ff_rates_find(const FfNetwork *network, const FfService *service,
						 const FfLocation *location, const FfDemand *demand, const FfRate ***rates);

/*
 * Adds what is to be asked of the location's carriers so that these units (per
 * line of the demand) have a price: of all, or of those whose answer is neither
 * here nor on its way.  Answers how long it is worth to wait for answers, those
 * on their way included; 0: there is nothing to wait for.
 */
extern int64 ff_rates_question(const FfNetwork *network, const FfLocation *location,
							   const FfDemand *demand, const int *quantity, bool all,
							   FfRateQuestions *questions);

/* Writes what is to be asked, and the tasks that ask it; answers how many those are. */
extern int ff_rates_ask(int32 merchant_id, const FfRateQuestions *questions, TimestampTz now);

/*
 * What came back: {service, name, amount, currency, transit_days,
 * estimated_delivery_at}[].  Answers the orders that waited for it, locked and
 * due, which the caller assigns.
 */
extern int64 *ff_rates_answer(int32 merchant_id, int64 request_id, const FfJson *rates,
							  const char *problem, TimestampTz now, int *count);
/* Nothing came back; it is not asked again for a while. */
extern int64 *ff_rates_fail(int32 merchant_id, int64 request_id, const char *problem,
							TimestampTz now, int *count);

#endif
