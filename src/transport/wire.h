/*
 * wire.h
 *
 * Carries many messages at once for one background worker.  A wire is one
 * curl multi handle and a single wait in which its sockets, the process latch,
 * postmaster death and a deadline meet.  It knows messages, credentials and
 * replies; it knows neither rows nor connectors, and holds no transaction.
 *
 *     wire = ff_wire_create(0);
 *     while (…)
 *     {
 *         while (ff_wire_room(wire) > 0 && there is work)
 *             ff_wire_start(wire, transfer);
 *         ff_wire_wait(wire, until_next_duty_ms);
 *         while ((transfer = ff_wire_next_finished(wire)) != NULL)
 *             look at transfer->fate, transfer->reply, transfer->owner
 *     }
 *
 * A transfer belongs to the wire from ff_wire_start until ff_wire_next_finished
 * or ff_wire_cancel hands it back; until then it and all it points to must
 * stay where they are.  Secrets may be wiped when it is back, not before.
 *
 * Access tokens are the wire's own business: a transfer whose scheme needs one
 * is held until the token is there, whichever worker asks for it.  Transfers to
 * a host whose name is just being resolved wait for that one look-up.  A
 * transfer's clock starts when it goes on the wire, not while it is held.
 *
 * No error is thrown from inside libcurl; a peer can never cause an ERROR here.
 * ff_wire_wait may throw for an interrupt, and leaves the wire usable then.
 */
#ifndef FF_TRANSPORT_WIRE_H
#define FF_TRANSPORT_WIRE_H

#include "postgres.h"

#include "pg/json.h"
#include "transport/auth.h"
#include "transport/message.h"
#include "transport/secret.h"

typedef struct FfWire FfWire;

typedef enum FfFate
{
	FF_FATE_PENDING,  /* not finished yet */
	FF_FATE_ANSWERED, /* reply is complete, whatever its status */
	FF_FATE_NOT_SENT, /* provably nothing of the request reached the peer */
	FF_FATE_LOST,     /* the request may have arrived: time-out, reset, half an answer */
	FF_FATE_OVERSIZED /* an answer began and went beyond a limit; the request did arrive */
} FfFate;

/* Zero or less means the default: the setting named behind it, or the figure. */
typedef struct FfLimits
{
	int timeout_ms;         /* from the moment it is on the wire; fulfillment.call_timeout */
	int connect_timeout_ms; /* name, connection and TLS; fulfillment.connect_timeout */
	int max_body_bytes;     /* after decompression; fulfillment.max_body */
	int max_header_bytes;   /* 64 kB */
} FfLimits;

/* Milliseconds since the transfer went on the wire; -1 for a step not reached, or not needed. */
typedef struct FfTimings
{
	int dns;
	int connect;
	int tls;
	int first_byte;
	int total;
} FfTimings;

#define FF_WIRE_ERROR_SIZE 256

typedef struct FfTransfer
{
	/* set by the caller; zero the rest */
	FfMessage message;
	const char *schemes;  /* of URLs it may go to, with blanks between; NULL: https and http */
	const FfAuth *auth;   /* NULL: none; the wire may change it as ff_scheme_auth says */
	const FfJson *config; /* the connection's settings, for auth schemes that read one */
	const FfSecrets *secrets;
	int merchant_id;
	int64 connection_id;
	FfLimits limits;
	MemoryContext context; /* where the reply is put; required */
	void *owner;           /* the caller's own */

	/* set by the wire when the transfer comes back */
	FfFate fate;
	FfReply reply;                  /* status, headers and body as far as they came */
	char error[FF_WIRE_ERROR_SIZE]; /* a sentence without secrets and queries; "" when answered */
	bool unauthorized; /* NOT_SENT because the token endpoint refused the credentials */
	int retry_after_s; /* NOT_SENT by a failed token call: it is not repeated before; else -1 */
	uint64 token_generation; /* which token went along, for ff_token_forget after a 401; 0 none */
	FfTimings timings;
	char peer_address[46]; /* numeric address that was talked to, or "" */
} FfTransfer;

extern const char *ff_fate_name(FfFate fate);

/*
 * max_transfers 0 means fulfillment.max_concurrency.  Fewer are granted when
 * the process may not open enough files; ff_wire_capacity tells.
 */
extern FfWire *ff_wire_create(int max_transfers);
extern int ff_wire_capacity(const FfWire *wire);

/* How many transfers can be started now. */
extern int ff_wire_room(const FfWire *wire);
/* How many are started and not yet handed back. */
extern int ff_wire_busy(const FfWire *wire);

/*
 * Takes a transfer; there must be room.  Nothing is sent before the next
 * ff_wire_wait.  A transfer that cannot be sent as it stands (no such secret,
 * forbidden scheme) is finished at once as NOT_SENT; no error is thrown for it.
 */
extern void ff_wire_start(FfWire *wire, FfTransfer *transfer);

/*
 * Waits until something happens, at most timeout_ms (-1: no limit, 0: only
 * look).  Handles what the sockets brought, resets the latch, lets interrupts
 * through.  Returns early when the latch was set (true) or transfers finished.
 * Postmaster death ends the process.
 */
extern bool ff_wire_wait(FfWire *wire, int timeout_ms);

/* The next transfer that is done, or NULL. */
extern FfTransfer *ff_wire_next_finished(FfWire *wire);

/* Takes a transfer back whatever it is doing; its fate says whether something may have been sent.
 */
extern void ff_wire_cancel(FfWire *wire, FfTransfer *transfer);

/* Cancels all and frees everything; NULL allowed. */
extern void ff_wire_destroy(FfWire *wire);

#endif
