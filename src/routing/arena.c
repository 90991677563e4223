/*
 * arena.c
 *
 * Block by block, each at least twice the size of the one before.  Plain C.
 */
#include "routing/arena.h"

#define ALIGNMENT   ((size_t) 16)
#define FIRST_BLOCK ((size_t) 64 * 1024)

typedef struct FfArenaBlock
{
	struct FfArenaBlock *older;
	size_t size; /* of the memory behind this header */
} FfArenaBlock;

static size_t
align(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static char *
start_of(FfArenaBlock *block)
{
	return (char *) block + align(sizeof(FfArenaBlock));
}

static void
add_block(FfArena *arena, size_t size)
{
	size_t wanted = arena->blocks ? 2 * arena->blocks->size : FIRST_BLOCK;
	FfArenaBlock *block;

	if (wanted < size)
		wanted = size;
	block = arena->allocate(arena->context, align(sizeof(FfArenaBlock)) + wanted);
	block->older = arena->blocks;
	block->size = wanted;
	arena->blocks = block;
	arena->next = start_of(block);
	arena->end = arena->next + wanted;
}

void *
ff_arena_take(FfArena *arena, size_t size)
{
	void *memory;

	size = align(size);
	if (arena->next == NULL || size > (size_t) (arena->end - arena->next))
		add_block(arena, size);
	memory = arena->next;
	arena->next += size;
	return memory;
}

void *
ff_arena_take_zeroed(FfArena *arena, size_t size)
{
	return memset(ff_arena_take(arena, size), 0, size);
}

static void
release_blocks(FfArena *arena, FfArenaBlock *block)
{
	while (block != NULL)
	{
		FfArenaBlock *older = block->older;

		arena->release(block);
		block = older;
	}
}

void
ff_arena_reset(FfArena *arena)
{
	if (arena->blocks == NULL)
		return;
	release_blocks(arena, arena->blocks->older);
	arena->blocks->older = NULL;
	arena->next = start_of(arena->blocks);
}

void
ff_arena_release(FfArena *arena)
{
	release_blocks(arena, arena->blocks);
	arena->blocks = NULL;
	arena->next = arena->end = NULL;
}
