#!/usr/bin/perl
#
# Messages as PostgreSQL's style guide wants them: every error has an SQLSTATE, the message begins
# with a small letter and has no full stop, detail and hint are sentences.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Source;

# The text from an opening parenthesis to its partner, strings respected.
sub argument_list
{
	my ($text, $offset) = @_;

	my $depth = 0;
	pos($text) = $offset;
	while ($text =~ /\G(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|([()])|[^"'()]+)/gc)
	{
		next if !defined $1;
		$depth += $1 eq '(' ? 1 : -1;
		return substr($text, $offset, pos($text) - $offset) if $depth == 0;
	}
	return substr($text, $offset);
}

# The literals a call begins with, joined, format macros standing for a word.
sub literal
{
	my ($arguments) = @_;

	return undef if $arguments !~ /^\(\s*((?:"(?:[^"\\]|\\.)*"|[A-Z][A-Z0-9_]+|\s+)+)/;
	my $text = $1;
	# Words that come from elsewhere are judged there.
	return undef if $text !~ /"/ || $text =~ /^"%s"\s*$/;
	return join '', map { /^"(.*)"$/s ? $1 : 'x' } $text =~ /"(?:[^"\\]|\\.)*"|[A-Z][A-Z0-9_]+/g;
}

my %check = (
	errmsg => sub {
		my ($text) = @_;
		return 'an errmsg begins with a small letter' if $text =~ /^[A-Z][a-z]/;
		return 'an errmsg has no full stop' if $text =~ /[.!]$/;
		return 'an errmsg is one line' if $text =~ /\\n/;
		return;
	},
	sentence => sub {
		my ($text) = @_;
		return 'a detail or hint begins with a capital letter' if $text =~ /^[a-z]/;
		return 'a detail or hint ends with a full stop' if $text !~ /[.?]$/;
		return;
	});
my %kind = (
	errmsg => 'errmsg',
	errmsg_internal => 'errmsg',
	errmsg_plural => 'errmsg',
	errdetail => 'sentence',
	errdetail_plural => 'sentence',
	errdetail_log => 'sentence',
	errhint => 'sentence',
	errhint_plural => 'sentence');

foreach my $file (files('src', qr/\.[ch]$/))
{
	my $text = code($file);

	while ($text =~ /\bereport\s*(?=\(\s*(ERROR|FATAL|PANIC)\b)/g)
	{
		my $line = line_of($text, $-[0]);
		wrong($file, $line, "ereport($1) without errcode")
		  if argument_list($text, $+[0]) !~ /\berrcode\w*\s*\(/;
	}
	foreach my $function (keys %kind)
	{
		while ($text =~ /\b$function\s*(?=\()/g)
		{
			my $line = line_of($text, $-[0]);
			my $literal = literal(argument_list($text, $+[0]));
			next if !defined $literal;
			my $problem = $check{ $kind{$function} }->($literal);
			wrong($file, $line, $problem) if $problem;
		}
	}
}

# The same law for functions written in SQL.
foreach my $file (files('extension', qr/\.sql$/))
{
	next if $file =~ m{^extension/fulfillment--};
	my $text = read_file($file) =~ s/--[^\n]*/' ' x length($&)/ger;

	while ($text =~ /\bRAISE\s+EXCEPTION\b((?:'(?:[^']|'')*'|[^;'])*);/gi)
	{
		wrong($file, line_of($text, $-[0]), 'RAISE EXCEPTION without ERRCODE')
		  if $1 !~ /\b(?:ERRCODE|SQLSTATE)\b/i;
	}
}
finish();
