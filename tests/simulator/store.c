/*
 * store.c
 *
 * Maps and trails (store.h).  A map never forgets a single key: peers mark
 * records as void or deleted, because what was once created is exactly what a
 * test asks about.  Open addressing over an array of entries kept in order of
 * arrival; the hash is kept so that growing compares no text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "text.h"

void *
sim_alloc(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
	{
		fputs("simulator: out of memory\n", stderr);
		exit(3);
	}
	return memory;
}

void *
sim_realloc(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
	{
		fputs("simulator: out of memory\n", stderr);
		exit(3);
	}
	return memory;
}

char *
sim_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(sim_alloc(size), text, size);
}

char *
sim_format(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = sim_alloc(1);
	va_end(arguments);
	return text;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t
slot_of(const SimMap *map, const char *key, uint64_t hash)
{
	size_t slot = hash & (map->slot_count - 1);

	while (map->slots[slot])
	{
		const SimEntry *entry = &map->entries[map->slots[slot] - 1];

		if (entry->hash == hash && strcmp(entry->key, key) == 0)
			break;
		slot = (slot + 1) & (map->slot_count - 1);
	}
	return slot;
}

static void
grow_slots(SimMap *map)
{
	map->slot_count = map->slot_count ? map->slot_count * 2 : 64;
	free(map->slots);
	map->slots = sim_alloc(map->slot_count * sizeof(uint32_t));
	for (size_t i = 0; i < map->count; i++)
		map->slots[slot_of(map, map->entries[i].key, map->entries[i].hash)] = (uint32_t) i + 1;
}

void *
sim_map_get(const SimMap *map, const char *key)
{
	uint32_t found;

	if (!map->count)
		return NULL;
	found = map->slots[slot_of(map, key, sim_hash(key, strlen(key)))];
	return found ? map->entries[found - 1].value : NULL;
}

void *
sim_map_put(SimMap *map, const char *key, void *value)
{
	uint64_t hash = sim_hash(key, strlen(key));
	size_t slot;

	if ((map->count + 1) * 2 > map->slot_count)
		grow_slots(map);
	slot = slot_of(map, key, hash);
	if (map->slots[slot])
	{
		SimEntry *entry = &map->entries[map->slots[slot] - 1];
		void *old = entry->value;

		entry->value = value;
		return old;
	}
	if (map->count == map->room)
	{
		map->room = map->room ? map->room * 2 : 32;
		map->entries = sim_realloc(map->entries, map->room * sizeof(SimEntry));
	}
	map->entries[map->count] = (SimEntry){sim_strdup(key), hash, value};
	map->slots[slot] = (uint32_t) ++map->count;
	return NULL;
}

void *
sim_map_at(const SimMap *map, size_t index)
{
	return index < map->count ? map->entries[index].value : NULL;
}

void
sim_map_clear(SimMap *map, void (*release)(void *value))
{
	for (size_t i = 0; i < map->count; i++)
	{
		free(map->entries[i].key);
		if (release && map->entries[i].value)
			release(map->entries[i].value);
	}
	free(map->entries);
	free(map->slots);
	*map = (SimMap){0};
}

void *
sim_map_get_id(const SimMap *map, int64_t id)
{
	char key[24];

	snprintf(key, sizeof key, "%lld", (long long) id);
	return sim_map_get(map, key);
}

void *
sim_map_put_id(SimMap *map, int64_t id, void *value)
{
	char key[24];

	snprintf(key, sizeof key, "%lld", (long long) id);
	return sim_map_put(map, key, value);
}

void
sim_trail_touch(SimTrail *trail, SimStep *step, double at)
{
	if (step->older)
		step->older->newer = step->newer;
	if (step->newer)
		step->newer->older = step->older;
	if (trail->newest == step)
		trail->newest = step->older;
	if (trail->oldest == step)
		trail->oldest = step->newer;

	/* A clock that was set back must not break the order of the trail. */
	if (at < trail->last)
		at = trail->last;
	trail->last = at;
	step->at = at;
	step->newer = NULL;
	step->older = trail->newest;
	if (trail->newest)
		trail->newest->newer = step;
	else
		trail->oldest = step;
	trail->newest = step;
}

void
sim_release_json(void *value)
{
	json_decref(value);
}
