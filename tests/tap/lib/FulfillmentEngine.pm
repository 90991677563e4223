package FulfillmentEngine;

# What the tests of the engine share: a small shop on the sandbox, a listener for webhooks, and
# what must be true whenever the engine has come to rest.
#
#   use FulfillmentEngine;
#   my $engine = FulfillmentEngine->new($node);
#   $engine->shop;                       sandbox as fulfillment center, items A and B in stock
#   $engine->order('O-1', name => ...);  submits an order of A and B; answers its id
#   $engine->orders(4, 9);               orders O-4 to O-9, in one transaction
#   $engine->hook($url);                 connection "hook", connector webhook
#   $engine->tell(20);                   so many messages to it, in one transaction
#   $engine->comes_to_rest;              a test: no task is left but parked ones
#   $engine->is_sound;                   tests: ledger exact, no lease over its time, nothing in flight

use strict;
use warnings;

use Test::More;

sub new
{
	my ($class, $node) = @_;

	return bless { node => $node }, $class;
}

sub shop
{
	my ($self, %options) = @_;
	my $seconds = $options{clock_seconds} // 0;

	$self->{node}->safe_psql('postgres', qq{
		INSERT INTO fulfillment.connections (code, connector, config)
			VALUES ('box', 'sandbox', '{"clock_seconds": $seconds}');
		INSERT INTO fulfillment.channels (code, name) VALUES ('shop', 'Shop');
		INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
			SELECT 'box', 'Sandbox', 'fulfillment_center', 'api', connection_id
			FROM fulfillment.connections WHERE code = 'box';
		INSERT INTO fulfillment.services (provider_id, code, name, provider_code)
			SELECT provider_id, 'standard', 'Standard', 'standard' FROM fulfillment.providers;
		INSERT INTO fulfillment.locations (code, name, provider_id, country, postcode, address)
			SELECT 'HUB', 'Hub', provider_id, 'SE', '11122', '{"city": "Stockholm", "street1": "Gata 1"}'
			FROM fulfillment.providers;
		INSERT INTO fulfillment.items (sku, name, weight_g, value)
			VALUES ('A', 'Thing A', 500, 10), ('B', 'Thing B', 1500, 20);
		SELECT fulfillment.receive_stock('HUB', sku, 10000) FROM fulfillment.items;
	});
	return;
}

# The order's document, for a number that is an SQL expression.
sub document
{
	my ($number, $name) = @_;

	return qq{jsonb_build_object(
		'channel', 'shop', 'number', $number, 'placed_at', now(), 'currency', 'EUR',
		'email', 'ann\@example.com', 'service', 'standard',
		'ship_to', jsonb_build_object('name', '$name', 'street1', 'Gata 1', 'city', 'Uppsala',
			'postcode', '75321', 'country', 'SE'),
		'lines', '[{"line": 1, "sku": "A", "quantity": 1, "unit_price": 10},
			{"line": 2, "sku": "B", "quantity": 2, "unit_price": 20}]'::jsonb)};
}

sub order
{
	my ($self, $number, %options) = @_;

	return $self->{node}->value('SELECT fulfillment.submit_order('
		  . document("'$number'", $options{name} // 'Ann Andersson') . ')');
}

sub orders
{
	my ($self, $from, $to) = @_;

	$self->{node}->safe_psql('postgres', 'SELECT fulfillment.submit_orders((SELECT jsonb_agg('
		  . document("'O-' || n", 'Ann Andersson') . ") FROM generate_series($from, $to) n))");
	return;
}

sub hook
{
	my ($self, $url, %columns) = @_;
	my $names = join '', map { ", $_" } sort keys %columns;
	my $values = join '', map { ", '$columns{$_}'" } sort keys %columns;

	$self->{node}->safe_psql('postgres', qq{
		INSERT INTO fulfillment.connections (code, connector, config$names)
			VALUES ('hook', 'webhook', jsonb_build_object('base_url', '$url')$values);
		SELECT fulfillment.set_secret('hook',
			'{"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}');
	});
	return;
}

sub tell
{
	my ($self, $count) = @_;

	$self->{node}->safe_psql('postgres', qq{
		WITH fact AS (
			INSERT INTO fulfillment.notifications (merchant_id, type, occurred_at, content_hash, data)
			SELECT 1, 'order.confirmed', now(), gen_random_uuid(), jsonb_build_object('n', n)
			FROM generate_series(1, $count) n RETURNING event_id)
		INSERT INTO fulfillment.tasks
			(merchant_id, connection_id, operation, subject_kind, subject_id, idempotency_key)
		SELECT 1, connection_id, 'send_message', 'event', event_id, 'event:' || event_id
		FROM fact, fulfillment.connections WHERE code = 'hook';
		SELECT fulfillment.wake_workers()});
	return;
}

sub comes_to_rest
{
	my ($self, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $self->{node}->comes_to(
		q{SELECT count(*) FROM fulfillment.tasks WHERE state <> 'parked'},
		0, $name // 'every task is done');
}

sub is_sound
{
	my ($self) = @_;
	my $node = $self->{node};

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->value('SELECT count(*) FROM fulfillment.check_stock()'), '0', 'the ledger is exact');
	is( $node->value(q{SELECT count(*) FROM fulfillment.tasks
			WHERE state = 'leased' AND leased_until < now()}),
		'0', 'no lease is over its time');
	$node->comes_to('SELECT coalesce(sum(in_flight), 0) FROM fulfillment.connection_state()',
		0, 'nothing counts as in flight');
	return;
}

1;
