/*
 * target.h
 *
 * A target of fuzzing: what is done with an input, whatever it is.  It runs in
 * a memory context of its own and must come back: an error, a broken MUST and
 * whatever a sanitizer finds end the process.
 */
#ifndef FF_FUZZ_TARGET_H
#define FF_FUZZ_TARGET_H

#include "postgres.h"

#include "connectors/connector.h"

typedef struct FfTarget
{
	const char *name;
	void (*run)(const char *data, size_t length);
} FfTarget;

extern void ff_fuzz_json(const char *data, size_t length);
extern void ff_fuzz_reply(const char *data, size_t length);
extern void ff_fuzz_tracking_number(const char *data, size_t length);
extern void ff_fuzz_webhook(const char *data, size_t length);

/* What must be true of every input. */
#define MUST(condition)                       \
	do                                        \
	{                                         \
		if (!(condition))                     \
			ff_fuzz_broken(#condition, NULL); \
	} while (0)

extern void ff_fuzz_broken(const char *condition, const char *detail) pg_attribute_noreturn();

/* Credentials that no input can know, also as parts of a JSON object of secrets. */
extern const char *ff_fuzz_secret(void);

/* conversation.c: inputs of four parts, "NAME\nSTATUS\nHeader: value\n...\n\nBODY". */

typedef struct FfConversation
{
	const FfConnector *connector;
	FfOperation operation; /* FF_OPERATION_COUNT: a webhook that came in */
	FfJson *call;
	FfReply reply;
} FfConversation;

/* Reads the calls of the fixtures, one a line: name, connector, operation, JSON, with tabs. */
extern void ff_fuzz_read_calls(const char *path);

/*
 * A reply as it comes off the wire, to the call of that name, or to the one
 * that an unknown name stands for.
 */
extern void ff_fuzz_conversation(const char *data, size_t length, bool webhook,
								 FfConversation *conversation);

#endif
