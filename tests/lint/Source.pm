package Source;

# What the rules written in Perl share: finding files, reading them, and telling what is wrong.
#
#   files('src', 'tests', qr/\.[ch]$/)    every file below, built ones left out, sorted
#   read_file($file)                      its text
#   code($file)                           C without comments, line numbers kept
#   line_of($text, $offset)               the number of the line
#   wrong($file, $line, $what)            notes a breach
#   finish()                              prints the breaches and ends the rule

use strict;
use warnings;

use Exporter 'import';
use File::Find;

our @EXPORT = qw(files read_file code line_of wrong finish);

my @breaches;

sub files
{
	my $pattern = pop;
	my @found;

	find(
		{
			no_chdir => 1,
			preprocess => sub {
				grep { !/^(\.git|build|results|output_iso|tmp_check|regression\..*)$/ } @_;
			},
			wanted => sub { push @found, $_ if -f && /$pattern/ && !/~$/ },
		},
		grep { -e } @_);
	s{^\./}{} foreach @found;
	return sort @found;
}

sub read_file
{
	my ($file) = @_;

	open(my $handle, '<:encoding(UTF-8)', $file) or die "could not open $file: $!\n";
	local $/;
	return <$handle> // '';
}

sub code
{
	my ($file) = @_;

	my $text = read_file($file);
	$text =~ s{("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(/\*.*?\*/|//[^\n]*)}
		{ defined $1 ? $1 : $2 =~ s/[^\n]/ /gr }gse;
	return $text;
}

sub line_of
{
	my ($text, $offset) = @_;

	return 1 + (substr($text, 0, $offset) =~ tr/\n//);
}

sub wrong
{
	my ($file, $line, $what) = @_;

	push @breaches, "$file:$line: $what\n";
	return;
}

sub finish
{
	binmode(STDOUT, ':encoding(UTF-8)');
	print @breaches;
	exit(@breaches ? 1 : 0);
}

1;
