# What carriers do beside labels, against their simulators: prices, addresses, pickups, manifests and
# returns; what they push; and parcels of DHL Parcel DE by its own tracking.  Where an answer is lost, the simulator's
# count tells what was really made.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_base64);
use FulfillmentCluster;
use FulfillmentConversation;
use FulfillmentSimulator;
use FulfillmentWorld;
use HTTP::Tiny;
use JSON::PP;
use MIME::Base64;
use POSIX qw(strftime);
use Test::More;

my $json = JSON::PP->new->canonical->allow_nonref;
my $node = FulfillmentCluster->start_new('visits', workers => 2);
my $sim = FulfillmentSimulator->start(seed => 9);

my %acme = (
	company => 'Acme', name => 'Ann Lee', street1 => '1 Main St', city => 'Atlanta', region => 'GA',
	postcode => '30301', country => 'US', phone => '404-555-0100', email => 'ann@example.com');
my %texan = (
	name => 'Jo Ray', street1 => '9 Elm St', city => 'Austin', region => 'TX', postcode => '78701',
	country => 'US', phone => '512-555-0199', email => 'jo@example.com');
my %bonn = (
	company => 'Acme GmbH', name => 'Ann Lee', street1 => 'Hauptstr. 1', city => 'Bonn',
	postcode => '53113', country => 'DE', phone => '+49 228 1234', email => 'ann@example.com');
my %berlin = (
	name => 'Eva Berg', street1 => 'Ringweg 9', city => 'Berlin', postcode => '10115', country => 'DE',
	phone => '+49 30 1234', email => 'eva@example.com');
my %swede = (
	name => 'Eva Berg', street1 => 'Storgatan 1', city => 'Stockholm', postcode => '11122',
	country => 'SE', phone => '+46701234567', email => 'eva@example.com');

# Form and place of each carrier's token; the others take key and secret.
my %tokens = (
	ups => '/security/v1/oauth/token', fedex => '/oauth/token', usps => '/oauth2/v3/token',
	dhl_parcel_de => '/parcel/de/account/auth/ropc/v1/token');
my %known;

sub post
{
	my ($url, $type, $content, %headers) = @_;
	my $answer = HTTP::Tiny->new->post($url,
		{ content => $content, headers => { 'Content-Type' => $type, %headers } });
	return $json->decode($answer->{content});
}

sub credentials
{
	my ($name) = @_;
	my $base = $sim->url($name);

	return { Authorization => 'Basic ' . encode_base64('key:secret', '') } unless $tokens{$name};
	$known{$name} //= post(
		$base . $tokens{$name},
		'application/x-www-form-urlencoded',
		$name eq 'ups' ? 'grant_type=client_credentials'
		: $name eq 'dhl_parcel_de' ? 'grant_type=password&username=u&password=p&client_id=c&client_secret=s'
		: 'grant_type=client_credentials&client_id=c&client_secret=s',
		Authorization => 'Basic ' . encode_base64('c:s', ''))->{access_token};
	my %headers = (Authorization => "Bearer $known{$name}");
	if ($name eq 'usps')
	{
		my @roles = map {
			{
				roleName => $_, CRID => '12345678', MID => '901234567', manifestMID => '901234567',
				accountType => 'EPS', accountNumber => '1000012345'
			}
		} qw(PAYER LABEL_OWNER);
		$known{payment} //= post(
			"$base/payments/v3/payment-authorization", 'application/json',
			$json->encode({ roles => \@roles }), %headers)->{paymentAuthorizationToken};
		$headers{'X-Payment-Authorization-Token'} = $known{payment};
	}
	return \%headers;
}

# The simulator's clock began when it did; a pickup is for tomorrow.
my $today = strftime('%Y-%m-%d', gmtime);
my $tomorrow = strftime('%Y-%m-%d', gmtime(time + 86400));
my $now = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime);

my $talk = FulfillmentConversation->new($node, $sim, \&credentials);

