# Access tokens, one call for all who need one; and TLS.

use strict;
use warnings;

use FulfillmentCluster;
use IPC::Run;
use JSON::PP;
use PeerServer;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = FulfillmentCluster->start_new(
	'token',
	extension => 0,
	settings => [ "shared_preload_libraries = 'transport_test'" ]);
$node->psql_ok('CREATE EXTENSION transport_test', 'the test module is installed');
my $peer = PeerServer->start;
my $json = JSON::PP->new->canonical;

# A request that needs a token of an endpoint; every test has a connection of its own.
my $connection = 0;

sub needing
{
	my ($endpoint, %more) = @_;

	my %auth = (
		kind => 'oauth2', user => 'id', password => 'secret', token_default => $endpoint,
		%{ delete $more{auth} // {} });
	return {
		url => $peer->url('/echo'), connection => ++$connection, auth => \%auth,
		config => { base_url => $peer->url('/') },
		secrets => { id => 'eva', secret => 'a&b' }, timeout_ms => 8000, %more };
}

sub statement
{
	my (@requests) = @_;
	return 'SELECT transport_fetch($j$' . $json->encode(\@requests) . '$j$);';
}

sub fetch
{
	my (@requests) = @_;
	return @{ $json->decode($node->value(statement(@requests))) };
}

sub fates
{
	my (@results) = @_;

	my %count;
	$count{ $_->{fate} }++ foreach @results;
	return join ', ', map { "$count{$_} $_" } sort keys %count;
}

sub sent_header
{
	my ($result, $name) = @_;
	return $json->decode($result->{body})->{headers}{$name};
}

# One token for many.

my $plain = needing('/token/plain');
my ($result) = fetch($plain);
like(sent_header($result, 'authorization'), qr/^Bearer plain-\d+$/, 'a call carries its token');
my ($call) = $peer->requests(qr{/token/plain});
is($call->{method}, 'POST', 'the token is asked for by POST');
is($call->{body}, 'grant_type=client_credentials&client_id=eva&client_secret=a%26b', 'with a form');
is($call->{headers}{'content-type'}, 'application/x-www-form-urlencoded', 'of that type');
my ($again) = fetch($plain);
is(sent_header($again, 'authorization'), sent_header($result, 'authorization'),
	'another session uses the same token');
is(fates(fetch(($plain) x 30)), '30 answered', 'thirty calls use it');
is($peer->count(qr{/token/plain}), 1, 'it was fetched once');

my $many = needing('/token-slow/many');
is(fates(fetch(($many) x 30)), '30 answered', 'thirty calls wait for a token');
is($peer->count(qr{/token-slow/many}), 1, 'that is fetched once');

my $crowd = needing('/token-slow/crowd');
my $script = "$PostgreSQL::Test::Utils::tmp_check/crowd.sql";
open(my $handle, '>', $script) or die "could not write $script: $!\n";
print $handle statement(($crowd) x 3), "\n";
close($handle);
$node->command_ok([ 'pgbench', '-n', '-c', 4, '-j', 2, '-t', 1, '-f', $script, $node->connstr('postgres') ],
	'four sessions ask at the same time');
is($peer->count(qr{/token-slow/crowd}), 1, 'and one of them fetches');
is($peer->count(qr{/echo}), 74, 'all calls were sent');

# UPS: Basic authorization, account in a header, numbers as texts.

my $ups = needing('/token-text/ups',
	auth => {
		basic_token => JSON::PP::true,
		token_url => 'token_url', account_header => 'x-merchant-id', account_setting => 'account' },
	config => { base_url => $peer->url(''), account => 'A1B2C3' });
is(fates(fetch($ups)), '1 answered', 'UPS: a call');
($call) = $peer->requests(qr{/token-text/ups});
is($call->{headers}{authorization}, 'Basic ZXZhOmEmYg==', 'UPS: id and secret go as Basic');
is($call->{headers}{'x-merchant-id'}, 'A1B2C3', 'UPS: the account has its header');
is($call->{body}, 'grant_type=client_credentials', 'UPS: the form holds no secret');

my $elsewhere = needing('/token/unused',
	auth => {
		token_url => 'token_url', scope => 'scope', header => 'WM_SEC.ACCESS_TOKEN',
		form => 'grant_type=refresh_token&refresh_token={{secret:refresh}}',
		token_headers => "WM_SVC.NAME: Market Place\nX-Other: 1" },
	config => { token_url => $peer->url('/token/other'), scope => 'a b' },
	secrets => { id => 'eva', secret => 'x', refresh => 'v^1#' });
($result) = fetch($elsewhere);
like(sent_header($result, 'wm_sec.access_token'), qr/^other-\d+$/, 'a token may have a header of its own');
($call) = $peer->requests(qr{/token/other});
is($call->{body}, 'grant_type=refresh_token&refresh_token=v%5E1%23&client_id=eva&client_secret=x&scope=a%20b',
	'the form may be another one');
is($call->{headers}{'wm_svc.name'}, 'Market Place', 'the token call may have headers');

# Tokens that end.

$plain->{secrets}{secret} = 'changed';
is(fates(fetch($plain)), '1 answered', 'after another secret was set');
is($peer->count(qr{/token/plain}), 2, 'another token is fetched');

my $short = needing('/token-short/short');
($result) = fetch($short);
usleep(2_100_000);
($again) = fetch($short);
isnt(sent_header($again, 'authorization'), sent_header($result, 'authorization'), 'a token ends in time');

sub forget
{
	my ($request, $generation) = @_;
	$node->value("SELECT transport_forget(1, $request->{connection}, $generation)");
	return;
}
my $forgotten = needing('/token/forgotten');
($result) = fetch($forgotten);
forget($forgotten, $result->{generation} + 1);
is(fates(fetch($forgotten)), '1 answered', 'a late 401 for another token');
is($peer->count(qr{/token/forgotten}), 1, 'forgets nothing');
forget($forgotten, 0);
($result) = fetch($forgotten);
is($peer->count(qr{/token/forgotten}), 2, 'a token that was forgotten by hand is fetched anew');
forget($forgotten, $result->{generation});
($result) = fetch($forgotten);
is($result->{fate}, 'not_sent', 'a fresh token that was refused');
ok(!$result->{unauthorized}, 'says nothing yet of the credentials');
is($peer->count(qr{/token/forgotten}), 2, 'and is not fetched again at once');

# Tokens that do not come.

sub refused
{
	my ($endpoint, $error, $unauthorized, $retry, $name) = @_;

	my $request = needing($endpoint);
	my @results = fetch(($request) x 20);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(fates(@results), '20 not_sent', $name);
	is($results[7]{error}, "could not get an access token: $error", "$name: it says so");
	is($results[7]{unauthorized} ? 1 : 0, $unauthorized, "$name: whose fault it is");
	cmp_ok(abs($results[7]{retry_after_s} - $retry), '<=', 1, "$name: when to come back");
	is(fates(fetch($request)), '1 not_sent', "$name: another call");
	is($peer->count(qr{\Q$endpoint\E}), 1, "$name: asked once");
	return;
}
refused('/token-refused/x', 'the token endpoint answered 401 (invalid_client)', 1, 5, 'credentials refused');
refused('/token-busy/x', 'the token endpoint answered 429', 0, 77, 'too many questions');
refused('/token-empty/x', 'the answer of the token endpoint holds none', 0, 5, 'no token in the answer');
($result) = fetch(needing('http://127.0.0.1:1/token'));
is($result->{fate}, 'not_sent', 'no endpoint');
like($result->{error}, qr/^could not get an access token: could not connect to/, 'no endpoint: it says so');
($result) = fetch(needing('/token/x', config => {}));
is($result->{error}, 'the connection has no URL to fetch an access token from', 'no URL');
is($peer->count(qr{/echo}), 82, 'nothing was sent without a token');

# A session that dies while it fetches.

my $dying = needing('/token-second/dying');
my $first = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', statement($dying) ],
	'>', '/dev/null', '2>&1');
foreach my $attempt (1 .. 100)
{
	last if $peer->count(qr{/token-second/dying});
	usleep(50_000);
}
my $out = '';
my $second = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', statement($dying) ], '>', \$out);
$node->comes_to(q{SELECT count(*) FROM pg_stat_activity WHERE query ~ 'token-second'
	AND state = 'active' AND pid <> pg_backend_pid()}, 2, 'one fetches, one waits');
$node->value(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'token-second'
	AND pid <> pg_backend_pid() ORDER BY backend_start LIMIT 1});
