# The wire against a peer that behaves badly: every call ends, within its limits, and its fate says
# truly whether the peer can have acted.

use strict;
use warnings;

use Digest::SHA qw(sha256_base64);
use FulfillmentCluster;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use PeerServer;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = FulfillmentCluster->start_new(
	'wire',
	extension => 0,
	settings => [ "shared_preload_libraries = 'transport_test'" ]);
$node->psql_ok('CREATE EXTENSION transport_test', 'the test module is installed');
my $peer = PeerServer->start;
my $json = JSON::PP->new->canonical;

# The statement that sends requests, each a hash; "path" stands for the peer's URL.
sub statement
{
	my ($requests, $settings) = @_;

	foreach my $request (@$requests)
	{
		$request->{url} //= $peer->url(delete $request->{path});
	}
	return sprintf("SELECT transport_fetch(\$j\$%s\$j\$, '%s');",
		$json->encode($requests), $json->encode($settings // {}));
}

# What came back, in the order of the requests.
sub fetch_all
{
	my ($requests, $settings) = @_;

	my $results = $json->decode($node->value(statement($requests, $settings)));
	return [ sort { $a->{position} <=> $b->{position} } @$results ];
}

sub fetch
{
	my ($path, %request) = @_;
	return fetch_all([ { path => $path, timeout_ms => 5000, %request } ])->[0];
}

# A test: the path has this fate, and an error like this.
sub fate_is
{
	my ($fate, $error, $name, $path, %request) = @_;

	my $result = fetch($path, %request);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($result->{fate}, $fate, $name);
	like($result->{error} // '', $error, "$name: it says so");
	return $result;
}

# What is sent.

my $result = fetch(
	'/echo/a%20b?x=1',
	method => 'POST',
	headers => { 'Content-Type' => 'application/json', 'X-Key' => 'k-{{secret:key}}', 'X-Empty' => '' },
	body => '{"p":"{{secret:key}}"}',
	secrets => { key => 'a"b' });
is($result->{fate}, 'answered', 'a call is answered');
is($result->{status}, 200, 'with its status');
is($result->{headers}{'Content-Type'}, 'application/json', 'with its headers');
is($result->{address}, '127.0.0.1', 'by an address');
cmp_ok($result->{ms}{total}, '>', 0, 'in some time');
cmp_ok($result->{ms}{first_byte}, '>=', $result->{ms}{connect}, 'steps are in their order');
my $sent = $json->decode($result->{body});
is("$sent->{method} $sent->{path}", 'POST /echo/a%20b?x=1', 'the method and path are sent as given');
is($sent->{body}, '{"p":"a\"b"}', 'secrets are put into the body');
is($sent->{headers}{'x-key'}, 'k-a"b', 'and into headers');
is($sent->{headers}{'x-empty'}, '', 'a header may be empty');
$sent = $json->decode(fetch('/echo?xml=%3Ca+p%3D%22{{secret:key}}%22%2F%3E', secrets => { key => 'a"&b' })->{body});
is($sent->{path}, '/echo?xml=%3Ca+p%3D%22a%26%2334%3B%26%2338%3Bb%22%2F%3E', 'and into XML in the query');
$sent = $json->decode(
	fetch(
		'/echo', method => 'POST', secrets_in => 0, secrets => { key => 'geheim' }, body => 'to {{secret:key}}',
		headers => { 'X-Name' => '{{secret:key}}' })->{body});
is("$sent->{body} $sent->{headers}{'x-name'}", 'to {{secret:key}} {{secret:key}}',
	'what merely looks like the name of a secret stays as it is');
like($sent->{headers}{'user-agent'}, qr{^fulfillment/\d}, 'we say who we are');
ok(!exists $sent->{headers}{expect}, 'no Expect');

foreach my $method (qw(GET DELETE PUT PATCH))
{
	$sent = $json->decode(fetch('/echo', method => $method)->{body});
	is($sent->{method}, $method, "$method without a body");
	ok(!exists $sent->{headers}{'content-type'}, "$method without a body has no type");
}
$sent = $json->decode(fetch('/echo', method => 'DELETE', body => 'x')->{body});
is("$sent->{method} $sent->{body}", 'DELETE x', 'DELETE with a body');
is(fetch('/echo', method => 'HEAD')->{length}, 0, 'HEAD has no body to wait for');
is(fetch('/status/503')->{status}, 503, 'a bad status is an answer');
is(fetch('/redirect')->{status}, 302, 'a redirect is an answer');
is($peer->count(qr{/echo/after}), 0, 'it is not followed');
$result = fetch('/interim');
is($result->{status}, 200, 'an interim answer is passed over');
ok(!$result->{headers}{'X-Early'} && $result->{headers}{'X-Late'}, 'so are its headers');

# Schemes of authentication.

my %secrets = (user => 'eva', password => 'geheim');
my %names = (user => 'user', password => 'password');

sub sent_with
{
	my ($auth, %request) = @_;
	return $json->decode(fetch($request{path} // '/echo', auth => { %names, %$auth }, secrets => \%secrets, %request)->{body});
}
is(sent_with({ kind => 'basic' })->{headers}{authorization}, 'Basic ZXZhOmdlaGVpbQ==', 'basic');
is(sent_with({ kind => 'bearer' })->{headers}{authorization}, 'Bearer geheim', 'bearer');
is(sent_with({ kind => 'header', header => 'X-Api' })->{headers}{'x-api'}, 'geheim', 'header');
$sent = sent_with(
	{ kind => 'standard', password => 'key' },
	method => 'POST', body => '{}', headers => { 'webhook-id' => 'msg_1' },
	secrets => { key => [ 'whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=', 'whsec_MDEy' ] });
my $now = $sent->{headers}{'webhook-timestamp'};
cmp_ok(abs($now - time), '<', 10, 'a signed call tells the time');
is( $sent->{headers}{'webhook-signature'},
	$node->value("SELECT transport_sign('whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA= whsec_MDEy',
		'msg_1', $now, '{}')"),
	'and is signed with every secret');
is(sent_with({ kind => 'query' })->{path}, '/echo?user=eva&password=geheim', 'in the query');
like(
	sent_with({ kind => 'oauth1' }, path => '/echo?a=1')->{path},
	qr{^/echo\?a=1&oauth_consumer_key=eva&oauth_nonce=[0-9a-f]{32}&oauth_signature_method=HMAC-SHA256
	   &oauth_timestamp=\d+&oauth_signature=[A-Za-z0-9%_.~-]+$}x,
	'signed in the query');

# A signature over the request: the same as another signer makes of it.

my $private_key = "-----BEGIN PRIVATE KEY-----\n"
  . "MC4CAQAwBQYDK2VwBCIEIBJ6pvoRkTSt3A6Ev8n/ivTWCIkszgYgFyAR4yTMKhww\n-----END PRIVATE KEY-----\n";
my %signing = (
	auth => {
		kind => 'bearer', password => 'password',
		signing => { private_key => 'key', public_key => 'jwe', header => 'x-peer-key' } },
	method => 'POST', headers => { 'Content-Type' => 'application/json' }, body => '{"a":1}');
$sent = $json->decode(fetch('/echo/refund?x=1', %signing,
	secrets => { %secrets, key => $private_key, jwe => 'eyJ.a' })->{body});
my ($created) = ($sent->{headers}{'signature-input'} // '') =~ /;created=(\d+)$/;
cmp_ok(abs(($created // 0) - time), '<', 60, 'a signed request tells the time');
my $parameters = "(\"content-digest\" \"x-peer-key\" \"\@method\" \"\@path\" \"\@authority\");created=$created";
my $digest = 'sha-256=:' . sha256_base64('{"a":1}') . '=:';
my $key_file = PostgreSQL::Test::Utils::tempdir() . '/key.pem';
append_to_file($key_file, $private_key);
append_to_file("$key_file.text", join "\n",
	qq("content-digest": $digest), '"x-peer-key": eyJ.a', '"@method": POST', '"@path": /echo/refund',
	'"@authority": ' . ($peer->url('') =~ s{^http://|/$}{}gr), qq("\@signature-params": $parameters));
run_log([ 'openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', $key_file, '-in', "$key_file.text",
	'-out', "$key_file.signature" ]);
is_deeply(
	[ @{$sent->{headers}}{qw(content-digest x-peer-key signature-input signature)} ],
	[ $digest, 'eyJ.a', "sig1=$parameters",
		'sig1=:' . encode_base64(slurp_file("$key_file.signature"), '') . ':' ],
	'and is signed over body, method, path and host');
ok(!exists $json->decode(fetch('/echo/refund', %signing, secrets => \%secrets)->{body})
	->{headers}{signature}, 'without a private key nothing is signed');
fate_is('not_sent', qr/^the private key that signs requests is no Ed25519 key$/, 'a key of no kind',
	'/echo', %signing, secrets => { %secrets, key => 'AAAA', jwe => 'x' });

fate_is('not_sent', qr/^the connection has no secret "password"$/, 'a missing secret',
	'/echo', auth => { kind => 'bearer', %names });
fate_is('not_sent', qr/^the connection has no secret "other"$/, 'a missing secret in a body',
	'/echo', body => '{{secret:other}}', secrets => {});
fate_is('not_sent', qr/not allowed/, 'a line break in a header',
	'/echo', headers => { 'X-A' => '{{secret:p}}' }, secrets => { p => "x\r\nX-B: y" });

# Where calls may go.

my $closed = PostgreSQL::Test::Cluster::get_free_port();
fate_is('not_sent', qr/could not connect to "127.0.0.1" port $closed: Connection refused/,
	'a refused connection', '', url => "http://127.0.0.1:$closed/?key=geheim");
fate_is('not_sent', qr/could not resolve the name of "no-such-host.invalid"/,
	'an unknown name', '', url => 'http://no-such-host.invalid/');
fate_is('not_sent', qr/not allowed|not valid/, "scheme $_", '', url => "$_://127.0.0.1/etc/passwd")
  foreach qw(file ftp gopher);
fate_is('not_sent', qr/user name is refused/, 'a user in the URL', '', url => 'http://a:b@127.0.0.1/');
fate_is('not_sent', qr/not valid/, 'no URL', '', url => 'nonsense://');

my $private = "SET fulfillment.allow_private_addresses = off;";
sub fetch_private
{
	my ($url, $sql) = @_;
	return $json->decode($node->value($private . statement([ { url => $url } ])))->[0];
}
$result = fetch_private($peer->url('/echo/private'));
is($result->{fate}, 'not_sent', 'plain http is refused where private addresses are');
foreach my $host ('127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254')
{
	$result = fetch_private("https://$host:" . $peer->port . '/echo/private');
	is($result->{fate}, 'not_sent', "$host is refused");
	like($result->{error}, qr/^address \S+ of .* is not public; fulfillment.allow_private/, "$host: it says so");
}
is($peer->count(qr{/echo/private}), 0, 'nothing was sent there');
my $kept = statement([ { path => '/echo/kept' } ]);
like($node->value("$kept $private " . statement([ { url => 'https://127.0.0.1:' . $peer->port } ])),
	qr/not public/, 'nor over a connection that was kept');

# Answers that break, and calls that hang.

fate_is('lost', qr/closed the connection without an answer/, 'no answer', '/close', method => 'POST');
fate_is('lost', qr/broke before the answer was complete/, 'a reset', '/reset', method => 'POST');
$result = fate_is('lost', qr/broke off/, 'half a body', '/half', method => 'POST');
is("$result->{status} $result->{body}", '200 {"half":', 'half a body: what came is kept');
fate_is('lost', qr/broke/, 'half a chunk', '/half-chunk', method => 'POST');
fate_is('lost', qr/does not answer in HTTP/, 'another protocol', '/garbage', method => 'POST');
my $before = time;
fate_is('lost', qr/did not answer in time/, 'silence', '/silent', method => 'POST', timeout_ms => 300);
fate_is('lost', qr/did not answer in time/, 'a slow drip', '/drip', timeout_ms => 400);
cmp_ok(time - $before, '<', 25, 'time-outs are kept'); # the peer is silent for 30 s
is($peer->count(qr{^POST /silent}), 1, 'a call that timed out was sent once');

my $full = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 0) or die;
my @waiting = map {
	IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $full->sockport, Blocking => 0)
} 1 .. 8;
fate_is('not_sent', qr/could not connect to .* in time/, 'a black hole', '',
	url => 'http://127.0.0.1:' . $full->sockport . '/', connect_timeout_ms => 300);

# A kept connection that ends on the second request: the peer may have acted on it.
foreach my $case ([ 'POST', 'lost', 1 ], [ 'GET', 'answered', 2 ])
{
	my ($method, $fate, $count) = @$case;
	my @calls = map { statement([ { path => "/once/$method$_", method => $method } ]) } 1 .. 2;
	my @results = map { $json->decode($_)->[0] } split /\n/, $node->value("@calls");

	is($results[0]{fate}, 'answered', "$method on a new connection");
	is($results[1]{fate}, $fate, "$method on a connection that ends");
	is($peer->count(qr{^$method /once/${method}2}), $count, "it was sent $count times");
}

# Answers without measure.

my %small = (max_body => 65536, max_header => 16384);
fate_is('oversized', qr/larger than allowed/, "too large: $_", $_, %small)
  foreach '/large/70000', '/endless', '/bomb/20000000', '/headers', '/header-line';
is(fetch('/large/65536', %small)->{length}, 65536, 'an answer of just the size is taken');
$result = fetch('/bomb/60000', %small);
is("$result->{fate} $result->{length}", 'answered 60000', 'a compressed one too');

# Many at once.

$before = time;
$result = fetch_all([ map { { path => "/late/400", timeout_ms => 15000 } } 1 .. 40 ]);
is(scalar(grep { $_->{fate} eq 'answered' } @$result), 40, 'forty calls at once are answered');
cmp_ok(time - $before, '<', 14, 'side by side'); # one after the other takes 16 s
$before = time;
$result = fetch_all([ map { { path => $_ == 1 ? '/silent' : '/echo', timeout_ms => 4000 } } 1 .. 200 ],
	{ capacity => 8 });
is(scalar(grep { $_->{fate} eq 'answered' } @$result), 199, 'many calls pass through little room');
is($result->[0]{fate}, 'lost', 'one that hangs delays only itself');
# Forty calls of 500 ms, four at a time, with a limit of 4 s: the clock of the last begins when it is sent.
$result = fetch_all([ map { { path => '/late/500', timeout_ms => 4000 } } 1 .. 40 ], { capacity => 4 });
is(scalar(grep { $_->{fate} eq 'answered' } @$result), 40, 'time in the queue does not count');
$result = fetch_all([ map { { url => 'http://no-such-host.invalid/' } } 1 .. 30 ]);
is(scalar(grep { $_->{fate} eq 'not_sent' && $_->{error} =~ /resolve/ } @$result),
	30, 'a name that cannot be resolved fails all who want it');

# Being taken back, interrupted, starved.

$result = fetch_all([ { path => '/silent', method => 'POST' }, { url => 'http://127.0.0.1:' . $full->sockport } ],
	{ cancel_after_ms => 300 });
is($result->[0]{fate}, 'lost', 'a call that was sent and taken back is lost');
is($result->[1]{fate}, 'not_sent', 'one that was not sent is not');
$before = time;
$node->psql_fails("SET statement_timeout = 300; " . statement([ { path => '/silent' } ]),
	'57014', undef, 'a wait is interrupted');
cmp_ok(time - $before, '<', 20, 'at once');
like($node->value("SET fulfillment.actor = ''; " . statement([ { path => '/echo' } ])), qr/answered/, 'and the server lives');

my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
	statement([ { path => '/silent', timeout_ms => 20000 } ]) ], '>', '/dev/null', '2>&1');
my $wait = 'SELECT wait_event FROM pg_stat_activity WHERE query ~ \'/silent\' AND pid <> pg_backend_pid()';
$node->comes_to($wait, $node->value('SHOW server_version_num') >= 170000 ? 'FulfillmentWire' : 'Extension',
	'the wait is shown');
$node->value('CREATE DATABASE gone');
$node->psql_ok('DROP DATABASE gone', 'a barrier passes a wire that waits');
$node->value(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '/silent' AND pid <> pg_backend_pid()});
$session->finish;

# Memory: what was read and thrown away does not stay.
my $large = statement([ map { { path => '/large/1000000' } } 1 .. 20 ]);
my $memory = q{SELECT split_part(split_part(pg_read_file('/proc/' || pg_backend_pid() || '/status'),
	'VmRSS:', 2), 'kB', 1)::int;};
my $round = "$large\n" x 5 . "$memory\n";
my @lines = grep { /^\s*\d+\s*$/ } split /\n/, $node->value($round x 5);
note("kB after each 100 MB: @lines");
cmp_ok($lines[4] - $lines[1], '<', 5000, 'reading 300 MB more leaves less than 5 MB behind');

$peer->stop;
$node->stop;
done_testing();
