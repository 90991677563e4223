# FulfillmentSimulator: the simulator of tests/simulator, for tests.
#
#   use lib "$RealBin/lib";
#   use FulfillmentSimulator;
#   my $sim = FulfillmentSimulator->start(seed => 7, clock_speed => 1);
#   $sim->url('ups')                      base_url of a connection: ups, ongoing, woocommerce, hook
#   $sim->get('/ups/counts')              GET  /control/ups/counts, decoded
#   $sim->post('/clock', {advance_h => 24})
#   $sim->misbehave(peer => 'ups', action => 'drop_after_processing', next => 1);
#   $sim->settings('ups', {label_bytes => 100});
#   $sim->offences                        list of offences; ->offences(peer => 'ups')
#   $sim->offence_lines                   the same as readable lines, for is_deeply and diag
#   $sim->counts('ups')                   {"POST /api/…" => {received => 1, …}}
#   $sim->stop                            also done when $sim goes out of scope
#
# Control calls die when the simulator refuses them, with its own sentence.
package FulfillmentSimulator;

use strict;
use warnings;

use Cwd qw(abs_path);
use Fcntl qw(LOCK_EX);
use File::Basename qw(dirname);
use HTTP::Tiny;
use IO::Handle;
use IPC::Open2;
use JSON::PP;

my $HOME = abs_path(dirname(__FILE__) . '/../../simulator');
my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;

sub program
{
	return $ENV{FULFILLMENT_SIMULATOR} if $ENV{FULFILLMENT_SIMULATOR};

	# Several tests may begin at once; one builds, the others wait.
	open my $lock, '<', "$HOME/Makefile" or die "could not open $HOME/Makefile: $!\n";
	flock $lock, LOCK_EX or die "could not lock $HOME/Makefile: $!\n";
	system('make', '-s', '-C', $HOME) == 0 or die "could not build the simulator in $HOME\n";
	close $lock;
	return "$HOME/simulator";
}

sub start
{
	my ($class, %option) = @_;
	my @command = ($class->program, '--port', $option{port} // 0);

	push @command, '--seed', $option{seed} if defined $option{seed};
	push @command, '--clock-speed', $option{clock_speed} if defined $option{clock_speed};
	push @command, '--cert', $option{cert}, '--key', $option{key} if defined $option{cert};
	push @command, '--mail-cert', $option{mail_cert}, '--mail-key', $option{mail_key} if defined $option{mail_cert};

	my $pid = open2(my $output, my $input, @command);
	my $line = $output->getline // '';
	my ($host, $port) = $line =~ /^listening on (\S+):(\d+)$/
		or die "the simulator did not start: $line\n";

	return bless {
		pid => $pid,
		input => $input,
		output => $output,
		port => $port,
		scheme => defined $option{cert} ? 'https' : 'http',
		http => HTTP::Tiny->new(timeout => 30, verify_SSL => 0),
	}, $class;
}

# Closing its standard input ends it.
sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;

	close $self->{input};
	close $self->{output};
	local $?;
	waitpid $pid, 0;
	return $self->{exit} = $?;
}

sub DESTROY
{
	my ($self) = @_;
	$self->stop;
}

sub port { return $_[0]{port} }
sub pid { return $_[0]{pid} }

# The base_url of a connection to a peer.  Ongoing's holds the instance.
sub url
{
	my ($self, $peer, $instance) = @_;
	my $path = {
		ongoing => 'ongoing/' . ($instance // 'warehouse') . '/api/v1',
		woocommerce => 'woocommerce',
		webhook => 'hook',
	}->{$peer} // $peer;

	return "$self->{scheme}://127.0.0.1:$self->{port}/$path";
}

sub control
{
	my ($self, $method, $path, $body) = @_;
	my %option = defined $body ? (content => $JSON->encode($body)) : ();

	$option{headers} = {'Content-Type' => 'application/json'} if defined $body;
	my $answer = $self->{http}->request($method,
		"$self->{scheme}://127.0.0.1:$self->{port}/control$path", \%option);
	die "simulator: $method $path: $answer->{status} $answer->{content}\n"
		unless $answer->{success};
	return $JSON->decode($answer->{content});
}

sub get { my ($self, $path) = @_; return $self->control('GET', $path); }
sub post { my ($self, $path, $body) = @_; return $self->control('POST', $path, $body // {}); }
sub reset { my ($self, %seed) = @_; return $self->post('/reset', {%seed}); }
sub settings { my ($self, $peer, $change) = @_; return $self->post("/$peer/settings", $change); }
sub misbehave { my ($self, %rule) = @_; return $self->post('/misbehave', {%rule}); }
sub behave { my ($self) = @_; return $self->control('DELETE', '/misbehave'); }

# Moves the simulated clock forward.
sub advance { my ($self, %by) = @_; return $self->post('/clock',
	{map { ("advance_$_" => $by{$_}) } keys %by}); }

sub query
{
	my (%part) = @_;
	return join '&', map { "$_=" . HTTP::Tiny->new->_uri_escape($part{$_}) } sort keys %part;
}

sub offences { my ($self,
	%filter) = @_; return $self->get('/offences?' . query(%filter))->{offences}; }
sub requests { my ($self,
	%filter) = @_; return $self->get('/requests?' . query(%filter))->{requests}; }
sub events { my ($self, %filter) = @_; return $self->get('/events?' . query(%filter))->{events}; }

sub offence_lines
{
	my ($self, %filter) = @_;
	return map { "$_->{peer} $_->{where}: $_->{rule} $_->{field}: $_->{detail}" }
		@{$self->offences(%filter)};
}

sub counts
{
	my ($self, $peer) = @_;
	my $counts = $self->get('/counts');
	return defined $peer ? $counts->{$peer} // {} : $counts;
}

1;
