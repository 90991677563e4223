#!/usr/bin/perl
#
# No file over 600 lines, no function over 100, no line over 100 columns (tabs are 4).  A line of
# C that is nothing but a piece of text may be longer, so that a message can be searched for; so may
# a row of a table that is laid out by hand, between clang-format off and on.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Source;

my $file_limit = 600;
my $function_limit = 100;
my $column_limit = 100;

sub width
{
	my ($line) = @_;

	1 while $line =~ s/^([^\t]*)\t/$1 . ' ' x (4 - length($1) % 4)/e;
	return length($line);
}

# In this layout a function's braces stand alone in the first column, below a closing parenthesis.
sub check_functions
{
	my ($file, @lines) = @_;

	my $start;
	foreach my $i (0 .. $#lines)
	{
		my $before = $i > 0 ? $lines[ $i - 1 ] : '';

		$start = $i if $lines[$i] eq '{' && $before =~ /\)\s*$/;
		next if $lines[$i] ne '}' || !defined $start;
		my $length = $i - $start - 1;
		wrong($file, $start + 1, "a function of $length lines (at most $function_limit)")
		  if $length > $function_limit;
		undef $start;
	}
	return;
}

foreach my $file (files('src', 'tests', 'extension', 'sql', qr/\.(c|h|sql|pl|pm|sh|spec)$/))
{
	next if $file =~ m{^extension/fulfillment--} || $file =~ m{^tests/upgrade/.*\.sql$};
	my @lines = split /\n/, read_file($file);

	wrong($file, scalar(@lines), 'a file of ' . @lines . " lines (at most $file_limit)")
	  if @lines > $file_limit;
	next if $file !~ /\.[ch]$/;
	check_functions($file, @lines);
	my $by_hand = 0;
	foreach my $i (0 .. $#lines)
	{
		$by_hand = $1 eq 'off' if $lines[$i] =~ m{/\* clang-format (on|off) \*/};
		next if $by_hand && $lines[$i] =~ /^\s*\{.*\}[,;]*$/;
		my $line = $lines[$i] =~ s/\s*\\$//r;
		next if $line =~ /^\s*"(?:[^"\\]|\\.)*"[\s,;)}\]]*$/;
		my $width = width($line);
		wrong($file, $i + 1, "a line of $width columns (at most $column_limit)")
		  if $width > $column_limit;
	}
}
finish();
