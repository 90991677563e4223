/*
 * core.h
 *
 * What the simulator's own files say to each other; peers see peer.h only.
 * server.c takes requests in and sends answers out, dispatch.c leads one
 * through route, authorization and schema to its peer, misbehave.c decides
 * whether the answer is spoilt and how, journal.c remembers, loop.c waits,
 * push.c sends events, control.c shows and steers all of it.
 */
#ifndef SIM_CORE_H
#define SIM_CORE_H

#include <microhttpd.h>
#include <sys/epoll.h>

#include "peer.h"

/* --- one request on the wire and what became of it --- */

typedef struct SimRule SimRule;

typedef struct SimExchange
{
	SimRequest request;
	struct MHD_Connection *connection;
	char *uri; /* as sent, with its query */
	char *method;
	char *path;  /* as sent, percent encoding and all, without its query */
	char *parts; /* the path, cut for request.argument */
	char *body;
	size_t body_room;
	bool body_too_big;
	bool received;  /* all of it */
	bool processed; /* its peer has seen it */

	int status;
	char *answer;
	size_t answer_size;
	char *content_type;
	json_t *headers; /* further headers of the answer: name -> text */

	const SimRule *rule;             /* the misbehaviour chosen for it */
	bool drop;                       /* after being held: close instead of answering */
	struct SimExchange *held_before; /* the chain of held exchanges */
	struct SimExchange *held_after;
	bool held;
	void *spoil; /* misbehave.c's own state */
	void (*spoil_free)(void *spoil);
} SimExchange;

/* server.c */
typedef struct SimOptions
{
	const char *address;
	int port;
	uint64_t seed;
	double clock_speed;
	const char *certificate;
	const char *key;
	const char *mail_certificate; /* of the mail server alone */
	const char *mail_key;
} SimOptions;

extern bool sim_server_start(const SimOptions *options);
extern void sim_server_run(void);
extern void sim_server_stop(void);
extern int sim_server_port(void);
extern bool sim_server_has_tls(void);
extern int sim_server_socket(const SimExchange *exchange);
/* The peer's turn, and a note of it. */
extern void sim_server_process(SimExchange *exchange);
extern enum MHD_Result sim_server_answer(SimExchange *exchange);
/* Holds the request; sim_server_release lets the server come back to it. */
extern void sim_server_hold(SimExchange *exchange);
extern void sim_server_release(SimExchange *exchange);

/* dispatch.c */
/* Who the path belongs to: sets peer and the path below its mount. */
extern void sim_dispatch_find(SimExchange *exchange);
extern void sim_dispatch(SimExchange *exchange);
extern void sim_schemas_free(void);

/* strict.c */
/* Answers how many failures refuse the body; each, tolerated or not, is recorded as an offence. */
extern int sim_check_body(SimRequest *request, SimSchema *schema, SimFailure *failures, int room);
extern void sim_check_query(SimRequest *request);
extern void sim_schema_free(SimSchema *schema);

/* misbehave.c */
extern const SimRule *sim_misbehave_choose(SimExchange *exchange);
extern bool sim_misbehave_processes(const SimRule *rule);
extern enum MHD_Result sim_misbehave_perform(SimExchange *exchange);
/* Will it be processed later, when the client may have left? */
extern bool sim_misbehave_late(const SimRule *rule);
extern const char *sim_misbehave_action(const SimRule *rule);
extern long sim_misbehave_id(const SimRule *rule);
/* Should this event of a peer be sent twice, or after the next one? */
extern bool sim_misbehave_event(const SimPeer *peer, const char *topic, const char *action);
extern void sim_misbehave_reset(uint64_t seed);
extern const SimRoute sim_misbehave_controls[];

/* spoil.c: the ways an answer can be spoilt */
typedef struct SimSpoil
{
	const char *action;
	bool processes;  /* does the peer process the request before the answer is spoilt? */
	bool plain_only; /* writes to the socket itself: not possible over TLS */
	bool late;       /* unprocessed means: processed when the time is over */
	enum MHD_Result (*perform)(SimExchange *exchange, const json_t *how);
	const char *help;
} SimSpoil;

extern const SimSpoil sim_spoils[];
extern const SimSpoil *sim_spoil_find(const char *action);

/* journal.c */
extern void sim_journal_request(SimExchange *exchange);
extern void sim_journal_answer(SimExchange *exchange, const char *fate);
extern void sim_journal_reset(void);
extern const SimRoute sim_journal_controls[];

/* control.c */
extern const SimPeer sim_peer_control;
extern void sim_reset_all(void);
extern const char *sim_setting_set(const SimSetting *setting, const json_t *value);
extern json_t *sim_setting_get(const SimSetting *setting);

/* push.c */
extern void sim_push_reset(void);
extern const SimRoute sim_push_controls[];

/* mail_wire.c: the files for TLS, or NULL */
extern void sim_mail_certificate(const char *certificate, const char *key);

/* loop.c */
extern bool sim_loop_start(double clock_speed);
/* Waits at most this many ms (-1: for ever) and runs what is due; false when it is time to end. */
extern bool sim_loop_step(int timeout_ms);
extern void sim_loop_end(void);
extern void sim_loop_stop(void); /* frees everything */
extern bool sim_watch(int fd, uint32_t events, void (*call)(void *subject, int fd, uint32_t events),
					  void *subject);
extern void sim_unwatch(int fd);
extern void sim_after(double ms, void (*call)(void *subject, int64_t detail), void *subject,
					  int64_t detail);
extern void sim_cancel(const void *subject);
extern void sim_clock_reset(void);
extern void sim_clock_move(double seconds);
extern void sim_clock_set_speed(double speed);
extern double sim_clock_speed(void);

/* The stream of random numbers peers draw from. */
extern uint64_t sim_seed;
extern uint64_t sim_random_state;

#endif
