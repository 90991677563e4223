package FulfillmentConversation;

# Conversations of connectors with the simulator, without a worker and without a row: the pure
# functions make requests and read answers, and only this module sends.
#
#   my $talk = FulfillmentConversation->new($node, $sim, sub { my ($connector) = @_; ... });
#   my $outcome = $talk->ends_with('ok', 'ups', 'quote_rates', {config => ..., shipment => ...}, '...');
#
# The sub answers the headers of a connector's credentials, which a worker would put in at the last
# moment.

use strict;
use utf8;
use warnings;

use Encode qw(decode_utf8 encode_utf8);
use HTTP::Tiny;
use JSON::PP;
use Test::More;

my $json = JSON::PP->new->canonical->allow_nonref;

sub new
{
	my ($class, $node, $sim, $credentials) = @_;

	return bless {
		node => $node, sim => $sim, credentials => $credentials,
		http => HTTP::Tiny->new(timeout => 10, max_redirect => 0)
	}, $class;
}

sub quoted
{
	my ($text) = @_;
	return 'NULL' unless defined $text;
	(my $copy = $text) =~ s/'/''/g;
	return "'$copy'";
}

sub row
{
	my ($self, $sql) = @_;
	return $json->decode(decode_utf8($self->{node}->value(encode_utf8($sql))));
}

# What a worker does with a request: puts the credentials in and sends it.
sub exchange
{
	my ($self, $connector, $request) = @_;
	my %options = (
		headers => { %{ $request->{headers} // {} }, %{ $self->{credentials}->($connector) } });

	$options{content} = encode_utf8($request->{body}) if defined $request->{body};
	my $answer = $self->{http}->request($request->{method}, $request->{url}, \%options);
	delete @{ $answer->{headers} }{ grep { ref $answer->{headers}{$_} } keys %{ $answer->{headers} } };
	# no answer came
	@$answer{qw(status content headers)} = (0, '', {}) if $answer->{status} == 599;
	return $answer;
}

# Request, answer, outcome, and on while the connector says continue; the last outcome, with the
# orders and stock of all pages.
sub converse
{
	my ($self, $connector, $operation, $call) = @_;
	my %pages;

	$call = { operation => $operation, now => '2026-01-05T12:00:00Z', idempotency_key => 'test', %$call };
	for (1 .. 20)
	{
		my $arguments = join ', ', map { quoted($_) } $connector, $operation, $json->encode($call);
		my $request = $self->row("SELECT row_to_json(r) FROM fulfillment.connector_request($arguments) r");
		my $answer = $self->exchange($connector, $request);
		my $outcome = $self->row(
			sprintf 'SELECT fulfillment.connector_outcome(%s, %d, %s, %s)', $arguments,
			$answer->{status}, quoted($json->encode($answer->{headers})),
			quoted(decode_utf8($answer->{content})));

		push @{ $pages{$_} }, @{ $outcome->{$_} // [] } foreach qw(orders inventory);
		return { %$outcome, %pages } if $outcome->{result} ne 'continue';
		$call->{state} = $outcome->{next};
	}
	die "$connector $operation does not come to an end\n";
}

# A test: a conversation ends with this result and offends nobody.
sub ends_with
{
	my ($self, $result, $connector, $operation, $call, $name) = @_;
	my $before = $self->{sim}->get('/offences')->{count};
	my $outcome = $self->converse($connector, $operation, $call);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($outcome->{result}, $result, "$connector $operation: $name") || diag(explain($outcome));
	is_deeply([ $self->{sim}->offence_lines(since => $before) ], [], 'no offence');
	return $outcome;
}

1;
