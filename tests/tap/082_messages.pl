# Customers are told by SMS when goods leave, each once whatever gets lost on the way; who
# cannot be reached is left alone, and nothing of it ever stops an order.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use FulfillmentSimulator;
use JSON::PP;
use Test::More;

my $node = FulfillmentCluster->start_new('messages');
my $sim = FulfillmentSimulator->start(seed => 5);
my $json = JSON::PP->new->utf8(0)->canonical;
my $callback = 'https://hooks.shop.example/twilio?ep=7';

$node->value(sprintf q{
	INSERT INTO fulfillment.connections (code, connector, config, events) VALUES
	('sms', 'twilio', '{"base_url": "%s", "account_sid": "AC00000000000000000000000000000001", "from": "DemoShop",
	  "status_callback": "%s"}', '{shipment.*}');
	SELECT fulfillment.set_secret('sms', '{"user": "SK1", "password": "s", "auth_token": "00112233445566778899aabbccddeeff", "webhook_url": "https://hooks.shop.example/twilio?ep=7"}');
	INSERT INTO fulfillment.templates (type, medium, language, body) VALUES
	('shipment.goods_issued', 'sms', 'sv', 'Din order {{order_number}} är på väg: {{packages.0.tracking_number}}');
	INSERT INTO fulfillment.channels (code, name, currency) VALUES ('shop', 'Shop', 'SEK');
	INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('post', 'Post', 'carrier', 'manual');
	INSERT INTO fulfillment.locations (code, name, country) VALUES ('L', 'Here', 'SE');
	INSERT INTO fulfillment.items (sku, name) VALUES ('MUG', 'Mug, blue');
	SELECT fulfillment.receive_stock('L', 'MUG', 1000)},
	$sim->url('twilio'), $callback);

sub submit
{
	my ($number, $phone, $language) = @_;

	return $node->value(qq{SELECT fulfillment.submit_order('{"channel": "shop", "number": "$number", "currency": "SEK", "language": "$language",
		"placed_at": "2026-03-01T10:00:00Z", "email": "eva\@example.com",
		"ship_to": {"name": "Eva Ek", "street1": "Storgatan 1", "city": "Malmö", "postcode": "21122", "country": "SE", "phone": "$phone"},
		"lines": [{"line": 1, "sku": "MUG", "quantity": 1, "unit_price": "249.50"}]}')});
}

sub ship
{
	my ($order, $tracking) = @_;

	$node->value(qq{SELECT fulfillment.confirm_shipment(shipment_id, '[{"tracking_number": "$tracking", "carrier": "postnord"}]')
		FROM fulfillment.shipments WHERE order_id = $order});
}

sub settled { return $node->poll_query_until('postgres', q{SELECT NOT EXISTS (SELECT FROM fulfillment.tasks WHERE state <> 'parked')}) }
sub texts { return [ map { utf8::encode(my $text = "$_->{to} $_->{body}"); $text } @{ $sim->get('/twilio/messages')->{messages} } ] }
sub state_of { return $node->value("SELECT m.state || coalesce(' ' || m.error_code, '') FROM fulfillment.messages m WHERE order_id = $_[0] AND medium = '$_[1]'") }

# What Twilio posts goes through the front door, with its signature.
sub news
{
	my ($index, $status, $error) = @_;
	my $message = $sim->get('/twilio/messages')->{messages}[$index];
	my $post = $sim->post('/twilio/message', { sid => $message->{sid}, status => $status, $error ? (error => $error) : () });

	return $node->value(sprintf q{SELECT fulfillment.receive_webhook('sms', '%s', convert_to('%s', 'UTF8'))},
		$json->encode($post->{headers}), $post->{body});
}

my $one = submit('M-1', '070-000 00 01', 'sv-SE');
$sim->misbehave(peer => 'twilio', method => 'POST', action => 'drop_after_processing', next => 1);
ship($one, 'RR1');
ok($node->poll_query_until('postgres', "SELECT state = 'unknown' FROM fulfillment.messages WHERE order_id = $one"), 'the answer to a text was lost');
$node->value("UPDATE fulfillment.tasks SET due_at = now()");
ok(settled(), '... and it was looked for');
is_deeply(texts(), ['+46700000001 Din order M-1 är på väg: RR1'], 'the customer got it once, in their language')
  or diag(explain(texts()));
is(state_of($one, 'sms'), 'sending', 'it is on its way');
is(news(0, 'delivered'), 200, 'news of it are taken');
ok($node->poll_query_until('postgres', "SELECT state = 'delivered' FROM fulfillment.messages WHERE order_id = $one"), '... it arrived');
is(news(0, 'sent'), 200, 'older news');
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM fulfillment.inbox WHERE state = 'applied'"), '... are taken');
is(state_of($one, 'sms'), 'delivered', '... and change nothing');
is($node->value(sprintf q{SELECT fulfillment.receive_webhook('sms', '{"X-Twilio-Signature": "%s"}', 'MessageSid=SM1&MessageStatus=failed')}, 'A' x 28), 401,
	'news with a wrong signature are refused');

# A text that never reached Twilio is looked for, too, and then sent.
my $two = submit('M-2', '+46700000002', 'en');
$sim->misbehave(peer => 'twilio', method => 'POST', action => 'reset', next => 1);
ship($two, 'RR2');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM fulfillment.calls WHERE order_id = $two"), 'a text got lost on its way');
$node->value("UPDATE fulfillment.tasks SET due_at = now()");
ok(settled(), '... and was sent');
is(scalar(grep { /^\+46700000002 Your order M-2 is on its way: RR2/ } @{ texts() }), 1, '... once');

# Numbers that do not exist or do not want it are left alone.
my $three = submit('M-3', '+46700021610', 'en');
ship($three, 'RR3');
ok(settled(), 'a text to somebody who wrote STOP came to an end');
is(state_of($three, 'sms'), 'failed 21610', '... failed');
my $four = submit('M-4', '+46700021610', 'en');
ship($four, 'RR4');
ok(settled(), 'the next one');
is(state_of($four, 'sms'), 'suppressed', '... is not sent');
my $five = submit('M-5', '+46700000005', 'en');
ship($five, 'RR5');
ok(settled(), 'a text to a landline was taken');
is(news(2, 'undelivered', 30006), 200, '... and comes back');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM fulfillment.suppressions WHERE recipient = '+46700000005'"), '... so the number is left alone');
is(state_of($five, 'sms'), 'failed 30006', '... and the message failed');
is($node->value("SELECT fulfillment.receive_webhook('sms', '{}', 'x')"), 401, 'what is not signed is refused');
my $six = submit('M-6', '', 'en');
ship($six, 'RR6');
ok(settled(), 'without a number');
is(state_of($six, 'sms'), 'skipped', '... nothing is sent');

# A wrong number is told again when it is corrected.
$node->value(qq{SELECT fulfillment.confirm_shipment(shipment_id, '[{"tracking_number": "RR22"}]') FROM fulfillment.shipments WHERE order_id = $two});
ok(settled(), 'a corrected number');
is(scalar(grep { /^\+46700000002 .*RR22/ } @{ texts() }), 1, '... is told');

is($node->value("SELECT count(*) FROM fulfillment.orders WHERE state <> 'open'"), 0, 'no order was stopped by any of it');
is($node->value("SELECT string_agg(kind, ',') FROM fulfillment.attention_list"), '', 'nobody was bothered');
is_deeply([ $sim->offence_lines ], [], 'Twilio found nothing wrong with what it was sent');
$node->stop;
done_testing();
