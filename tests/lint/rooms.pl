#!/usr/bin/perl
#
# The rooms of src/ and who may know whom.
#
# A room may include its own headers, those of the rooms listed for it here, and single headers
# named "room/file.h".  Arrows point from what changes often to what changes rarely; a domain room
# knows rows and never the wire, a connector translates and nothing else, and only workers/ sees
# rows, connectors and wire together.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Source;

my @domain = qw(pg model tasks stock routing notifications payments shipping returns orders);
my %may_include = (
	pg => [],
	model => ['pg'],
	tasks => [qw(pg model)],
	stock => [qw(pg model tasks)],
	routing => [qw(pg model tasks stock)],
	notifications => [qw(pg model tasks)],
	payments => [qw(pg model tasks)],
	shipping => [qw(pg model tasks stock notifications payments)],
	orders => [qw(pg model tasks stock routing notifications payments shipping)],
	returns => [qw(pg model tasks stock notifications payments shipping orders)],
	transport => [qw(pg model)],
	connectors => [qw(pg model transport/message.h transport/auth.h)],
	own => [qw(pg model connectors transport/message.h transport/auth.h)],
	workers => [ @domain, 'transport', 'connectors' ],
	# The door calls every room that needs something at load time, and no room calls the door.
	door => [ @domain, 'transport', 'connectors', 'own', 'workers' ]);

# Headers and calls that belong to some rooms alone.
my %reserved_header = (
	'curl/' => ['transport'],
	'libxml/' => ['pg'],
	'openssl/' => ['transport'],
	'executor/spi.h' => ['pg']);
my @forbidden_call = (
	[ 'connectors', qr/\bSPI_\w+/, 'a connector reads no table' ],
	[
		'connectors',
		qr/\b(?:GetCurrentTimestamp|gettimeofday|clock_gettime|time|pg_usleep)\s*\(/,
		'a connector has no clock: the time is call->now'
	],
	[ 'connectors', qr/\bcurl_\w+/, 'only transport/ knows curl' ],
	[ 'model', qr/\bSPI_\w+/, 'model/ holds laws, not rows' ],
	[ 'transport', qr/\bSPI_\w+/, 'only pg/ knows SPI' ]);

sub room_of
{
	my ($file) = @_;

	return $file =~ m{^src/([^/]+)/} ? $1 : 'door';
}

sub allowed
{
	my ($room, $header) = @_;

	my ($target) = $header =~ m{^([^/]+)/};
	return 1 if $target eq $room;
	return grep { $_ eq $target || $_ eq $header } @{ $may_include{$room} };
}

foreach my $file (files('src', qr/\.[ch]$/))
{
	my $room = room_of($file);
	my $text = code($file);

	if (!$may_include{$room})
	{
		wrong($file, 1, "room $room/ has no line in tests/lint/rooms.pl");
		next;
	}
	while ($text =~ /^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]/mg)
	{
		my ($header, $line) = ($1, line_of($text, $-[0]));

		if (-f "src/$header" || $header =~ m{^([^/]+)/} && $may_include{$1})
		{
			wrong($file, $line, "$room/ must not include $header") if !allowed($room, $header);
		}
		elsif ($header !~ m{/} && -f "src/$room/$header")
		{
			wrong($file, $line, "write \"$room/$header\"");
		}
		foreach my $prefix (keys %reserved_header)
		{
			my $owners = $reserved_header{$prefix};
			wrong($file, $line, "only @$owners/ may include $header")
			  if index($header, $prefix) == 0 && !grep { $_ eq $room } @$owners;
		}
	}
	foreach my $rule (@forbidden_call)
	{
		my ($where, $pattern, $why) = @$rule;
		next if $where ne $room;
		wrong($file, line_of($text, $-[0]), "$&: $why") while $text =~ /$pattern/g;
	}
}
finish();
