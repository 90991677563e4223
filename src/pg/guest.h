/*
 * guest.h
 *
 * Runs a function that a user registered, in the middle of our work and without
 * trusting it.  It has the rights of its role and a bounded time; it reads, and
 * leaves nothing behind: its subtransaction is always rolled back, and with it
 * every setting it may have changed.
 */
#ifndef FF_PG_GUEST_H
#define FF_PG_GUEST_H

#include "postgres.h"

#define FF_GUEST_ARGUMENTS 3

typedef struct FfGuest
{
	const char *signature; /* as ff_guest_signature writes it */
	Oid role;
	int count; /* arguments, none of which is NULL: text, and the others jsonb */
	Datum arguments[FF_GUEST_ARGUMENTS];
	int time_ms;
	size_t most_bytes; /* of its result */

	Datum result; /* 0: NULL; in the caller's memory context */
	char *problem;
	bool overran;
	double took_ms;
} FfGuest;

/*
 * True with a result, false with a problem, a sentence for people.  Throws what
 * might go well another time (ff_error_is_passing) and what was not its fault;
 * one that lets itself not be stopped ends the process.
 */
extern bool ff_guest_call(FfGuest *guest);

/* "a.b(text,pg_catalog.jsonb)". */
extern char *ff_guest_signature(Oid function);

/*
 * NULL, or why a function cannot be run for this role: a sentence.  It takes a
 * text and jsonb, gives one jsonb, and belongs to the role itself or to a
 * superuser, so that nobody else can put another in its place.
 */
extern char *ff_guest_objection(Oid function, Oid role, int count);
extern Oid ff_guest_function_owner(Oid function);

#endif
