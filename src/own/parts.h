/*
 * parts.h
 *
 * What the files of this room share, and nobody else includes.
 */
#ifndef FF_OWN_PARTS_H
#define FF_OWN_PARTS_H

#include "postgres.h"

#include "connectors/connector.h"
#include "connectors/template.h"

/* What FfConnector.own and FfCall.own point to. */
typedef struct FfOwn
{
	const char *name;
	const FfJson *definition;
	const char *request; /* signature of the function; NULL: it is only data */
	const char *outcome;
	const char *run_as; /* whose rights the functions have */
} FfOwn;

/* What is wrong with a definition: where, and what, as a sentence. */
typedef struct FfOwnProblem
{
	char *field;
	char *text;
} FfOwnProblem;

/* definition.c: the connector of a row, in the current memory context; NULL with a problem. */
extern FfConnector *ff_own_compile(const FfOwn *own, FfOwnProblem *problem);

/* check.c: what is filled and looked up with later; only looked at when it is registered. */
extern bool ff_own_check(const FfOwn *own, const FfConnector *connector, FfOwnProblem *problem);

/* values.c */
/* The name of the operation of a call, which may be "receive". */
extern const char *ff_own_operation_name(const FfCall *call);
/* Its part of the definition. */
extern const FfJson *ff_own_part(const FfCall *call);
extern FfRepeat ff_own_repeat(const FfJson *part);
/*
 * The call as code and data of users see it: without secrets, and with nothing
 * in it that would be taken for the place of one.
 */
extern FfJson *ff_own_call_document(const FfCall *call);
/* The same with let, maps and, of an answer, status, headers and read (JSON text). */
extern FfJson *ff_own_values(const FfCall *call, const FfReply *reply, const char *read,
							 FfJson **variables);
/* Headers by their names in lower case. */
extern void ff_own_write_headers(FfJsonWriter *writer, const FfReply *reply);

/* message.c: all of them throw when it cannot be sent */
extern void ff_own_fail(const FfCall *call, const char *detail, const char *hint)
	pg_attribute_noreturn();
extern void ff_own_begin(const FfCall *call, FfMessage *message, const char *method,
						 const char *url);
extern void ff_own_header(const FfCall *call, FfMessage *message, const char *name,
						  const char *value);
extern bool ff_own_is_method(const char *method);

/* answer.c: what any answer means before a definition or a function has its say */
typedef struct FfOwnAnswer
{
	bool good; /* 2xx, or a webhook */
	bool xml;
	FfJson *document; /* of JSON, or of XML by the rules of pg/xml.h; NULL: none */
	char *problem;    /* why there is none */
} FfOwnAnswer;
/* False when a body that ought to be there cannot be read; the outcome says so. */
extern bool ff_own_answer(const FfCall *call, const FfReply *reply, FfOutcome *outcome,
						  FfOwnAnswer *answer);
extern const char *ff_own_format(const FfOwn *own, const FfJson *part);
/* Members of a document that are no part of its head, to the outcome's body. */
extern void ff_own_take_members(FfOutcome *outcome, const FfJson *document);

/* read.c: named values of an answer, as JSON text */
extern char *ff_own_read(const FfCall *call, const FfReply *reply, const FfOwnAnswer *answer,
						 const FfJson *variables);
extern bool ff_own_pick_is_known(const char *pick);

/* functions.c and data.c */
extern void ff_own_function_request(const FfCall *call, FfMessage *message);
extern void ff_own_function_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_own_data_request(const FfCall *call, FfMessage *message);
extern void ff_own_data_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern bool ff_own_status_is_known(const FfJson *status);

#endif
