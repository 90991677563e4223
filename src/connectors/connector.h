/*
 * connector.h
 *
 * What a connector is: a name, its settings, how it authenticates, and per
 * operation two pure functions,
 *
 *   request   the canonical call  ->  one message for the peer
 *   outcome   the peer's reply    ->  a canonical outcome
 *
 * Connectors translate and do nothing else: no SPI, no curl, no clock (the
 * time stands in call->now), no state between calls.  They may throw only
 * through ff_connector_fail (a setting or field they cannot do without);
 * whatever a peer sends must become an outcome, never an error.
 *
 * A connector is one file with one exported struct, and one line in list.h.
 */
#ifndef FF_CONNECTORS_CONNECTOR_H
#define FF_CONNECTORS_CONNECTOR_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "model/operation.h"
#include "model/time.h"
#include "pg/json.h"
#include "transport/auth.h"
#include "transport/message.h"

typedef enum FfResult
{
	FF_RESULT_OK,           /* done */
	FF_RESULT_RETRY,        /* nothing happened; try later */
	FF_RESULT_REFUSED,      /* nothing happened and the same call will never succeed */
	FF_RESULT_UNAUTHORIZED, /* credentials or token refused */
	FF_RESULT_UNKNOWN,      /* it may have happened: look it up before repeating */
	FF_RESULT_ABSENT,       /* a look-up found nothing */
	FF_RESULT_CONTINUE      /* one more request of the same task: see next */
} FfResult;

extern const char *ff_result_name(FfResult result);
extern bool ff_result_from_name(const char *name, FfResult *result);

/* What a request is made from. */
typedef struct FfCall
{
	const char *connector; /* its name, for errors */
	FfOperation operation;
	const FfJson *document; /* the whole canonical call */
	const FfJson *config;   /* call.config: the connection's settings, never secrets */
	const FfJson *state;    /* call.state: what the previous outcome put into next; NULL at first */
	TimestampTz now;        /* call.now, or the transaction's time when absent */
	const char *idempotency_key;
	const void *own; /* of a registered connector: what it is made from */
} FfCall;

/* What an outcome is written to; body stands inside the open root object. */
typedef struct FfOutcome
{
	FfResult result;
	const char *code;    /* the peer's error code, as text */
	const char *message; /* for people; no secret, no HTML */
	const char *field;   /* canonical path of the field to correct ("ship_to.postcode") */
	int retry_after_s;   /* -1 when the peer did not say */
	/*
	 * JSON text.  CONTINUE: the state of the next request; RETRY: replaces the
	 * state when given; OK: a cursor to keep.  A call whose worker died begins
	 * again without state.
	 */
	const char *next;
	FfJsonWriter body; /* shipment, tracking, rates, inventory, orders, … */
} FfOutcome;

