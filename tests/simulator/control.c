/*
 * control.c
 *
 * The control interface below /control: what every peer shares (reset, clock,
 * settings, a list of everything).  The journal, misbehaviour and events bring
 * their own routes, and so does each peer below /control/NAME.  Control
 * requests are neither logged nor spoilt, and what is wrong with them is
 * answered in a sentence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

uint64_t sim_seed;
uint64_t sim_random_state;

uint64_t
sim_random(void)
{
	return sim_random_next(&sim_random_state);
}

/* --- settings --- */

const char *
sim_setting_set(const SimSetting *setting, const json_t *value)
{
	switch (setting->type)
	{
		case SIM_SETTING_INT:
			if (!json_is_integer(value))
				return "must be an integer";
			*(long *) setting->value = (long) json_integer_value(value);
			return NULL;
		case SIM_SETTING_REAL:
			if (!json_is_number(value))
				return "must be a number";
			*(double *) setting->value = json_number_value(value);
			return NULL;
		case SIM_SETTING_BOOL:
			if (!json_is_boolean(value))
				return "must be true or false";
			*(bool *) setting->value = json_is_true(value);
			return NULL;
		case SIM_SETTING_TEXT:
			if (!json_is_string(value) || json_string_length(value) >= SIM_TEXT_SIZE)
				return "must be a string of less than 256 bytes";
			strcpy(setting->value, json_string_value(value));
			return NULL;
	}
	return NULL;
}

json_t *
sim_setting_get(const SimSetting *setting)
{
	switch (setting->type)
	{
		case SIM_SETTING_INT:
			return json_integer(*(long *) setting->value);
		case SIM_SETTING_REAL:
			return json_real(*(double *) setting->value);
		case SIM_SETTING_BOOL:
			return json_boolean(*(bool *) setting->value);
		case SIM_SETTING_TEXT:
			return json_string(setting->value);
	}
	return NULL;
}

static void
restore_setting(const SimSetting *setting)
{
	json_t *value = setting->type == SIM_SETTING_TEXT
						? json_string(setting->initial)
						: json_loads(setting->initial, JSON_DECODE_ANY, NULL);

	sim_setting_set(setting, value);
	json_decref(value);
}

static const SimPeer *
peer_named(SimRequest *request, const char *name)
{
	for (int i = 0; i < sim_peer_count; i++)
	{
		if (strcmp(sim_peers[i]->name, name) == 0)
			return sim_peers[i];
	}
	sim_control_error(request, "There is no peer \"%s\".", name);
	return NULL;
}

static json_t *
settings_json(const SimPeer *peer)
{
	json_t *object = json_object();

	for (const SimSetting *setting = peer->settings; setting && setting->name; setting++)
		json_object_set_new(object, setting->name, sim_setting_get(setting));
	return object;
}

static void
show_settings(SimRequest *request)
{
	const SimPeer *peer = peer_named(request, request->argument[0]);

	if (peer)
		sim_reply(request, 200, settings_json(peer));
}

static void
change_settings(SimRequest *request)
{
	const SimPeer *peer = peer_named(request, request->argument[0]);
	const char *name;
	json_t *value;

	if (!peer)
		return;
	json_object_foreach(request->json, name, value)
	{
		const SimSetting *setting = peer->settings;
		const char *wrong = "is not a setting of this peer";

		while (setting && setting->name && strcmp(setting->name, name) != 0)
			setting++;
		if (setting && setting->name)
			wrong = sim_setting_set(setting, value);
		if (wrong)
		{
			sim_control_error(request, "Setting \"%s\" %s.", name, wrong);
			return;
		}
	}
	sim_reply(request, 200, settings_json(peer));
}

/* --- reset and clock --- */

void
sim_reset_all(void)
{
	sim_clock_reset();
	sim_random_state = sim_seed;
	sim_misbehave_reset(sim_seed);
	sim_push_reset();
	sim_journal_reset();
	for (int i = 0; i < sim_peer_count; i++)
	{
		for (const SimSetting *setting = sim_peers[i]->settings; setting && setting->name;
			 setting++)
			restore_setting(setting);
		sim_peers[i]->reset();
	}
}

static void
reset(SimRequest *request)
{
	const json_t *seed = json_object_get(request->json, "seed");

	if (json_is_integer(seed))
		sim_seed = (uint64_t) json_integer_value(seed);
	sim_reset_all();
	sim_reply(request, 200, json_pack("{s:b, s:I}", "reset", true, "seed", (json_int_t) sim_seed));
}

