# Credentials are where they are sent to, and nowhere else: not in the data directory, a dump, the
# log at its most talkative, the records of calls, what pg_stat_activity shows, or an error; and no
# role can read them.

use strict;
use warnings;

use File::Find;
use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use JSON::PP;
use MIME::Base64;
use PeerServer;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new(
	'secrets',
	workers => 1,
	settings => [ 'log_min_messages = debug5', 'log_min_error_statement = error' ]);
my $sim = FulfillmentSimulator->start(seed => 66);
my $peer = PeerServer->start;
my $world = FulfillmentWorld->new($node, $sim)->provider('ups')->provider('ongoing');

# A peer that answers with everything it was sent: the key in a header, the body, the URL.
my $key = 'fire-key-7e3d91';
my $signing = 'whsec_' . encode_base64('fire-signing-key-of-32-bytes-04f', '');
$world->connection(
	'hook', 'echo',
	config => { base_url => $peer->url('/echo'), headers => { 'X-Api-Key' => '{{secret:api_key}}' } },
	secret => { api_key => $key, signing_secret => $signing });

# Words that must not be found, also in the ways they travel.
my @secrets = ($world->secrets, $key, $signing, substr($signing, 6));
my %ups = (id => 'fire-client-6b1f', password => 'fire-password-c2d7');
my @disguised = (
	encode_base64("$ups{id}:$ups{password}", ''), encode_base64('fire-user-90ae:fire-password-51b3', ''));

# Calls that succeed, that are refused, that get no answer, and that are told what they said.
my @orders = ($world->submit('ups', 3), $world->submit('ongoing', 3));
$world->value(q{SELECT fulfillment.test_connection('echo')});
$world->comes_to_rest('calls are made');
is($world->states(@orders), '6 accepted', 'with the right credentials');
ok($peer->count(qr{/echo}) > 0, 'and one that is echoed');
is(($peer->requests(qr{/echo}))[0]{headers}{'x-api-key'}, $key, 'with its key');

push @secrets, map { $_->{headers}{Authorization} // $_->{headers}{authorization} // () }
  grep { $_->{uri} =~ m{/api/} } @{ $sim->requests(peer => 'ups') };
@secrets = map { s/^Bearer //r } @secrets;
cmp_ok(scalar @secrets, '>', 8, 'the token is among what is looked for');

$sim->misbehave(peer => 'ups', path => '/security', action => 'html', status => 500, next => 1);
$sim->misbehave(peer => 'ups', path => '/api', action => 'drop_after_processing', next => 1);
$sim->settings('ongoing', { password => 'another' });
$world->value(q{SELECT fulfillment.resume_connection('ups')});
push @orders, $world->submit('ups', 2), $world->submit('ongoing', 2);
$world->comes_to(q{SELECT state FROM fulfillment.connections WHERE code = 'ongoing'}, 'paused',
	'credentials that are refused pause their connection');
$world->comes_to(q{SELECT count(*) FROM fulfillment.tasks JOIN fulfillment.connections
	USING (merchant_id, connection_id) WHERE code = 'ups'}, 0, 'the others are made');

# Statements that fail with a secret in them, and a session that shows its last statement.
foreach my $statement (
	qq{SELECT fulfillment.set_secret('ups', '"$ups{password}"')},
	qq{SELECT fulfillment.set_secret('ups', '{"client_id": {"deep": "$ups{password}"}}')},
	qq{SELECT fulfillment.set_secret('nowhere', '{"client_id": "$ups{password}"}')},
	qq{SELECT fulfillment.set_secret('ups', '{"client_id": "$ups{password}"}', 99)})
{
	my ($status, undef, $error) = $node->psql('postgres', $statement);
	isnt($status, 0, 'a secret that cannot be set is an error');
	unlike($error, qr/\Q$ups{password}\E/, 'which does not repeat it');
}
# The caller's own code comes back to the caller, and goes nowhere else.
$node->psql('postgres',
	qq{DO \$\$ BEGIN PERFORM fulfillment.set_secret('ups', '{"wrong": "$ups{password}"}'); END \$\$});
my $session = $node->session;
$session->query_safe(
	qq{SELECT fulfillment.set_secret('ups', '{"client_id": "$ups{id}", "client_secret": "$ups{password}"}')});
my $shown = $node->value(
	q{SELECT string_agg(query, E'\n') FROM pg_stat_activity WHERE pid <> pg_backend_pid()});
like($shown, qr/set_secret\(\.\.\.\)/, 'pg_stat_activity shows that a secret was set');
$session->quit;

# What a role may see.
$node->value(q{CREATE ROLE boss LOGIN; SELECT fulfillment.grant_access('boss', 'admin')});
my ($status, undef, $error) = $node->psql('postgres', 'SELECT * FROM fulfillment.secrets',
	extra_params => [ '-U', 'boss' ]);
like($error, qr/permission denied for table secrets/, 'not even an admin reads the table of secrets');
my $request = $node->value(
	q{SELECT row_to_json(r) FROM fulfillment.connector_request('ups', 'test_connection', jsonb_build_object(
		'operation', 'test_connection', 'config', (SELECT config FROM fulfillment.connections WHERE code = 'ups'))) r});
like($request, qr/\*\*\*/, 'a request is shown with its credentials masked');

my $dump = "$PostgreSQL::Test::Utils::tmp_check/secrets.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'a dump is made');
$node->stop;

sub found
{
	my ($text) = @_;
	return grep { index($text, $_) >= 0 } @secrets, @disguised;
}

is_deeply([ found($shown) ], [], 'pg_stat_activity shows no secret');
is_deeply([ found($request) ], [], 'a request shows no secret');
is_deeply([ found(slurp_file($dump)) ], [], 'a dump holds no secret');
is_deeply([ found(slurp_file($node->logfile)) ], [], 'the log holds no secret')
  || diag(join "\n", grep { found($_) } split /\n/, slurp_file($node->logfile));
my @files;
find({ no_chdir => 1, wanted => sub { push @files, $_ if -f && found(slurp_file($_)) } },
	$node->data_dir);
is_deeply(\@files, [], 'no file of the data directory holds a secret');
is((stat $node->data_dir . '/fulfillment.key')[2] & 0777, 0600, 'the key is for the server alone');

done_testing();
