/*
 * address.c
 *
 * The address rule as a table of prefixes; see address.h.  Pure: it resolves
 * nothing and reads no setting.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "transport/address.h"

typedef struct Prefix
{
	uint8 bytes[12];
	int bits;
	int embedded; /* where an IPv4 address stands that decides instead; 0: refused */
} Prefix;

static const Prefix refused_v4[] = {
	{{0}, 8},             /* this network */
	{{10}, 8},            /* private */
	{{100, 64}, 10},      /* carrier-grade NAT */
	{{127}, 8},           /* loopback */
	{{169, 254}, 16},     /* link-local, cloud metadata */
	{{172, 16}, 12},      /* private */
	{{192, 0, 0}, 24},    /* protocol assignments */
	{{192, 0, 2}, 24},    /* documentation */
	{{192, 168}, 16},     /* private */
	{{198, 18}, 15},      /* benchmarks */
	{{198, 51, 100}, 24}, /* documentation */
	{{203, 0, 113}, 24},  /* documentation */
	{{224}, 4},           /* multicast */
	{{240}, 4},           /* reserved, broadcast */
};

static const Prefix refused_v6[] = {
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12}, /* IPv4-mapped */
	{{0, 0x64, 0xff, 0x9b}, 96, 12},                      /* NAT64 */
	{{0, 0x64, 0xff, 0x9b, 0, 1}, 48},                    /* NAT64, local use */
	{{0x20, 0x02}, 16, 2},                                /* 6to4 */
	{{0}, 8},                       /* unspecified, loopback, the rest of ::/8 */
	{{0x01}, 64},                   /* discard only */
	{{0x20, 0x01}, 32},             /* Teredo */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0xfc}, 7},                    /* unique local */
	{{0xfe, 0x80}, 10},             /* link-local */
	{{0xfe, 0xc0}, 10},             /* site-local */
	{{0xff}, 8},                    /* multicast */
};

static bool
within(const uint8 *address, const Prefix *prefix)
{
	int whole = prefix->bits / 8;
	int rest = prefix->bits % 8;
	uint8 mask = (uint8) (0xff << (8 - rest));

	if (memcmp(address, prefix->bytes, whole) != 0)
		return false;
	return rest == 0 || ((address[whole] ^ prefix->bytes[whole]) & mask) == 0;
}

static bool
is_public_v4(const uint8 *address)
{
	for (size_t i = 0; i < lengthof(refused_v4); i++)
	{
		if (within(address, &refused_v4[i]))
			return false;
	}
	return true;
}

static bool
is_public_v6(const uint8 *address)
{
	for (size_t i = 0; i < lengthof(refused_v6); i++)
	{
		const Prefix *prefix = &refused_v6[i];

		if (within(address, prefix))
			return prefix->embedded > 0 && is_public_v4(address + prefix->embedded);
	}
	return true;
}

bool
ff_address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_public_v4((const uint8 *) &((const struct sockaddr_in *) address)->sin_addr);
	if (address->sa_family == AF_INET6)
		return is_public_v6((const uint8 *) &((const struct sockaddr_in6 *) address)->sin6_addr);
	return false;
}

bool
ff_address_text_is_public(const char *text)
{
	uint8 address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, text, address) == 1)
		return is_public_v4(address);
	return inet_pton(AF_INET6, text, address) == 1 && is_public_v6(address);
}

void
ff_address_text(const struct sockaddr *address, char *text, size_t size)
{
	const void *bytes = NULL;

	if (address->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *) address)->sin_addr;
	else if (address->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *) address)->sin6_addr;
	if (bytes == NULL || inet_ntop(address->sa_family, bytes, text, (socklen_t) size) == NULL)
		text[0] = '\0';
}

int
ff_address_port(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *) address)->sin_port);
	if (address->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *) address)->sin6_port);
	return 0;
}
