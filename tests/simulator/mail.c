/*
 * mail.c
 *
 * A mail server after RFC 5321 for submission: it wants a greeting, TLS where it
 * has it, a login, one sender, recipients one at a time, lines that end as lines
 * do, and headers a mail must have.  Recipients whose name says so are refused;
 * the others' mail is kept, each with what was wrong with it.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "mail.h"

static json_t *messages;
static json_t *offences;
static json_t *knocks; /* how often a recipient was named */
static char user[SIM_TEXT_SIZE];
static char password[SIM_TEXT_SIZE];
static char token[SIM_TEXT_SIZE];
static bool offers_auth;
static bool offers_tls;
static bool offers_utf8;
static long largest;
static long lost_replies;
static long silent_replies;
static long dropped_data;

void
mail_offence(const char *format, ...)
{
	char sentence[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	json_array_append_new(offences, json_string(sentence));
}

/* Recipients that are refused, by the part of their name before a dot. */
static const struct
{
	const char *name;
	const char *answer;
	long times; /* how often, 0: always */
} refusals[] = {
	{"unknown", "550 5.1.1 No such user here", 0},
	{"nowhere", "550 No", 0},
	{"policy", "550 5.7.1 Not from you", 0},
	{"full", "552 5.2.2 Mailbox full", 0},
	{"greylisted", "450 4.7.1 Come back in five minutes", 1},
	{"busy", "421 4.3.2 Too many connections", 1},
};

static const char *
refusal_of(const char *address)
{
	long times = json_integer_value(json_object_get(knocks, address)) + 1;

	json_object_set_new(knocks, address, json_integer(times));
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
	{
		size_t length = strlen(refusals[i].name);

		if (strncmp(address, refusals[i].name, length) == 0 && strchr(".@", address[length]) &&
			(refusals[i].times == 0 || times <= refusals[i].times))
			return refusals[i].answer;
	}
	return NULL;
}

static void
forget_mail(MailTalk *talk)
{
	free(talk->from);
	free(talk->to);
	free(talk->text);
	talk->from = talk->to = talk->text = NULL;
	talk->length = talk->room = 0;
	talk->taking = false;
}

void
mail_open(MailTalk *talk)
{
	mail_say(talk->session, "220 mx.relay.example ESMTP");
}

void
mail_close(MailTalk *talk)
{
	forget_mail(talk);
}

static void
greet(MailTalk *talk, const char *name)
{
	if (!*name)
		mail_offence("EHLO without a name");
	talk->greeted = true;
	mail_say(talk->session, "250-mx.relay.example greets %.100s", name);
	mail_say(talk->session, "250-SIZE %ld", largest);
	if (offers_tls && !talk->encrypted && mail_can_encrypt())
		mail_say(talk->session, "250-STARTTLS");
	if (offers_auth)
		mail_say(talk->session, "250-AUTH PLAIN XOAUTH2");
	if (offers_utf8)
		mail_say(talk->session, "250-SMTPUTF8");
	mail_say(talk->session, "250 ENHANCEDSTATUSCODES");
}

static void
start_tls(MailTalk *talk, const char *argument)
{
	(void) argument;
	if (talk->encrypted || !mail_can_encrypt())
	{
		mail_say(talk->session, "502 5.5.1 Not here");
		return;
	}
	mail_say(talk->session, "220 2.0.0 Ready");
	talk->greeted = talk->logged_in = false;
	mail_encrypt(talk->session);
}

static void
log_in(MailTalk *talk, const char *argument)
{
	bool bearer = strncasecmp(argument, "XOAUTH2 ", 8) == 0;
	const char *code = strchr(argument, ' ');
	unsigned char text[500] = "";
	char wanted[800];
	long length = code ? sim_base64_decode(code + 1, strlen(code + 1), text, sizeof text - 1) : -1;
	int size;

	if (length < 0 || (!bearer && strncasecmp(argument, "PLAIN ", 6) != 0))
	{
		mail_say(talk->session, "504 5.5.4 Only with an initial answer here");
		return;
	}
	size = bearer ? snprintf(wanted, sizeof wanted, "user=%s\1auth=Bearer %s\1\1", user, token)
				  : snprintf(wanted, sizeof wanted, "%c%s%c%s", 0, user, 0, password);
	talk->logged_in = size == length && memcmp(wanted, text, length) == 0;
	if (bearer && strcmp(token, "*") == 0)
		talk->logged_in = strstr((char *) text, "\1auth=Bearer ") != NULL;
	mail_say(talk->session,
			 talk->logged_in ? "235 2.7.0 Authentication successful"
							 : "535 5.7.8 Authentication credentials invalid");
}

/* The address between angle brackets; what follows it is looked at. */
static char *
address_of(MailTalk *talk, const char *argument, const char *keyword)
{
	size_t length = strlen(keyword);
	const char *end = strchr(argument, '>');
	char *address;

	if (strncasecmp(argument, keyword, length) != 0 || argument[length] != '<' || !end)
	{
		mail_offence("malformed: %.100s", argument);
		mail_say(talk->session, "501 5.5.4 Syntax");
		return NULL;
	}
	address = sim_format("%.*s", (int) (end - argument - length - 1), argument + length + 1);
	talk->utf8 = talk->utf8 || strstr(end, "SMTPUTF8") != NULL;
	if (strncmp(keyword, "FROM", 4) == 0 && strstr(end, " SIZE="))
	{
		if (atol(strstr(end, " SIZE=") + 6) > largest)
		{
			mail_say(talk->session, "552 5.3.4 Message too big");
			free(address);
			return NULL;
		}
	}
	else if (end[1] && strncmp(end + 1, " SMTPUTF8", 9) != 0)
		mail_offence("a parameter nobody offered: %.100s", end + 1);
	return address;
}

static void
take_sender(MailTalk *talk, const char *argument)
{
	if (!talk->greeted)
		mail_say(talk->session, "503 5.5.1 Greet first");
	else if (*user && !talk->logged_in)
		mail_say(talk->session, "530 5.7.0 Authentication required");
	else if (talk->from)
		mail_say(talk->session, "503 5.5.1 One sender");
	else if ((talk->from = address_of(talk, argument, "FROM:")) != NULL)
		mail_say(talk->session, "250 2.1.0 Ok");
}

static void
take_recipient(MailTalk *talk, const char *argument)
{
	char *address = talk->from ? address_of(talk, argument, "TO:") : NULL;
	const char *answer = address ? refusal_of(address) : NULL;

	if (talk->from && !address)
		return;
	if (!talk->from || talk->to)
	{
		mail_offence("RCPT without a sender, or a second one");
		mail_say(talk->session, "503 5.5.1 Not now");
		free(address);
		return;
	}
	mail_say(talk->session, "%s", answer ? answer : "250 2.1.5 Ok");
	if (answer && strncmp(answer, "421", 3) == 0)
		mail_hang_up(talk->session);
	if (answer)
		free(address);
	else
		talk->to = address;
}

static void
begin_data(MailTalk *talk, const char *argument)
{
	(void) argument;
	if (!talk->to)
	{
		mail_say(talk->session, "503 5.5.1 For whom?");
		return;
	}
	if (dropped_data > 0)
	{
		dropped_data--;
		mail_hang_up(talk->session);
		return;
	}
	talk->taking = true;
	mail_say(talk->session, "354 End data with <CR><LF>.<CR><LF>");
}

static void
do_nothing(MailTalk *talk, const char *argument)
{
	(void) argument;
	mail_say(talk->session, "250 2.0.0 Ok");
}

static void
say_goodbye(MailTalk *talk, const char *argument)
{
	(void) argument;
	mail_say(talk->session, "221 2.0.0 Bye");
	mail_hang_up(talk->session);
}

static const struct
{
	const char *verb;
	void (*act)(MailTalk *talk, const char *argument);
} verbs[] = {
	{"EHLO", greet},
	{"STARTTLS", start_tls},
	{"AUTH", log_in},
	{"MAIL", take_sender},
	{"RCPT", take_recipient},
	{"DATA", begin_data},
	{"NOOP", do_nothing},
	{"QUIT", say_goodbye},
};

static void
check_headers(const MailTalk *talk)
{
	static const char *const wanted[] = {
		"\r\nDate: ", "\r\nFrom: ", "\r\nTo: ", "\r\nSubject: ", "\r\nMessage-ID: <"};
	char *end = strstr(talk->text, "\r\n\r\n");

	if (!end)
	{
		mail_offence("a mail without a body");
		return;
	}
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
	{
		const char *first =
			strncmp(talk->text, wanted[i] + 2, strlen(wanted[i] + 2)) == 0 ? talk->text : NULL;
		const char *found = first ? first : strstr(talk->text, wanted[i]);

		if (!found || found > end)
			mail_offence("header%.12s is missing", wanted[i] + 1);
		else if (strstr(found + 2, wanted[i]) && strstr(found + 2, wanted[i]) < end)
			mail_offence("header%.12s is there twice", wanted[i] + 1);
	}
}

static void
end_data(MailTalk *talk)
{
	char id[20];

	check_headers(talk);
	snprintf(id, sizeof id, "%010llX", (unsigned long long) sim_random() & 0xFFFFFFFFFFull);
	json_array_append_new(messages,
						  json_pack("{s:s, s:s, s:s, s:b, s:s%}",
									"id",
									id,
									"from",
									talk->from,
									"to",
									talk->to,
									"encrypted",
									talk->encrypted,
									"text",
									talk->text,
									talk->length));
	if (lost_replies > 0)
	{
		lost_replies--;
		mail_hang_up(talk->session);
	}
	else if (silent_replies > 0)
		silent_replies--;
	else
		mail_say(talk->session, "250 2.0.0 Ok: queued as %s", id);
	forget_mail(talk);
}

static void
add_line(MailTalk *talk, const char *line, size_t length)
{
	if (length > 998)
		mail_offence("a line of %zu bytes", length);
	for (size_t i = 0; i < length; i++)
	{
		if ((line[i] & 0x80 && !talk->utf8) || line[i] == '\0' || line[i] == '\r')
		{
			mail_offence("a byte that is no text: %.60s", line);
			break;
		}
	}
	if (line[0] == '.')
	{
		line++;
		length--;
	}
	if (talk->length + length + 3 > talk->room)
		talk->text = sim_realloc(talk->text, talk->room = (talk->length + length + 3) * 2);
	memcpy(talk->text + talk->length, line, length);
	memcpy(talk->text + talk->length + length, "\r\n", 3);
	talk->length += length + 2;
}

void
mail_line(MailTalk *talk, const char *line, size_t length, bool bare)
{
	if (bare)
		mail_offence("a line ends without a carriage return: %.60s", line);
	if (talk->taking)
	{
		if (strcmp(line, ".") == 0)
			end_data(talk);
		else
			add_line(talk, line, length);
		return;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
	{
		size_t size = strlen(verbs[i].verb);

		if (strncasecmp(line, verbs[i].verb, size) == 0 && (!line[size] || line[size] == ' '))
		{
			verbs[i].act(talk, line + size + (line[size] == ' '));
			return;
		}
	}
	mail_offence("an unknown command: %.60s", line);
	mail_say(talk->session, "500 5.5.2 What?");
}

/* --- control --- */

static void
show(SimRequest *request)
{
	sim_reply(
		request,
		200,
		json_pack("{s:O, s:O, s:O}", "messages", messages, "offences", offences, "knocks", knocks));
}

static void
show_ports(SimRequest *request)
{
	sim_reply(request,
			  200,
			  json_pack("{s:i, s:i}", "plain", mail_listen(false), "tls", mail_listen(true)));
}

static void
reset(void)
{
	json_decref(messages);
	json_decref(offences);
	json_decref(knocks);
	messages = json_array();
	offences = json_array();
	knocks = json_object();
}

static const SimRoute routes[] = {{0}};

static const SimRoute controls[] = {
	{"GET", "/messages", show, NULL, NULL, 0}, {"GET", "/ports", show_ports, NULL, NULL, 0}, {0}};

static const SimSetting settings[] = {
	{"user", SIM_SETTING_TEXT, user, "shop", "Who may send; empty: everybody."},
	{"password", SIM_SETTING_TEXT, password, "right", "Their password."},
	{"token", SIM_SETTING_TEXT, token, "", "Their access token; *: any."},
	{"offers_auth", SIM_SETTING_BOOL, &offers_auth, "true", "Says that one can log in."},
	{"offers_tls", SIM_SETTING_BOOL, &offers_tls, "true", "Says STARTTLS, with a certificate."},
	{"offers_utf8", SIM_SETTING_BOOL, &offers_utf8, "false", "Says SMTPUTF8."},
	{"largest", SIM_SETTING_INT, &largest, "1000000", "Bytes a message may have."},
	{"lost_replies", SIM_SETTING_INT, &lost_replies, "0", "So many are taken and not answered."},
	{"silent_replies",
	 SIM_SETTING_INT,
	 &silent_replies,
	 "0",
	 "So many are taken, and then nothing is said any more."},
	{"dropped_data", SIM_SETTING_INT, &dropped_data, "0", "So many end at DATA."},
	{0}};

const SimPeer sim_peer_mail = {
	.name = "mail", .routes = routes, .controls = controls, .settings = settings, .reset = reset};
