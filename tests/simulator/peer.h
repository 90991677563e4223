/*
 * peer.h
 *
 * What a simulated peer is, and everything it may use.  A peer is one file and
 * one line in peers.h: tables of routes, of the fields a request must have, of
 * settings, and the functions that answer.  It decides what the real service
 * would answer and remembers what it was asked to do; it knows nothing of
 * sockets, of misbehaviour or of the other peers.  Everything runs in one
 * thread, so a peer needs no lock and what it does happens in one order.
 *
 * A request reaches a peer only after its route was found, its caller
 * authorized and its body checked against the route's schema; whatever fails
 * on the way becomes an offence and is put into the peer's own words by
 * SimPeer.refuse.
 */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "store.h"
#include "text.h"

/* How JSON is written: compact, numbers as short as they were meant. */
#define SIM_WIRE (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

typedef struct SimPeer SimPeer;
typedef struct SimRoute SimRoute;

/* --- what a body must look like (strict.c) --- */

typedef enum SimType
{
	SIM_STRING,
	SIM_INTEGER,
	SIM_NUMBER,
	SIM_BOOLEAN,
	SIM_OBJECT,
	SIM_ARRAY,
	SIM_DECIMAL, /* a number, or a string that is one */
	SIM_ANY
} SimType;

#define SIM_REQUIRED 1 /* must be there, not null; a string also not blank */
#define SIM_NULLABLE 2 /* null is the same as absent */
#define SIM_BLANK    4 /* a required string may be "" (flags: presence counts) */

/*
 * One member of a body.  "a.b[].c" is member c of every element of array b of
 * object a; it is required only where its parent exists.  Parents need no row
 * of their own.  A member that no row names is an offence: refused when the
 * schema is closed, tolerated when it is not; "a.*" names in its values the
 * members of a that may be there and are not looked at.
 */
typedef struct SimField
{
	const char *path;
	SimType type;
	unsigned flags;
	int max;            /* longest string in characters, most elements, largest number; 0: any */
	const char *values; /* allowed values, "01|02|03"; NULL: any */
	bool (*form)(const char *text);   /* further demand on a string */
	bool (*when)(const json_t *body); /* SIM_REQUIRED only when this holds */
	const char *code; /* the peer's own error code and message, used by its refuse */
	const char *message;
} SimField;

typedef struct SimSchema
{
	const char *name;
	bool closed;
	const SimField *fields; /* ends with a NULL path */
	struct SimNode *tree;   /* made from the fields at first use */
} SimSchema;

/* One thing that was wrong with a request. */
typedef struct SimFailure
{
	const char *rule;    /* required, type, length, value, form, unknown, json, route, … */
	char field[200];     /* path with indexes: Package[1].Packaging.Code */
	char detail[300];    /* a sentence */
	const SimField *row; /* the row that was broken, if one was */
} SimFailure;

/* --- a request and its answer --- */

typedef struct SimRequest
{
	const SimPeer *peer;
	const SimPeer *about; /* the peer that a control request is for */
	const SimRoute *route;
	const char *method;
	const char *path;        /* below the peer's mount: "/api/v1/orders" */
	const char *argument[4]; /* what the {parts} of the route's path matched */
	const char *body;
	size_t body_size;
	json_t *json;                 /* the parsed body; NULL for a route that takes none */
	long number;                  /* of this request, counted from the last reset */
	int work_ms;                  /* a handler may set how long the peer seems to work */
	bool duplicate_events;        /* misbehave: list the last event twice */
	bool reorder_events;          /* misbehave: list events in the wrong order */
	struct SimExchange *exchange; /* the server's side of it */
} SimRequest;

#define SIM_OPEN      1 /* route needs no authorization */
#define SIM_FORM      2 /* body is application/x-www-form-urlencoded or raw, not JSON */
#define SIM_BODY_FREE 4 /* any JSON value will do, or none */

struct SimRoute
{
	const char *method;
	const char *path; /* "/orders/{orderId}": literal parts and named ones; {v}: v and digits */
	void (*handle)(SimRequest *request);
	SimSchema *schema; /* NULL: the route takes no body */
	const char *query; /* names it understands, separated by blanks; NULL: none, "*": any */
	unsigned flags;
};

