/*
 * rules.c
 *
 * A rule has filters on the order (channel, country, postcode, weight, value),
 * on the line (SKU, hazmat) and a target (location, provider, services).  A
 * filter or a target that is not set fits everything.
 *
 *     deny      forbids its target for the lines it matches
 *     allow     lines matched by allow rules go to the target of one of them
 *     prefer    everything but its target costs the amount, per shipment
 *     penalise  its target costs the amount, per shipment
 */
#include "postgres.h"

#include "routing/postcode.h"
#include "routing/rules.h"

#define RULE_COLUMNS                                                                              \
	"select r.name, r.effect, (r.amount * 1000000)::bigint, r.channels, r.countries::text[],"     \
	" r.postcode_from, r.postcode_to, r.skus, r.services, r.min_weight_g, r.max_weight_g,"        \
	" (r.min_value * 1000000)::bigint, (r.max_value * 1000000)::bigint, r.hazmat, r.location_id," \
	" r.provider_id"

static FfStatement rules_of_merchant =
	FF_STATEMENT(RULE_COLUMNS " from fulfillment.routing_rules r where merchant_id = $1 and active"
							  " order by priority, rule_id",
				 INT4OID);

/* Rules that are no rows: locations and providers by their codes. */
static FfStatement rules_of_list = FF_STATEMENT(
	RULE_COLUMNS
	" from jsonb_array_elements($2) with ordinality as e (row, n),"
	" jsonb_populate_record(null::fulfillment.routing_rules, jsonb_build_object('name', 'rule ' || n,"
	"  'active', true, 'priority', 100) || e.row || jsonb_build_object('location_id',"
	"  (select l.location_id from fulfillment.locations l where l.merchant_id = $1"
	"      and l.code = e.row ->> 'location'), 'provider_id',"
	"  (select p.provider_id from fulfillment.providers p where p.merchant_id = $1"
	"      and p.code = e.row ->> 'provider'))) r"
	" where r.active order by r.priority, e.n",
	INT4OID, JSONBOID);

typedef enum Effect
{
	EFFECT_ALLOW,
	EFFECT_DENY,
	EFFECT_PREFER,
	EFFECT_PENALISE
} Effect;

static const char *const effects[] = {"allow", "deny", "prefer", "penalise"};

typedef struct Rule
{
	char *name;
	Effect effect;
	FfCost amount;
	FfTexts channels;
	FfTexts countries;
	char *postcode_from;
	char *postcode_to;
	FfTexts skus;
	FfTexts services;
	int64 min_weight_g;
	int64 max_weight_g;
	FfCost min_value;
	FfCost max_value;
	bool by_hazmat;
	bool hazmat;
	int64 location_id;
	int64 provider_id;
} Rule;

struct FfRules
{
	int count;
	Rule *rules;
};

typedef struct Match
{
	const Rule *rule;
	bool *lines;
} Match;

struct FfMatches
{
	int count;
	Match *matches;
};

static Effect
read_effect(const char *name)
{
	int effect = 0;

	while (strcmp(effects[effect], name) != 0)
		effect++;
	return (Effect) effect;
}

static void
read_rule(Rule *rule, const FfRows *rows, uint64 row)
{
	rule->name = ff_row_text(rows, row, 1);
	rule->effect = read_effect(ff_row_text(rows, row, 2));
	rule->amount = ff_row_int8(rows, row, 3);
	rule->channels = ff_row_texts(rows, row, 4);
	rule->countries = ff_row_texts(rows, row, 5);
	rule->postcode_from = ff_row_postcode(rows, row, 6);
	rule->postcode_to = ff_row_postcode(rows, row, 7);
	rule->skus = ff_row_texts(rows, row, 8);
	rule->services = ff_row_texts(rows, row, 9);
	rule->min_weight_g = ff_row_int4(rows, row, 10);
	rule->max_weight_g = ff_row_null(rows, row, 11) ? PG_INT64_MAX : ff_row_int4(rows, row, 11);
	rule->min_value = ff_row_int8(rows, row, 12);
	rule->max_value = ff_row_null(rows, row, 13) ? PG_INT64_MAX : ff_row_int8(rows, row, 13);
	rule->by_hazmat = !ff_row_null(rows, row, 14);
	rule->hazmat = ff_row_bool(rows, row, 14);
	rule->location_id = ff_row_int8(rows, row, 15);
	rule->provider_id = ff_row_int8(rows, row, 16);
}

