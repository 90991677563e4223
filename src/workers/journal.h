/*
 * journal.h
 *
 * What is kept of a call: everything a person needs to see what went over the
 * wire, secrets masked, bodies capped.
 */
#ifndef FF_WORKERS_JOURNAL_H
#define FF_WORKERS_JOURNAL_H

#include "workers/verbs.h"

/* Whether there is something to keep; what was never called leaves no record. */
extern bool ff_journal_wants(const FfErrand *errand);

/* held: the task was still ours; else somebody else had settled it. */
extern void ff_journal_record(FfCallRecord *record, const FfSettling *settling, bool held);

#endif
