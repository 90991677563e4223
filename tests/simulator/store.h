/*
 * store.h
 *
 * Memory for peers: a hash map from a text to a record that also remembers the
 * order of arrival, and a trail that keeps records in the order they last
 * changed, so that "what changed since" costs what it answers and nothing
 * grows with history.
 */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SimEntry
{
	char *key;
	uint64_t hash;
	void *value;
} SimEntry;

typedef struct SimMap
{
	SimEntry *entries; /* in order of arrival */
	size_t count;
	size_t room;
	uint32_t *slots; /* index into entries + 1; 0 is free */
	size_t slot_count;
} SimMap;

extern void *sim_map_get(const SimMap *map, const char *key);
/* Replaces the value of a known key and returns the old one. */
extern void *sim_map_put(SimMap *map, const char *key, void *value);
extern void *sim_map_at(const SimMap *map, size_t index);
extern void sim_map_clear(SimMap *map, void (*release)(void *value));

/* For maps of JSON values. */
extern void sim_release_json(void *value);

/* The same with whole numbers as keys. */
extern void *sim_map_get_id(const SimMap *map, int64_t id);
extern void *sim_map_put_id(SimMap *map, int64_t id, void *value);

/* A record that takes part in a trail has one of these as its first member. */
typedef struct SimStep
{
	struct SimStep *older;
	struct SimStep *newer;
	double at;
} SimStep;

typedef struct SimTrail
{
	SimStep *oldest;
	SimStep *newest;
	double last;
} SimTrail;

/* Moves (or adds) the record to the newest end. */
extern void sim_trail_touch(SimTrail *trail, SimStep *step, double at);

/* Allocation that cannot fail: a simulator without memory says so and ends. */
extern void *sim_alloc(size_t size);
extern void *sim_realloc(void *memory, size_t size);
extern char *sim_strdup(const char *text);
extern char *sim_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
