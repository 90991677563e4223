package FulfillmentCluster;

# A throw-away cluster with the extension, for the tests of tests/tap.
#
#   my $node = FulfillmentCluster->start_new('main');
#   is($node->value('SELECT 1'), '1', 'it answers');
#
# It is a PostgreSQL::Test::Cluster (its documentation holds: psql, safe_psql, background_psql,
# wait_for_log, stop, backup, ...) whose server preloads the library and whose workers serve the
# database "postgres", where the extension is created.  What a test waits for, it polls; no test
# sleeps.  Options of start_new, all by name:
#
#   workers    number of workers; 0 makes none, so that tasks stay where they are (default 2)
#   cron       1: pg_cron is preloaded and created (ask has_cron first: it may not be installed)
#   streaming  1: the server can have standbys
#   settings   list of further lines for postgresql.conf; the last one wins
#   extension  0: the extension is not created

use strict;
use warnings;

use parent 'PostgreSQL::Test::Cluster';

# Its functions would hide the parent's methods of the same names.
use PostgreSQL::Test::Utils ();
use Test::More;
use Time::HiRes qw(usleep);

# Makes, configures and starts a cluster.
sub start_new
{
	my ($class, $name, %options) = @_;

	my $node = $class->new($name);
	my @preloaded = ('fulfillment', $options{cron} ? 'pg_cron' : ());
	my $workers = $options{workers} // 2;

	$node->init(
		allows_streaming => $options{streaming} // 0,
		extra => [ '--no-locale', '--encoding=UTF8' ]);
	$node->append_conf(
		'postgresql.conf', join "\n",
		"shared_preload_libraries = '" . join(',', @preloaded) . "'",
		'max_worker_processes = 20',
		'max_connections = 60',
		'shared_buffers = 32MB',
		# A killed worker must not end the server, as it must not in production.
		'restart_after_crash = on',
		'log_statement = none',
		"fulfillment.databases = '" . ($workers ? 'postgres' : '') . "'",
		'fulfillment.workers = ' . ($workers || 1),
		'fulfillment.allow_private_addresses = on',
		($options{cron} ? "cron.database_name = 'postgres'" : ()),
		@{ $options{settings} // [] },
		'');
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron') if $options{cron};
	$node->safe_psql('postgres', 'CREATE EXTENSION fulfillment')
	  if $options{extension} // 1;
	return $node;
}

# Whether the server has pg_cron at all.
sub has_cron
{
	chomp(my $directory = `'$ENV{PG_CONFIG}' --sharedir`);
	return -f "$directory/extension/pg_cron.control";
}

# What a query of the database "postgres" answers; an error ends the test.
sub value
{
	my ($self, $sql) = @_;

	return $self->safe_psql('postgres', $sql);
}

# A test: the statements succeed.
sub psql_ok
{
	my ($self, $sql, $name) = @_;

	my ($status, undef, $error) = $self->psql('postgres', $sql, on_error_stop => 1);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ok($status == 0, $name) || diag($error);
}

# A test: the statements fail with this SQLSTATE, and with a message like this if one is given.
sub psql_fails
{
	my ($self, $sql, $sqlstate, $message, $name) = @_;

	my ($status, undef, $error) = $self->psql(
		'postgres', $sql,
		on_error_stop => 1,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $right = $status != 0 && $error =~ /ERROR:\s+\Q$sqlstate\E:/;
	$right &&= $error =~ $message if defined $message;
	return ok($right, $name) || diag($error || 'no error');
}

# A test: the query comes to answer this within the usual time.
sub comes_to
{
	my ($self, $sql, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ok($self->poll_query_until('postgres', $sql, $expected), $name);
}

# Process ids of our background processes, the oldest first; a pattern picks by type or name.
sub processes
{
	my ($self, $pattern) = @_;

	$pattern //= '%';
	return split /\n/, $self->value(
		"SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'fulfillment%'
		 AND (backend_type LIKE '$pattern' OR application_name LIKE '$pattern')
		 ORDER BY backend_start, pid");
}

sub worker_pids
{
	my ($self) = @_;

	return $self->processes('fulfillment worker%');
}

# A test: so many workers come to run.
sub workers_come_to
{
	my ($self, $count, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $self->comes_to(
		"SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'fulfillment worker%'",
		$count, $name // "$count workers run");
}

# Kills a process as the kernel would when memory ends.  The postmaster then restarts every
# process; this returns when the server answers again and the victim is gone.
sub kill_process
{
	my ($self, $pid) = @_;

	kill 'KILL', $pid or die "could not kill process $pid: $!\n";
	foreach my $attempt (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last if !kill 0, $pid;
		usleep(100_000);
	}
	$self->poll_query_until('postgres', 'SELECT true') or die "the server did not come back\n";
	return;
}

# Stops the server as if the power had gone, and starts it again.
sub crash
{
	my ($self) = @_;

	$self->stop('immediate');
	$self->start;
	return;
}

# A connection of its own, for statements that run beside others.
sub session
{
	my ($self, %options) = @_;

	return $self->background_psql('postgres', %options);
}

1;