FfRules *
ff_rules_load(int32 merchant_id, const FfJson *list)
{
	FfRows rows = list == NULL ? ff_run(&rules_of_merchant, ff_int4(merchant_id))
							   : ff_run(&rules_of_list, ff_int4(merchant_id), ff_json(list));
	FfRules *rules = palloc(sizeof(FfRules));

	rules->count = (int) rows.count;
	rules->rules = palloc0(sizeof(Rule) * (rows.count + 1));
	for (uint64 row = 0; row < rows.count; row++)
		read_rule(&rules->rules[row], &rows, row);
	return rules;
}

static bool
matches_order(const Rule *rule, const FfDemand *demand)
{
	return ff_texts_allow(&rule->channels, demand->channel) &&
		   ff_texts_allow(&rule->countries, demand->country) &&
		   ff_postcode_key_between(demand->postcode, rule->postcode_from, rule->postcode_to) &&
		   demand->weight_g >= rule->min_weight_g && demand->weight_g <= rule->max_weight_g &&
		   demand->worth >= rule->min_value && demand->worth <= rule->max_value;
}

/* A pattern is a SKU, or the beginning of one and a star. */
static bool
matches_sku(const char *pattern, const char *sku)
{
	size_t length = strlen(pattern);

	if (length > 0 && pattern[length - 1] == '*')
		return strncmp(pattern, sku, length - 1) == 0;
	return strcmp(pattern, sku) == 0;
}

static bool
matches_line(const Rule *rule, const FfDemandLine *line)
{
	if (rule->by_hazmat && rule->hazmat != line->hazmat)
		return false;
	if (rule->skus.items == NULL)
		return true;
	for (int i = 0; i < rule->skus.count; i++)
		if (matches_sku(rule->skus.items[i], line->sku))
			return true;
	return false;
}

FfMatches *
ff_rules_match(const FfRules *rules, const FfDemand *demand)
{
	FfMatches *matches = palloc(sizeof(FfMatches));

	matches->count = 0;
	matches->matches = palloc(sizeof(Match) * (rules->count + 1));
	for (int r = 0; r < rules->count; r++)
	{
		const Rule *rule = &rules->rules[r];
		Match *match = &matches->matches[matches->count];
		bool any = false;

		if (!matches_order(rule, demand))
			continue;
		match->rule = rule;
		match->lines = palloc(sizeof(bool) * (demand->nlines + 1));
		for (int line = 0; line < demand->nlines; line++)
			any |= match->lines[line] = matches_line(rule, &demand->lines[line]);
		if (any)
			matches->count++;
	}
	return matches->count > 0 ? matches : NULL;
}

static bool
is_target(const Rule *rule, const FfLocation *location, const FfService *service)
{
	return (rule->location_id == 0 || rule->location_id == location->location_id) &&
		   (rule->provider_id == 0 || rule->provider_id == service->provider_id) &&
		   ff_texts_allow(&rule->services, service->code);
}

const char *
ff_rules_forbid(const FfMatches *matches, const FfLocation *location, const FfService *service,
				int line)
{
	const char *unless_allowed = NULL;
	bool allowed = false;

	for (int m = 0; matches != NULL && m < matches->count; m++)
	{
		const Rule *rule = matches->matches[m].rule;

		if (!matches->matches[m].lines[line])
			continue;
		if (rule->effect == EFFECT_DENY && is_target(rule, location, service))
			return rule->name;
		if (rule->effect != EFFECT_ALLOW)
			continue;
		allowed |= is_target(rule, location, service);
		if (unless_allowed == NULL)
			unless_allowed = rule->name;
	}
	return allowed ? NULL : unless_allowed;
}

FfCost
ff_rules_preference(const FfMatches *matches, const FfLocation *location, const FfService *service)
{
	FfCost cost = 0;

	for (int m = 0; matches != NULL && m < matches->count; m++)
	{
		const Rule *rule = matches->matches[m].rule;
		bool target = is_target(rule, location, service);

		if ((rule->effect == EFFECT_PREFER && !target) ||
			(rule->effect == EFFECT_PENALISE && target))
			cost += rule->amount;
	}
	return cost;
}
