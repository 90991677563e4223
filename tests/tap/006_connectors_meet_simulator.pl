# The connectors hold their conversations with the simulator.  Both were written
# from the same descriptions, by different hands: no request may be an offence,
# and every answer must be understood.  The connectors' pure functions are used;
# only this test sends, so no worker and no row is needed.
use strict;
use utf8;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentCluster;
use FulfillmentConversation;
use FulfillmentSimulator;
use HTTP::Tiny;
use JSON::PP;
use MIME::Base64;
use Test::More;

my $json = JSON::PP->new->canonical->allow_nonref;
my $node = FulfillmentCluster->start_new('connectors', workers => 0);
my $sim = FulfillmentSimulator->start(seed => 5);

my $token;

# The credentials a worker would put in at the last moment.
sub authorization
{
	my ($connector) = @_;

	return 'Basic ' . encode_base64('ck_a:cs_b', '') if $connector eq 'woocommerce';
	return 'Basic ' . encode_base64('api:secret', '') if $connector eq 'ongoing_wms';
	$token //= $json->decode(HTTP::Tiny->new->post(
		$sim->url('ups') . '/security/v1/oauth/token',
		{
			headers => {
				Authorization => 'Basic ' . encode_base64('client:secret', ''),
				'Content-Type' => 'application/x-www-form-urlencoded',
			},
			content => 'grant_type=client_credentials',
		})->{content})->{access_token};
	return "Bearer $token";
}

my $talk = FulfillmentConversation->new($node, $sim, sub { return {Authorization => authorization(@_)} });

sub converse
{
	return $talk->converse(@_);
}

sub ends_with
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $talk->ends_with(@_);
}

my $acme = {company => 'Acme', name => 'Ann Lee', street1 => '1 Main St', city => 'Atlanta',
	region => 'GA',
	postcode => '30301', country => 'US', phone => '404-555-0100'};
my $texan = {name => 'Jo Ray', street1 => '9 Elm St', city => 'Austin', region => 'TX',
	postcode => '78701',
	country => 'US', phone => '512-555-0199'};
my $swede = {name => 'Åsa "Eva" Öberg', street1 => 'Storgatan 1', city => 'Malmö',
	postcode => '211 22',
	country => 'SE', phone => '+46 70 123 45 67', email => 'eva@example.com',
		residential => JSON::PP::true};

sub shipment
{
	my ($reference, $to) = @_;
	return {
		reference => $reference, order_number => '1001',
			service => $to->{country} eq 'US' ? '03' : '65',
		ship_from => $acme, ship_to => $to,
		lines => [{line => 1, sku => 'SH-1', name => 'Cotton shirt', quantity => 2,
			unit_price => '25.00', currency => 'USD',
				weight_g => 400, hs_code => '610510', origin_country => 'US'}],
		packages => [{number => 1, weight_g => 900, length_mm => 300, width_mm => 200,
			height_mm => 100}],
		customs => {contents => 'merchandise', incoterm => 'DAP', invoice_number => 'INV-1',
			invoice_date => '2026-01-05'},
		options => {label_format => 'zpl'},
	};
}

subtest 'UPS' => sub {
	my %config = (config => {base_url => $sim->url('ups'), account_number => 'A1B2C3'});

	foreach my $to ($texan, $swede)
	{
		my $reference = "UPS-$to->{country}-1";
		my $shipment = shipment($reference, $to);
		my $rates = ends_with('ok', 'ups', 'quote_rates', {%config, shipment => $shipment},
			"rates to $to->{country}");
		ok(@{$rates->{rates}} && $rates->{rates}[0]{amount} > 0, 'with prices');

		my $made = ends_with('ok', 'ups', 'create_shipment', {%config, shipment => $shipment},
			"a label to $to->{country}");
		my $number = $made->{shipment}{packages}[0]{tracking_number};
		is($sim->get('/ups/counts')->{by_reference}{$reference}, 1, 'was made once');
		my $found = ends_with('ok', 'ups', 'find_shipment', {%config, shipment => $shipment},
			'is found');
		is($found->{shipment}{packages}[0]{tracking_number}, $number, 'by its reference');

		$shipment->{provider_reference} = $made->{shipment}{provider_reference};
		$shipment->{packages}[0]{tracking_number} = $number;
		$sim->advance(h => 60);
		my $seen = ends_with('ok', 'ups', 'get_shipment', {%config, shipment => $shipment},
			'is tracked');
		is($seen->{tracking}[0]{status}, 'delivered', 'to its end');
		ends_with('ok', 'ups', 'cancel_shipment', {%config, shipment => $shipment}, 'is voided');
		ends_with('ok', 'ups', 'cancel_shipment', {%config, shipment => $shipment}, 'and again');
	}
	is(converse('ups', 'find_shipment', {%config, shipment => shipment('NEVER', $texan)})->{result},
		'absent', 'what was never made is absent');
	my $refused = converse('ups', 'create_shipment', {%config, shipment => shipment('BAD', {%$texan,
		postcode => '10001'})});
	is("$refused->{result} $refused->{error}{code}", 'refused 120802',
		'a postcode of another state is refused');
	like($refused->{error}{field}, qr/^ship_to/, 'and whose it is, is named');
};

