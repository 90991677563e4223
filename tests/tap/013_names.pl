# Where calls go, whatever resolvers, the environment and peers make of it: the address that was
# checked is the one that is connected to, no proxy is used, a resolver that never answers holds up
# nobody, and what a peer says unasked is no answer to the next call.

use strict;
use warnings;

use FulfillmentCluster;
use JSON::PP;
use PeerServer;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $peer = PeerServer->start;
my $proxy = PeerServer->start;
my $library = "$PostgreSQL::Test::Utils::tmp_check/names.so";
my $log = "$PostgreSQL::Test::Utils::tmp_check/names.log";
my $tools = __FILE__ =~ s{[^/]*$}{../tools}r;

system('gcc', '-shared', '-fPIC', '-Wall', '-o', $library, "$tools/names.c", '-ldl') == 0
  or die "could not build $tools/names.c\n";
unlink $log;

# The address 9.9.9.9 is a public one; nothing is sent there, the library sees to it.
my $node = do
{
	local $ENV{LD_PRELOAD} = join ' ', grep { defined } $ENV{LD_PRELOAD}, $library;
	local $ENV{FULFILLMENT_NAMES_LOG} = $log;
	local $ENV{FULFILLMENT_NAMES} =
	  'moving.test=9.9.9.9|127.0.0.1|9.9.9.9|127.0.0.1 both.test=9.9.9.9,127.0.0.1 stuck.test= here.test=127.0.0.1';
	local @ENV{qw(http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY)} =
	  ($proxy->url('')) x 6;
	FulfillmentCluster->start_new(
		'names',
		extension => 0,
		settings => [ "shared_preload_libraries = 'transport_test'" ]);
};
$node->psql_ok('CREATE EXTENSION transport_test', 'the test module is installed');
my $json = JSON::PP->new->canonical;

sub statement
{
	my ($requests, $settings) = @_;

	return sprintf("SELECT transport_fetch(\$j\$%s\$j\$, '%s');",
		$json->encode($requests), $json->encode($settings // {}));
}

sub fetch_all
{
	my ($requests, $sql) = @_;

	my $results = $json->decode($node->value(($sql // '') . statement($requests)));
	return [ sort { $a->{position} <=> $b->{position} } @$results ];
}

# What was looked up and connected to since this was asked last.
sub noted
{
	my @lines = -f $log ? split /\n/, slurp_file($log) : ();
	our $seen;
	my @new = @lines[ ($seen // 0) .. $#lines ];

	$seen = @lines;
	return join ', ', @new;
}

sub url
{
	my ($scheme, $host, $path) = @_;
	return "$scheme://$host:" . $peer->port . $path;
}

# The library does what it is to do.
noted();
is(fetch_all([ { url => url('http', 'here.test', '/echo') } ])->[0]{fate}, 'answered', 'a name is looked up');
is(noted(), 'lookup here.test, connect 127.0.0.1', 'by the resolver of this test');

# A name that moves to an address inside after it was checked.
my $private = 'SET fulfillment.allow_private_addresses = off;';
foreach my $turn (1 .. 2)
{
	my $result = fetch_all([ { url => url('https', 'moving.test', '/echo/inside') } ], $private)->[0];
	is($result->{fate}, 'not_sent', 'a public address that is not reached');
	is(noted(), 'lookup moving.test, connect 9.9.9.9', 'is looked up once, and connected to');

	$result = fetch_all([ { url => url('https', 'moving.test', '/echo/inside') } ], $private)->[0];
	is($result->{fate}, 'not_sent', 'the name has moved inside');
	like($result->{error}, qr/^address 127\.0\.0\.1 of .* is not public/, 'which is refused');
	is(noted(), 'lookup moving.test', 'and not connected to');
}
my $result = fetch_all([ { url => url('https', 'both.test', '/echo/inside') } ], $private)->[0];
is($result->{fate}, 'not_sent', 'an address inside beside a public one');
is(noted(), 'lookup both.test, connect 9.9.9.9', 'is not fallen back to');
is($peer->count(qr{/echo/inside}), 0, 'nothing came to what is inside');

# Six settings of the environment name a proxy.
is(fetch_all([ { url => url('http', '127.0.0.1', '/echo') } ])->[0]{fate}, 'answered', 'a call without a proxy');
my $closed = PostgreSQL::Test::Cluster::get_free_port();
foreach my $scheme (qw(http https ftp))
{
	like(
		fetch_all([ { url => "$scheme://127.0.0.1:$closed/file" } ])->[0]{error} // '',
		$scheme eq 'ftp' ? qr/not allowed|could not connect/ : qr/could not connect to "127.0.0.1" port $closed/,
		"$scheme goes where it is sent");
}
is($proxy->count(qr/./), 0, 'the proxy of the environment heard nothing');
noted();

# A resolver that never answers.
my $began = time;
my $results = fetch_all([
	map { {
		url => url('http', $_ % 2 ? 'stuck.test' : '127.0.0.1', '/echo'), timeout_ms => 20000,
		connect_timeout_ms => 1500
	} } 1 .. 40 ]);
cmp_ok(time - $began, '<', 60, 'a look-up that never ends is given up, and its session ends');
is(scalar(grep { $_->{fate} eq 'answered' } @$results), 20, 'the others have their answers');
my @stuck = grep { ($_->{error} // '') =~ /could not resolve the name of "stuck.test" .*in time/ } @$results;
is(scalar @stuck, 20, 'who wanted that name is told')
  || diag(join "\n", map { "$_->{fate}: " . ($_->{error} // '') } @$results);
my $lookups = () = noted() =~ /lookup stuck/g;
cmp_ok($lookups, '<=', 3, "and it was looked up $lookups times, not for each of them");

# A second answer, right behind the first one or a little later.
foreach my $way (qw(twice twice-later))
{
	my $session = $node->session;
	my $call = sub {
		my ($path) = @_;
		return $json->decode($session->query_safe(statement([ {
			url => $peer->url($path), method => 'POST', timeout_ms => 20000 } ])))->[0];
	};

	foreach my $round (1 .. 3)
	{
		my $key = "$way-$round";

		is($call->("/$way/$key")->{body}, '{"answer":1}', "$way: the first answer is taken");
		foreach my $attempt (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
		{
			last if $peer->count(qr{^SENT $key$});
			usleep(100_000);
		}
		like($call->("/echo/$key")->{body}, qr{"path":"/echo/$key"}, "$way: the second is not that of the next call");
		is($peer->count(qr{ /echo/$key$}), 1, "$way: which was made once");
	}
	$session->quit;
}

$node->stop;
$proxy->stop; # it holds what keeps the other one running
$peer->stop;
done_testing();