$second->finish;
$first->finish;
like($out, qr/"fate": "answered"/, 'who waits takes over from who dies');
is($peer->count(qr{/token-second/dying}), 2, 'with a call of its own');

# A grant: a second token that the first one fetches.

my $paying = needing('/token/paying',
	auth => { grant => { member => 'access_token', header => 'X-Payment', lifetime_s => 3600 } });
$paying->{config}{grant_path} = '/token/granted';
$paying->{config}{grant_body} = '{"account":"7"}';
($result) = fetch($paying);
like(sent_header($result, 'authorization'), qr/^Bearer paying-\d+$/, 'a call with a grant carries its token');
like(sent_header($result, 'x-payment'), qr/^granted-\d+$/, 'and the grant');
($call) = $peer->requests(qr{/token/granted});
is($call->{headers}{authorization}, sent_header($result, 'authorization'), 'the token fetched the grant');
is($call->{body}, '{"account":"7"}', 'by a message of the connector');
is(fates(fetch(($paying) x 20)), '20 answered', 'twenty calls use both');
is($peer->count(qr{/token/paying}), 1, 'the token was fetched once');
is($peer->count(qr{/token/granted}), 1, 'and the grant');
my $free = { %$paying, auth => { %{ $paying->{auth} } } };
delete $free->{auth}{grant};
($again) = fetch($free);
is(sent_header($again, 'authorization'), sent_header($result, 'authorization'),
	'a call without the grant uses the same token');
