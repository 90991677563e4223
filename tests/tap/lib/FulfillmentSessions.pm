package FulfillmentSessions;

# A merchant without any network for tests of many sessions at once: the functions of
# sql/include/scenario.sql, in schema "shop" so that every session has them, and the sessions.
#
#   my $shop = FulfillmentSessions->new($node);            # merchant 60 is every session's own
#   my @answers = $shop->at_once(\@scripts);           # one session each, let go together
#   $shop->is_sound('after the rush');                 # every invariant holds, no deadlock
#
# at_once answers {status, output, errors} for each script and, as the last element, the seconds
# from letting go until the last one ended.

use strict;
use warnings;

use File::Basename qw(dirname);
use PostgreSQL::Test::Utils ();
use Test::More;
use Time::HiRes qw(time);

sub new
{
	my ($class, $node, %options) = @_;

	my $self = bless { node => $node, merchant => $options{merchant} // 60 }, $class;
	my $setup = PostgreSQL::Test::Utils::slurp_file(dirname(__FILE__) . '/../../../sql/include/scenario.sql');

	$setup =~ s/\bpg_temp\./shop./g;
	$node->safe_psql('postgres', "CREATE SCHEMA shop;\n\\set merchant $self->{merchant}\n$setup");
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET fulfillment.merchant_id = $self->{merchant}");
	return $self;
}

# Runs every script in a session of its own.  They wait at a gate until all of them are connected.
sub at_once
{
	my ($self, $scripts) = @_;

	my $node = $self->{node};
	my $gate = $node->background_psql('postgres');
	$gate->query('SELECT pg_advisory_lock(4711)');
	my @sessions = map { $self->_begin("SELECT pg_advisory_lock_shared(4711) IS NULL;\n$_") } @$scripts;
	$node->poll_query_until('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
		scalar @sessions) or die "the sessions did not come to the gate\n";
	my $begun = time;
	$gate->query('SELECT pg_advisory_unlock(4711)');
	my @answers = map { _end($_) } @sessions;
	my $seconds = time - $begun;
	$gate->quit;
	return (@answers, $seconds);
}

sub _begin
{
	my ($self, $script) = @_;

	my $node = $self->{node};
	my $session = { file => PostgreSQL::Test::Utils::tempdir . '/' . ++$self->{scripts} };
	open(my $handle, '>', "$session->{file}.sql") or die "could not write $session->{file}.sql: $!\n";
	print $handle $script;
	close $handle;
	$session->{pid} = fork // die "could not fork: $!\n";
	return $session if $session->{pid};
	open(STDOUT, '>', "$session->{file}.out");
	open(STDERR, '>', "$session->{file}.err");
	exec 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=sqlstate', '-f', "$session->{file}.sql";
}

sub _end
{
	my ($session) = @_;

	waitpid $session->{pid}, 0;
	return {
		status => $? >> 8,
		output => PostgreSQL::Test::Utils::slurp_file("$session->{file}.out") =~ s/^f\n//r, # the gate's own answer
		errors => [ PostgreSQL::Test::Utils::slurp_file("$session->{file}.err") =~ /ERROR:\s+(\w+)/g ] };
}

# A test: every invariant of the scenario tests holds, and nobody waited in a circle.
sub is_sound
{
	my ($self, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($self->{node}->value('SELECT * FROM shop.broken()'), '', "every invariant holds $name")
	  & is($self->deadlocks, 0, "there was no deadlock $name");
}

# How often the server had to break a circle of sessions that waited for each other.
sub deadlocks
{
	my ($self) = @_;

	return scalar(() = PostgreSQL::Test::Utils::slurp_file($self->{node}->logfile) =~ /deadlock detected/g);
}

1;
