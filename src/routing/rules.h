/*
 * rules.h
 *
 * Routing rules: rows that forbid, demand, favour or penalise locations,
 * providers and services for the orders and items they match.
 */
#ifndef FF_ROUTING_RULES_H
#define FF_ROUTING_RULES_H

#include "routing/demand.h"
#include "routing/network.h"

typedef struct FfRules FfRules;

/* The rules that match an order, with the lines each is about. */
typedef struct FfMatches FfMatches;

/* Those of the table, or of a list of rules that is not NULL. */
extern FfRules *ff_rules_load(int32 merchant_id, const FfJson *list);

/* NULL when none matches. */
extern FfMatches *ff_rules_match(const FfRules *rules, const FfDemand *demand);

/* What the rules say of one line from one location by one service; NULL: nothing against it. */
extern const char *ff_rules_forbid(const FfMatches *matches, const FfLocation *location,
								   const FfService *service, int line);

/*
 * What a part from there by that service costs for the rules' liking.  Never
 * negative: what is preferred costs nothing and everything else the amount, so
 * that no plan gains by being cut into more parts.
 */
extern FfCost ff_rules_preference(const FfMatches *matches, const FfLocation *location,
								  const FfService *service);

#endif
