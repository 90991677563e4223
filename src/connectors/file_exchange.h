/*
 * file_exchange.h
 *
 * What the files of the connector "file_exchange" share, and nobody else
 * includes.  Orders, returns and items go out as files, reports of every kind
 * come in as files; what stands where in a file is a layout, which is data.
 * The exported struct stands in file_exchange.c.
 */
#ifndef FF_CONNECTORS_FILE_EXCHANGE_H
#define FF_CONNECTORS_FILE_EXCHANGE_H

#include "connectors/connector.h"

#define FILE_EXCHANGE "file_exchange"

/* What a file is about. */
typedef enum FfFileKind
{
	FF_FILE_ORDER, /* out */
	FF_FILE_RETURN,
	FF_FILE_ITEM,
	FF_FILE_STATUS, /* in */
	FF_FILE_ACK,
	FF_FILE_STOCK,
	FF_FILE_RECEIPT,
	FF_FILE_KIND_COUNT
} FfFileKind;

/* file_exchange.c: addresses */

/* Begins a message for a file, or for the directory when name is ""; setting names the directory.
 */
extern void ff_files_begin(const FfCall *call, FfMessage *message, const char *method,
						   const char *setting, const char *name);
/* The header that names the new place of a file that moves. */
extern void ff_files_destination(const FfCall *call, FfMessage *message, const char *setting,
								 const char *name);
/* Whether a name is one: letters, digits, dots, dashes, at most 100 of them, no dot first. */
extern bool ff_files_name_is_safe(const char *name);
extern bool ff_files_setting_is(const FfCall *call, const char *setting, const char *value);
/*
 * What an answer means before anybody reads it: true when the server did what
 * was asked.  Otherwise the outcome says so; what is not there is ABSENT.
 */
extern bool ff_files_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

/* file_listing.c */
typedef struct FfFileEntry
{
	char *name;
	int64 size;
} FfFileEntry;

/* Files of a listing as FTP and SSH servers give it, sorted by name; true when it was one. */
extern bool ff_files_listing(const char *text, size_t length, FfFileEntry **entries, int *count);
extern const FfFileEntry *ff_files_find(const FfFileEntry *entries, int count, const char *name);
/* "status_*.csv" */
extern bool ff_files_match(const char *pattern, const char *name);
/* The kind of a file that came in, by the patterns of the connection; COUNT for none. */
extern FfFileKind ff_files_kind_of(const FfCall *call, const char *name);

/* file_text.c: how characters stand in a file */

/* UTF-8 from bytes; NULL with a sentence when they are not what the settings say. */
extern char *ff_files_decode(const FfCall *call, const char *bytes, size_t length,
							 const char **problem);
/* Bytes from UTF-8; what the encoding has no character for is written in ASCII. */
extern char *ff_files_encode(const FfCall *call, const char *text, size_t *length);

/* file_layout.c */

/* The layout of a kind, of the connection or our own, as JSON; format may be NULL. */
extern const FfJson *ff_files_layout(const FfCall *call, FfFileKind kind, const char *format);
extern const char *ff_files_kind_name(FfFileKind kind);

/* file_write.c */

/* The content of a file for the call, in its encoding. */
extern char *ff_files_write(const FfCall *call, FfFileKind kind, const char *action,
							size_t *length);
/* Its name. */
extern char *ff_files_name(const FfCall *call, FfFileKind kind, const char *action);
/* The number that the partner knows an order by. */
extern char *ff_files_reference(const FfCall *call);
/* The file's values: the call with what every layout asks for. */
extern FfJson *ff_files_values(const FfCall *call, const char *action);

/* file_records.c */

/* One row of a file, with the names of our own; what could not be read has an error. */
typedef struct FfFileRecord
{
	int line;
	const FfJson *values;
	const char *error;
} FfFileRecord;

typedef struct FfFileRecords
{
	FfFileRecord *rows;
	int count;
	const char *problem; /* the file as a whole cannot be read */
} FfFileRecords;

extern void ff_files_read(const FfCall *call, FfFileKind kind, const char *bytes, size_t length,
						  FfFileRecords *records);
extern const char *ff_record_text(const FfFileRecord *record, const char *name);
/* A quantity with its decimal mark; false when there is none, or it is no whole number. */
extern bool ff_record_units(const FfCall *call, const FfFileRecord *record, const char *name,
							int64 *units);
/* A time of the partner's zone, in ISO; NULL when there is none. */
extern const char *ff_record_time(const FfCall *call, const FfFileRecord *record);

/* file_report.c: what the files that come in say */
extern void ff_files_report(const FfCall *call, FfFileKind kind, const char *bytes, size_t length,
							FfOutcome *outcome);
extern void ff_files_receive(const FfCall *call, const FfReply *file, FfOutcome *outcome);

/* The operations. */
extern void ff_files_send_request(const FfCall *call, FfMessage *message);
extern void ff_files_send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_files_find_request(const FfCall *call, FfMessage *message);
extern void ff_files_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_files_fetch_request(const FfCall *call, FfMessage *message);
extern void ff_files_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);
extern void ff_files_get_request(const FfCall *call, FfMessage *message);
extern void ff_files_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome);

#endif
