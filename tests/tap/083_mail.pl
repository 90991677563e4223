# Customers are told by e-mail when goods leave: by a server that wants TLS and a login, once, in their
# language, whatever they call themselves.  Who has no mailbox is left alone, who is not to be disturbed
# now is written to later, and where nobody knows whether a mail was taken the merchant's choice holds.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Cwd qw(abs_path);
use FulfillmentCluster;
use FulfillmentSimulator;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use MIME::QuotedPrint qw(decode_qp);
use PostgreSQL::Test::Utils;
use Test::More;

my $home = abs_path(PostgreSQL::Test::Utils::tempdir);
system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
	. " -addext subjectAltName=IP:127.0.0.1 -keyout '$home/key.pem' -out '$home/cert.pem' 2> /dev/null") == 0
  or plan skip_all => 'skipped: openssl is not installed';

my $node = FulfillmentCluster->start_new('mail', settings => [ "fulfillment.ca_file = '$home/cert.pem'" ]);
my $sim = FulfillmentSimulator->start(seed => 5, mail_cert => "$home/cert.pem", mail_key => "$home/key.pem");
my $ports = $sim->get('/mail/ports');

$node->value(qq{
	INSERT INTO fulfillment.connections (code, connector, timeout_ms, config, events) VALUES
	('mail', 'smtp', 20000, '{"host": "127.0.0.1", "port": $ports->{plain}, "from": "shop\@shop.example", "from_name": "Åsas Butik",
	  "bounce_address": "bounce+{id}\@bounces.shop.example"}', '{shipment.*}');
	SELECT fulfillment.set_secret('mail', '{"user": "shop", "password": "right"}');
	INSERT INTO fulfillment.templates (type, medium, language, subject, body, html) VALUES
	('shipment.goods_issued', 'email', 'sv', 'Din order {{order_number}} är på väg', 'Hej {{name}}: {{packages.0.tracking_number}}',
	 '<p>Hej <b>{{name}}</b></p>');
	INSERT INTO fulfillment.channels (code, name, currency) VALUES ('shop', 'Shop', 'SEK');
	INSERT INTO fulfillment.providers (code, name, kind, integration) VALUES ('post', 'Post', 'carrier', 'manual');
	INSERT INTO fulfillment.locations (code, name, country) VALUES ('L', 'Here', 'SE');
	INSERT INTO fulfillment.items (sku, name) VALUES ('MUG', 'Mug, blue');
	SELECT fulfillment.receive_stock('L', 'MUG', 1000)});

my $number = 0;

# An order that has left; its id.
sub ship
{
	my ($email, %order) = @_;
	my $name = $order{name} // 'Eva Ek';
	my $language = $order{language} // 'en';

	$number++;
	my $id = $node->value(qq{SELECT fulfillment.submit_order(jsonb_build_object('channel', 'shop', 'number', 'M-$number', 'currency', 'SEK',
		'language', '$language', 'placed_at', '2026-03-01T10:00:00Z', 'email', '$email', 'ship_to', jsonb_build_object('name', '$name',
		'street1', 'Storgatan 1', 'city', 'Malmö', 'postcode', '21122', 'country', 'SE'),
		'lines', '[{"line": 1, "sku": "MUG", "quantity": 1, "unit_price": "249.50"}]'::jsonb))});
	$node->value(qq{SELECT fulfillment.confirm_shipment(shipment_id, '[{"tracking_number": "RR$number", "carrier": "postnord"}]')
		FROM fulfillment.shipments WHERE order_id = $id});
	return $id;
}

