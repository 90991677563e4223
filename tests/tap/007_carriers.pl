# The carriers meet their simulators through the engine: an order becomes a label, a parcel on its
# way and a delivery; labels are taken back; tokens run out; and after an answer was lost nothing
# was made twice, which the simulator's own count proves.

use strict;
use warnings;

use FulfillmentCluster;
use FulfillmentSimulator;
use FulfillmentWorld;
use Test::More;

my $node = FulfillmentCluster->start_new('carriers', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 7);
my $world = FulfillmentWorld->new($node, $sim);

my %berlin = (
	name => 'Eva Berg', street1 => 'Ringweg 9', city => 'Berlin', postcode => '10115', country => 'DE');

# create: the path that makes something.  lost: what becomes of a shipment whose answer is lost, and
# how often it was made until then.  cancel: what a cancellation comes to.
my %carriers = (
	fedex => {
		create => '/ship/v1/shipments',
		lost => 'accepted 2',    # FedEx gives no label twice: the first one is cancelled
		cancel => 'cancelled 1',
	},
	usps => { create => '/labels/v3/label', lost => 'accepted 1', cancel => 'cancelled 1' },
	dhl_express => {
		create => '/shipments',
		lost => 'accepted 1',
		cancel => 'cancel_requested 0',    # it cannot be asked: a person is told
	},
	dhl_parcel_de => {
		create => '/parcel/de/shipping/v2/orders',
		lost => 'attention 1',    # nothing can be looked up: a person decides
		cancel => 'cancelled 1',
		order => { ship_to => \%berlin },
	},
	amazon_mcf => {
		create => '/fba/outbound/2020-07-01/fulfillmentOrders',
		lost => 'accepted 1',
		cancel => 'cancelled 1',
		documents => 0,
	});
my @names = sort keys %carriers;
$world->provider($_, timeout_ms => 3000) foreach @names;

