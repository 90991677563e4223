# The simulator itself: the main conversations of the peers' sheets, its
# strictness, its misbehaviour, and that it stays on the loopback address.
use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use FulfillmentSimulator;
use HTTP::Tiny;
use JSON::PP;
use Test::More;

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

# --- UPS ---

my $ups = $sim->url('ups');

sub ups_token
{
	my ($status, $answer) = call('POST', "$ups/security/v1/oauth/token",
		{Authorization => 'Basic Y2xpZW50OnNlY3JldA==', 'Content-Type' => 'application/x-www-form-urlencoded'},
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
		Request => {RequestOption => 'nonvalidate', TransactionReference => {CustomerContext => $reference}},
		Shipment => {
			Shipper => {Name => 'Acme', ShipperNumber => 'A1B2C3', Address => address(City => 'Atlanta',
				StateProvinceCode => 'GA', PostalCode => '30301')},
			ShipTo => {Name => 'Jo Ray', Address => address()},
			PaymentInformation => {ShipmentCharge => [{Type => '01', BillShipper => {AccountNumber => 'A1B2C3'}}]},
			Service => {Code => '03'},
			Package => [{Packaging => {Code => '02'}, ReferenceNumber => [{Value => $reference}],
				PackageWeight => {UnitOfMeasurement => {Code => 'LBS'}, Weight => '3.5'}}],
		},
		LabelSpecification => {LabelImageFormat => {Code => 'ZPL'}, LabelStockSize => {Height => '6', Width => '4'}},
	}};
}

subtest 'UPS: a label, found, tracked, voided' => sub {
	my $headers = ups_headers(ups_token());
	my ($status, $answer) = call('POST', "$ups/api/shipments/v2409/ship", $headers, ship_request('R-1'));
	my $number = $answer->{ShipmentResponse}{ShipmentResults}{ShipmentIdentificationNumber};

	is($status, 200, 'a complete request is accepted');
	like($number, qr/^1ZA1B2C303\d{8}$/, 'a 1Z number of the account and service');
	is($sim->get('/ups/counts')->{by_reference}{'R-1'}, 1, 'the reference was shipped once');

	($status, $answer) = call('POST', "$ups/api/labels/v1/recovery", $headers, {LabelRecoveryRequest => {
		LabelSpecification => {LabelImageFormat => {Code => 'ZPL'}},
		ReferenceValues => {ReferenceNumber => {Value => 'R-1'}, ShipperNumber => 'A1B2C3'}}});
	is($answer->{LabelRecoveryResponse}{ShipmentIdentificationNumber}, $number, 'recovery finds it');

	my $track = "$ups/api/track/v1/details/$number?locale=en_US";
	($status, $answer) = call('GET', $track, $headers);
	is($answer->{trackResponse}{shipment}[0]{package}[0]{currentStatus}{statusCode}, '003', 'label made');
	$sim->advance(h => 51);
	($status, $answer) = call('GET', $track, $headers);
	is($answer->{trackResponse}{shipment}[0]{package}[0]{currentStatus}{statusCode}, '006', 'out for delivery');
	$sim->advance(h => 10);
	($status, $answer) = call('GET', $track, $headers);
	is($answer->{trackResponse}{shipment}[0]{package}[0]{currentStatus}{statusCode}, '011', 'delivered');

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
	($status, $answer) = call('POST', "$ups/api/shipments/v2409/ship", ups_headers('stale'), $request);
	is("$status $answer->{response}{errors}[0]{code}", '401 250002', 'an unknown token');
	is($sim->get('/ups/counts')->{shipments}, 0, 'no label was made');
};

# --- misbehaviour ---

subtest 'what is dropped after processing was processed' => sub {
	$sim->reset;
	my $headers = ups_headers(ups_token());
	my $ship = "$ups/api/shipments/v2409/ship";

	$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'drop_after_processing', next => 1);
	is((call('POST', $ship, $headers, ship_request('R-3')))[0], 599, 'no answer');
	is($sim->get('/ups/counts')->{by_reference}{'R-3'}, 1, 'but a label');
	$sim->misbehave(peer => 'ups', path => '/api/shipments', action => 'drop_before', next => 1);
	is((call('POST', $ship, $headers, ship_request('R-4')))[0], 599, 'no answer');
	is($sim->get('/ups/counts')->{by_reference}{'R-4'}, undef, 'and no label');
	is((call('POST', $ship, $headers, ship_request('R-4')))[0], 200, 'a spent rule is over');
};

is($sim->stop, 0, 'it ends cleanly');
done_testing();
