#!/usr/bin/perl
#
# Nothing unsettled is left: no notes to ourselves, and no path of the machine it was written on.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Source;

my @unwanted = (
	[ qr/\b(?:TODO|FIXME|XXX|HACK)\b/, 'unfinished' ],
	[ qr{(?<![\w.\$\}])/(?:srv|work|home)/}, 'a path of one machine' ],
	[ qr{\.\./shared\b}, 'a path of one machine' ]);

foreach my $file (files('.', qr/./))
{
	next if $file =~ m{^tests/lint/} || $file =~ /^\.git$|\.(?:o|d|so|bc)$/ || -B $file;
	my $text = read_file($file);

	foreach my $rule (@unwanted)
	{
		my ($pattern, $what) = @$rule;
		wrong($file, line_of($text, $-[0]), "$what: \"$&\"") while $text =~ /$pattern/g;
	}
}
finish();
