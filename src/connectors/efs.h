/*
 * efs.h
 *
 * What the files of the EFS connector share, and nobody else includes: the
 * head of a message and the first look at an answer.  The exported struct
 * stands in efs.c.
 */
#ifndef FF_CONNECTORS_EFS_H
#define FF_CONNECTORS_EFS_H

#include "connectors/carrier.h"
#include "connectors/connector.h"

#define EFS "efs"

/* efs.c */
/* Begins a document of this root with the merchant's number and, for orders, name; then the token.
 */
extern void ff_efs_begin(StringInfo xml, const FfCall *call, const char *root, bool with_name);
/* One element; an empty one for NULL. */
extern void ff_efs_element(StringInfo xml, const char *name, const char *text);
/* Ends the document and makes it the message to a path. */
extern void ff_efs_send(const FfCall *call, FfMessage *message, const char *path, StringInfo xml,
						const char *root);

/* efs_answer.c */
/*
 * The document of an answer that is no error.  Otherwise NULL, and the outcome says why: an
 * element with an error's text, an HTTP status, or no XML at all.
 */
extern FfJson *ff_efs_answer(const FfCall *call, const FfReply *reply, FfRepeat repeat,
							 FfOutcome *outcome);
/* The first member of that name (any case), at any depth; names with | between.  NULL: none. */
extern FfJson *ff_efs_find(const FfJson *json, const char *names);
extern char *ff_efs_text(const FfJson *json, const char *names);
/* Whether a text has one of the words, with | between, in any case. */
extern bool ff_efs_says(const char *text, const char *words);

/* efs_order.c */
extern void ff_efs_create_request(const FfCall *call, FfMessage *message);
extern void ff_efs_create_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_efs_get_request(const FfCall *call, FfMessage *message);
extern void ff_efs_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_efs_cancel_request(const FfCall *call, FfMessage *message);
extern void ff_efs_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* efs_stock.c */
extern void ff_efs_inventory_request(const FfCall *call, FfMessage *message);
extern void ff_efs_inventory_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
