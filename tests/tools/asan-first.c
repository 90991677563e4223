/*
 * asan-first.c
 *
 * Preloaded beside the runtime of AddressSanitizer, it wakes that one up before
 * any other library is initialised.  The runtime wakes up at the first malloc
 * it sees, and asks the C library for the text of an error then.  In a server
 * of PostgreSQL the first malloc is one of libgpg-error, which holds the very
 * lock that the text needs, and the server hangs before its main function.
 */
#include <stdlib.h>

__attribute__((constructor)) static void
wake_up(void)
{
	void *volatile memory = malloc(1);

	free(memory);
}