subtest 'Ongoing WMS' => sub {
	my %config = (config => {base_url => $sim->url('ongoing'), goods_owner_id => 159});
	my $shipment = {%{shipment('FC-1', $swede)}, ship_from => undef};

	delete $shipment->{ship_from};
	$shipment->{lines}[0]{sku} = 'MUG';
	ends_with('ok', 'ongoing_wms', 'put_items', {%config, items => [{sku => 'MUG', name => 'Mug',
		weight_g => 400, origin_country => 'SE', hs_code => '691200'}]}, 'an article');
	$sim->post('/ongoing/stock', {articles => [{articleNumber => 'MUG', numberOfItems => 10}]});
	my $made = ends_with('ok', 'ongoing_wms', 'create_shipment', {%config, shipment => $shipment},
		'an order');
	$shipment->{provider_reference} = $made->{shipment}{provider_reference};
	is(ends_with('ok', 'ongoing_wms', 'find_shipment', {%config, shipment => $shipment},
		'is found')->{shipment}{state}, 'accepted', 'accepted');
	$sim->post('/ongoing/move', {orderNumber => 'FC-1', to => 'sent', picked => {1 => 1}});
	my $seen = ends_with('ok', 'ongoing_wms', 'get_shipment', {%config, shipment => $shipment},
		'is seen');
	is($seen->{shipment}{state}, 'shipped', 'shipped');
	is("@{$seen->{shipment}{lines}[0]}{qw(shipped short)}", '1 1', 'one short');
	ok($seen->{shipment}{packages}[0]{tracking_number}, 'with a number');
	is(converse('ongoing_wms', 'cancel_shipment', {%config, shipment => $shipment})->{result},
		'refused', 'too late to cancel');
	my $stock = ends_with('ok', 'ongoing_wms', 'get_inventory', \%config, 'stock');
	is($stock->{inventory}[0]{on_hand}, 9, 'has left');
	is(converse('ongoing_wms', 'find_shipment', {%config, shipment => {%$shipment,
		reference => 'NEVER', provider_reference => undef}})->{result},
		'absent', 'what was never put is absent');
};

subtest 'WooCommerce' => sub {
	my %config = (config => {base_url => $sim->url('woocommerce'), confirm_with => 'fulfillments',
		manage_stock => JSON::PP::true});
	my $seeded = $sim->post('/woocommerce/seed', {orders => 130, seed => 3, interval_s => 60});
	my $fetched = ends_with('ok', 'woocommerce', 'fetch_orders',
		{%config, cursor => {modified_after => '2000-01-01T00:00:00'}}, 'orders');
	my @orders = @{$fetched->{orders}};
	my %number = map { $_->{number} => 1 } @orders;
	is(scalar keys %number, 130, 'every order came');
	my ($order) = grep { @{$_->{lines}} > 1 } @orders;
	my @lines = map { {line => $_->{line}, channel_line_id => $_->{channel_line_id},
		sku => $_->{sku}, quantity => $_->{quantity}} } @{$order->{lines}};
	my %shipped = (
		order => {number => $order->{number},
			channel_order_id => $order->{channel_order_id} // $order->{number},
			complete => JSON::PP::true},
		shipment => {reference => 'S-1', lines => \@lines, shipped_at => '2026-01-05T12:00:00Z',
			packages => [{number => 1, tracking_number => '1ZA1B2C30300000012', carrier => 'ups',
				lines => \@lines}]});

	ends_with('ok', 'woocommerce', 'confirm_shipment', {%config, %shipped}, 'a parcel is told');
	my $state = $sim->get("/woocommerce/orders?id=$order->{number}")->{orders}[0];
	is("$state->{status} " . @{$state->{fulfillments}}, 'completed 1', 'and the order complete');
	ends_with('ok', 'woocommerce', 'confirm_shipment', {%config, %shipped}, 'told again');
	is(scalar @{$sim->get("/woocommerce/orders?id=$order->{number}")->{orders}[0]{fulfillments}}, 1,
		'it is told once');
	my $pushed = ends_with('ok', 'woocommerce', 'push_inventory', {%config,
		inventory => [{sku => 'MUG-BLUE', quantity => 17}, {sku => 'TEE-M', quantity => 4}]},
		'stock');
	is($sim->get("/woocommerce/stock?sku=$_->[0]")->{stock}[0]{stock_quantity}, $_->[1],
		"$_->[0]") for (['MUG-BLUE', 17], ['TEE-M', 4]);
};

$node->stop;
is($sim->stop, 0, 'the simulator ends cleanly');
done_testing();
