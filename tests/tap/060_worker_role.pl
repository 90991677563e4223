# Workers need no superuser: a role that was granted access and nothing else brings a parcel to its
# door, and doctor() leads there from a fresh installation, command by command.

use strict;
use warnings;

use FulfillmentCluster;
use Test::More;

my $node = FulfillmentCluster->start_new(
	'worker_role',
	workers => 1,
	settings => ['fulfillment.allow_private_addresses = off']);

sub findings
{
	my ($severity) = @_;

	return $node->value(
		"SELECT coalesce(string_agg(finding, '; '), '') FROM fulfillment.doctor()
		 WHERE severity = '$severity'");
}

# Runs the commands that doctor() gives for what matches.
sub obey
{
	my ($pattern) = @_;

	my $commands = $node->value(
		"SELECT string_agg(command, ' ') FROM fulfillment.doctor() WHERE finding ~ '$pattern'");
	isnt($commands, '', "doctor() knows what to do about: $pattern");
	$node->value($_) foreach split /(?<=;)\s*/, $commands;
	return;
}

like(findings('warning'), qr/the clock does not run/, 'a fresh installation has no clock');
like(findings('warning'), qr/superuser/, 'and its workers are superusers');
$node->value('SELECT fulfillment.set_up_sandbox()');
obey('superuser');
$node->comes_to(
	q{SELECT string_agg(DISTINCT usename::text, ',') FROM pg_stat_activity
	  WHERE backend_type = 'fulfillment worker'},
	'fulfillment_worker', 'the workers connect as the new role');
is($node->value("SELECT rolsuper FROM pg_roles WHERE rolname = 'fulfillment_worker'"),
	'f', 'which is no superuser');

# Secrets are read by workers, and by nobody else.
$node->value("INSERT INTO fulfillment.connections (code, connector, config)
	VALUES ('hook', 'webhook', '{\"base_url\": \"https://hooks.example\"}')");
like(findings('error'), qr/connection "hook" lacks secret signing_secret/, 'a secret is missed');
$node->value("SELECT fulfillment.set_secret('hook', '{\"signing_secret\": \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}')");
is(findings('error'), '', 'and not any more once it is set');
is(findings('ok'), 'all is well', 'all is well');
unlike($node->value('SELECT string_agg(encode(ciphertext, \'escape\'), \'\') FROM fulfillment.secrets'),
	qr/MfKQ9r8/, 'the secret is not in the database');
$node->value("SELECT fulfillment.pause_connection('hook', 'there is no such host')");

my $order = $node->value(q{SELECT fulfillment.submit_order('{
	"channel": "shop", "number": "1001", "currency": "EUR",
	"ship_to": {"name": "Eva Ek", "street1": "Rue Longue 3", "city": "Lyon", "postcode": "69001", "country": "FR"},
	"lines": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 1}]}')});
$node->comes_to("SELECT progress FROM fulfillment.order_status WHERE order_id = $order",
	'delivered', 'the parcel arrives');
is($node->value("SELECT string_agg(DISTINCT who, ',' ORDER BY who) FROM fulfillment.timeline($order) WHERE kind = 'history'"),
	'postgres,worker', 'history says who acted');
is($node->value('SELECT count(*) FROM fulfillment.check_stock()'), '0', 'the ledger is exact');
$node->value("SELECT fulfillment.run_job('retention')");
is($node->value("SELECT count(*) FROM fulfillment.schedules WHERE last_error IS NOT NULL"),
	'0', 'no job of the clock lacks a right');

# A role that is gone, or may not log in, is noticed.
$node->value("ALTER ROLE fulfillment_worker NOLOGIN");
like(findings('error'), qr/may not log in/, 'a role that may not log in is noticed');
obey('may not log in');
is(findings('error'), '', 'and mended');
$node->value("SELECT fulfillment.revoke_access('fulfillment_worker', 0)");
like(findings('error'), qr/has no access/, 'a role without access is noticed');
obey('has no access');
is(findings('error'), '', 'and mended');

$node->stop;
done_testing();
