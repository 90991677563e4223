/*
 * slot.h
 *
 * One place on the wire: an easy handle, the request it sends and what came
 * back.  A slot knows how one exchange is set up, limited and judged; wire.c
 * knows when which slot may go.  Everything that curl's callbacks touch is
 * malloc'd and capped; nothing in them can throw.
 */
#ifndef FF_TRANSPORT_SLOT_H
#define FF_TRANSPORT_SLOT_H

#include "postgres.h"

#include <curl/curl.h>

#include "lib/ilist.h"

#include "transport/request.h"
#include "transport/token.h"
#include "transport/wire.h"

typedef enum FfSlotState
{
	FF_SLOT_FREE,
	FF_SLOT_AWAITS_TOKEN, /* another transfer or process fetches it */
	FF_SLOT_AWAITS_HOST,  /* another transfer resolves the same name */
	FF_SLOT_TOKEN_CALL,   /* on the wire, for a token */
	FF_SLOT_CALL,         /* on the wire, for the transfer itself */
	FF_SLOT_FINISHED
} FfSlotState;

/* Bytes that came in, up to a limit. */
typedef struct FfCapped
{
	char *data;
	size_t length;
	size_t room;
	size_t limit;
} FfCapped;

typedef struct FfSlot
{
	dlist_node node;
	FfSlotState state;
	FfTransfer *transfer;
	CURL *easy;
	FfLimits limits;  /* of this exchange, defaults filled in */
	FfSlotState next; /* AWAITS_HOST: what it becomes on the wire */
	FfRequest request;
	FfTokenKey token_key;
	FfTokenKey grant_key;
	FfTokenKey *fetches; /* one of them: the table of tokens counts on us; else NULL */
	int token_calls;     /* made for this transfer */

	/* written by callbacks, read when the exchange is over */
	bool resolved; /* an address is known: others may ask for the same host */
	bool opened;   /* a connection was opened for it, instead of one that was kept */
	bool stale;    /* the one that was kept had something to say before it was asked */
	bool sent;     /* the connection stands and the request was begun */
	bool refused;  /* an address was not public */
	bool oversized;
	bool out_of_memory;
	int socket_error; /* errno of socket() */
	int socket;       /* the last one that was opened */
	bool taking;      /* mail: the server asked for the message itself */
	int status;       /* of an answer that is not HTTP; 0: none */
	size_t uploaded;  /* bytes of the body that curl has taken */
	char address[46];
	FfCapped head; /* header lines as they came */
	FfCapped body;
	char curl_error[CURL_ERROR_SIZE];
} FfSlot;

/* Sets up the exchange for slot->request; false with transfer->error when curl refuses. */
extern bool ff_slot_arm(FfSlot *slot);

/* Appends to the answer's body; false at its limit or when memory is short. */
extern bool ff_slot_receive(FfSlot *slot, const char *data, size_t length);

/* Gives the request's body to curl, piece by piece; a CURLOPT_READFUNCTION. */
extern size_t ff_slot_give_body(char *target, size_t size, size_t count, void *slot);

/* mail.c: what goes over SMTP */

extern bool ff_mail_arm(FfSlot *slot);
/* The login is over: whether the message can be sent to this server; else it has an answer. */
extern bool ff_mail_may_begin(FfSlot *slot);
/* A line came after the login; called inside libcurl. */
extern void ff_mail_heard(FfSlot *slot, const char *line, size_t length);
/* The code of SMTP that an exchange ended with; 0 when it is not known what became of it. */
extern int ff_mail_status(const FfSlot *slot, CURLcode code);
/* Whether a login failed in a way that time does not mend. */
extern bool ff_mail_is_refused(const FfSlot *slot, CURLcode code);

/* files.c: what goes over FTP or SSH */

extern bool ff_files_arm(FfSlot *slot);
/* The code of FTP that an exchange ended with; 0 when the peer did not answer. */
extern int ff_files_status(const FfSlot *slot, CURLcode code);

/* directory.c: the same in a directory of this machine, at once; judges the transfer, too. */
extern void ff_directory_carry(FfSlot *slot);

/* slot_result.c */

/* Judges the end of an exchange: fate, error, timings and address of the transfer. */
extern void ff_slot_judge(FfSlot *slot, CURLcode code);

/* Copies what came into a reply, palloc'd in the current context; false when memory is short. */
extern bool ff_slot_reply(const FfSlot *slot, FfReply *reply);

/* Wipes request and answer and makes the slot ready for another exchange. */
extern void ff_slot_clear(FfSlot *slot);

#endif
