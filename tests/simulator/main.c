/*
 * main.c
 *
 * Starts the simulator: reads the options, refuses every address that is not a
 * loopback one, says on standard output where it listens, and runs until
 * standard input ends or SIGTERM comes.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core.h"

static const char usage[] =
	"Usage: simulator --port N [--seed S] [--clock-speed X] [--bind ADDRESS]\n"
	"                 [--cert FILE --key FILE] [--mail-cert FILE --mail-key FILE]\n"
	"\n"
	"Plays the peers of fulfillment on the loopback address, port 0 meaning any free one.\n"
	"Prints \"listening on ADDRESS:PORT\" when ready; ends with standard input or SIGTERM.\n"
	"GET /control lists what it can do.\n";

static bool
is_loopback(const char *text)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
	{
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool
read_options(int argc, char **argv, SimOptions *options)
{
	static const struct option names[] = {{"port", required_argument, NULL, 'p'},
										  {"seed", required_argument, NULL, 's'},
										  {"clock-speed", required_argument, NULL, 'x'},
										  {"bind", required_argument, NULL, 'b'},
										  {"cert", required_argument, NULL, 'c'},
										  {"key", required_argument, NULL, 'k'},
										  {"mail-cert", required_argument, NULL, 'C'},
										  {"mail-key", required_argument, NULL, 'K'},
										  {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		switch (option)
		{
			case 'p':
				options->port = atoi(optarg);
				break;
			case 's':
				options->seed = strtoull(optarg, NULL, 10);
				break;
			case 'x':
				options->clock_speed = strtod(optarg, NULL);
				break;
			case 'b':
				options->address = optarg;
				break;
			case 'c':
				options->certificate = optarg;
				break;
			case 'k':
				options->key = optarg;
				break;
			case 'C':
				options->mail_certificate = optarg;
				break;
			case 'K':
				options->mail_key = optarg;
				break;
			default:
				return false;
		}
	}
	return optind == argc && options->port >= 0 && options->port < 65536 &&
		   !options->certificate == !options->key &&
		   !options->mail_certificate == !options->mail_key;
}

int
main(int argc, char **argv)
{
	SimOptions options = {.address = "127.0.0.1", .port = -1, .seed = 1, .clock_speed = 1};

	if (!read_options(argc, argv, &options))
	{
		fputs(usage, stderr);
		return 2;
	}
	if (!is_loopback(options.address))
	{
		fprintf(stderr,
				"simulator: refusing to bind to %s, only loopback addresses are allowed\n",
				options.address);
		return 2;
	}
	raise_file_limit();
	if (!sim_loop_start(options.clock_speed))
	{
		perror("simulator");
		return 1;
	}
	sim_mail_certificate(options.mail_certificate, options.mail_key);
	sim_seed = options.seed;
	sim_reset_all();
	if (!sim_server_start(&options))
		return 1;
	printf(strchr(options.address, ':') ? "listening on [%s]:%d\n" : "listening on %s:%d\n",
		   options.address,
		   sim_server_port());
	fflush(stdout);
	sim_server_run();
	sim_server_stop();
	sim_reset_all();
	sim_schemas_free();
	sim_loop_stop();
	return 0;
}
