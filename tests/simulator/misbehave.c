/*
 * misbehave.c
 *
 * Rules that say which requests are spoilt: a filter (peer, method, path,
 * text in the body), a measure (the next N, every Nth, a probability, after
 * skipping some) and an action of spoil.c.  The first rule that strikes wins.
 * Every rule draws from its own stream of random numbers, made from the seed
 * and its id, so the Nth matching request meets the same fate in every run,
 * whatever else happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

struct SimRule
{
	long id;
	json_t *how;           /* as it was posted */
	const SimSpoil *spoil; /* NULL for actions on events */
	const char *action;
	const char *peer;
	const char *method;
	const char *path;
	const char *contains;
	const char *topic;
	long skip;
	long next;  /* 0: no limit */
	long every; /* 0: each */
	double probability;
	int processes; /* -1: as the action does */
	uint64_t random;
	long matched;
	long applied;
	bool removed; /* kept until reset: exchanges may still point here */
};

static SimRule **rules;
static size_t rule_count;
static uint64_t rule_seed;

static const char *const event_actions[] = {"duplicate_event", "reorder_event"};

bool
sim_misbehave_processes(const SimRule *rule)
{
	return rule->processes >= 0 ? rule->processes : !rule->spoil || rule->spoil->processes;
}

bool
sim_misbehave_late(const SimRule *rule)
{
	return rule->spoil->late && !sim_misbehave_processes(rule);
}

const char *
sim_misbehave_action(const SimRule *rule)
{
	return rule->action;
}

long
sim_misbehave_id(const SimRule *rule)
{
	return rule->id;
}

enum MHD_Result
sim_misbehave_perform(SimExchange *exchange)
{
	return exchange->rule->spoil->perform(exchange, exchange->rule->how);
}

/* The request matches the rule's filter: does the rule strike? */
static bool
strikes(SimRule *rule)
{
	long turn = ++rule->matched - rule->skip;

	if (turn <= 0 || (rule->next && rule->applied >= rule->next) ||
		(rule->every && turn % rule->every))
		return false;
	if (rule->probability < 1 &&
		(double) (sim_random_next(&rule->random) >> 11) / 9007199254740992.0 >= rule->probability)
		return false;
	rule->applied++;
	return true;
}

static bool
fits(const SimRule *rule, const SimExchange *exchange)
{
	const SimRequest *request = &exchange->request;

	return !rule->removed && (!rule->peer || strcmp(rule->peer, request->peer->name) == 0) &&
		   (!rule->method || strcmp(rule->method, request->method) == 0) &&
		   (!rule->path || strncmp(rule->path, request->path, strlen(rule->path)) == 0 ||
			strncmp(rule->path, exchange->uri, strlen(rule->path)) == 0) &&
		   (!rule->contains || strstr(request->body, rule->contains) ||
			strstr(exchange->uri, rule->contains));
}

const SimRule *
sim_misbehave_choose(SimExchange *exchange)
{
	const SimRule *chosen = NULL;

	if (!exchange->request.peer || exchange->request.peer == &sim_peer_control)
		return NULL;
	for (size_t i = 0; i < rule_count; i++)
	{
		SimRule *rule = rules[i];

		if (rule->topic || !fits(rule, exchange) || (rule->spoil && chosen) || !strikes(rule))
			continue;
		if (rule->spoil)
			chosen = rule;
		else if (rule->action == event_actions[0])
			exchange->request.duplicate_events = true;
		else
			exchange->request.reorder_events = true;
	}
	return chosen;
}

bool
sim_misbehave_event(const SimPeer *peer, const char *topic, const char *action)
{
	for (size_t i = 0; i < rule_count; i++)
	{
		SimRule *rule = rules[i];

		if (!rule->removed && !rule->spoil && rule->topic && strcmp(rule->action, action) == 0 &&
			(!rule->peer || strcmp(rule->peer, peer->name) == 0) &&
			(strcmp(rule->topic, "*") == 0 || strcmp(rule->topic, topic) == 0) && strikes(rule))
			return true;
	}
	return false;
}

void
sim_misbehave_reset(uint64_t seed)
{
	for (size_t i = 0; i < rule_count; i++)
	{
		json_decref(rules[i]->how);
		free(rules[i]);
	}
	free(rules);
	rules = NULL;
	rule_count = 0;
	rule_seed = seed;
}

/* --- control --- */

static json_t *
rule_json(const SimRule *rule)
{
	json_t *json = json_copy(rule->how);

	json_object_set_new(json, "id", json_integer(rule->id));
	json_object_set_new(json, "matched", json_integer(rule->matched));
	json_object_set_new(json, "applied", json_integer(rule->applied));
	json_object_set_new(json, "spent", json_boolean(rule->next && rule->applied >= rule->next));
	json_object_set_new(json, "processed", json_boolean(sim_misbehave_processes(rule)));
	return json;
}