is(sent_header($again, 'x-payment'), undef, 'alone');
$paying->{config}{grant_body} = '{"account":"8"}';
is(fates(fetch($paying)), '1 answered', 'after another account was set');
is($peer->count(qr{/token/granted}), 2, 'another grant is fetched');
is($peer->count(qr{/token/paying}), 1, 'by the same token');
forget($paying, 0);
is(fates(fetch($paying)), '1 answered', 'after the token was forgotten');
is($peer->count(qr{/token/granted}), 3, 'its grant is fetched anew');

my $poor = needing('/token/poor',
	auth => { grant => { member => 'permission', header => 'X-Payment', lifetime_s => 3600 } });
$poor->{config}{grant_path} = '/token-refused/granted';
$poor->{config}{grant_body} = '{}';
($result) = fetch($poor);
is($result->{fate}, 'not_sent', 'a grant that is refused');
is($result->{error}, 'could not get permission: the peer answered 401 (invalid_client)', 'says so');
ok($result->{unauthorized}, 'and whose fault it is');

# Credentials that only some connections have.

my $special = needing('/token/special', auth => { needs => 'own_id', user => 'own_id', apart => JSON::PP::true });
$special->{auth}{otherwise} = { %{ $special->{auth} }, token_default => '/token/usual', user => 'id' };
delete $special->{auth}{otherwise}{$_} foreach qw(needs apart);
($result) = fetch($special);
like(sent_header($result, 'authorization'), qr/^Bearer usual-\d+$/, 'without own credentials the usual ones serve');
$special->{secrets}{own_id} = 'anna';
($again) = fetch($special);
like(sent_header($again, 'authorization'), qr/^Bearer special-\d+$/, 'with them they do');
delete $special->{auth}{needs};
my $usual = { %$special, auth => $special->{auth}{otherwise} };
($again) = fetch($usual);
is(sent_header($again, 'authorization'), sent_header($result, 'authorization'), 'and both tokens are kept');
is($peer->count(qr{/token/usual}), 1, 'each fetched once');

# The table of tokens through time.

