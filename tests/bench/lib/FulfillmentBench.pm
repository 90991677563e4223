package FulfillmentBench;

# What the measurements of tests/bench share: a server as it would run in production, peers, the
# clock, and a place for the figures.
#
#   my $bench = FulfillmentBench->open('calls', workers => 1);
#   my $port = $bench->peer('--delay-ms', 20);         the far end: tests/bench/tools/peer
#   my ($rate, $cpu) = $bench->loop($port, 20000, 256, 300);
#   $bench->figure('calls 0 ms', unit => 'calls/s', ours => [...], baseline => [...],
#       against => 'combined limit', at_least => 0.5);
#
# It is a FulfillmentCluster with fsync on.  What is a rate is measured five times (BENCH_RUNS) and
# its median told, beside the median of its baseline in the same run of this program.
# BENCH_QUICK=1 measures once, with sizes that take a minute in all: to try the machinery, not to
# quote figures from.

use strict;
use warnings;

use parent 'FulfillmentCluster';

# Its functions would hide the parent's methods of the same names.
use Cwd qw(abs_path);
use Fcntl qw(LOCK_EX);
use File::Basename qw(dirname);
use File::Temp;
use IO::Handle;
use IPC::Open2;
use JSON::PP;
use PostgreSQL::Test::Utils ();
use Test::More;
use Time::HiRes qw(sleep time);

my $TOOLS = abs_path(dirname(__FILE__) . '/../tools');
my $JSON = JSON::PP->new->utf8->canonical;
my %more;

# The library of tests keeps standard output for its log.
my $output = Test::More->builder->output;
Test::More->builder->no_ending(1);
$SIG{__DIE__} = sub { print $output 'bench: ', @_ unless $^S };

