# The simulator itself: the main conversations of the peers' sheets, its
# strictness, its misbehaviour, and that it stays on the loopback address.
use strict;
use utf8;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Digest::SHA;
use Encode;
use FulfillmentSimulator;
use HTTP::Tiny;
use JSON::PP;
use MIME::Base64;
use POSIX ();
use Test::More;
use Time::HiRes;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $sim = FulfillmentSimulator->start(seed => 7);
my $http = HTTP::Tiny->new(timeout => 5);

# One call; answers (status, decoded body, headers).
sub call
{
	my ($method, $url, $headers, $body) = @_;
	my %option = (headers => {%{$headers // {}}});

	if (defined $body)
	{
		$option{content} = ref $body ? $json->encode($body) : $body;
		$option{headers}{'Content-Type'} //= 'application/json';
	}
	my $answer = $http->request($method, $url, \%option);
	my $decoded = eval { $json->decode($answer->{content}) };
	return ($answer->{status}, $decoded // $answer->{content}, $answer->{headers});
}

sub status { return (call(@_))[0]; }
sub body { return (call(@_))[1]; }

sub read_lines
{
	my ($file) = @_;
	open my $handle, '<', $file or die "$file: $!";
	my @lines = <$handle>;
	close $handle;
	return @lines;
}

# --- UPS ---

my $ups = $sim->url('ups');

sub ups_token
{
	my ($status, $answer) = call('POST', "$ups/security/v1/oauth/token",
		{Authorization => 'Basic Y2xpZW50OnNlY3JldA==',
			'Content-Type' => 'application/x-www-form-urlencoded'},
		'grant_type=client_credentials');
	return $answer->{access_token};
}

sub ups_headers
{
	return {Authorization => "Bearer $_[0]", transId => 'test', transactionSrc => 'test'};
}

sub address
{
	my (%part) = @_;
	return {AddressLine => ['9 Elm St'], City => 'Austin', StateProvinceCode => 'TX',
		PostalCode => '78701', CountryCode => 'US', %part};
}

sub ship_request
{
	my ($reference) = @_;
	return {ShipmentRequest => {
		Request => {RequestOption => 'nonvalidate',
			TransactionReference => {CustomerContext => $reference}},
		Shipment => {
			Shipper => {Name => 'Acme', ShipperNumber => 'A1B2C3',
				Address => address(City => 'Atlanta',
				StateProvinceCode => 'GA', PostalCode => '30301')},
			ShipTo => {Name => 'Jo Ray', Address => address()},
			PaymentInformation => {ShipmentCharge => [{Type => '01',
				BillShipper => {AccountNumber => 'A1B2C3'}}]},
			Service => {Code => '03'},
			Package => [{Packaging => {Code => '02'}, ReferenceNumber => [{Value => $reference}],
				PackageWeight => {UnitOfMeasurement => {Code => 'LBS'}, Weight => '3.5'}}],
		},
		LabelSpecification => {LabelImageFormat => {Code => 'ZPL'},
			LabelStockSize => {Height => '6', Width => '4'}},
	}};
}

subtest 'UPS: a label, found, tracked, voided' => sub {
	my $headers = ups_headers(ups_token());
	my ($status, $answer) = call('POST', "$ups/api/shipments/v2409/ship", $headers,
		ship_request('R-1'));
	my $number = $answer->{ShipmentResponse}{ShipmentResults}{ShipmentIdentificationNumber};

	is($status, 200, 'a complete request is accepted');
	like($number, qr/^1ZA1B2C303\d{8}$/, 'a 1Z number of the account and service');
	is($sim->get('/ups/counts')->{by_reference}{'R-1'}, 1, 'the reference was shipped once');

	($status, $answer) = call('POST', "$ups/api/labels/v1/recovery", $headers,
		{LabelRecoveryRequest => {
		LabelSpecification => {LabelImageFormat => {Code => 'ZPL'}},
		ReferenceValues => {ReferenceNumber => {Value => 'R-1'}, ShipperNumber => 'A1B2C3'}}});
	is($answer->{LabelRecoveryResponse}{ShipmentIdentificationNumber}, $number,
		'recovery finds it');

	my $track = "$ups/api/track/v1/details/$number?locale=en_US";
	($status, $answer) = call('GET', $track, $headers);
	is($answer->{trackResponse}{shipment}[0]{package}[0]{currentStatus}{statusCode}, '003',
		'label made');
	$sim->advance(h => 51);
	($status, $answer) = call('GET', $track, $headers);
	is($answer->{trackResponse}{shipment}[0]{package}[0]{currentStatus}{statusCode}, '006',
		'out for delivery');
	$sim->advance(h => 10);
	($status, $answer) = call('GET', $track, $headers);
	is($answer->{trackResponse}{shipment}[0]{package}[0]{currentStatus}{statusCode}, '011',
		'delivered');

	my $void = "$ups/api/shipments/v2409/void/cancel/$number";
	($status, $answer) = call('DELETE', $void, $headers);
	is($answer->{VoidShipmentResponse}{SummaryResult}{Status}{Code}, '1', 'voided');
	($status, $answer) = call('DELETE', $void, $headers);
	is($answer->{response}{errors}[0]{code}, '190117', 'a second void says already voided');
	is_deeply([$sim->offence_lines(refused => 'true')], [], 'nothing was wrong with the requests');
};

subtest 'UPS: strictness names the field' => sub {
	my $headers = ups_headers(ups_token());
	my $request = ship_request('R-2');

	$sim->reset;
	$headers = ups_headers(ups_token());
	delete $request->{ShipmentRequest}{Shipment}{Package}[0]{Packaging};
	$request->{ShipmentRequest}{Shipment}{ShipTo}{Address}{PostalCode} = '99999';
	my ($status, $answer) = call('POST', "$ups/api/shipments/v2409/ship", $headers, $request);
	is("$status $answer->{response}{errors}[0]{code}", '400 121212', 'a missing member');
	is($sim->offences->[0]{field}, 'ShipmentRequest.Shipment.Package[0].Packaging', 'its place');
	$request->{ShipmentRequest}{Shipment}{Package}[0]{Packaging} = {Code => '02'};
	($status, $answer) = call('POST', "$ups/api/shipments/v2409/ship", $headers, $request);
	is("$status $answer->{response}{errors}[0]{code}", '400 120802', 'a ZIP code of another state');
	($status, $answer) = call('POST', "$ups/api/shipments/v2409/ship", ups_headers('stale'),
		$request);
	is("$status $answer->{response}{errors}[0]{code}", '401 250002', 'an unknown token');
	is($sim->get('/ups/counts')->{shipments}, 0, 'no label was made');
};

subtest 'UPS: laws beyond single members' => sub {
	my $headers = ups_headers(ups_token());
	my $ship = "$ups/api/shipments/v2409/ship";
	my @laws = (
		[120541, 'a reference at the wrong level',
			sub { $_[0]{ReferenceNumber} = [{Value => 'X'}] }],
		[120548, 'mixed units', sub { $_[0]{Package}[0]{Dimensions} =
			{UnitOfMeasurement => {Code => 'CM'}, Length => '30', Width => '20', Height => '10'} }],
		[121025, 'too much declared',
			sub { $_[0]{Package}[0]{PackageServiceOptions}{DeclaredValue} =
			{CurrencyCode => 'USD', MonetaryValue => '50001'} }],
		[121210, 'a service of another lane', sub { $_[0]{Service}{Code} = '65' }],
		[120414, 'another payer', sub {
			$_[0]{PaymentInformation}{ShipmentCharge}[0]{BillShipper}{AccountNumber} = 'ZZZZZZ' }],
		[120208, 'a country that is none', sub { $_[0]{ShipTo}{Address}{CountryCode} = 'XX' }],
		[120202, 'a line of 36 characters',
			sub { $_[0]{ShipTo}{Address}{AddressLine} = ['x' x 36] }],
		[120006, 'no description across a border', sub {
			$_[0]{ShipTo}{Address} = {AddressLine => ['Storgatan 1'], City => 'Malmö',
				PostalCode => '21122',
				CountryCode => 'SE'};
			$_[0]{$_}{AttentionName} = 'Eva',
				$_[0]{$_}{Phone} = {Number => '4670123456'} for qw(Shipper ShipTo);
			$_[0]{Service}{Code} = '65' }],
	);

	foreach my $law (@laws)
	{
		my ($code, $name, $break) = @$law;
		my $request = ship_request('L');

		$break->($request->{ShipmentRequest}{Shipment});
		my ($status, $answer) = call('POST', $ship, $headers, $request);
		is($answer->{response}{errors}[0]{code}, $code, $name);
	}
	my $request = ship_request('L');
	$request->{ShipmentRequest}{Shipment}{Package}[0]{Weigth} = '1';
	my $before = @{$sim->offences(rule => 'unknown')};
	is(status('POST', $ship, $headers, $request), 200, 'a misspelt member is tolerated');
	is(@{$sim->offences(rule => 'unknown')} - $before, 1, 'but noted');
};

subtest 'UPS: rates, tokens, journeys, alerts' => sub {
	$sim->reset;
	my $headers = ups_headers(ups_token());
	my ($status, $answer) = call('POST', "$ups/api/rating/v2409/Shoptimeintransit", $headers,
		{RateRequest => {
		Request => {RequestOption => 'Shop'}, Shipment => {
			Shipper => {ShipperNumber => 'A1B2C3', Address => address(StateProvinceCode => 'GA',
				PostalCode => '30301')},
			ShipTo => {Address => address()},
				ShipmentRatingOptions => {NegotiatedRatesIndicator => 'Y'},
			DeliveryTimeInformation => {PackageBillType => '03', Pickup => {Date => '20260105'}},
			Package => [{PackagingType => {Code => '02'},
				PackageWeight => {UnitOfMeasurement => {Code => 'LBS'}, Weight => '3.5'}}]}}});
	my ($ground) = grep { $_->{Service}{Code} eq '03' } @{$answer->{RateResponse}{RatedShipment}};
	cmp_ok($ground->{NegotiatedRateCharges}{TotalCharge}{MonetaryValue}, '<',
		$ground->{TotalCharges}{MonetaryValue}, 'a contract costs less');
	like($ground->{TimeInTransit}{ServiceSummary}{EstimatedArrival}{Arrival}{Date},
		qr/^202601\d\d$/, 'days');

	($status, $answer) = call('POST', "$ups/api/shipments/v2409/ship", $headers,
		ship_request('J-1'));
	my $number = $answer->{ShipmentResponse}{ShipmentResults}{ShipmentIdentificationNumber};
	my ($result) = @{$answer->{ShipmentResponse}{ShipmentResults}{PackageResults}};
	my $label = $result->{ShippingLabel}{GraphicImage};
	cmp_ok(length $label, '>', 13_000, 'a label of about 10 kB');
	call('POST', "$ups/api/track/v2/subscription/standard/package", $headers,
		{locale => 'en_US', countryCode => 'US', trackingNumberList => [$number]});
	$sim->post('/ups/journey', {tracking_number => $number, journey => 'returned'});
	$sim->advance(h => 200);
	my ($last) = reverse @{$sim->events(peer => 'ups')};
	is($json->decode($last->{body})->{activityStatus}{code}, 'B0', 'the last alert says returned');
	like($json->decode($last->{body})->{gmtOffset}, qr/^[+-]\d\d\.\d\d$/, 'its offset has a dot');
	$sim->post('/ups/activity', {tracking_number => $number, type => 'I', code => 'DP',
		status_code => '005',
		offset_s => -86400});
	$sim->misbehave(peer => 'ups', path => '/api/track', action => 'duplicate_event', next => 1);
	($status, $answer) = call('GET', "$ups/api/track/v1/details/$number", $headers);
	my $scans = $answer->{trackResponse}{shipment}[0]{package}[0]{activity};
	is_deeply($scans->[0], $scans->[1], 'a scan comes twice');

	$sim->post('/ups/revoke_tokens');
	is(status('GET', "$ups/api/track/v1/details/$number", $headers), 401, 'a revoked token');
	is($sim->get('/ups/counts')->{token_calls}, 1, 'tokens are counted');
};

# --- WooCommerce ---

my $woo = $sim->url('woocommerce') . '/wp-json/wc/v3';
my %key = (Authorization => 'Basic Y2tfYTpjc19i');

subtest 'WooCommerce: orders, paging, changes' => sub {
	$sim->reset;
	my $seeded = $sim->post('/woocommerce/seed', {orders => 60, seed => 11, on_hold => 0.2,
		bad_address => 0.1});
	my ($status, $orders, $headers) = call('GET',
		"$woo/orders?status=processing,on-hold&orderby=modified&order=asc&per_page=25",
		\%key);

	is(scalar @$orders, 25, 'a page');
	is("$headers->{'x-wp-total'} $headers->{'x-wp-totalpages'}", '60 3', 'and how many there are');
	ok(!grep({ $orders->[$_ - 1]{date_modified_gmt} gt $orders->[$_]{date_modified_gmt} } 1 .. 24),
		'in order');
	my ($id) = map { $_->{id} } grep { $_->{status} eq 'processing' } @$orders;
	my $last = (sort map { $_->{date_modified_gmt} } @{body('GET', "$woo/orders?per_page=100",
		\%key)})[-1];

	$sim->advance(s => 5);
	($status, my $order) = call('PUT', "$woo/orders/$id", \%key, {status => 'completed'});
	is($order->{status}, 'completed', 'completed');
	ok($order->{date_completed_gmt}, 'with its date');
	($status, $orders) = call('GET', "$woo/orders?modified_after=$last&dates_are_gmt=true", \%key);
	is_deeply([map { $_->{id} } @$orders], [$id], 'an incremental fetch sees the one change');
	is(body('GET', "$woo/orders?per_page=101", \%key)->{code}, 'rest_invalid_param',
		'a page too large');
	is(status('PUT', "$woo/orders/$id", \%key, {status => 'wc-done'}), 400,
		'a status that is none');
	is(status('GET', "$woo/orders"), 401, 'without a key');

	my $again = $sim->reset && $sim->post('/woocommerce/seed', {orders => 60, seed => 11,
		on_hold => 0.2, bad_address => 0.1});
	is_deeply($again, $seeded, 'the same seed, the same orders');
};

subtest 'WooCommerce: parcels, refunds, stock, webhooks' => sub {
	$sim->reset;
	my $order = $sim->post('/woocommerce/orders', {lines => [{sku => 'MUG-BLUE', quantity => 3}]});
	my $line = $order->{line_items}[0]{id};
	my $told = {status => 'fulfilled', is_fulfilled => JSON::PP::true, meta_data => [
		{key => '_items', value => [{item_id => $line, qty => 2}]}, {key => '_tracking_number',
			value => '1Z'}]};
	my $path = "$woo/orders/$order->{id}";

	is(status('POST', "$path/fulfillments", \%key, $told), 201, 'two of three are shipped');
	is(status('POST', "$path/fulfillments", \%key, $told), 400, 'four of three are not');
	is(scalar @{body('GET', "$path/fulfillments", \%key)}, 1, 'one fulfillment');
	$sim->settings('woocommerce', {fulfillments => JSON::PP::false});
	is(body('GET', "$path/fulfillments", \%key)->{code}, 'rest_no_route', 'the feature is off');
	is(status('POST', "$path/notes", \%key, {note => 'Shipped', customer_note => JSON::PP::true}),
		201, 'a note') for 1 .. 2;
	is($sim->offences(rule => 'repeated')->[0]{field}, 'note', 'the buyer was told twice');
	is(status('POST', "$path/refunds", \%key, {amount => '1000.00'}), 400, 'more than was paid');
	is(status('POST', "$path/refunds", \%key, {amount => '5.00', reason => 'RMA-1',
		line_items => [{id => $line, quantity => 1, refund_total => 4}]}), 201, 'a refund');

	my ($status, $found) = call('GET', "$woo/products?sku=MUG-BLUE,TEE-M", \%key);
	is_deeply([sort map { $_->{type} } @$found], ['simple', 'variation'],
		'a product and a variation by SKU');
	my ($mug) = grep { $_->{type} eq 'simple' } @$found;
	my ($tee) = grep { $_->{type} eq 'variation' } @$found;
	($status, my $batch) = call('POST', "$woo/products/batch", \%key,
		{update => [{id => $mug->{id}, stock_quantity => 17}, {id => 1, stock_quantity => 0}]});
	is_deeply([$status, $batch->{update}[0]{stock_quantity}, $batch->{update}[1]{error}{code}],
		[200, 17, 'woocommerce_rest_product_invalid_id'], 'a batch answers for each item');
	is(status('PUT', "$woo/products/$tee->{id}", \%key, {stock_quantity => 1}), 404,
		'a variation is no product');
	is(status('PUT', "$woo/products/$tee->{parent_id}/variations/$tee->{id}", \%key,
		{stock_quantity => 1}), 200, 'but below one');
	is(status('POST', "$woo/products/batch", \%key, {update => [map { {id => $_} } 1 .. 101]}), 413,
		'a batch too large');

	my $hook = $sim->post('/woocommerce/webhook', {order => $order->{id}, secret => 's3cret'});
	is($json->decode(Encode::encode_utf8($hook->{body}))->{id}, $order->{id}, 'a delivery by hand');
	is($hook->{headers}{'X-WC-Webhook-Signature'},
		MIME::Base64::encode_base64(Digest::SHA::hmac_sha256(Encode::encode_utf8($hook->{body}),
			's3cret'), ''), 'and signed');
};

# --- Ongoing ---

my $ongoing = $sim->url('ongoing');
my %user = (Authorization => 'Basic YXBpOnNlY3JldA==');

sub ongoing_order
{
	my ($number, %part) = @_;
	return {goodsOwnerId => 159, orderNumber => $number, deliveryDate => '2026-03-06',
		consignee => {customerNumber => 'C1', name => 'Ann', address1 => 'Storgatan 1',
			postCode => '11455',
			city => 'Stockholm', countryCode => 'SE'},
		orderLines => [{rowNumber => '1', articleNumber => 'MUG', numberOfItems => 3}], %part};
}

sub inventory
{
	return body('GET', "$ongoing/articles?goodsOwnerId=159&articleNumbers=MUG",
		\%user)->[0]{inventoryInfo};
}

subtest 'Ongoing: an order from put to sent' => sub {
	$sim->reset;
	is(status('PUT', "$ongoing/orders", \%user, ongoing_order('O-1')), 400, 'an unknown article');
	is(status('PUT', "$ongoing/articles", \%user, {goodsOwnerId => 159, articleNumber => 'MUG'}),
		200, 'put');
	$sim->post('/ongoing/stock', {articles => [{articleNumber => 'MUG', numberOfItems => 10}]});
	my ($status, $put) = call('PUT', "$ongoing/orders", \%user, ongoing_order('O-1'));
	is($status, 200, 'put');
	is(body('PUT', "$ongoing/orders", \%user, ongoing_order('O-1'))->{orderId}, $put->{orderId},
		'put again, the same');
	is_deeply([@{inventory()}{qw(numberOfItems numberOfBookedItems sellableNumberOfItems)}], [10, 3,
		7], 'booked once');
	($status, my $refused) = call('PUT', "$ongoing/orders", \%user, ongoing_order('O-2',
		prio => 1));
	is($status, 400, 'an unknown member');
	ok(exists $refused->{modelState}{prio}, 'is named');

	$sim->post('/ongoing/move', {orderNumber => 'O-1', to => 'picked', picked => {1 => 2}});
	is(status('DELETE', "$ongoing/orders/$put->{orderId}", \%user), 400, 'too late to cancel');
	is(status('PUT', "$ongoing/orders", \%user, ongoing_order('O-1')), 400, 'or to replace');
	$sim->post('/ongoing/move', {orderNumber => 'O-1', to => 'sent', parcels => 2});
	($status, my $found) = call('GET', "$ongoing/orders?goodsOwnerId=159&orderNumber=O-1", \%user);
	is_deeply([$found->[0]{orderInfo}{orderStatus}{number},
		$found->[0]{orderInfo}{pickedNumberOfItems}, scalar @{$found->[0]{parcels}}],
		[450, 2, 2], 'sent short, in two parcels');
	is_deeply([@{inventory()}{qw(numberOfItems numberOfBookedItems sellableNumberOfItems)}], [8, 0,
		8], 'stock has left');
	is_deeply([map { $_->{topic} } @{$sim->events(peer => 'ongoing')}],
		['OrderCreated', 'OrderStatusChanged', 'OrderPicked', 'OrderStatusChanged'], 'webhooks');

	my $line = $found->[0]{orderLines}[0]{id};
	($status, my $return) = call('PUT', "$ongoing/returnOrders", \%user, {goodsOwnerId => 159,
		returnOrderNumber => 'R-1',
		customerOrder => {orderId => $put->{orderId}},
			returnOrderLines => [{returnOrderRowNumber => '1',
			customerOrderLine => {orderLineId => $line}, toBeReturnedNumberOfItems => 1}]});
	is($status, 200, 'a return is announced');
	$sim->post('/ongoing/receive_return', {returnOrderNumber => 'R-1'});
	is(body('GET', "$ongoing/returnOrders/$return->{returnOrderId}",
		\%user)->{returnOrderLines}[0]{returnedNumberOfItems}, 1, 'and received');

	is(status('PUT', "$ongoing/orders", \%user, ongoing_order('O-3')), 200, 'another');
	is(status('DELETE', "$ongoing/orders?goodsOwnerId=159&orderNumber=O-3", \%user), 200,
		'is cancelled in time');
};

subtest 'Ongoing: writes come one after another, orders live by the clock' => sub {
	$sim->reset;
	$sim->settings('ongoing', {auto_articles => JSON::PP::true, write_ms => 1500,
		auto_step_s => 3600});
	my $pid = fork // die;
	if (!$pid)
	{
		HTTP::Tiny->new->request('PUT', "$ongoing/orders",
			{headers => {%user, 'Content-Type' => 'application/json'},
				content => $json->encode(ongoing_order('P-1'))});
		POSIX::_exit(0);
	}
	until ($sim->counts('ongoing')->{'PUT /{instance}/api/v1/orders'}) { select undef, undef, undef,
		0.01; }
	is(status('PUT', "$ongoing/orders", \%user, ongoing_order('P-2')), 429,
		'the second of two at once is refused');
	is($sim->offences(rule => 'sequence')->[0]{field}, 'goodsOwnerId', 'and an offence');
	waitpid $pid, 0;
	$sim->advance(h => 5);
	is(body('GET', "$ongoing/orders?goodsOwnerId=159&orderNumber=P-1",
		\%user)->[0]{orderInfo}{orderStatus}{number}, 450, 'sent by itself');
};

# --- our own webhooks ---

subtest 'webhooks are verified and counted' => sub {
	$sim->reset;
	my $secret = 'whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=';
	my $body = '{"type":"shipment.goods_issued","timestamp":"2026-03-08T20:00:00Z","data":{"shipment_id":"SHP-20441","order_number":"1001"}}';
	my %vector = ('webhook-id' => 'msg_3f1c7a52f0b94c0d9a', 'webhook-timestamp' => 1773000000,
		'webhook-signature' => 'v1,RNcM3chSAL/SdAmZ6rVFJ3R6A465UfoCV0qLslfHLDA=');
	my $url = $sim->url('webhook') . '/shop';

	$sim->post('/webhook/endpoint', {name => 'shop', secrets => [$secret], tolerance_s => 1e10,
		public_keys => ['whpk_ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=']});
	is(status('POST', $url, \%vector, $body), 204, 'the known vector verifies');
	is(status('POST', $url, \%vector, $body), 204, 'a duplicate is answered alike');
	is(status('POST', $url, {%vector,
		'webhook-signature' => 'v1a,m6Ct0k+c3/ffo9wfeiVk5jL7L03ml+5uujKOutnxiCdD/Qz8peOgdFjWhqrJAj6o7YhX5hcaz9zTTWFIWrhECA=='},
		$body), 204, 'so does the ed25519 one');
	is(status('POST', $url, {%vector, 'webhook-signature' => 'v1,AAAA v1,BBBB'}, $body), 401,
		'a wrong signature does not');
	my $seen = $sim->get('/webhook/endpoint?name=shop');
	is_deeply([@$seen{qw(verified duplicates bad_signatures)}, $seen->{ids}], [3, 2, 1,
		{'msg_3f1c7a52f0b94c0d9a' => 3}], 'counted per id');
	$sim->post('/webhook/endpoint', {name => 'shop', tolerance_s => 300});
	is(status('POST', $url, \%vector, $body), 400, 'an old time is refused');
};

subtest 'events are pushed to a target, twice and in the wrong order if told so' => sub {
	$sim->reset;
	$sim->post('/events/target', {peer => 'ongoing', url => $sim->url('webhook') . '/ongoing'});
	$sim->settings('ongoing', {auto_articles => JSON::PP::true});
	$sim->misbehave(action => 'reorder_event', topic => 'OrderCreated', next => 1);
	$sim->misbehave(action => 'duplicate_event', topic => 'OrderStatusChanged', next => 1);
	call('PUT', "$ongoing/orders", \%user, ongoing_order('E-1'));
	$sim->post('/ongoing/move', {orderNumber => 'E-1', to => 'released'});
	is_deeply([map { $_->{topic} } @{$sim->events}], ['OrderStatusChanged', 'OrderStatusChanged',
		'OrderCreated'], 'recorded so');
	my $tries = 500;
	select undef, undef, undef, 0.01
		while $tries-- && ($sim->get("/webhook/endpoint?name=ongoing")->{received} // 0) < 3;
	is($sim->counts("webhook")->{"POST /{name}"}{received}, 3, "and delivered");
	is(eval { $sim->post('/events/target', {peer => 'ongoing', url => 'http://192.0.2.1/'}); 1 },
		undef, 'never away from here');
};

# --- misbehaviour ---

# --- misbehaviour ---

subtest 'what is dropped after processing was processed' => sub {
	$sim->reset;
	my $headers = ups_headers(ups_token());
	my $ship = "$ups/api/shipments/v2409/ship";

	$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'drop_after_processing',
		next => 1);
	is(status('POST', $ship, $headers, ship_request('R-3')), 599, 'no answer');
	is($sim->get('/ups/counts')->{by_reference}{'R-3'}, 1, 'but a label');
	$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'drop_before', next => 1);
	is(status('POST', $ship, $headers, ship_request('R-4')), 599, 'no answer');
	is($sim->get('/ups/counts')->{by_reference}{'R-4'}, undef, 'and no label');
	is(status('POST', $ship, $headers, ship_request('R-4')), 200, 'a spent rule is over');
};

# One request that meets the action; the raw answer, as far as it came.  HTTP::Tiny asks again
# when a connection is closed on it, so the rule strikes until it is taken back.
sub spoilt
{
	my (%rule) = @_;
	my $wait = delete $rule{wait} // 3;

	$sim->behave;
	$sim->misbehave(%rule);
	return HTTP::Tiny->new(timeout => $wait, max_size => 1_000_000, max_redirect => 0)
		->get("$woo/orders?per_page=1", {headers => {%key, 'Accept-Encoding' => 'gzip'}});
}

subtest 'every kind of misbehaviour' => sub {
	$sim->reset;
	$sim->post('/woocommerce/orders', {lines => [{sku => 'MUG-BLUE'}]});
	my $answer = spoilt(action => 'status', status => 429, retry_after => 7);
	is("$answer->{status} $answer->{headers}{'retry-after'}", '429 7',
		'a status with seconds to wait');
	$answer = spoilt(action => 'status', status => 503, retry_after_date => 60,
		body => {message => 'later'});
	like($answer->{headers}{'retry-after'}, qr/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/,
		'or a date');
	is($answer->{content}, '{"message":"later"}', 'and a body');
	is(spoilt(action => $_)->{status}, 599, $_) for qw(reset drop_before drop_after_processing);
	like(spoilt(action => 'half_body')->{content}, qr/Unexpected end|closed/, 'half_body');
	is(spoilt(action => 'hang', wait => 1)->{status}, 599, 'hang');
	unlike(spoilt(action => 'garbage')->{content}, qr/^[\x20-\x7e\s]*$/, 'garbage');
	like(spoilt(action => 'html')->{content}, qr/<html>/, 'html');
	is(spoilt(action => 'empty')->{content}, '', 'empty');
	is(spoilt(action => 'wrong_content_type')->{headers}{'content-type'}, 'text/html',
		'wrong_content_type');
	like(spoilt(action => 'invalid_utf8')->{content}, qr/\xc3\x28/, 'invalid_utf8');
	like(spoilt(action => 'deep_json', depth => 5000)->{content}, qr/^\[{5000}\]{5000}$/,
		'deep_json');
	like(spoilt(action => 'oversized', bytes => 2_000_000)->{content}, qr/exceeds/, 'oversized');
	is(spoilt(action => 'redirect', url => 'http://127.0.0.1:1/')->{headers}{location},
		'http://127.0.0.1:1/', 'redirect');
	is(spoilt(action => 'endless_headers', bytes => 300_000)->{status}, 599, 'endless_headers');
	my $bomb = spoilt(action => 'gzip_bomb', bytes => 100_000_000);
	cmp_ok(length $bomb->{content}, '<', 200_000, 'gzip_bomb is small');
	require IO::Uncompress::Gunzip;
	my $size = 0;
	my $gunzip = IO::Uncompress::Gunzip->new(\$bomb->{content});
	$size += length while defined($_ = do { my $b; $gunzip->read($b, 1 << 20) > 0 ? $b : undef });
	is($size, 100_663_296, 'until it is unpacked');

	my $start = Time::HiRes::time();
	is(spoilt(action => 'delay_ms', ms => 300)->{status}, 200, 'delay_ms');
	cmp_ok(Time::HiRes::time() - $start, '>=', 0.3, 'is late');
	$start = Time::HiRes::time();
	like(spoilt(action => 'slow_drip', ms => 5, bytes => 100, wait => 10)->{content},
		qr/^\[\{.*\}\]$/s, 'slow_drip');
	cmp_ok(Time::HiRes::time() - $start, '>=', 0.05, 'takes its time');

	$sim->reset;
	$sim->misbehave(peer => 'woocommerce', action => 'status', status => 500, probability => 0.3);
	my @first = map { status('GET', "$woo/orders?per_page=1", \%key) } 1 .. 30;
	$sim->reset;
	$sim->misbehave(peer => 'woocommerce', action => 'status', status => 500, probability => 0.3);
	is_deeply([map { status('GET', "$woo/orders?per_page=1", \%key) } 1 .. 30], \@first,
		'chance repeats itself');
	$sim->reset;
	$sim->misbehave(peer => 'woocommerce', action => 'status', status => 500, every => 3,
		skip => 1);
	is(join(' ', map { status('GET', "$woo/orders?per_page=1", \%key) } 1 .. 7),
		'200 200 200 500 200 200 500', 'every third after the first');
};

subtest 'it processes late when told so' => sub {
	$sim->reset;
	my $headers = ups_headers(ups_token());
	$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'delay_ms', ms => 1500,
		processed => JSON::PP::false, next => 1);
	is(HTTP::Tiny->new(timeout => 0.2)->post("$ups/api/shipments/v2409/ship",
		{headers => {%$headers, 'Content-Type' => 'application/json'},
			content => $json->encode(ship_request('LATE'))})->{status}, 599, 'the client gives up');
	is($sim->get('/ups/counts')->{by_reference}{LATE}, undef, 'nothing was made yet');
	my $tries = 500;
	select undef, undef, undef,
		0.02 while $tries-- && !$sim->get('/ups/counts')->{by_reference}{LATE};
	is($sim->get('/ups/counts')->{by_reference}{LATE}, 1, 'then it was');
};

subtest 'it stays on the loopback address' => sub {
	my $program = FulfillmentSimulator->program;
	foreach my $address ('0.0.0.0', '192.0.2.1', '::', 'example.com')
	{
		my $said = `$program --port 0 --bind $address 2>&1 </dev/null`;
		is($? >> 8, 2, "$address is refused");
		like($said, qr/loopback/, 'and it says why');
	}
	my @listens = map { (split)[1] }
		grep { (split)[3] eq '0A' } read_lines('/proc/' . $sim->pid . '/net/tcp');
	my $port = sprintf '%04X', $sim->port;
	is_deeply([grep { /:$port$/ } @listens], ["0100007F:$port"],
		'it listens on 127.0.0.1 and nowhere else');
};

is($sim->stop, 0, 'it ends cleanly');
done_testing();