# service: at home; abroad: where prices are asked for abroad, too; pickup, manifest: how calls of
# which the answer is lost come out.
my %carriers = (
	ups => {
		config => { account_number => 'A1B2C3' }, service => '03', abroad => \%swede,
		bad => { region => 'XX' }, pickup => [ '/api/pickupcreation', 'retry' ]
	},
	fedex => {
		config => { account_number => '123456789' }, service => 'FEDEX_GROUND', abroad => \%swede,
		pickup => [ '/pickup/v1/pickups', 'unknown' ], manifest => [ '/ship/v1/endofday', 'unknown' ]
	},
	usps => {
		config => { crid => '12345678', mid => '901234567', account_number => '1000012345' },
		service => 'PRIORITY_MAIL', abroad => \%swede, pickup => [ '/pickup/v3/carrier-pickup', 'unknown' ],
		manifest => [ '/scan-forms/v3/scan-form', 'unknown' ]
	},
	dhl_express => {
		config => { account_number => '123456789' }, service => 'N', abroad => \%swede,
		pickup => [ '/pickups', 'unknown' ]
	},
	dhl_parcel_de => {
		config => { billing_number => '33333333330102', shipper => \%bonn },
		service => 'V01PAK', from => \%bonn, to => \%berlin,
		pickup => [ '/parcel/de/transportation/pickup', 'unknown' ],
		manifest => [ '/parcel/de/shipping/v2/manifests', 'retry' ]
	});
my @names = sort keys %carriers;
$carriers{$_}{config}{base_url} = $sim->url($_) foreach @names;

sub parcel
{
	my ($name, $reference, %more) = @_;
	my $row = $carriers{$name};

	return {
		reference => $reference, order_number => '1001', service => $row->{service},
		ship_from => $row->{from} // \%acme, ship_to => $row->{to} // \%texan,
		lines => [ {
				line => 1, sku => 'SH-1', name => 'Cotton shirt', quantity => 2, unit_price => '25.00',
				currency => $row->{from} ? 'EUR' : 'USD', weight_g => 400, hs_code => '610510',
				origin_country => 'US'
		} ],
		packages => [
			{ number => 1, weight_g => 900, length_mm => 300, width_mm => 200, height_mm => 100 } ],
		customs => { incoterm => 'DAP', invoice_number => 'INV-1' },
		%more
	};
}

