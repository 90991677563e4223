# Webhooks that come in: verified, stored once, answered at once, applied by a worker, replayable.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use MIME::Base64;

use FulfillmentCluster;
use FulfillmentEngine;
use Test::More;

my $node = FulfillmentCluster->start_new('main', workers => 1);
my $engine = FulfillmentEngine->new($node);
my $key = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

$engine->shop;
$engine->hook('https://shop.example/hook', state => 'paused');
$node->safe_psql('postgres', q{UPDATE fulfillment.channels SET connection_id =
	(SELECT connection_id FROM fulfillment.connections WHERE code = 'hook')});

sub body
{
	my ($number, $quantity) = @_;

	return qq({"type": "order.submitted", "timestamp": "2026-01-05T10:00:00Z", "data": )
	  . qq({"number": "$number", "placed_at": "2026-01-05T10:00:00Z", "currency": "EUR", "ship_to": )
	  . q({"name": "Ann", "street1": "Gata 1", "city": "Uppsala", "postcode": "75321", "country": "SE"}, )
	  . qq("lines": [{"sku": "A", "quantity": $quantity, "unit_price": "10"}]}});
}

# What the sender would be answered.
sub deliver
{
	my ($id, $body, %change) = @_;
	my $time = $change{time} // time;
	my $signature = encode_base64(
		hmac_sha256("$id.$time." . ($change{signed} // $body), decode_base64($key)), '');
	my $connection = $change{connection} // 'hook';

	$body =~ s/'/''/g;
	return $node->value(qq{SELECT fulfillment.receive_webhook('$connection',
		jsonb_build_object('webhook-id', '$id', 'webhook-timestamp', '$time',
			'webhook-signature', 'v1,$signature'), convert_to('$body', 'UTF8'))});
}

is(deliver('msg_1', body('W-1', 2)), '200', 'a good webhook is taken');
is(deliver('msg_1', body('W-1', 2)), '200', 'and taken again when it comes again');
is(deliver('msg_2', body('W-2', 1), signed => 'another'), '401', 'a wrong signature is not');
is(deliver('msg_3', body('W-3', 1), time => time - 3600), '401', 'nor an old one');
is(deliver('msg_4', body('W-4', 1), connection => 'nobody'), '401', 'nor one for nobody, without a word');
is(deliver('msg_5', body('W-5', 1), connection => 'box'), '401', 'nor one for a connector without webhooks');
is( $node->value(q{SELECT fulfillment.receive_webhook('hook', '{}', repeat('x', 5000000)::bytea)}),
	'413', 'nor one that is too large');
is( $node->value('SELECT string_agg(code || webhooks_refused, \' \' ORDER BY code)
		FROM fulfillment.connections'),
	'box1 hook2', 'what was refused is counted');

$node->comes_to(q{SELECT state FROM fulfillment.inbox}, 'applied', 'a worker applies it');
is($node->value('SELECT repeated FROM fulfillment.inbox'), '1', 'once, and the repetition is counted');
is($node->value('SELECT string_agg(number, \' \') FROM fulfillment.orders'), 'W-1', 'its order is there');
is($node->value(q{SELECT count(*) FROM fulfillment.inbox WHERE headers::text LIKE '%v1,%'}),
	'0', 'no signature is kept');

# One that cannot be applied does not stop the next.
deliver('msg_6', '{"type": "order.submitted", "data": 5}');
deliver('msg_7', '{"type": "weather.changed", "data": {}}');
deliver('msg_8', body('W-8', 1));
$node->comes_to(q{SELECT count(*) FROM fulfillment.orders WHERE number = 'W-8'}, 1,
	'one that means nothing stops nobody');
$node->comes_to(q{SELECT count(*) FROM fulfillment.inbox WHERE state = 'ignored'}, 2,
	'what is of no use is ignored, and says so');

# Replay by id.
$node->value(q{SELECT fulfillment.replay_webhook(inbox_id) FROM fulfillment.inbox WHERE event_id = 'msg_8'});
$node->comes_to(q{SELECT attempts FROM fulfillment.inbox WHERE event_id = 'msg_8' AND state = 'applied'},
	1, 'a webhook is replayed');
is($node->value(q{SELECT redelivered FROM fulfillment.orders WHERE number = 'W-8'}), '1',
	'and does no harm');
$node->psql_fails('SELECT fulfillment.replay_webhook(99)', 'OF002', qr/no webhook 99/, 'an unknown one is an error');

# A peer that signs a part of its webhooks: the others are taken where the connection allows it, and
# a wrong signature never is.
$node->value(q{
	INSERT INTO fulfillment.connections (code, connector, state, config) VALUES ('warehouse', 'shipper_id', 'paused',
		'{"warehouse_id": "W", "customer_id": "C", "tenant_name": "T"}');
	SELECT fulfillment.set_secret('warehouse',
		'{"api_key": "k3y", "webhook_url": "https://shop.example/hooks/a1"}')});

sub told
{
	my ($auth) = @_;

	return $node->value(qq{SELECT fulfillment.receive_webhook('warehouse', '{}', convert_to(
		'{"order_no": "F1", "success_flag": true$auth}', 'UTF8'))});
}

my $signed = ', "auth": "7267b03a95243cb789c80b30fb5465bf"';
is(told(''), '401', 'what is not signed is not taken');
is(told($signed), '200', 'what is signed is');
$node->value(q{UPDATE fulfillment.connections SET config = config || '{"allow_unsigned": true}'
	WHERE code = 'warehouse'});
is(told(''), '200', 'unless the connection allows it');
is(told($signed =~ s/5bf/5be/r), '401', 'but a wrong signature is not taken even then');

$engine->is_sound;
$node->stop;

done_testing();
