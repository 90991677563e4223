/*
 * messages.h
 *
 * What became of messages to customers: one row per event and connection.  A
 * final state never goes back, whatever order the news comes in.
 */
#ifndef FF_NOTIFICATIONS_MESSAGES_H
#define FF_NOTIFICATIONS_MESSAGES_H

#include "postgres.h"

typedef struct FfMessageNews
{
	int32 merchant_id;
	int64 connection_id;
	int64 event_id;        /* 0: by the provider's reference */
	const char *reference; /* the provider's id, or NULL */
	const char *state;     /* sending, accepted, delivered, failed, unknown; NULL: nothing new */
	const char *code;      /* of a failure */
	const char *message;
	bool suppress;         /* the recipient is not written to any more … */
	bool lift;             /* … or again */
	const char *recipient; /* of suppress and lift when there is no message: who wrote */
	const char *medium;
} FfMessageNews;

/* false when there is no such message. */
extern bool ff_message_news(const FfMessageNews *news);

#endif
