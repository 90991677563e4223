package FulfillmentWorld;

# A small merchant on a cluster, whose providers are played by the simulator, for the tests under
# fire; and the one check that each of them ends with.
#
#   my $world = FulfillmentWorld->new($node, $sim, merchant => 1);
#   $world->provider('ups', timeout_ms => 1500);   # ups, ongoing, sandbox, hand, or a name of %kinds
#   my @orders = $world->submit('ups', 20);        # orders that go there, by id
#   my @orders = $world->submit_unanswered('ups', 20);   # made there, and no answer comes back
#   my ($one) = $world->shipments(@orders);        # {shipment_id, reference, state, ...}
#   $world->comes_to_rest('all is done');          # no call is left to make
#   $world->comes_to_rest_in_time('...');          # the same, where pauses would be long
#   $world->is_sound('after the crash');           # nothing was lost, doubled or forgotten
#
# Every provider serves one location, which alone has its goods, so an order's place is known.  The
# credentials are the ones of %secrets: words that stand nowhere else, so that a test can look
# for them where they must not be.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(usleep);

my $json = JSON::PP->new->canonical->allow_nonref;

my %secrets = (
	ups => {
		client_id => 'fire-client-6b1f', client_secret => 'fire-password-c2d7',
		webhook_credential => 'fire-token-3d18'
	},
	ongoing => { user => 'fire-user-90ae', password => 'fire-password-51b3' },
	fedex => {
		client_id => 'fire-client-47c0', client_secret => 'fire-password-9d12',
		webhook_token => 'fire-token-94b7'
	},
	usps => {
		client_id => 'fire-client-83ee', client_secret => 'fire-password-2f6a',
		webhook_secret => 'fire-token-6e02-of-32-characters'
	},
	dhl_express => { api_key => 'fire-client-0b75', api_secret => 'fire-password-c4e9' },
	dhl_parcel_de => {
		client_id => 'fire-client-5aa1', client_secret => 'fire-password-71d8',
		username => 'fire-user-e30c', password => 'fire-password-b86f',
		tracking_key => 'fire-client-64d2'
	},
	dhl_scans => {
		client_id => 'fire-client-a1c7', client_secret => 'fire-password-40d3',
		username => 'fire-user-b92e', password => 'fire-password-6c1a',
		tracking_password => 'fire-"pass&word-d05b'
	},
	dhl_tracking => { api_key => 'fire-client-f7a9', webhook_token => 'fire-token-d8c1' },
	amazon_mcf => {
		client_id => 'fire-client-12fb', client_secret => 'fire-password-3e90',
		refresh_token => 'Atzr|fire-token-a58d'
	},
	shipper_id => { api_key => 'fire-client-77c4' },
	efs => { merchant_token => 'fire-password-0d5e' });

# A sender in Germany, for carriers that leave from nowhere else.
my %bonn = (
	company => 'Acme GmbH', name => 'Ann Lee', street1 => 'Hauptstr. 1', city => 'Bonn',
	postcode => '53113', country => 'DE', phone => '+49 228 1234');

