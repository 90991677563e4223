#!/usr/bin/perl
#
# Whoever drives a state machine has the code of every guard and effect that its rows name, so that
# none is missed only when the row is taken for the first time.  Rows that start from nothing are
# left out: what creates subjects may do so many at a time, without a driver.

use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin;
use lib $FindBin::Bin;
use Source;

# The rows of a machine, each as one text.
sub rows
{
	my ($machine) = @_;

	my $text = code("src/model/${machine}_transitions.h");
	return $text =~ /(\{FF_MACHINE_.*?\}),\n(?=[^\t]|\z)/gs;
}

foreach my $file (files('src', qr/\.c$/))
{
	my $text = code($file);
	next if $text !~ /\.machine = FF_MACHINE_(\w+)/;
	my ($machine, $line) = (lc $1, line_of($text, $-[0]));
	my $room = join '', map { code($_) } files(dirname($file), qr/\.c$/);
	my %missing;

	foreach my $row (grep { !/IN\(FF_STATE_NONE\)/ } rows($machine))
	{
		$missing{$_} = 1 foreach grep { $room !~ /\[$_\]/ } $row =~ /\bFF_(?:GUARD|EFFECT)_\w+/g;
	}
	wrong($file, $line, "drives the machine \"$machine\" without $_") foreach sort keys %missing;
}
finish();
