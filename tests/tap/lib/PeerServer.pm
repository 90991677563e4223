package PeerServer;

# A peer on the loopback address that answers HTTP as badly as peers do, for tests of the wire.
#
#   my $peer = PeerServer->start;
#   ... $peer->url('/echo') ...
#   is($peer->count(qr{^POST /once}), 1, 'sent once');
#   $peer->stop;
#
# The first word of the path says how it behaves; %behaviours below is the list.  Every request
# that arrives is noted, so that a test can count what was really sent.  One process accepts, each
# connection has a process of its own, and all end with the test.

use strict;
use warnings;

use Compress::Zlib ();
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use PostgreSQL::Test::Utils ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->canonical;

# Each gets the connection, the request and the rest of the path; true keeps the connection.
my %behaviours = (
	echo => sub { return answer($_[0], 200, $json->encode($_[1])) },
	status => sub { return answer($_[0], $_[2], '{}') },
	late => sub { sleep($_[2] / 1000); return answer($_[0], 200, '{}') },
	silent => sub { sleep(30); return 0 },
	close => sub { return 0 },
	redirect => sub { return answer($_[0], 302, '', 'Location: /echo/after') },
	garbage => sub { return put($_[0], "SSH-2.0-peer\r\n") && 0 },
	reset => sub {
		setsockopt($_[0], SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
		return 0;
	},
	# Answers the first request of a connection and drops the second one.
	once => sub { return $_[1]{number} == 1 ? answer($_[0], 200, '{}') : 0 },
	# One more answer than was asked for, at once or a little later.
	twice => sub { return twice($_[0], $_[1], $_[2], 0) },
	'twice-later' => sub { return twice($_[0], $_[1], $_[2], 0.2) },
	half => sub {
		put($_[0], "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"half\":");
		return 0;
	},
	'half-chunk' => sub {
		put($_[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3");
		return 0;
	},
	drip => sub {
		put($_[0], "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
		put($_[0], '.') && sleep(0.05) foreach 1 .. 200;
		return 0;
	},
	large => sub { return answer($_[0], 200, 'x' x $_[2]) },
	# Says nothing of its size.
	endless => sub {
		put($_[0], "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
		1 while put($_[0], 'x' x 65536);
		return 0;
	},
	bomb => sub {
		return answer($_[0], 200, Compress::Zlib::memGzip('0' x $_[2]), 'Content-Encoding: gzip');
	},
	headers => sub {
		put($_[0], "HTTP/1.1 200 OK\r\n");
		1 while put($_[0], 'X-More: ' . 'y' x 100 . "\r\n");
		return 0;
	},
	'header-line' => sub {
		put($_[0], "HTTP/1.1 200 OK\r\nX-Long: ");
		1 while put($_[0], 'y' x 65536);
		return 0;
	},
	interim => sub {
		put($_[0], "HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n");
		return answer($_[0], 200, '{}', 'X-Late: yes');
	},
	# Endpoints of tokens: good ones, bad ones, slow ones.
	token => sub { return token($_[0], $_[2], 3600) },
	'token-text' => sub { return token($_[0], $_[2], '"14399"') },
	'token-short' => sub { return token($_[0], $_[2], 2) },
	'token-slow' => sub { sleep(0.4); return token($_[0], $_[2], 3600) },
	# Answers everybody but the first who asks.
	'token-second' => sub {
		sleep(20) if $_[1]{earlier} == 0;
		return token($_[0], $_[2], 3600);
	},
	'token-refused' => sub { return answer($_[0], 401, '{"error":"invalid_client"}') },
	'token-busy' => sub { return answer($_[0], 429, '{}', 'Retry-After: 77') },
	'token-empty' => sub { return answer($_[0], 200, '{"token_type":"Bearer"}') });

sub start
{
	my ($class) = @_;

	my $listener = IO::Socket::INET->new(
		LocalAddr => '127.0.0.1', Listen => 128, ReuseAddr => 1)
	  or die "could not listen: $!\n";
	# The peer ends when the test does, however that ends: then the pipe has no writer any more.
	pipe(my $alive, my $owner) or die "could not make a pipe: $!\n";
	my $self = bless {
		port => $listener->sockport,
		owner => $owner,
		log => "$PostgreSQL::Test::Utils::tmp_check/peer-" . $listener->sockport . '.log'
	}, $class;
	open(my $log, '>', $self->{log}) or die "could not create $self->{log}: $!\n";
	close($log);
	$self->{pid} = fork // die "could not fork: $!\n";
	if ($self->{pid} == 0)
	{
		setpgrp;
		close($owner);
		accept_all($listener, $alive, $self->{log});
		kill 'KILL', -$$;
	}
	close($listener);
	return $self;
}

sub stop
{
	my ($self) = @_;

	close($self->{owner});
	waitpid($self->{pid}, 0);
	return;
}

sub port
{
	my ($self) = @_;
	return $self->{port};
}

sub url
{
	my ($self, $path) = @_;
	return "http://127.0.0.1:$self->{port}$path";
}

# The requests that arrived whose "METHOD /path" is like this: method, path, headers, body, number.
sub requests
{
	my ($self, $pattern) = @_;
	return map { $json->decode($_->[1]) } grep { $_->[0] =~ $pattern } noted($self->{log});
}

# How many there were.
sub count
{
	my ($self, $pattern) = @_;
	return scalar(my @requests = $self->requests($pattern));
}

sub noted
{
	my ($log) = @_;
	return map { [ split /\t/, $_, 2 ] } split /\n/, PostgreSQL::Test::Utils::slurp_file($log);
}

sub note_down
{
	my ($log, $what, $facts) = @_;

	open(my $handle, '>>', $log) or return 0;
	syswrite($handle, "$what\t" . $json->encode($facts) . "\n");
	return close($handle);
}

sub accept_all
{
	my ($listener, $alive, $log) = @_;

	local $SIG{CHLD} = 'IGNORE';
	local $SIG{PIPE} = 'IGNORE';
	my $select = IO::Select->new($listener, $alive);
	while (!grep { $_ == $alive } $select->can_read)
	{
		my $connection = $listener->accept // next;
		next if fork;
		close($listener);
		$connection->autoflush(1);
		serve($connection, $log);
		# Ends at once, so that nothing of the test runs here.
		POSIX::_exit(0);
	}
	return;
}

sub serve
{
	my ($connection, $log) = @_;

	my $number = 0;
	while (my $request = read_request($connection))
	{
		$request->{number} = ++$number;
		$request->{earlier} = grep { $_->[0] =~ / \Q$request->{path}\E$/ } noted($log);
		$request->{log} = $log;
		note_down($log, "$request->{method} $request->{path}", $request) or return;
		my ($name, $rest) = $request->{path} =~ m{^/([\w-]+)/?([^?]*)};
		my $behaviour = $behaviours{ $name // '' } or return answer($connection, 404, '{}');
		$behaviour->($connection, $request, $rest) or last;
	}
	close($connection);
	return;
}

sub read_request
{
	my ($connection) = @_;

	my $line = <$connection> // return;
	my ($method, $path) = $line =~ m{^(\S+) (\S+) HTTP/1\.1\r\n$} or return;
	my %headers;
	while (defined($line = <$connection>) && $line =~ /^([^:]+): *(.*)\r\n$/)
	{
		$headers{ lc $1 } = $2;
	}
	my $body = '';
	read($connection, $body, $headers{'content-length'}) if $headers{'content-length'};
	return { method => $method, path => $path, headers => \%headers, body => $body };
}

sub put
{
	my ($connection, $text) = @_;

	while (length $text)
	{
		my $written = syswrite($connection, $text) // return 0;
		substr($text, 0, $written, '');
	}
	return 1;
}

sub answer
{
	my ($connection, $status, $body, @headers) = @_;

	return put($connection,
		join("\r\n", "HTTP/1.1 $status Status", 'Content-Type: application/json',
			'Content-Length: ' . length($body), @headers, '', $body));
}

# Notes when it has said all, so that a test can wait for it.
sub twice
{
	my ($connection, $request, $key, $pause) = @_;

	if ($pause)
	{
		answer($connection, 200, '{"answer":1}');
		sleep($pause);
		answer($connection, 200, '{"answer":2}');
	}
	else
	{
		put($connection,
			join '', map { "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"answer\":$_}" } 1 .. 2);
	}
	note_down($request->{log}, "SENT $key", {});
	return 1;
}

# Each token is another one, so that a test sees how many were given out.
sub token
{
	my ($connection, $name, $lifetime) = @_;

	my $text = $name . '-' . int(time * 1e6);
	return answer($connection, 200,
		qq({"token_type":"Bearer","access_token":"$text","expires_in":$lifetime}));
}

1;