my $zero = '2026-01-01 00:00:00+00';
my @story = (
	[ 0, 'look_up', 'fetch ' ],
	[ 1, 'look_up', 'wait ' ],
	[ 61, 'look_up', 'fetch ', 'a fetch that takes too long is given to another' ],
	[ 62, "store('one', 1000)" ],
	[ 960, 'look_up', 'use one' ],
	[ 962, 'look_up', 'fetch one', 'a token is renewed before it ends' ],
	[ 963, 'look_up', 'use one', 'and used meanwhile' ],
	[ 964, "fail('no', -1)" ],
	[ 965, 'look_up', 'use one', 'also when the renewal failed' ],
	[ 970, 'look_up', 'fetch one', 'which is tried again' ],
	[ 971, "fail('no', -1)" ],
	[ 1050, 'look_up', 'fetch one' ],
	[ 1050.5, 'look_up', 'use one' ],
	[ 1051.5, 'look_up', 'wait ', 'a token that ends before a call could arrive is not used' ],
	[ 1071, "fail('no', -1)" ],
	[ 1090, 'look_up', 'failed no', 'pauses grow' ],
	[ 1092, 'look_up', 'fetch ', 'and end' ],
	[ 1092.5, "store('brief', 3)" ],
	[ 1094.6, 'look_up', 'use brief' ],
	[ 1094.8, 'look_up', 'fetch brief', 'also one of a few seconds is renewed in time' ],
	[ 1094.9, 'look_up', 'wait ', 'and not used at its end' ],
	[ 1095, "fail('no', 2998)" ],
	[ 4092, 'look_up', 'failed no', 'a peer may ask for a longer one' ],
	[ 4094, 'look_up', 'fetch ' ],
	[ 4095, "store('two', 360000)" ],
	[ 4094 + 360000 - 1801, 'look_up', 'use two' ],
	[ 4094 + 360000 - 1799, 'look_up', 'fetch two', 'no token is renewed more than 30 minutes early' ]);
# In one session, for a session that ends leaves no fetch behind.
my @answers = split /\n/, $node->value(join '', map { token_statement(@$_) } @story);
foreach my $step (@story)
{
	my ($second, $call, $expected, $name) = @$step;

	my $answer = shift @answers;
	is($answer, $expected, $name // "after $second s") if defined $expected;
}
my $crowded = $node->value("SELECT count(*) FROM generate_series(1, 2000) i,
	transport_token_look_up(100000 + i, '$zero') a WHERE a = 'fetch '");
is($crowded, 2000, 'more connections than places push each other out');

# TLS.

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $directory = $PostgreSQL::Test::Utils::tmp_check;
system_or_bail('sh', '-c',
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
	  . " -addext subjectAltName=DNS:localhost -keyout '$directory/tls.key' -out '$directory/tls.crt'"
	  . ' 2> /dev/null');
my $tls = IPC::Run::start(
	[ 'openssl', 's_server', '-accept', $port, '-www', '-quiet',
		'-key', "$directory/tls.key", '-cert', "$directory/tls.crt" ],
	'<', '/dev/null', '>', '/dev/null', '2>&1');

sub fetch_tls
{
	my ($host, $ca_file) = @_;

	$node->append_conf('postgresql.conf', "fulfillment.ca_file = '$ca_file'");
	$node->reload;
	$node->poll_query_until('postgres', 'SHOW fulfillment.ca_file', $ca_file);
	return (fetch({ url => "https://$host:$port/?key=geheim", timeout_ms => 5000 }))[0];
}
foreach my $attempt (1 .. 100)
{
	my ($result) = fetch({ url => "https://localhost:$port/" });
	last if $result->{error} !~ /refused/;
	usleep(50_000);
}
$result = fetch_tls('localhost', '');
is($result->{fate}, 'not_sent', 'a certificate nobody vouches for');
like($result->{error}, qr/^could not verify the certificate of "localhost" port $port \(.*fulfillment.ca_file is empty/,
	'it says so');
$result = fetch_tls('localhost', "$directory/tls.crt");
is("$result->{fate} $result->{status}", 'answered 200', 'one of fulfillment.ca_file'); diag($result->{error});
cmp_ok($result->{ms}{tls}, '>', 0, 'TLS took some time');
$result = fetch_tls('127.0.0.1', "$directory/tls.crt");
is($result->{fate}, 'not_sent', 'a certificate of another name');
$result = fetch_tls('localhost', "$directory/none.crt");
is($result->{fate}, 'not_sent', 'no such file');
like($result->{error}, qr/none\.crt/, 'it is named');
$tls->kill_kill;

# Without the preloaded library.

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
my $alone = needing('/token/alone');
is(fates(fetch(($alone) x 5)), '5 answered', 'a process has tokens of its own without shared memory');
is($peer->count(qr{/token/alone}), 1, 'fetched once');

$peer->stop;
$node->stop;
done_testing();

sub token_statement
{
	my ($second, $call) = @_;

	my ($function, $arguments) = $call =~ /^(\w+)(?:\((.*)\))?$/;
	$arguments = defined $arguments ? "$arguments, " : '';
	return "SELECT transport_token_$function(4711, "
	  . "${arguments}timestamptz '$zero' + interval '$second s');";
}
