/*
 * mail.h
 *
 * The simulator's mail server: mail_wire.c has the sockets and the lines, mail.c
 * knows what a server says to them and what it remembers.
 */
#ifndef SIM_MAIL_H
#define SIM_MAIL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct MailSession MailSession;

/* One conversation, as far as mail.c cares. */
typedef struct MailTalk
{
	MailSession *session;
	bool encrypted;
	bool greeted;
	bool logged_in;
	bool taking; /* lines belong to a message */
	char *from;
	char *to;
	bool utf8;
	char *text; /* of the message, dots unstuffed */
	size_t length;
	size_t room;
} MailTalk;

/* mail.c */
extern void mail_open(MailTalk *talk);
/* A line without its end; bare: it ended without a carriage return. */
extern void mail_line(MailTalk *talk, const char *line, size_t length, bool bare);
extern void mail_close(MailTalk *talk);
extern void mail_offence(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* mail_wire.c */
extern void mail_say(MailSession *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* TLS begins with what the client sends next. */
extern void mail_encrypt(MailSession *session);
extern bool mail_can_encrypt(void);
extern void mail_hang_up(MailSession *session);
/* Listens, once; the port, or -1. */
extern int mail_listen(bool encrypted);

#endif