# One order for each carrier; answers their shipments by carrier.
sub ship
{
	my %shipment;
	foreach my $name (@_)
	{
		my ($order) = $world->submit($name, 1, %{ $carriers{$name}{order} // {} });
		($shipment{$name}) = $world->shipments($order);
	}
	return %shipment;
}

sub state_of
{
	my ($shipment) = @_;
	return ($world->shipments($shipment->{order_id}))[0]{state};
}

sub counts
{
	my ($name) = @_;
	return $sim->get("/$name/counts");
}

# Every shipment and parcel on its way is asked for.
sub ask
{
	$world->value(q{
		UPDATE fulfillment.shipments SET poll_at = now() WHERE poll_at IS NOT NULL;
		UPDATE fulfillment.packages SET poll_at = now() WHERE poll_at IS NOT NULL;
		SELECT fulfillment.poll_tracking();});
	return $world->comes_to_rest('everything on its way is asked for');
}

my %first = ship(@names);
subtest 'an order is shipped and arrives' => sub {
	$world->comes_to_rest('every call is made');
	foreach my $name (@names)
	{
		my $reference = $first{$name}{reference};
		is(state_of($first{$name}), 'accepted', "$name: accepted");
		is(counts($name)->{by_reference}{$reference}, 1, "$name: made once, under our reference");
		next if defined $carriers{$name}{documents};
		cmp_ok(
			$world->value("SELECT count(*) FROM fulfillment.documents_of($first{$name}{shipment_id})"),
			'>=', 1, "$name: a label is here");
	}
	$sim->advance(h => 40);
	ask();
	$world->comes_to(
		"SELECT string_agg(o.progress, ' ' ORDER BY o.number) FROM fulfillment.order_status o",
		join(' ', ('delivered') x @names), 'every order is delivered');
	foreach my $name (@names)
	{
		my $events = $world->value(
			"SELECT string_agg(DISTINCT e.status::text, ' ' ORDER BY e.status::text)
			   FROM fulfillment.tracking_events e JOIN fulfillment.packages USING (merchant_id, package_id)
			  WHERE shipment_id = $first{$name}{shipment_id}");
		like($events, qr/\bdelivered\b.*\bin_transit\b.*\bout_for_delivery\b/, "$name: told what happened");
	}
};

# DHL tells of parcels that were not made here, whatever division has them.
subtest 'a parcel is tracked that somebody else has sent' => sub {
	$world->provider('dhl_tracking');
	my $number = $world->value(
		"SELECT tracking_number FROM fulfillment.packages WHERE shipment_id = $first{dhl_parcel_de}{shipment_id}");
	my ($order) = $world->submit('dhl_tracking', 1, ship_to => \%berlin);
	my ($shipment) = $world->shipments($order);
	$world->value("SELECT fulfillment.confirm_shipment($shipment->{shipment_id},
		'[{\"tracking_number\": \"$number\", \"carrier\": \"dhl\"}]')");
	ask();
	is(
		$world->value("SELECT status FROM fulfillment.packages WHERE shipment_id = $shipment->{shipment_id}"),
		'delivered', 'and is delivered');
};

subtest 'labels are taken back' => sub {
	my %shipment = ship(@names);
	my %voided = map { $_ => counts($_)->{voided} } @names;

	$world->comes_to_rest('every call is made');
	foreach my $name (@names)
	{
		$world->value("SELECT fulfillment.cancel_order($shipment{$name}{order_id}, 'changed my mind')");
	}
	$world->comes_to_rest('every cancellation is made');
	ask();    # Amazon takes a request, and tells later what became of it
	foreach my $name (@names)
	{
		my $taken = counts($name)->{voided} - $voided{$name};
		is(state_of($shipment{$name}) . " $taken", $carriers{$name}{cancel}, "$name: as it can");
	}
};

subtest 'tokens run out, and callers are told to slow down' => sub {
	$sim->post("/$_/revoke_tokens") foreach @names;
	$sim->misbehave(
		peer => $_, path => $carriers{$_}{create}, action => 'status', status => 429, retry_after => 1,
		next => 1) foreach @names;
	my %shipment = ship(@names);

	$world->comes_to_rest_in_time('every call is made at last');
	is(state_of($shipment{$_}), 'accepted', "$_: with a new token, later") foreach @names;
	is(counts($_)->{by_reference}{ $shipment{$_}{reference} }, 1, "$_: made once") foreach @names;
};

subtest 'an answer is lost' => sub {
	$world->value("SELECT fulfillment.pause_connection(code, 'rules are made') FROM fulfillment.connections");
	my %shipment = ship(@names);
	$sim->misbehave(
		peer => $_, path => $carriers{$_}{create}, contains => $shipment{$_}{reference}, next => 1,
		action => 'drop_after_processing') foreach @names;
	$world->value('SELECT fulfillment.resume_connection(code) FROM fulfillment.connections');
	$world->comes_to_rest_in_time('what is to be known is known');
	foreach my $name (@names)
	{
		my $reference = $shipment{$name}{reference};
		my $made = counts($name)->{by_reference}{$reference};
		is(state_of($shipment{$name}) . " $made", $carriers{$name}{lost}, "$name: looked up");
		is(counts($name)->{live_by_reference}{$reference}, 1, "$name: one is left, not two");
	}
};

subtest 'a status that nobody has described' => sub {
	my %shipment = ship(@names);

	$world->comes_to_rest('every call is made');
	$sim->settings($_, { journey => 'unheard_of' }) foreach @names;
	$sim->advance(h => 10);
	ask();
	foreach my $name (@names)
	{
		like(state_of($shipment{$name}), qr/^(accepted|shipped)$/, "$name: it is on its way all the same");
	}
	is(
		$world->value("SELECT string_agg(DISTINCT connector, ' ' ORDER BY connector)
			FROM fulfillment.unknown_codes WHERE code IN ('ZQ', 'EVENT_999', 'airborne')"),
		join(' ', @names), 'and it is counted');
};

$world->is_sound('carriers', qr/The token was revoked/);
$node->stop;
is($sim->stop, 0, 'the simulator ends cleanly');
done_testing();