# How often a route's requests were let in, whatever became of the answers.
sub accepted
{
	my ($name, $path) = @_;
	my $routes = $sim->counts($name);
	my $count = 0;

	foreach my $route (grep { index($_, $path) >= 0 } keys %{ $routes->{routes} // $routes })
	{
		my $row = ($routes->{routes} // $routes)->{$route};
		$count += $row->{accepted} // 0 if ref $row eq 'HASH' && $route !~ /^GET /;
	}
	return $count;
}

subtest 'prices' => sub {
	foreach my $name (grep { $_ ne 'dhl_parcel_de' } @names)
	{
		my %config = (config => $carriers{$name}{config}, now => $now);
		foreach my $to (undef, $carriers{$name}{abroad})
		{
			my $shipment = parcel($name, "Q-$name", $to ? (ship_to => $to) : ());
			delete $shipment->{service};
			my $rates = $talk->ends_with('ok', $name, 'quote_rates', { %config, shipment => $shipment },
				'prices ' . ($to ? 'abroad' : 'at home'))->{rates};
			ok(@$rates && !grep({ !($_->{amount} > 0) || !$_->{currency} || !$_->{service} } @$rates),
				"$name: a service, an amount and its currency each");
		}
		my $two = parcel($name, "Q2-$name");
		push @{ $two->{packages} }, { %{ $two->{packages}[0] }, number => 2 };
		$talk->ends_with('ok', $name, 'quote_rates', { %config, shipment => $two }, 'of two packages');
	}
};

subtest 'addresses' => sub {
	foreach my $name (@names)
	{
		my %config = (config => $carriers{$name}{config}, now => $now);
		my $good = $carriers{$name}{to} // \%texan;

		is($talk->ends_with('ok', $name, 'validate_address', { %config, address => $good }, 'a good address')
			  ->{address}{valid}, JSON::PP::true, "$name: is one");
	}
};

subtest 'pickups' => sub {
	foreach my $name (@names)
	{
		my $row = $carriers{$name};
		my ($path, $lost) = @{ $row->{pickup} };
		my %call = (
			config => $row->{config}, now => $now, shipment => parcel($name, "P-$name"),
			pickup => {
				reference => "pu-$name", ready_at => "${tomorrow}T13:00:00", close_at => "${tomorrow}T17:00:00",
				address => $row->{from} // \%acme, packages => 2, weight_g => 1800
			});
		my $before = accepted($name, $path);
		my $made = $talk->ends_with('ok', $name, 'schedule_pickup', \%call, 'a driver comes');

		ok($made->{pickup}{provider_reference}, "$name: with a number");
		is(accepted($name, $path), $before + 1, "$name: asked for once");
		$sim->misbehave(peer => $name, path => $path, action => 'drop_after_processing', next => 1);
		is($talk->converse($name, 'schedule_pickup', \%call)->{result}, $lost, "$name: a lost answer");
		next if $lost eq 'unknown';
		is($talk->converse($name, 'schedule_pickup', \%call)->{pickup}{provider_reference},
			$made->{pickup}{provider_reference}, "$name: asking again is the same pickup");
	}
	is(scalar @{ $sim->get('/ups/pickups')->{pickups} }, 1, 'ups: of which there is one');
};

# The call that closes the day with one more label.
sub closing
{
	my ($name, $reference) = @_;
	my %call = (config => $carriers{$name}{config}, now => $now);
	my $label = $talk->ends_with('ok', $name, 'create_shipment',
		{ %call, shipment => parcel($name, $reference) }, 'a label');

	return {
		%call,
		manifest => {
			date => $today, ship_from => $carriers{$name}{from} // \%acme,
			tracking_numbers => [ $label->{shipment}{packages}[0]{tracking_number} ]
		}
	};
}

subtest 'manifests' => sub {
	foreach my $name (grep { $carriers{$_}{manifest} } @names)
	{
		my ($path, $lost) = @{ $carriers{$name}{manifest} };
		my $closed = $talk->ends_with('ok', $name, 'close_manifest', closing($name, "DAY-$name-1"),
			'the day is closed');
		ok($closed->{manifest}{documents}[0]{content_base64}, "$name: here is the paper");

		my $call = closing($name, "DAY-$name-2");
		my $before = accepted($name, $path);
		# what this test sends by PUT is sent again when the connection breaks
		$sim->misbehave(
			peer => $name, path => $path, action => 'drop_after_processing',
			next => $name eq 'fedex' ? 2 : 1);
		is($talk->converse($name, 'close_manifest', $call)->{result}, $lost, "$name: a lost answer");
		is(accepted($name, $path), $before + 1, "$name: the day is closed once");
		next if $lost eq 'unknown';
		$closed = $talk->converse($name, 'close_manifest', $call);
		is($closed->{result}, 'ok', "$name: asking again does no harm") || diag(explain($closed));
		is_deeply($closed->{manifest}{tracking_numbers}, $call->{manifest}{tracking_numbers},
			"$name: and the parcel is in it");
	}
};

# --- through the engine ---

my $world = FulfillmentWorld->new($node, $sim);
my @return_names = grep { $_ ne 'ups' } @names;
$world->provider($_, timeout_ms => 3000) foreach @names, 'dhl_scans', 'dhl_tracking';

sub deliver
{
	my @orders = @_;
	$world->comes_to_rest('every label is made');
	$world->value('SELECT count(fulfillment.report_tracking(tracking_number, \'[{"status": "delivered"}]\'))
		FROM fulfillment.packages WHERE status IS DISTINCT FROM \'delivered\'');
	return;
}

sub submit
{
	my ($name) = @_;
	my ($order) = $world->submit($name, 1, $name =~ /^dhl_parcel_de|^dhl_scans/ ? (ship_to => \%berlin) : ());
	return $order;
}

# How many labels of a reference a carrier has made.
sub made
{
	my ($name, $reference) = @_;
	return $sim->get("/$name/counts")->{by_reference}{$reference} // 0;
}

subtest 'goods come back' => sub {
	my %order = map { $_ => submit($_) } @return_names;
	my (%return, %number);

	deliver(values %order);
	foreach my $name (@return_names)
	{
		$return{$name} = $world->value("SELECT fulfillment.request_return($order{$name})");
		$world->value("SELECT fulfillment.approve_return($return{$name})");
		$number{$name} = $world->value("SELECT reference_prefix || '-R$return{$name}' FROM fulfillment.merchants");
	}
	$world->comes_to_rest('every return is announced');
	foreach my $name (@return_names)
	{
		is(
			$world->value("SELECT string_agg(DISTINCT d.kind::text, ' ') FROM fulfillment.returns r
				JOIN fulfillment.documents d ON d.merchant_id = r.merchant_id AND d.shipment_id = r.shipment_id
				 AND d.kind = 'return_label' WHERE r.return_id = $return{$name}"),
			'return_label', "$name: with a label")
		  or diag($world->value("SELECT row_to_json(r) FROM fulfillment.returns r WHERE return_id = $return{$name}"));
		is(made($name, $number{$name}), 1, "$name: made once");
	}
};

subtest 'the answer of a return is lost' => sub {
	my %order = map { $_ => submit($_) } @return_names;
	my (%return, %number);

	deliver(values %order);
	$world->value("SELECT fulfillment.pause_connection(code, 'rules are made') FROM fulfillment.connections");
	foreach my $name (@return_names)
	{
		$return{$name} = $world->value("SELECT fulfillment.request_return($order{$name})");
		$world->value("SELECT fulfillment.approve_return($return{$name})");
		$number{$name} = $world->value("SELECT reference_prefix || '-R$return{$name}' FROM fulfillment.merchants");
		$sim->misbehave(
			peer => $name, contains => $number{$name}, method => 'POST', next => 1,
			action => 'drop_after_processing');
	}
	$world->value('SELECT fulfillment.resume_connection(code) FROM fulfillment.connections');
	$world->comes_to_rest_in_time('what is to be known is known');
	foreach my $name (@return_names)
	{
		is(made($name, $number{$name}), 1, "$name: never made twice");
	}
};

subtest "Parcel DE's own tracking" => sub {
	my $order = submit('dhl_scans');

	$world->comes_to_rest('a label is made');
	$sim->advance(h => 40);
	$world->value('UPDATE fulfillment.packages SET poll_at = now() WHERE poll_at IS NOT NULL;
		SELECT fulfillment.poll_tracking();');
	$world->comes_to_rest('it is asked for');
	my ($shipment) = $world->shipments($order);
	is(
		$world->value("SELECT string_agg(DISTINCT e.status::text, ' ' ORDER BY e.status::text)
			FROM fulfillment.tracking_events e JOIN fulfillment.packages USING (merchant_id, package_id)
			WHERE shipment_id = $shipment->{shipment_id}"),
		'delivered in_transit label_created out_for_delivery', 'scan by scan');

	$world->value("SELECT fulfillment.pause_connection('dhl_scans', 'rules are made')");
	$order = submit('dhl_scans');
	($shipment) = $world->shipments($order);
	$sim->misbehave(
		peer => 'dhl_parcel_de', path => '/parcel/de/shipping/v2/orders', method => 'POST',
		contains => $shipment->{reference}, next => 1, action => 'drop_after_processing');
	$world->value("SELECT fulfillment.resume_connection('dhl_scans')");
	$world->comes_to_rest_in_time('a label whose answer was lost is looked for');
	($shipment) = $world->shipments($order);
	is($shipment->{state} . ' ' . made('dhl_parcel_de', $shipment->{reference}), 'accepted 1',
		'and found by our reference');
	is($world->value("SELECT count(*) FROM fulfillment.documents_of($shipment->{shipment_id})"),
		1, 'with its label');
};

# What each pushes of a parcel at a time, and the header that proves who speaks; on: a van, done: at the door.
my %pushes = (
	ups => {
		body => sub {
			my ($number, $on, $at) = @_;
			return {
				trackingNumber => $number, gmtActivityDate => strftime('%Y%m%d', gmtime $at),
				gmtActivityTime => strftime('%H%M%S', gmtime $at), gmtOffset => '+00.00',
				activityLocation => { city => 'AUSTIN', country => 'US' },
				activityStatus => $on ? { type => 'I', code => 'OT' } : { type => 'D', code => 'FS' }
			};
		},
		header => sub { return credential => $world->secret('ups', 'webhook_credential') },
	},
	fedex => {
		body => sub {
			my ($number, $on, $at) = @_;
			my $code = $on ? 'OD' : 'DL';
			return {
				trackingNumberInfo => { trackingNumber => $number },
				scanEvent => {
					date => strftime('%Y-%m-%dT%H:%M:%S+00:00', gmtime $at), eventType => $code,
					derivedStatusCode => $code
				}
			};
		},
		header => sub {
			my $digest = hmac_sha256_base64($_[0], $world->secret('fedex', 'webhook_token'));
			return 'fdx-signature' => $digest . '=' x (-length($digest) % 4);
		},
	},
	usps => {
		body => sub {
			my ($number, $on, $at) = @_;
			return {
				subscriptionId => 's', subscriptionType => 't',
				timestamp => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $at),
				payload => $json->encode({
						trackingNumber => $number,
						trackingEvents => [ {
								eventType => $on ? 'Out for Delivery' : 'Delivered', eventCode => $on ? 'OF' : '01',
								GMTTimestamp => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $at)
						} ]
				})
			};
		},
		header => sub {
			my $body = $json->decode($_[0]);
			my $digest = hmac_sha256_base64(
				$body->{timestamp} . $body->{payload}, $world->secret('usps', 'webhook_secret'));
			return 'X-HMAC' => $digest . '=' x (-length($digest) % 4);
		},
	},
	dhl_tracking => {
		parcel => 'dhl_parcel_de',
		body => sub {
			my ($number, $on, $at) = @_;
			my $text = $on ? 'The shipment has been loaded onto the delivery vehicle'
			  : 'The shipment has been successfully delivered';
			return {
				scope => 'subscription.push',
				shipments => [ {
						id => $number, service => 'express',
						status => {
							timestamp => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $at),
							statusCode => $on ? 'transit' : 'delivered', status => $text, description => $text
						}
				} ]
			};
		},
		header => sub { return 'x-our-token' => $world->secret('dhl_tracking', 'webhook_token') },
	});

sub push_event
{
	my ($connection, $body, %headers) = @_;

	return $world->value(
		sprintf q{SELECT fulfillment.receive_webhook('%s', $h$%s$h$, convert_to($b$%s$b$, 'UTF8'))},
		$connection, $json->encode({ 'Content-Type' => 'application/json', %headers }), $body);
}

subtest 'what carriers push' => sub {
	my %order = map { $_ => submit($pushes{$_}{parcel} // $_) } sort keys %pushes;
	my $events = q{SELECT count(*) FROM fulfillment.tracking_events e
		JOIN fulfillment.packages k USING (merchant_id, package_id) WHERE k.tracking_number = };

	$world->comes_to_rest('every label is made');
	foreach my $name (sort keys %pushes)
	{
		my $number = $world->value("SELECT tracking_number FROM fulfillment.packages JOIN fulfillment.shipments
			USING (merchant_id, shipment_id) WHERE order_id = $order{$name}");
		my $status = "SELECT status FROM fulfillment.packages WHERE tracking_number = '$number'";
		my $done = $json->encode($pushes{$name}{body}->($number, 0, time));
		my $on = $json->encode($pushes{$name}{body}->($number, 1, time - 3600));
		my $before = $world->value("$events '$number'");

		is(push_event($name, $done, (($pushes{$name}{header}->("$done "))[0] => 'x' x 44)), 401,
			"$name: a wrong signature is refused");
		is(push_event($name, $done), 401, "$name: none, too");
		is(push_event($name, $done, $pushes{$name}{header}->($done)), 200, "$name: the right one is taken");
		$world->comes_to($status, 'delivered', "$name: the parcel is delivered");
		my $known = $world->value("$events '$number'");
		is($known, $before + 1, "$name: by one event");
		is(push_event($name, $done, $pushes{$name}{header}->($done)), 200, "$name: told again");
		is(push_event($name, $on, $pushes{$name}{header}->($on)), 200, "$name: and what was before that");
		$world->comes_to("$events '$number'", $known + 1, "$name: what is new of it is kept");
		is($world->value($status), 'delivered', "$name: and it stays delivered");
	}
};

is_deeply([ $sim->offence_lines ], [], 'the carriers found nothing wrong with what they were sent');
$node->stop;
is($sim->stop, 0, 'the simulator ends cleanly');
done_testing();
