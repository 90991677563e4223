#!/usr/bin/perl
#
# Every C file begins with a comment of its name and of what it decides, and every header guards
# itself with FF_ROOM_NAME_H.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Source;

my $shortest = 3;
my $longest = 30;

# A list of macro calls, to be included many times, guards nothing.
sub list
{
	my ($text) = @_;

	return $text !~ /^(?:typedef|extern|#include|static|[a-z]\w* )/m;
}

foreach my $file (files('src', qr/\.[ch]$/))
{
	my $text = read_file($file);

	my ($name) = $file =~ m{([^/]+)$};

	# A list is its own explanation, once it says what it lists.
	next if list($text) && $text =~ m{^/\*};
	if ($text !~ m{^/\*\n \* \Q$name\E\n(.*?)\*/}s)
	{
		wrong($file, 1, "does not begin with a comment whose first line is \"$name\"");
		next;
	}
	my $length = ($1 =~ tr/\n//);
	wrong($file, 1, "explains itself in $length lines ($shortest to $longest)")
	  if $length < $shortest - 1 || $length > $longest;
	next if $name !~ /\.h$/ || list($text);
	my $guard = uc(($file =~ s{^src}{FF}r) =~ s/\W/_/gr);
	wrong($file, 1, "is not guarded by $guard")
	  if $text !~ /^#ifndef $guard\n#define $guard\n/m;
}
finish();
