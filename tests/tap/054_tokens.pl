# A token is asked for once, however many calls wait for it in however many workers; it is replaced
# in time and when it is withdrawn; and credentials that are wrong stop their connection and nobody
# else's.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('tokens', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 54);
my $world = FulfillmentWorld->new($node, $sim);
$sim->settings('ups', { label_bytes => 500 });

sub tokens
{
	return $sim->get('/ups/counts')->{token_calls};
}

$world->provider('ups', code => 'token', timeout_ms => 10000);
my @orders = $world->submit('token', 60);
$world->comes_to_rest;
is($world->states(@orders), '60 accepted', 'sixty calls waited for a token');
is(tokens(), 1, 'which was asked for once');

# Tokens that end every three seconds, while calls go on all the time.
$sim->settings('ups', { token_lifetime_s => 3 });
$world->value(q{SELECT fulfillment.resume_connection('token')}); # forgets the one there is
my ($began, $before) = (time, tokens());
@orders = ();
push @orders, $world->submit('token', 20) while time < $began + 7;
$world->comes_to_rest;
is($world->states(@orders), @orders . ' accepted', scalar(@orders) . ' calls outlived their tokens');
my $given = tokens() - $before;
cmp_ok($given, '>', 1, 'there was more than one');
cmp_ok($given, '<=', 2 + (time - $began) / 2.7, "each was asked for once ($given)");
$sim->settings('ups', { token_lifetime_s => 14399 });

# A token that is withdrawn as soon as it was given is not replaced at once; that is no
# reason to bother a person, who can put an end to the waiting all the same.
$world->value(q{SELECT fulfillment.resume_connection('token')});
my ($first) = $world->submit('token', 1);
$world->comes_to_rest;
my $asked = tokens();
$sim->post('/ups/revoke_tokens');
@orders = $world->submit('token', 60);
$world->comes_to(q{SELECT last_error LIKE '%token that was just fetched'
	FROM fulfillment.connection_health WHERE connection = 'token'}, 't',
	'a token was withdrawn under sixty calls');
$world->comes_to(q{SELECT count(*) FROM fulfillment.tasks WHERE state = 'leased'}, 0,
	'all of them are back');
is(tokens(), $asked, 'it is not asked for again at once');
is($world->states(@orders), '60 queued', 'the calls wait');
is($world->value('SELECT count(*) FROM fulfillment.attention'), 0, 'nobody is bothered');
$world->value(q{SELECT fulfillment.resume_connection('token')});
$world->comes_to_rest_in_time('told to, they go on');
is(tokens(), $asked + 1, 'with one new token');
is($world->states(@orders), '60 accepted', 'and are made');

$world->provider('ups', code => 'wrong', secret => { client_id => 'a', client_secret => 'wrong' });
@orders = $world->submit('wrong', 30);
$world->comes_to(q{SELECT state = 'paused' AND paused_reason LIKE 'The credentials were refused%'
	FROM fulfillment.connections WHERE code = 'wrong'},
	't', 'wrong credentials pause their connection');
cmp_ok(tokens() - $asked - 1, '<=', 4, 'after a few attempts');
is($world->states(@orders), '30 queued', 'its shipments wait');
is($world->value(q{SELECT count(*) FROM fulfillment.attention WHERE kind = 'connection_paused'}),
	1, 'a person is told once');
$world->value(q{SELECT fulfillment.set_secret('wrong', '{"client_id": "a", "client_secret": "b"}');
	SELECT fulfillment.resume_connection('wrong')});
$world->comes_to_rest;
is($world->states(@orders), '30 accepted', 'with the right ones they go on');

# Tokens that were withdrawn and wrong secrets are this test's doing; and where everything is busy a
# token of three seconds may end on its way.
$world->is_sound('tokens', qr/The token was revoked|The token has expired|or its secret is wrong/);

done_testing();