sub becomes
{
	my ($order, $state, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $node->comes_to("SELECT coalesce(string_agg(state || coalesce(' ' || error_code, ''), ','), 'nothing') FROM fulfillment.messages WHERE order_id = $order",
		$state, $name)
	  || diag($node->value("SELECT string_agg(concat_ws(' ', operation, status, result, error, response), E'\\n') FROM fulfillment.calls WHERE order_id = $order"));
}

sub mails { return grep { $_->{to} eq $_[0] } @{ $sim->get('/mail/messages')->{messages} } }
sub hurry { $node->value("UPDATE fulfillment.tasks SET due_at = now() WHERE state = 'ready'; SELECT fulfillment.wake_workers()") }
sub words { my ($text) = @_; $text =~ s/\r\n(?= )//g; $text =~ s/\?=\s+=\?UTF-8\?B\?//g; $text =~ s/=\?UTF-8\?B\?(.*?)\?=/decode_base64($1)/ge; return $text }
sub connect_by { $node->value("UPDATE fulfillment.connections SET config = config || '$_[0]' WHERE code = 'mail'") }

my $one = ship('eva@example.net', language => 'sv-SE', name => 'Eva Ek');
becomes($one, 'accepted', 'the server took a mail');
my @got = mails('eva@example.net');
is(scalar(@got), 1, '... once');
ok($got[0]{encrypted}, '... behind TLS');
my $event = $node->value("SELECT event_id || '_' || connection_id FROM fulfillment.messages WHERE order_id = $one");
is($got[0]{from}, "bounce+evt_1_$event\@bounces.shop.example", 'a bounce would name it');
my $text = words($got[0]{text});
my $wanted = "Subject: Din order M-1 är på väg";
like($text, qr/^\Q$wanted\E\r$/m, 'its subject is in the language of the order');
$wanted = 'From: Åsas Butik <shop@shop.example>';
like($text, qr/^\Q$wanted\E\r$/m, 'its sender has a name');
like($text, qr/^Message-ID: <evt_1_\Q$event\E\@shop\.example>\r$/m, 'its id is the message\'s');
like($text, qr/^Hej Eva Ek: RR1\r$/m, 'the text');
like($text, qr{^<p>Hej <b>Eva Ek</b></p>\r$}m, '... and beside it the HTML');
is($node->value("SELECT provider_reference FROM fulfillment.messages WHERE order_id = $one"), $got[0]{id}, 'what the server calls it is kept');

# What customers write stays what they wrote.
my $hostile = "<b>Eve</b>'' {{secret:password}}\r\nBcc: all\@x.example\r\n\r\n.\r\nMAIL FROM:<x\@x.example>";
my $two = ship('eve@example.net', language => 'sv', name => $hostile);
becomes($two, 'accepted', 'a hostile name is sent');
$text = (mails('eve@example.net'))[0]{text};
my ($head) = split /\r\n\r\n/, $text;
unlike($head, qr/^Bcc/m, '... it makes no header');
like(decode_qp($text), qr/\{\{secret:password\}\}/, '... no secret');
like(decode_qp($text), qr/&lt;b&gt;Eve&lt;/, '... and no markup');
unlike($text, qr/right/, 'the password is nowhere');
is(scalar(mails('all@x.example')), 0, 'nobody else got it');

# Recipients that do not exist, or not now.
my $three = ship('unknown@example.net');
becomes($three, 'failed smtp_550', 'nobody is there');
is($node->value("SELECT recipient || ' ' || code FROM fulfillment.suppressions"), 'unknown@example.net smtp_550', '... and is not written to any more');
becomes(ship('unknown@example.net'), 'suppressed', 'the next one is not sent');
becomes(ship('nowhere@example.net'), 'failed smtp_550', 'a refusal without a reason');
is($node->value('SELECT count(*) FROM fulfillment.suppressions'), 1, '... says nothing of the address');
my $grey = ship('greylisted@example.net');
becomes($grey, 'queued smtp_450', 'who wants it later');
becomes(ship('anna@example.net'), 'accepted', '... does not hold up the others');
hurry();
becomes($grey, 'accepted', '... and gets it later');
is(scalar(mails('greylisted@example.net')), 1, '... once');
my $utf = ship('åsa@example.net');
becomes($utf, 'failed smtp_553', 'an address this server cannot read is not sent to');
is($node->value("SELECT count(*) FROM fulfillment.attention_list"), 0, 'nobody was bothered so far');
my $policy = ship('policy@example.net');
becomes($policy, 'failed smtp_550', 'a refusal because of us');
is($node->value("SELECT string_agg(kind, ',') FROM fulfillment.attention_list"), 'message_failed', '... is told a person');

# A server that goes away before it has all of a mail has not taken it.
$sim->settings('mail', { dropped_data => 1 });
my $dropped = ship('dora@example.net');
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM fulfillment.calls WHERE order_id = $dropped AND result = 'retry'"), 'a conversation that ended early');
hurry();
becomes($dropped, 'accepted', '... is held again');
is(scalar(mails('dora@example.net')), 1, '... and the mail is there once');

# One whose last answer was lost is sent once more, with the same id.
$sim->settings('mail', { lost_replies => 1 });
my $lost = ship('lea@example.net');
becomes($lost, 'unknown lost', 'nobody knows whether the server took it');
is($node->value("SELECT due_at > now() + interval '10 minutes' FROM fulfillment.tasks WHERE order_id = $lost"), 't', '... so it waits');
hurry();
becomes($lost, 'accepted', '... and is sent once more');
@got = map { /^Message-ID: (\S+)/m } map { $_->{text} } mails('lea@example.net');
is(scalar(@got), 2, 'a mail in doubt comes twice');
is($got[0], $got[1], '... by one id');

# A worker dies with a mail that the server has taken.
connect_by('{"in_doubt": "hold"}');
$sim->settings('mail', { silent_replies => 1 });
my $killed = ship('kim@example.net');
foreach (1 .. 600) { last if mails('kim@example.net'); select undef, undef, undef, 0.1; }
$node->kill_process($_) foreach ($node->worker_pids)[0];
becomes($killed, 'unknown answer_lost', 'the worker that held it is killed');
is($node->value("SELECT count(*) FROM fulfillment.tasks WHERE order_id = $killed"), 0, '... what is held back is not sent again');
is(scalar(mails('kim@example.net')), 1, '... and the mail is there once');
becomes(ship('kai@example.net'), 'accepted', 'others are sent');

# Access tokens instead of a password, TLS from the first byte.
$sim->settings('mail', { token => '*' });
connect_by(qq{{"security": "tls", "port": $ports->{tls}, "token_url": "@{[ $sim->url('fedex') ]}/oauth/token"}});
$node->value(q{SELECT fulfillment.set_secret('mail', '{"user": "shop", "client_id": "c", "client_secret": "s"}')});
becomes(ship('tom@example.net'), 'accepted', 'a server that wants an access token gets one');

# What is wrong with a connection is told in a sentence.
sub complains
{
	my ($sentence, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$node->value("UPDATE fulfillment.attention SET resolved_at = now() WHERE resolved_at IS NULL; SELECT fulfillment.resume_connection('mail'); SELECT fulfillment.test_connection('mail')");
	return $node->comes_to("SELECT message ~ '$sentence' FROM fulfillment.attention WHERE kind = 'connection_test' AND resolved_at IS NULL", 't', $name)
	  || diag($node->value('SELECT string_agg(message, E\'\n\') FROM fulfillment.attention'));
}

connect_by(qq{{"security": "starttls", "port": $ports->{plain}}});
$node->value(q{SELECT fulfillment.set_secret('mail', '{"user": "shop", "password": "wrong"}')});
complains('refused the login', 'a wrong password is told');
$sim->settings('mail', { offers_auth => JSON::PP::false });
complains('offers no login', 'a server without logins is not trusted with mail that needs one');
$sim->settings('mail', { offers_auth => JSON::PP::true, offers_tls => JSON::PP::false });
complains('does not offer TLS', 'a server without TLS gets no password');

is_deeply($sim->get('/mail/messages')->{offences}, [], 'the server found nothing wrong with what it was sent');
is($node->value("SELECT count(*) FROM fulfillment.orders WHERE state <> 'open'"), 0, 'no order was stopped by any of it');
$node->stop;
done_testing();