static void
show_clock(SimRequest *request)
{
	char buffer[40];

	sim_reply(request,
			  200,
			  json_pack("{s:s, s:f, s:f}",
						"now",
						sim_time(sim_now(), 0, "%Y-%m-%dT%H:%M:%SZ", buffer),
						"epoch",
						sim_now(),
						"speed",
						sim_clock_speed()));
}

static void
move_clock(SimRequest *request)
{
	const json_t *speed = json_object_get(request->json, "speed");
	const char *set = sim_text(request->json, "set", NULL);
	double when;

	if (set && !sim_parse_time(set, &when, NULL))
	{
		sim_control_error(request, "\"set\" must be an ISO 8601 time.");
		return;
	}
	if (json_is_number(speed))
		sim_clock_set_speed(json_number_value(speed));
	if (set)
		sim_clock_move(when - sim_now());
	sim_clock_move(sim_real(request->json, "advance_s", 0) +
				   3600 * sim_real(request->json, "advance_h", 0));
	show_clock(request);
}

/* --- the list of everything --- */

static json_t *
routes_json(const SimRoute *routes, const char *prefix)
{
	json_t *list = json_array();

	for (const SimRoute *route = routes; route && route->method; route++)
	{
		char *line = sim_format("%s %s%s%s%s",
								route->method,
								prefix,
								route->path,
								route->query ? "?" : "",
								route->query ? route->query : "");

		json_array_append_new(list, json_string(line));
		free(line);
	}
	return list;
}

static json_t *
peer_json(const SimPeer *peer)
{
	json_t *settings = json_object();
	char prefix[100];
	json_t *json = json_object();

	snprintf(prefix, sizeof prefix, "/%s", peer->mount ? peer->mount : peer->name);
	json_object_set_new(json, "routes", routes_json(peer->routes, prefix));
	snprintf(prefix, sizeof prefix, "/control/%s", peer->name);
	json_object_set_new(json, "controls", routes_json(peer->controls, prefix));
	for (const SimSetting *setting = peer->settings; setting && setting->name; setting++)
		json_object_set_new(settings,
							setting->name,
							json_pack("{s:o, s:s, s:s}",
									  "value",
									  sim_setting_get(setting),
									  "initial",
									  setting->initial,
									  "help",
									  setting->help));
	json_object_set_new(json, "settings", settings);
	return json;
}

static void
show_everything(SimRequest *request)
{
	json_t *peers = json_object();
	json_t *actions = json_object();
	json_t *controls = routes_json(sim_peer_control.routes, "/control");
	static const SimRoute *const tables[] = {
		sim_misbehave_controls, sim_journal_controls, sim_push_controls};

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
	{
		json_t *more = routes_json(tables[i], "/control");

		json_array_extend(controls, more);
		json_decref(more);
	}
	for (int i = 0; i < sim_peer_count; i++)
		json_object_set_new(peers, sim_peers[i]->name, peer_json(sim_peers[i]));
	for (const SimSpoil *spoil = sim_spoils; spoil->action; spoil++)
		json_object_set_new(
			actions,
			spoil->action,
			json_pack("{s:b, s:s}", "processed", spoil->processes, "help", spoil->help));
	sim_reply(
		request,
		200,
		json_pack(
			"{s:o, s:o, s:o}", "controls", controls, "misbehaviour", actions, "peers", peers));
}

/* --- the pseudo-peer --- */

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	sim_reply(request,
			  strcmp(failures->rule, "route") == 0 ? 404 : 400,
			  json_pack("{s:s, s:s, s:s}",
						"error",
						failures->detail,
						"field",
						failures->field,
						"rule",
						failures->rule));
}

static const SimField reset_fields[] = {{"seed", SIM_INTEGER, 0}, {0}};
static SimSchema reset_schema = {"A reset", true, reset_fields, NULL};
static const SimField clock_fields[] = {{"advance_s", SIM_NUMBER, 0},
										{"advance_h", SIM_NUMBER, 0},
										{"speed", SIM_NUMBER, 0},
										{"set", SIM_STRING, 0},
										{0}};
static SimSchema clock_schema = {"The clock", true, clock_fields, NULL};

static const SimRoute routes[] = {
	{"GET", "", show_everything, NULL, NULL, 0},
	{"POST", "/reset", reset, &reset_schema, NULL, SIM_BODY_FREE},
	{"GET", "/clock", show_clock, NULL, NULL, 0},
	{"POST", "/clock", move_clock, &clock_schema, NULL, 0},
	{"GET", "/{peer}/settings", show_settings, NULL, NULL, 0},
	{"POST", "/{peer}/settings", change_settings, NULL, NULL, SIM_BODY_FREE},
	{0}};

const SimPeer sim_peer_control = {.name = "control", .routes = routes, .refuse = refuse};