my %kinds = (
	ups => {
		connector => 'ups',
		kind => 'carrier',
		service => '03',
		config => sub { return { base_url => $_[0]->url('ups'), account_number => 'A1B2C3' } },
	},
	ongoing => {
		connector => 'ongoing_wms',
		kind => 'fulfillment_center',
		config => sub { return { base_url => $_[0]->url('ongoing'), goods_owner_id => 1 } },
	},
	sandbox => {
		connector => 'sandbox',
		kind => 'carrier',
		config => sub { return { clock_seconds => 3600 } },
	},
	hand => { kind => 'carrier' },
	fedex => {
		connector => 'fedex',
		kind => 'carrier',
		service => 'FEDEX_GROUND',
		depot => 'fedex',
		config => sub { return { base_url => $_[0]->url('fedex'), account_number => '123456789' } },
	},
	usps => {
		connector => 'usps',
		kind => 'carrier',
		service => 'PRIORITY_MAIL',
		depot => 'usps',
		columns => { rate_per_second => 1000 },
		config => sub {
			return {
				base_url => $_[0]->url('usps'), crid => '12345678', mid => '901234567',
				account_number => '1000012345'
			};
		},
	},
	dhl_express => {
		connector => 'dhl_express',
		kind => 'carrier',
		service => 'N',
		depot => 'dhl_express',
		config =>
		  sub { return { base_url => $_[0]->url('dhl_express'), account_number => '123456789' } },
	},
	dhl_parcel_de => {
		connector => 'dhl_parcel_de',
		kind => 'carrier',
		service => 'V01PAK',
		depot => 'dhl_parcel_de',
		config => sub {
			my $url = $_[0]->url('dhl_parcel_de');
			return {
				base_url => $url, tracking_url => $url, billing_number => '33333333330102',
				shipper => \%bonn
			};
		},
	},
	dhl_scans => {
		connector => 'dhl_parcel_de',
		kind => 'carrier',
		service => 'V01PAK',
		depot => 'dhl_parcel_de',
		config => sub {
			return {
				base_url => $_[0]->url('dhl_parcel_de'), billing_number => '33333333330102',
				shipper => \%bonn, tracking_user => 'zt12345'
			};
		},
	},
	dhl_tracking => {
		connector => 'dhl_tracking',
		kind => 'carrier',
		integration => 'manual',
		config => sub { return { base_url => $_[0]->url('dhl_tracking') } },
	},
	amazon_mcf => {
		connector => 'amazon_mcf',
		kind => 'fulfillment_center',
		service => 'Standard',
		depot => 'amazon_mcf',
		config => sub {
			my $url = $_[0]->url('amazon_mcf');
			return {
				base_url => $url, token_url => "$url/auth/o2/token",
				marketplace_id => 'ATVPDKIKX0DER'
			};
		},
	},
	shipper_id => {
		connector => 'shipper_id',
		kind => 'fulfillment_center',
		service => 'JNE REG',
		config => sub {
			return {
				base_url => $_[0]->url('shipper_id'), warehouse_id => 'WH-TGR04',
				customer_id => 'CS674', tenant_name => 'Demo Shop', origin_area_id => 12415,
				areas => { '10310' => 4711 }
			};
		},
	},
	efs => {
		connector => 'efs',
		kind => 'fulfillment_center',
		service => 'USPS_MEDIA',
		config => sub {
			return {
				base_url => $_[0]->url('efs'), merchant_id => 9999, merchant_name => 'Demo Shop'
			};
		},
	},
	hook => { connector => 'webhook', kind => 'messenger' });

# The merchant's channel and nothing more.  Options: merchant (1), database (postgres).
sub new
{
	my ($class, $node, $sim, %options) = @_;

	my $self = bless {
		node => $node,
		sim => $sim,
		merchant => $options{merchant} // 1,
		database => $options{database} // 'postgres',
		submitted => 0,
		kinds => {}
	}, $class;
	$sim->settings('ongoing', { auto_articles => JSON::PP::true, write_ms => 0 }) if $sim;
	$self->value(
		sprintf(q{
		INSERT INTO fulfillment.merchants (merchant_id, code, name)
		VALUES (%1$d, 'merchant-%1$d', 'Merchant %1$d') ON CONFLICT DO NOTHING;
		INSERT INTO fulfillment.channels (merchant_id, code, name) VALUES (%1$d, 'shop', 'Shop');
		INSERT INTO fulfillment.routing_settings (merchant_id, currency) VALUES (%1$d, 'USD')
		ON CONFLICT (merchant_id) DO UPDATE SET currency = excluded.currency;
		}, $self->{merchant}));
	return $self;
}

