/*
 * prepare.h
 *
 * From claimed errands to messages: what a call is about is read, and its
 * connector writes the request.
 *
 * It comes after the commit of the claim.  Connectors look at data that others
 * wrote; should that end the process, the leases are there to tell which tasks
 * it had in hand, and the one that does it again and again is put aside.
 */
#ifndef FF_WORKERS_PREPARE_H
#define FF_WORKERS_PREPARE_H

#include "workers/errand.h"

/*
 * Prepares errands of one batch in a transaction of its own.  One that cannot
 * be made has a problem afterwards; one with nothing to do is settled and taken
 * out of the list; when all of it fails, all are put off.  Throws nothing.
 */
extern void ff_errands_prepare(FfErrand **errands, int *count);

/* Takes an errand out of the list and of its batch. */
extern void ff_errands_take_out(FfErrand **errands, int *count, int index);

#endif
