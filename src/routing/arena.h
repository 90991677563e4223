/*
 * arena.h
 *
 * Memory of one solver run: taken piece by piece, given back all at once.
 * Blocks come from the caller's allocator, which never answers NULL, so the
 * solver needs neither malloc nor PostgreSQL.  A reset keeps the newest and
 * largest block, so a caller that solves many orders soon allocates nothing.
 */
#ifndef FF_ROUTING_ARENA_H
#define FF_ROUTING_ARENA_H

#include <stddef.h>
#include <string.h>

typedef struct FfArena
{
	void *(*allocate)(void *context, size_t size);
	void (*release)(void *block);
	void *context;               /* the allocator's */
	struct FfArenaBlock *blocks; /* newest first */
	char *next;
	char *end;
} FfArena;

extern void *ff_arena_take(FfArena *arena, size_t size);
/* The same, filled with zeros. */
extern void *ff_arena_take_zeroed(FfArena *arena, size_t size);
extern void ff_arena_reset(FfArena *arena);
extern void ff_arena_release(FfArena *arena);

#define ff_arena_array(arena, type, count) \
	((type *) ff_arena_take(arena, sizeof(type) * (size_t) (count)))
#define ff_arena_zeros(arena, type, count) \
	((type *) ff_arena_take_zeroed(arena, sizeof(type) * (size_t) (count)))

#endif