sub quick { return $ENV{BENCH_QUICK} ? 1 : 0 }
sub runs { return $ENV{BENCH_RUNS} // (quick() ? 1 : 5) }

# How much to measure: the size of the figure, or that of a trial; a variable overrides both.
sub size
{
	my ($full, $trial, $variable) = @_;

	return $ENV{$variable} if defined $variable && defined $ENV{$variable};
	return quick() ? $trial : $full;
}

sub build_tools
{
	CORE::open my $lock, '<', "$TOOLS/Makefile" or die "could not open $TOOLS/Makefile: $!\n";
	flock $lock, LOCK_EX or die "could not lock $TOOLS/Makefile: $!\n";
	system('make', '-s', '-C', $TOOLS) == 0 or die "could not build the tools in $TOOLS\n";
	close $lock;
	return;
}

sub open
{
	my ($class, $name, %options) = @_;

	build_tools();
	Test::More->builder->output(\my $notes); # what the library notes is no figure
	my $node = $class->start_new(
		"bench_$name", %options,
		settings => [
			'fsync = on', 'synchronous_commit = on', 'shared_buffers = 512MB', 'max_wal_size = 8GB',
			'checkpoint_timeout = 30min', 'track_commit_timestamp = on', 'track_io_timing = off',
			@{ $options{settings} // [] } ]);
	$more{$node}{peers} = [];
	return $node;
}

sub finish
{
	my ($self) = @_;

	foreach my $peer (@{ $more{$self}{peers} })
	{
		local $?;
		close $peer->{input};
		close $peer->{output};
		waitpid $peer->{pid}, 0;
	}
	$self->stop('fast');
	return;
}

# Starts a peer with these arguments; answers its port.
sub peer
{
	my ($self, @arguments) = @_;
	my $pid = open2(my $out, my $in, "$TOOLS/peer", @arguments);
	my ($port) = ($out->getline // '') =~ /:(\d+)$/ or die "the peer did not start\n";

	push @{ $more{$self}{peers} }, { pid => $pid, input => $in, output => $out };
	return $port;
}

# The bare loop: calls per second, and microseconds of processor time per call.
sub loop
{
	my ($self, $port, $count, $concurrency, $bytes) = @_;
	my ($out, $err) = PostgreSQL::Test::Utils::run_command(
		[ "$TOOLS/loop", "http://127.0.0.1:$port/hook", $count, $concurrency, $bytes ]);

	return $out =~ /^([\d.]+) ([\d.]+)$/ ? ($1, $2) : die "the loop failed: $err\n";
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return $sorted[ int(@sorted / 2) ];
}

# The n-th hundredth of them, interpolating nothing.
sub percentile
{
	my ($n, @values) = @_;
	my @sorted = sort { $a <=> $b } @values;

	return $sorted[ int((@sorted - 1) * $n / 100 + 0.5) ];
}

# Seconds of processor time a process has used.
sub cpu_of
{
	my ($pid) = @_;

	CORE::open my $file, '<', "/proc/$pid/stat" or return 0;
	my @fields = split / /, (<$file> =~ s/^.*\) //r);
	return ($fields[11] + $fields[12]) / 100;
}

# A memory figure of a process in kB: VmRSS, RssAnon.
sub memory_of
{
	my ($pid, $name) = @_;

	CORE::open my $file, '<', "/proc/$pid/status" or return 0;
	my ($value) = map { /^$name:\s+(\d+)/ ? $1 : () } <$file>;
	return $value // 0;
}

# Waits until the query answers t; a measurement that does not end is none.
sub until_true
{
	my ($self, $query, $seconds) = @_;
	my $end = time + ($seconds // 600);

	until ($self->value($query) eq 't')
	{
		die "bench: still not true: $query\n" if time > $end;
		sleep 0.1;
	}
	return;
}

# Seconds that statements of one session take, and of the processor's time in them.
sub session_seconds
{
	my ($self, $statements) = @_;
	my $ticks = q{(SELECT sum(v::int) FROM unnest((regexp_split_to_array(
		pg_read_file('/proc/' || pg_backend_pid() || '/stat'), ' '))[14:15]) v)};
	my $answer = $self->value(<<"SQL");
SET enable_seqscan = off;
SET jit = off;
SELECT clock_timestamp() AS began, $ticks AS ticks \\gset
$statements;
SELECT 'took', extract(epoch FROM clock_timestamp() - :'began'), $ticks - :ticks;
SQL
	$answer =~ /^took\|([\d.]+)\|(\d+)$/m or die "no time in: $answer\n";
	return ($1, $2 / 100);
}

# One figure: "ours" and "baseline" are lists of measurements (or one number), "at_least" or
# "at_most" the target of their ratio, or of ours where there is no baseline.  "cpu" and
# "baseline_cpu" are microseconds of processor time per unit, for machines that are not idle.
sub figure
{
	my ($self, $name, %f) = @_;
	my %row = (name => $name, unit => $f{unit}, note => $f{note}, against => $f{against});

	foreach my $key (qw(ours baseline cpu baseline_cpu))
	{
		next unless defined $f{$key};
		my @values = ref $f{$key} ? @{ $f{$key} } : $f{$key};
		$row{$key} = 0 + sprintf '%.4g', median(@values);
		$row{"${key}_runs"} = [ map { 0 + sprintf '%.4g', $_ } @values ] if @values > 1;
	}
	$row{ratio} = 0 + sprintf '%.3f', $row{ours} / $row{baseline} if $row{baseline};
	$row{cpu_ratio} = 0 + sprintf '%.3f', $row{baseline_cpu} / $row{cpu}
	  if $row{baseline_cpu} && $row{cpu};
	my $value = $row{baseline} ? $row{ratio} : $row{ours};
	$row{target} = defined $f{at_least} ? ">= $f{at_least}" : defined $f{at_most} ? "<= $f{at_most}" : undef;
	$row{reached} =
	  (!defined $f{at_least} || $value >= $f{at_least}) && (!defined $f{at_most} || $value <= $f{at_most})
	  ? JSON::PP::true
	  : JSON::PP::false
	  if defined $row{target};
	record(\%row);
	return;
}

# A line as soon as it is known, and one of JSON for the table at the end.
sub record
{
	my ($row) = @_;

	$row->{quick} = JSON::PP::true if quick();
	print $output line_of($row), "\n";
	$output->flush;
	return unless $ENV{BENCH_RESULTS};
	CORE::open my $file, '>>', $ENV{BENCH_RESULTS} or die "could not write $ENV{BENCH_RESULTS}: $!\n";
	print $file $JSON->encode($row), "\n";
	close $file;
	return;
}

# Lines that are no figures.
sub tell
{
	my ($text) = @_;

	print $output "$text\n";
	return;
}

sub line_of
{
	my ($row) = @_;
	my $cpu = defined $row->{cpu} ? sprintf '%.0f', $row->{cpu} : '';

	$cpu .= sprintf ' / %.0f', $row->{baseline_cpu} if defined $row->{baseline_cpu};
	return sprintf '%-34s %10s %-9s %10s  %6s  %-8s %-8s %-14s %s',
	  $row->{name}, $row->{ours}, $row->{unit}, $row->{baseline} // '', $row->{ratio} // '', $row->{target} // '',
	  !defined $row->{target} ? '' : $row->{reached} ? 'reached' : 'MISSED', $cpu, $row->{against} // '';
}

sub heading
{
	return sprintf '%-34s %10s %-9s %10s  %6s  %-8s %-8s %-14s %s',
	  'figure', 'median', '', 'baseline', 'ratio', 'target', '', 'cpu us', 'beside';
}

# The table of a file of results.
sub table
{
	my ($path) = @_;

	CORE::open my $file, '<', $path or return ();
	return map { $JSON->decode($_) } <$file>;
}

1;