# The same world in another database or on another server, such as a restored copy.
sub seen_from
{
	my ($self, $node, $database) = @_;

	return bless { %$self, node => $node, database => $database // 'postgres' }, ref $self;
}

sub value
{
	my ($self, $sql) = @_;
	return $self->{node}->safe_psql($self->{database},
		"SET fulfillment.merchant_id = $self->{merchant};\n$sql");
}

# What a query answers, as a list of hashes.
sub rows
{
	my ($self, $sql) = @_;
	return @{ $json->decode(
			$self->value("SELECT coalesce(json_agg(row_to_json(q)), '[]') FROM ($sql) q")) };
}

# A test: the query comes to answer this within the usual time.
sub comes_to
{
	my ($self, $sql, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ok($self->{node}->poll_query_until($self->{database}, $sql, $expected), $name);
}

# Makes a provider with its connection, location and goods.  Options: code (the kind), connector (of
# the kind), columns of connections (timeout_ms, rate_per_second, max_concurrency), config, secret, stock.
sub provider
{
	my ($self, $kind, %options) = @_;

	my $row = $kinds{$kind} or die "there is no kind of provider \"$kind\"\n";
	my $code = $options{code} // $kind;
	my $center = $row->{kind} eq 'fulfillment_center';
	my $connection = 'NULL';
	$self->{kinds}{$code} = $kind;

	$connection = $self->connection($kind, $code, %options) if $row->{connector};
	$self->value(
		sprintf(q{
		INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
		VALUES ('%1$s', '%1$s', '%2$s', '%3$s', %4$s);
		INSERT INTO fulfillment.services (provider_id, code, name, provider_code, currency)
		SELECT provider_id, 'standard', 'Standard', '%5$s', 'USD' FROM fulfillment.providers
		 WHERE merchant_id = %7$d AND code = '%1$s';
		INSERT INTO fulfillment.items (sku, name, weight_g, value, currency)
		VALUES ('%1$s', 'From %1$s', 400, 25, 'USD');
		INSERT INTO fulfillment.locations (code, name, country, postcode, cutoff, working_days, address,
			provider_id)
		SELECT '%1$s', 'At %1$s', 'US', '30301', '23:59', '{1,2,3,4,5,6,7}', '{"company": "Acme",
			"name": "Ann Lee", "street1": "1 Main St", "city": "Atlanta", "region": "GA",
			"phone": "404-555-0100"}', CASE WHEN kind = 'fulfillment_center' THEN provider_id END
		  FROM fulfillment.providers WHERE merchant_id = %7$d AND code = '%1$s';
		INSERT INTO fulfillment.location_carriers (location_id, provider_id)
		SELECT l.location_id, p.provider_id
		  FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id, code)
		 WHERE l.merchant_id = %7$d AND l.code = '%1$s' AND p.kind = 'carrier';
		SELECT fulfillment.receive_stock('%1$s', '%1$s', %6$d);
		},
			$code, $row->{kind},
			$row->{integration} // ($row->{connector} ? 'api' : 'manual'), $connection,
			$row->{service} // 'standard', $options{stock} // 100000,
			$self->{merchant}));
	return $self;
}

