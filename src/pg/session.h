/*
 * session.h
 *
 * Who is acting, and for which merchant.  Public functions run as their owner
 * (SECURITY DEFINER) and ask here whether the role behind the call may do it.
 */
#ifndef FF_PG_SESSION_H
#define FF_PG_SESSION_H

#include "postgres.h"

typedef enum FfLevel
{
	FF_LEVEL_NONE,
	FF_LEVEL_VIEWER,
	FF_LEVEL_OPERATOR,
	FF_LEVEL_ADMIN
} FfLevel;

/*
 * ereport(ERROR, FF_ERR_FORBIDDEN) unless the calling role has at least this
 * level for the merchant.  Superusers, the extension's owner and workers have
 * every level.  The answer is remembered for the transaction.
 */
extern void ff_require(FfLevel level, int32 merchant_id);

extern FfLevel ff_access_level(int32 merchant_id);

/*
 * Name for history and ledger: the calling role, with "/" and setting
 * fulfillment.actor behind it when that is set; "worker" in a worker.
 */
extern const char *ff_actor(void);
extern void ff_actor_is_worker(void);

/*
 * Acts as another role until it is given back: what users registered reads
 * their tables with their rights, never with ours.  An error gives it back,
 * too.
 */
typedef struct FfIdentity
{
	Oid role;
	int context;
} FfIdentity;

extern FfIdentity ff_identity_take(Oid role);
extern void ff_identity_give_back(FfIdentity identity);

/*
 * The same for code of a user that runs in our place: what it calls of ours asks
 * for its role's level, also in a worker, and it can neither change its role nor
 * anything of the session.  Ends with the subtransaction that it began in; then
 * say that the guest has left.
 */
extern FfIdentity ff_identity_host(Oid role);
extern void ff_identity_guest_left(void);
extern bool ff_identity_is_guest(void);

/* The role behind the call, whatever function runs as its owner. */
extern Oid ff_caller(void);
/* The owner of the extension; InvalidOid when it is not created. */
extern Oid ff_role_owner(void);
/* Superusers, and who has the rights of the extension's owner. */
extern bool ff_role_all_powerful(Oid role);
extern bool ff_role_may_act_as(Oid role, Oid other);
extern char *ff_role_name(Oid role);
/* InvalidOid when there is no such role any more. */
extern Oid ff_role_find(const char *name);

#endif
