# Prices as UPS quotes them: asked for by a worker, kept, and used instead of the price table by the
# orders that come after, or by one that waits for them; and what becomes of orders when UPS refuses
# or says nothing.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('rates', workers => 1);
my $sim = FulfillmentSimulator->start(seed => 7);
my $world = FulfillmentWorld->new($node, $sim);
my $path = '/api/rating/v2409/Shoptimeintransit';

$world->provider('ups', timeout_ms => 3000);
$world->value(q{
	UPDATE fulfillment.services SET weight_step_g = 500 WHERE merchant_id = 1;
	INSERT INTO fulfillment.service_prices (service_id, price_per_parcel)
	SELECT service_id, 50 FROM fulfillment.services WHERE merchant_id = 1;
	UPDATE fulfillment.providers SET live_rates = true, rates_area = 3 WHERE merchant_id = 1;});

sub order_to
{
	my ($postcode) = @_;
	my ($order) = $world->submit(
		'ups', 1,
		ship_to => {
			name => 'Jo Ray', street1 => '9 Elm St', city => 'Austin', region => 'TX',
			postcode => $postcode, country => 'US', phone => '512-555-0199'
		});
	return $order;
}

# UPS says that it does not go there.
sub refuse
{
	return $sim->misbehave(
		peer => 'ups', path => $path, action => 'status', status => 400, @_,
		body => { response => { errors => [
			{ code => '111210', message => 'The requested service is unavailable between the selected locations.' }
		] } });
}

sub asked { return scalar @{ $sim->requests(peer => 'ups', path => $path) }; }

sub rate
{
	my ($area) = @_;
	return $world->value("SELECT concat_ws(' ', service, amount, currency, transit_days, state)
		 FROM fulfillment.rates WHERE merchant_id = 1 AND postcode = '$area' AND service = 'standard'");
}

sub price { return sprintf '%.2f', ($world->shipments($_[0]))[0]{planned_cost}; }

sub explanation
{
	return $world->value(
		"SELECT explanation FROM fulfillment.explain_assignment($_[0]) WHERE rank = 1");
}

my $quoted;
subtest 'the first order goes with the table, the next one with the quote' => sub {
	my $first = order_to('78701');
	is(price($first), '50.00', 'nothing was quoted yet');
	like(explanation($first), qr/price of the table, no quote/, 'and the order says so');
	$world->comes_to_rest('the price is asked for');
	is(asked(), 1, 'once');
	like(rate('787'), qr/^standard [\d.]+ USD \d+ counts$/, 'the answer is there');
	cmp_ok($world->value('SELECT count(*) FROM fulfillment.rate_quotes'),
		'>', 1, 'with the services that are none of ours');
	(undef, $quoted) = split / /, rate('787');
	isnt($quoted, '50.00', 'another price than the table has');

	my $second = order_to('78745');
	is(price($second), $quoted, 'counts for the same area');
	like(explanation($second), qr/price quoted \d{4}-/, 'and the order says when it was quoted');
	$world->comes_to_rest('it is shipped');
	is(asked(), 1, 'nobody asks twice');
};

subtest 'a person asks again' => sub {
	$world->value("SELECT fulfillment.pause_connection('ups', 'let them wait')");
	my $order = order_to('78701');
	is($world->value("SELECT fulfillment.request_rates($order)"), 1, 'of what is not sent yet');
	$world->value("SELECT fulfillment.resume_connection('ups')");
	$world->comes_to_rest('the answer is here');
	is(asked(), 2, 'a call was made');
	like(rate('787'), qr/^standard \Q$quoted\E .* counts$/, 'and answered');
};

subtest 'an order waits for its price' => sub {
	$world->value("UPDATE fulfillment.providers SET rates_wait = '10 minutes' WHERE merchant_id = 1");
	my $order = order_to('77002');
	$world->comes_to("SELECT count(*) FROM fulfillment.shipments WHERE order_id = $order",
		1, 'until it is there, and no longer');
	my (undef, $amount) = split / /, rate('770');
	is(price($order), $amount, 'and goes with it');
	like(explanation($order), qr/price quoted/, 'as it says');
	is(
		$world->value("SELECT string_agg(waiting -> 0 ->> 'reason', ' ' ORDER BY decision_id)
			 FROM fulfillment.decisions WHERE order_id = $order"),
		'rates', 'what it waited for is remembered');
};

subtest 'a price that is refused is no reason to stop' => sub {
	refuse(next => 1);
	my $order = order_to('75201');
	$world->comes_to("SELECT count(*) FROM fulfillment.shipments WHERE order_id = $order",
		1, 'the order goes');
	is(price($order), '50.00', 'with the table');
	$world->comes_to_rest('and is shipped');
	is($world->value("SELECT count(*) FROM fulfillment.rates WHERE postcode = '752' AND amount IS NULL"),
		1, 'why there is no price is written down');
	is($world->value('SELECT count(*) FROM fulfillment.attention WHERE resolved_at IS NULL'),
		0, 'and is no matter for a person');
};

subtest 'nobody waits for ever' => sub {
	$world->value("UPDATE fulfillment.providers SET rates_wait = '1 second' WHERE merchant_id = 1");
	$sim->misbehave(peer => 'ups', path => $path, action => 'status', status => 503);
	my $order = order_to('78205');
	$world->comes_to(
		"SELECT fulfillment.run_job('expire');
		 SELECT count(*) FROM fulfillment.shipments WHERE order_id = $order",
		"\n1", 'the order goes when its time is over');
	is(price($order), '50.00', 'with the table');
	$sim->behave;
	$world->comes_to_rest_in_time('the price is asked for until it is there');
	like(rate('782'), qr/counts$/, 'for those that come later');
};

subtest 'a replay asks nobody' => sub {
	my $before = asked();
	$world->value("UPDATE fulfillment.providers SET rates_for = '1 second' WHERE merchant_id = 1");
	$world->value("SELECT * FROM fulfillment.simulate_routing('{}', now() - interval '1 hour')");
	$world->comes_to_rest('nothing is to be done');
	is(asked(), $before, 'no call was made');
};

is_deeply([ $sim->offence_lines ], [], 'UPS has nothing to complain about');
$world->is_sound('in the end');

done_testing();