# A connection of a kind; answers its id.
sub connection
{
	my ($self, $kind, $code, %options) = @_;

	my $config = $options{config} // $kinds{$kind}{config}->($self->{sim});
	my $secret = $options{secret} // $secrets{$kind};
	%options = (%{ $kinds{$kind}{columns} // {} }, %options);
	my $id = $self->value(
		sprintf(q{
		INSERT INTO fulfillment.connections
			(code, connector, config, timeout_ms, rate_per_second, max_concurrency)
		VALUES ('%s', '%s', $j$%s$j$, %s, %s, %s) RETURNING connection_id;
		},
			$code, $options{connector} // $kinds{$kind}{connector}, $json->encode($config),
			map { $options{$_} // 'NULL' } qw(timeout_ms rate_per_second max_concurrency)));
	$self->value(
		sprintf('SELECT fulfillment.set_secret(%s, $j$%s$j$)', "'$code'", $json->encode($secret)))
	  if $secret;
	return $id;
}

sub secrets
{
	return map { values %$_ } values %secrets;
}

# One secret of a kind of connection, for a test that plays who knows it.
sub secret
{
	my ($self, $kind, $name) = @_;
	return $secrets{$kind}{$name};
}

# An order document for the goods of a provider.
sub order
{
	my ($self, $code, %more) = @_;

	return {
		channel => 'shop',
		number => sprintf('%s-%05d', $code, ++$self->{submitted}),
		currency => 'USD',
		ship_to => {
			name => 'Jo Ray', street1 => '9 Elm St', city => 'Austin', region => 'TX',
			postcode => '78701', country => 'US', phone => '512-555-0199'
		},
		lines => [ { line => 1, sku => $code, quantity => 1, unit_price => '25.00' } ],
		%more
	};
}

# Submits so many orders for a provider's goods in one call; answers their ids.
sub submit
{
	my ($self, $code, $count, %more) = @_;

	my @orders = map { $self->order($code, %more) } 1 .. $count // 1;
	my @taken = $self->rows(
		sprintf('SELECT * FROM fulfillment.submit_orders($j$%s$j$) ORDER BY position',
			$json->encode(\@orders)));

	foreach my $order (grep { $_->{outcome} ne 'created' } @taken)
	{
		die 'an order was not taken: ' . $json->encode($order) . "\n";
	}
	return map { $_->{order_id} } @taken;
}

# The same for UPS, which makes every label and keeps every answer back until it is told to behave;
# answers when all are made.
sub submit_unanswered
{
	my ($self, $code, $count) = @_;

	my $made = sub { return $self->{sim}->get('/ups/counts')->{shipments} };
	my $before = $made->();
	$self->{sim}->misbehave(
		peer => 'ups', path => '/api/shipments', action => 'hang', processed => JSON::PP::true,
		next => $count);
	my @orders = $self->submit($code, $count);
	foreach my $attempt (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last if $made->() == $before + $count;
		usleep(100_000);
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($made->(), $before + $count, "$count calls are on the wire");
	return @orders;
}

# The shipments of these orders, or all, by id.
sub shipments
{
	my ($self, @orders) = @_;

	return $self->rows('SELECT s.*, p.code AS provider FROM fulfillment.shipments s
		 JOIN fulfillment.providers p USING (merchant_id, provider_id)'
		  . " WHERE merchant_id = $self->{merchant}"
		  . (@orders ? ' AND order_id IN (' . join(',', @orders) . ')' : '')
		  . ' ORDER BY shipment_id');
}

# A list such as "3 accepted, 1 unknown" of the shipments of these orders, or all.
sub states
{
	my ($self, @orders) = @_;

	my %count;
	$count{ $_->{state} }++ foreach $self->shipments(@orders);
	return join ', ', map { "$count{$_} $_" } sort keys %count;
}

# A test: these orders are accepted, each by exactly these calls.
sub called
{
	my ($self, $calls, $name, @orders) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($self->states(@orders), @orders . ' accepted', "$name: all are accepted");
	return is(
		$self->value(
			"SELECT DISTINCT calls FROM (SELECT string_agg(operation || ' ' || result, ', '
			   ORDER BY call_id) AS calls FROM fulfillment.calls WHERE order_id IN ("
			  . join(',', @orders) . ') GROUP BY order_id) q'),
		$calls, "$name: by the right calls");
}

# What is left to call, and when; the first ones.
sub explain_tasks
{
	my ($self) = @_;

	return diag($self->value('SELECT task_id, operation, state, due_at - now() AS due_in, in_doubt, attempts,
		 crashes, last_error FROM fulfillment.tasks ORDER BY due_at, task_id LIMIT 10'));
}

# A test: no call is left to make but those that wait for a person.
sub comes_to_rest
{
	my ($self, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $self->comes_to(q{SELECT count(*) FROM fulfillment.tasks WHERE state <> 'parked'},
		0, $name // 'no call is left to make') || $self->explain_tasks;
}

# As if an hour had gone by since the calls in doubt: a provider that was asked too early to be
# believed is asked again, and every pause is over.
sub time_passes
{
	my ($self) = @_;

	$self->value(q{
		UPDATE fulfillment.tasks SET sent_at = sent_at - interval '1 hour',
			due_at = CASE state WHEN 'ready' THEN now() ELSE due_at END;
		SELECT fulfillment.wake_workers();});
	return;
}

# A test: no call is left to make when time goes by.
sub comes_to_rest_in_time
{
	my ($self, $name) = @_;

	my $left = 'SELECT count(*) FROM fulfillment.tasks WHERE state <> \'parked\'';
	foreach my $hour (1 .. 2 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last if $self->value($left) == 0;
		$self->time_passes;
		usleep(500_000);
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($self->value($left), 0, $name) || $self->explain_tasks;
}

# A test, the last of each under fire: nothing was lost, doubled or forgotten.  Offences like a
# pattern are expected.
sub is_sound
{
	my ($self, $name, $expected) = @_;

	my @breaches = ($self->breaches_here, $self->{sim} ? $self->breaches_there : ());
	@breaches = grep { $_ !~ $expected } @breaches if $expected;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is_deeply(\@breaches, [], "$name: nothing lost, doubled or forgotten")
	  || diag(join "\n", splice(@breaches, 0, 20));
}

# What the database says of itself.
sub breaches_here
{
	my ($self) = @_;

	my @breaches = map { $_->{breach} } $self->rows(q{
	SELECT format('the lease of task %s ended at %s', task_id, leased_until) AS breach
	  FROM fulfillment.tasks WHERE state = 'leased' AND leased_until < now()
	UNION ALL
	SELECT format('stock of %s at %s of merchant %s differs from its ledger', c.sku, c.location, m.merchant_id)
	  FROM fulfillment.merchants m, fulfillment.check_stock(merchant_id => m.merchant_id) c
	UNION ALL
	SELECT format('shipment %s is %s, and no call is there for it', s.reference, s.state)
	  FROM fulfillment.shipments s JOIN fulfillment.providers p USING (merchant_id, provider_id)
	 WHERE p.connection_id IS NOT NULL
	   AND (s.state IN ('submitting', 'unknown') OR s.state = 'queued' AND s.stop IS NULL)
	   AND NOT EXISTS (SELECT FROM fulfillment.tasks t WHERE t.merchant_id = s.merchant_id
	                    AND t.subject_kind = 'shipment' AND t.subject_id = s.shipment_id
	                    AND t.operation = 'create_shipment')
	UNION ALL
	SELECT format('shipment %s is %s, and no person is told', s.reference, s.state)
	  FROM fulfillment.shipments s
	 WHERE s.state = 'attention'
	   AND NOT EXISTS (SELECT FROM fulfillment.attention a WHERE a.merchant_id = s.merchant_id
	                    AND a.shipment_id = s.shipment_id AND a.resolved_at IS NULL)
	UNION ALL
	SELECT format('task %s is parked, and no person is told', t.task_id)
	  FROM fulfillment.tasks t
	 WHERE t.state = 'parked'
	   AND NOT EXISTS (SELECT FROM fulfillment.attention a WHERE a.merchant_id = t.merchant_id
	                    AND a.task_id = t.task_id AND a.resolved_at IS NULL)
	UNION ALL
	SELECT format('shipment %s is to be cancelled, and nobody asks its provider', s.reference)
	  FROM fulfillment.shipments s
	 WHERE s.state = 'cancel_requested' AND s.stop_deadline IS NULL
	UNION ALL
	SELECT format('%s calls are there for %s of %s %s', count(*), operation, subject_kind, subject_id)
	  FROM fulfillment.tasks
	 WHERE operation IN ('create_shipment', 'cancel_shipment', 'hold_shipment')
	 GROUP BY merchant_id, operation, subject_kind, subject_id HAVING count(*) > 1
	UNION ALL
	SELECT format('%s units of line %s of order %s are assigned and %s planned', l.assigned, l.line,
		l.order_id, q.planned)
	  FROM fulfillment.order_lines l CROSS JOIN LATERAL (
		SELECT coalesce(sum(n.quantity - n.short), 0) AS planned
		  FROM fulfillment.shipment_lines n JOIN fulfillment.shipments s USING (merchant_id, shipment_id)
		 WHERE n.merchant_id = l.merchant_id AND n.order_id = l.order_id AND n.line = l.line
		   AND s.state NOT IN ('cancelled', 'rejected')) q
	 WHERE l.assigned <> q.planned});
	my $log = PostgreSQL::Test::Utils::slurp_file($self->{node}->logfile);

	push @breaches, "the server said: $1"
	  while $log =~ /^(.*(?:terminated by signal (?!9)|PANIC|TRAP:|AddressSanitizer).*)$/mg;
	return @breaches;
}

# What the simulator remembers of it.
sub breaches_there
{
	my ($self) = @_;

	my %made = (
		%{ $self->{sim}->get('/ups/counts')->{by_reference} },
		map { $_ => 1 } keys %{ $self->{sim}->get('/ongoing/counts')->{puts} });
	my @breaches;

	# Where labels can be taken back, a second one is none that was doubled.
	foreach my $depot (grep { defined } map { $kinds{$_}{depot} } values %{ $self->{kinds} })
	{
		my $live = $self->{sim}->get("/$depot/counts")->{live_by_reference};
		$made{$_} += $live->{$_} foreach keys %$live;
	}

	foreach my $shipment (
		$self->rows('SELECT s.reference, s.state, c.connector
			  FROM fulfillment.shipments s JOIN fulfillment.providers p USING (merchant_id, provider_id)
			  JOIN fulfillment.connections c USING (merchant_id, connection_id)
			 WHERE p.integration = \'api\''))
	{
		my ($reference, $state) = @$shipment{qw(reference state)};
		my $count = delete $made{$reference} // 0;

		next if $shipment->{connector} eq 'sandbox';
		push @breaches, "$reference was made $count times" if $count > 1;
		push @breaches, "$reference is $state here and not there"
		  if $state =~ /^(accepted|cancel_requested|shipped|delivered|returning|lost)$/ && !$count;
		push @breaches, "$reference is $state here and was made there"
		  if $state =~ /^(draft|queued|rejected)$/ && $count;
	}
	push @breaches, map { "$_ was made there and is not known here" } sort keys %made;
	push @breaches, $self->{sim}->offence_lines;
	return @breaches;
}

1;