static const char *
known_action(const char *name, const SimSpoil **spoil)
{
	*spoil = sim_spoil_find(name);
	if (*spoil)
		return (*spoil)->action;
	for (size_t i = 0; i < sizeof event_actions / sizeof *event_actions; i++)
	{
		if (strcmp(event_actions[i], name) == 0)
			return event_actions[i];
	}
	return NULL;
}

static bool
is_known_peer(const char *name)
{
	bool known = !name;

	for (int i = 0; i < sim_peer_count; i++)
		known |= name && strcmp(name, sim_peers[i]->name) == 0;
	return known;
}

static void
add_rule(SimRequest *request)
{
	const json_t *how = request->json;
	const json_t *processed = json_object_get(how, "processed");
	const SimSpoil *spoil;
	const char *action = known_action(sim_text(how, "action", ""), &spoil);
	SimRule *rule;

	if (!action)
	{
		sim_control_error(
			request, "There is no action \"%s\": see GET /control.", sim_text(how, "action", ""));
		return;
	}
	if (!is_known_peer(sim_text(how, "peer", NULL)))
	{
		sim_control_error(request, "There is no peer \"%s\".", sim_text(how, "peer", ""));
		return;
	}
	if (spoil && spoil->plain_only && sim_server_has_tls())
	{
		sim_control_error(
			request, "Action %s writes to the socket itself: not over https.", action);
		return;
	}
	rule = sim_alloc(sizeof(SimRule));
	rule->id = (long) rule_count + 1;
	rule->how = json_incref((json_t *) how);
	rule->spoil = spoil;
	rule->action = action;
	rule->peer = sim_text(how, "peer", NULL);
	rule->method = sim_text(how, "method", NULL);
	rule->path = sim_text(how, "path", NULL);
	rule->contains = sim_text(how, "contains", NULL);
	rule->topic = sim_text(how, "topic", NULL);
	rule->skip = (long) sim_real(how, "skip", 0);
	rule->next = (long) sim_real(how, "next", 0);
	rule->every = (long) sim_real(how, "every", 0);
	rule->probability = sim_real(how, "probability", 1);
	rule->processes = processed ? json_is_true(processed) : -1;
	rule->random = rule_seed ^ ((uint64_t) rule->id * 0x2545f4914f6cdd1du);
	rules = sim_realloc(rules, (rule_count + 1) * sizeof *rules);
	rules[rule_count++] = rule;
	sim_reply(request, 200, rule_json(rule));
}

static void
list_rules(SimRequest *request)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rule_count; i++)
	{
		if (!rules[i]->removed)
			json_array_append_new(list, rule_json(rules[i]));
	}
	sim_reply(request, 200, json_pack("{s:o}", "rules", list));
}

static void
remove_rules(SimRequest *request)
{
	long id = sim_query_int(request, "id", 0);

	for (size_t i = 0; i < rule_count; i++)
		rules[i]->removed |= id == 0 || rules[i]->id == id;
	list_rules(request);
}

static const SimField rule_fields[] = {
	{"action", SIM_STRING, SIM_REQUIRED, .max = 40},
	{"peer", SIM_STRING, SIM_NULLABLE},
	{"method", SIM_STRING, SIM_NULLABLE, .values = "GET|POST|PUT|PATCH|DELETE|HEAD"},
	{"path", SIM_STRING, SIM_NULLABLE},
	{"contains", SIM_STRING, SIM_NULLABLE},
	{"topic", SIM_STRING, SIM_NULLABLE},
	{"skip", SIM_INTEGER, SIM_NULLABLE, .max = 1000000000},
	{"next", SIM_INTEGER, SIM_NULLABLE, .max = 1000000000},
	{"every", SIM_INTEGER, SIM_NULLABLE, .max = 1000000000},
	{"probability", SIM_NUMBER, SIM_NULLABLE},
	{"processed", SIM_BOOLEAN, 0},
	{"ms", SIM_NUMBER, 0, .max = 1000000000},
	{"status", SIM_INTEGER, 0, .max = 999},
	{"retry_after", SIM_ANY, 0},
	{"retry_after_date", SIM_NUMBER, 0, .max = 1000000000},
	{"content_type", SIM_STRING, 0},
	{"body", SIM_ANY, 0},
	{"bytes", SIM_INTEGER, 0, .max = 2000000000},
	{"depth", SIM_INTEGER, 0, .max = 10000000},
	{"url", SIM_STRING, 0},
	{0}};

static SimSchema rule_schema = {"A misbehaviour", true, rule_fields, NULL};

const SimRoute sim_misbehave_controls[] = {{"POST", "/misbehave", add_rule, &rule_schema, NULL, 0},
										   {"GET", "/misbehave", list_rules, NULL, NULL, 0},
										   {"DELETE", "/misbehave", remove_rules, NULL, "id", 0},
										   {0}};
