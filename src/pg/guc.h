/*
 * guc.h
 *
 * The settings of the server, as plain C variables.  guc.c defines them with
 * their descriptions and limits in tables; a new setting is one variable here
 * and one row there.
 */
#ifndef FF_PG_GUC_H
#define FF_PG_GUC_H

#include "postgres.h"

/* the wire */
extern bool ff_guc_allow_private_addresses;
extern int ff_guc_connect_timeout; /* ms */
extern int ff_guc_call_timeout;    /* ms */
extern int ff_guc_max_body;        /* kB */
extern int ff_guc_max_concurrency; /* transfers of one worker */
extern char *ff_guc_ca_file;
extern char *ff_guc_file_directories; /* comma-separated; "" none */

/* the workers */
extern char *ff_guc_databases;   /* comma-separated names */
extern int ff_guc_workers;       /* per database */
extern char *ff_guc_worker_role; /* "": the bootstrap superuser */
extern int ff_guc_poll_interval; /* s */
extern int ff_guc_max_attempts;
extern int ff_guc_max_crashes;
extern int ff_guc_breaker_failures;
extern int ff_guc_function_timeout;  /* ms, of a connector's own functions */
extern int ff_guc_logged_body;       /* kB */
extern int ff_guc_retention_calls;   /* days, 0: for ever */
extern int ff_guc_retention_history; /* days, 0: for ever */

/* the vault */
extern char *ff_guc_key_file;

/* the session */
extern int ff_guc_merchant_id;
extern char *ff_guc_actor; /* "" when not set */

/* Defines them all and reserves the prefix; called once from _PG_init. */
extern void ff_guc_init(void);

#endif
