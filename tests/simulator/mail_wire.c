/*
 * mail_wire.c
 *
 * Sockets, TLS and lines of the simulator's mail server; see mail.h.  Replies
 * are short and fit into a socket's buffer, so writing never waits.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core.h"
#include "mail.h"

#define MOST_INPUT (1 << 20)

struct MailSession
{
	int fd;
	SSL *ssl;
	bool shaking_hands;
	bool opened;
	bool over;
	char *input;
	size_t length;
	MailTalk talk;
};

static const char *certificate_file;
static const char *key_file;
static SSL_CTX *context;
static int ports[2] = {-1, -1}; /* plain, encrypted from the first byte */

void
sim_mail_certificate(const char *certificate, const char *key)
{
	certificate_file = certificate;
	key_file = key;
}

bool
mail_can_encrypt(void)
{
	if (context || !certificate_file)
		return context != NULL;
	context = SSL_CTX_new(TLS_server_method());
	if (context && SSL_CTX_use_certificate_file(context, certificate_file, SSL_FILETYPE_PEM) == 1 &&
		SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) == 1)
		return true;
	SSL_CTX_free(context);
	context = NULL;
	return false;
}

void
mail_say(MailSession *session, const char *format, ...)
{
	char line[600];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof line - 2, format, arguments);
	va_end(arguments);
	if (length < 0 || length >= (int) sizeof line - 2)
		return;
	memcpy(line + length, "\r\n", 2);
	if (session->ssl)
		SSL_write(session->ssl, line, length + 2);
	else
		send(session->fd, line, length + 2, MSG_NOSIGNAL);
}

void
mail_encrypt(MailSession *session)
{
	if (session->length > 0)
		mail_offence("something was sent behind STARTTLS before the server was ready");
	session->length = 0;
	session->ssl = SSL_new(context);
	SSL_set_fd(session->ssl, session->fd);
	session->shaking_hands = true;
	session->talk.encrypted = true;
}

void
mail_hang_up(MailSession *session)
{
	session->over = true;
}

static void
end(MailSession *session)
{
	sim_unwatch(session->fd);
	sim_cancel(session);
	mail_close(&session->talk);
	SSL_free(session->ssl);
	close(session->fd);
	free(session->input);
	free(session);
}

/* Hands over the lines that are complete. */
static void
read_lines(MailSession *session)
{
	char *stop;

	while (!session->over && !session->shaking_hands &&
		   (stop = memchr(session->input, '\n', session->length)) != NULL)
	{
		size_t size = stop - session->input;
		bool bare = size == 0 || stop[-1] != '\r';
		char *line = sim_alloc(size + 1);

		memcpy(line, session->input, size);
		line[bare ? size : size - 1] = '\0';
		session->length -= size + 1;
		memmove(session->input, stop + 1, session->length);
		mail_line(&session->talk, line, bare ? size : size - 1, bare);
		free(line);
	}
}

/* Bytes read; 0 when none are there now, -1 at the end. */
static long
read_some(MailSession *session, char *buffer, int size)
{
	long got;

	if (!session->ssl)
	{
		got = recv(session->fd, buffer, size, 0);
		return got > 0 ? got : got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
	}
	if (session->shaking_hands)
	{
		int done = SSL_accept(session->ssl);

		if (done != 1)
			return SSL_get_error(session->ssl, done) == SSL_ERROR_WANT_READ ? 0 : -1;
		session->shaking_hands = false;
		if (!session->opened)
			mail_open(&session->talk);
		session->opened = true;
	}
	got = SSL_read(session->ssl, buffer, size);
	if (got > 0)
		return got;
	return SSL_get_error(session->ssl, (int) got) == SSL_ERROR_WANT_READ ? 0 : -1;
}

static void
serve(void *subject, int fd, uint32_t events)
{
	MailSession *session = subject;
	char buffer[16384];
	long got = 0;

	(void) fd;
	(void) events;
	while (!session->over && (got = read_some(session, buffer, sizeof buffer)) > 0)
	{
		if (session->length + got > MOST_INPUT)
			mail_hang_up(session);
		session->input = sim_realloc(session->input, session->length + got + 1);
		memcpy(session->input + session->length, buffer, got);
		session->length += got;
		read_lines(session);
	}
	if (session->over || got < 0)
		end(session);
}

static void
welcome(void *subject, int fd, uint32_t events)
{
	bool encrypted = subject != NULL;
	int opened = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	MailSession *session;

	(void) events;
	if (opened < 0)
		return;
	session = sim_alloc(sizeof(MailSession));
	memset(session, 0, sizeof *session);
	session->fd = opened;
	session->input = sim_alloc(1);
	session->talk.session = session;
	sim_watch(opened, EPOLLIN, serve, session);
	if (encrypted)
		mail_encrypt(session);
	else
	{
		session->opened = true;
		mail_open(&session->talk);
	}
}

int
mail_listen(bool encrypted)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int opened;

	if (ports[encrypted] >= 0 || (encrypted && !mail_can_encrypt()))
		return ports[encrypted];
	opened = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (opened < 0 || bind(opened, (struct sockaddr *) &address, size) != 0 ||
		listen(opened, 64) != 0 || getsockname(opened, (struct sockaddr *) &address, &size) != 0)
		return -1;
	sim_watch(opened, EPOLLIN, welcome, encrypted ? ports : NULL);
	ports[encrypted] = ntohs(address.sin_port);
	return ports[encrypted];
}