typedef enum SimSettingType
{
	SIM_SETTING_INT,
	SIM_SETTING_REAL,
	SIM_SETTING_BOOL,
	SIM_SETTING_TEXT /* value points to char[SIM_TEXT_SIZE] */
} SimSettingType;

#define SIM_TEXT_SIZE 256

/* A setting of a peer, read and changed at /control/PEER/settings; reset restores it. */
typedef struct SimSetting
{
	const char *name;
	SimSettingType type;
	void *value;
	const char *initial;
	const char *help;
} SimSetting;

struct SimPeer
{
	const char *name;         /* in control, logs and rules */
	const char *mount;        /* first part of its paths; NULL: the name */
	const SimRoute *routes;   /* ends with a NULL method, like the two below */
	const SimRoute *controls; /* below /control/NAME */
	const SimSetting *settings;
	bool (*authorize)(SimRequest *request); /* false: it has answered */
	void (*refuse)(SimRequest *request, const SimFailure *failures, int count);
	void (*fail)(SimRequest *request, int status); /* a server-side failure, in its shape */
	void (*reset)(void);                           /* forget everything */
	struct Depot *depot;                           /* of a carrier: depot.h */
};

/* Reading the request. */
extern const char *sim_header(const SimRequest *request, const char *name);
extern const char *sim_query(const SimRequest *request, const char *name);
extern long sim_query_int(const SimRequest *request, const char *name, long fallback);
/* Every value of a repeated parameter, each split at commas; a new reference. */
extern json_t *sim_query_list(const SimRequest *request, const char *name);
/* User and password of "Authorization: Basic"; false when it is not there or malformed. */
extern bool sim_basic_auth(const SimRequest *request, char user[200], char password[200]);
/* The path with its query, as it was sent. */
extern const char *sim_uri(const SimRequest *request);
extern const char *sim_base_url(const SimRequest *request, char buffer[200]);

/* Writing the answer: json is stolen, text is copied; the last answer counts. */
extern void sim_reply(SimRequest *request, int status, json_t *json);
extern void sim_reply_text(SimRequest *request, int status, const char *type, const char *text,
						   size_t size);
extern void sim_reply_header(SimRequest *request, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
extern int sim_reply_status(const SimRequest *request);

/*
 * Something was wrong with the request.  refused: the peer answers with an
 * error because of it; otherwise the real service would let it pass, but it
 * is surely a mistake.
 */
extern void sim_offence(SimRequest *request, bool refused, const char *rule, const char *field,
						const char *format, ...) __attribute__((format(printf, 5, 6)));
/* An offence that ends the request: recorded, and answered through SimPeer.refuse. */
extern void sim_refuse(SimRequest *request, const SimField *row, const char *rule,
					   const char *field, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Control handlers: a 400 with a sentence. */
extern void sim_control_error(SimRequest *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* --- time --- */

/* Simulated seconds since 1970; moves with --clock-speed and /control/clock. */
extern double sim_now(void);
/* Real seconds since 1970: for tokens and signatures, which clients judge by their own clock. */
extern double sim_wall(void);
/* Calls back when the simulated clock reaches a time; forgotten by a reset. */
extern void sim_at(double when, void (*call)(void *subject, int64_t detail), void *subject,
				   int64_t detail);

/* --- chance --- */

/* The peers' own stream of random numbers, from --seed. */
extern uint64_t sim_random(void);

/* --- events a peer pushes (push.c) --- */

/*
 * Records an event (GET /control/events) and sends it to where
 * POST /control/events/target says.  headers is an object of strings, stolen.
 */
extern void sim_emit(const SimPeer *peer, const char *topic, json_t *headers, const char *body);

/* --- settings, by name --- */
extern const SimPeer *const sim_peers[];
extern const int sim_peer_count;

#define PEER(name) extern const SimPeer sim_peer_##name;
#include "peers.h"
#undef PEER

#endif