typedef void (*FfRequestFunction)(const FfCall *call, FfMessage *message);
typedef void (*FfOutcomeFunction)(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* How a call whose answer was lost may be repeated. */
typedef enum FfRepeat
{
	FF_REPEAT_NEVER,     /* neither key nor look-up: a person decides */
	FF_REPEAT_SAFE,      /* the call is idempotent by nature (reads, upserts, absolute values) */
	FF_REPEAT_WITH_KEY,  /* the peer deduplicates by the idempotency key sent */
	FF_REPEAT_AFTER_FIND /* look up by our reference; repeat only after "absent" */
} FfRepeat;

typedef struct FfConnectorOperation
{
	FfRequestFunction request; /* NULL: the connector cannot do this */
	FfOutcomeFunction outcome;
	FfRepeat repeat;
} FfConnectorOperation;

typedef struct FfSetting
{
	const char *name;
	const char *type; /* "text", "url", "integer", "number", "boolean", "object" */
	bool required;
	bool secret;               /* held by set_secret, never in config */
	const char *default_value; /* as text, or NULL */
	const char *description;   /* one sentence, capital letter and full stop */
} FfSetting;

/* Webhooks that come in. */
typedef struct FfReceive
{
	FfVerify verify;
	/* The peer's id of this event, for deduplication; NULL or "": the body's hash is used. */
	const char *(*event_id)(const FfReply *webhook, const FfJson *body);
	/* … or, without a function: the header, or the member of a JSON body, that holds it. */
	const char *event_header;
	const char *event_member;
	/* Translates a verified webhook into orders, shipment(s), tracking or inventory. */
	FfOutcomeFunction translate;
} FfReceive;

typedef struct FfConnector
{
	const char *name;
	const char *title;   /* "UPS", "WooCommerce" */
	const char *schemes; /* of the URLs it calls, with blanks between; NULL: https and http */
	/*
	 * Separated by blanks: carrier fulfillment_center channel payment messenger; a messenger to
	 * customers is also email or sms, one to platforms neither.
	 */
	const char *roles;
	/* How a merchant gets the credentials: sentences for docs/connectors.md; NULL: needs none. */
	const char *credentials;
	const FfAuth auth;
	const FfSetting *settings;  /* ends with a NULL name */
	double rate_per_second;     /* default limit; 0 none; a peer that counts hours: 60.0 / 3600 */
	int burst;                  /* calls at once after a pause; 0: about a second's */
	int max_concurrency;        /* default limit; 0 the engine's */
	int timeout_ms;             /* default; 0 the engine's */
	bool local;                 /* needs no network: the outcome is made from the call alone */
	bool find_is_authoritative; /* "absent" from find_shipment proves that nothing was created … */
	int find_grace_s;           /* … once this many seconds have passed since the call */
	/* Whether a connection with these settings can do it, too; NULL: whatever the connector can. */
	bool (*able)(const FfJson *config, FfOperation operation);
	FfConnectorOperation operations[FF_OPERATION_COUNT];
	FfReceive receive; /* translate NULL: takes no webhooks */
	const void *own;   /* of a registered connector: what it is made from */
} FfConnector;

/* NULL when there is no such connector.  A registered one stands in the current memory context. */
extern const FfConnector *ff_connector_find(const char *name);
/* Those that are built in, which stand in list.h. */
extern const FfConnector *ff_connector_built_in(const char *name);
/* All of them, built in and registered. */
extern const FfConnector **ff_connector_all(int *count);

/*
 * Where the connectors are that users registered: rows, of which this room
 * knows nothing.  Both make them in the current memory context.
 */
typedef struct FfConnectorSource
{
	const FfConnector *(*find)(const char *name);
	const FfConnector **(*all)(int *count);
} FfConnectorSource;

extern void ff_connector_source_set(const FfConnectorSource *source);

/*
 * ereport(ERROR) for a call that cannot be made into a request: names the field
 * and what to do.  A field "config.NAME" is a setting of the connection.
 */
extern void ff_connector_fail(const char *connector, const char *field, const char *hint)
	pg_attribute_noreturn();
/* The text at a path of the call, or ff_connector_fail when it is absent or empty. */
extern char *ff_connector_need(const char *connector, const FfCall *call, const char *path,
							   const char *hint);

#define CONNECTOR(name) extern const FfConnector ff_connector_##name;
#include "connectors/list.h"
#undef CONNECTOR

/* outcome.c: the shared ways of reading replies */

extern void ff_outcome_init(FfOutcome *outcome);
/* The canonical document of blueprint section 5; owned by the outcome. */
extern char *ff_outcome_finish(FfOutcome *outcome);

/* Sets result, code, message and field in one line; a NULL keeps what stood there. */
extern void ff_outcome_set(FfOutcome *outcome, FfResult result, const char *code,
						   const char *message, const char *field);

/* Forgets an error: the outcome is ok, or goes on with next (JSON text). */
extern void ff_outcome_ok(FfOutcome *outcome);
extern void ff_outcome_continue(FfOutcome *outcome, const char *next);
/* An answer that does not say what it should: REFUSED, RETRY or UNKNOWN as told. */
extern void ff_outcome_unreadable(FfOutcome *outcome, FfResult result, const char *message);

/*
 * What any HTTP peer means by its status when the body says nothing better:
 * 2xx ok; 408, 425, 429 and 5xx retry for repeatable operations, and for the
 * others unknown where the peer may have acted (0, 302, 303, and 5xx but a 503
 * with Retry-After); 401 unauthorized; 403 refused; other 4xx refused.  Takes
 * Retry-After.  Answers true for 2xx.
 */
extern bool ff_outcome_http(const FfCall *call, const FfReply *reply, FfRepeat repeat,
							FfOutcome *outcome);

/* Parses the reply's body; on failure sets FF_RESULT_UNKNOWN for a 2xx (else leaves the outcome)
 * and answers NULL. */
extern FfJson *ff_outcome_json(const FfReply *reply, FfOutcome *outcome);

/* text.c: small translations shared by connectors; results are palloc'd */

/* With exactly that many decimals; what weighs something never becomes zero. */
extern char *ff_grams_to(int64 grams, double unit_grams, int decimals);
/* With at most two decimals and no trailing zeros. */
extern char *ff_millimetres_to(int64 millimetres, double unit_mm);
/* Whether credentials may travel there: https, or http on the loopback address. */
extern bool ff_url_is_safe(const char *url);
extern char *ff_base64(const char *bytes, size_t length);
/* Text in ASCII: letters without their accents, plain quotes and dashes.  What has no such
 * letters, Greek or Chinese, stays as it is. */
extern char *ff_ascii(const char *text);
/* Ends what is written and makes it the body of a message. */
extern void ff_message_json(FfMessage *message, FfJsonWriter *writer);
/* Text without control characters, HTML tags and repeated blanks; for messages shown to people. */
extern char *ff_plain_text(const char *text, int max_chars);

#endif
