/*
 * slots.h
 *
 * The workers that are alive, in shared memory: who works for which database,
 * with what in hand.  A lease names the incarnation of the worker that holds
 * it, so whether its holder still lives is a look at this table and needs no
 * time-out.
 *
 * Also which databases their workers must leave alone for a moment, because
 * somebody drops or renames them.
 */
#ifndef FF_WORKERS_SLOTS_H
#define FF_WORKERS_SLOTS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define FF_MAX_WORKERS  128
#define FF_STATE_LENGTH 128

typedef struct FfWorkerSlot
{
	Oid database; /* InvalidOid: free */
	pid_t pid;
	int number;        /* from 1, within the database */
	int64 incarnation; /* a random number: nobody has had it, or will have it */
	TimestampTz started_at;
	char state[FF_STATE_LENGTH]; /* for people: what it does, or why it waits */
	int in_flight;               /* calls on the wire */
	int64 calls;                 /* made since it started */
	int64 errors;                /* turns that ended in an error */
	bool suspect;                /* it has a task in hand that may be what kills workers */
	TimestampTz worked_at;       /* last time it had something to do */
} FfWorkerSlot;

/* Only from _PG_init of a preloaded library. */
extern void ff_slots_init(void);

/* Takes a slot until this process exits; NULL when all are taken. */
extern FfWorkerSlot *ff_slot_take(Oid database, int number);
/* The slot of this process, or NULL. */
extern FfWorkerSlot *ff_slot_mine(void);
extern int ff_slot_index(void);
extern void ff_slot_state(const char *state);

/*
 * Leave to take a suspect in hand, which one worker of the server has at a
 * time, so that each death has one suspect; false when another one has it.
 */
extern bool ff_slot_take_suspect(void);
extern void ff_slot_drop_suspect(void);

/* Whether there is shared memory at all: the library is preloaded. */
extern bool ff_slots_exist(void);
/* A copy of every slot in use; palloc'd. */
extern FfWorkerSlot *ff_slots_copy(int *count);

/* Leaves in the list only the incarnations that are not among the living; answers how many. */
extern int ff_slots_keep_dead(int64 *incarnations, int count);
/* How many workers of the server have ended so far; when it rises, leases may be orphaned. */
extern uint64 ff_slots_ended(void);

/* The workers of the database leave, and none is started before the time is over. */
extern void ff_database_suspend(Oid database, int seconds);
extern bool ff_database_suspended(Oid database);

#endif
