-- The engine: live tasks, calls made, what came in, what waits for a person,
-- history, the clock.

CREATE TABLE fulfillment.activations (
	merchant_id int NOT NULL DEFAULT 0,
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	activated_at timestamptz NOT NULL DEFAULT now(),
	activated_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (merchant_id, system_identifier, database_oid)
);
COMMENT ON TABLE fulfillment.activations IS
	'Databases in which workers may run. A dump carries the row of its origin, so that a restored copy stays paused';
COMMENT ON COLUMN fulfillment.activations.merchant_id IS 'Always 0: the row belongs to the whole database';

CREATE SEQUENCE fulfillment.task_id_seq;
CREATE TABLE fulfillment.tasks (
	merchant_id int NOT NULL,
	task_id bigint NOT NULL DEFAULT nextval('fulfillment.task_id_seq'),
	connection_id bigint NOT NULL,
	operation text NOT NULL,
	subject_kind text NOT NULL CHECK (subject_kind IN
		('order', 'shipment', 'return', 'channel', 'location', 'connection', 'event', 'item')),
	subject_id bigint NOT NULL,
	order_id bigint,
	state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'leased', 'parked')),
	due_at timestamptz NOT NULL DEFAULT now(),
	lease bigint,
	leased_until timestamptz,
	in_doubt boolean NOT NULL DEFAULT false,
	attempts int NOT NULL DEFAULT 0,
	crashes int NOT NULL DEFAULT 0,
	idempotency_key text NOT NULL,
	progress jsonb,
	payload jsonb NOT NULL DEFAULT '{}',
	last_error text,
	sent_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, task_id),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections,
	CHECK ((state = 'leased') = (lease IS NOT NULL)),
	CHECK ((state = 'parked') = (due_at = 'infinity'))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,
	autovacuum_vacuum_cost_delay = 0);
-- No index names a column that claiming changes, so a claim is a heap-only update.
CREATE INDEX tasks_due ON fulfillment.tasks (merchant_id, connection_id, due_at, task_id);
CREATE INDEX tasks_suspects ON fulfillment.tasks (merchant_id, connection_id, due_at, task_id) WHERE crashes > 1;
CREATE INDEX tasks_subject ON fulfillment.tasks (merchant_id, subject_kind, subject_id, connection_id, task_id);
COMMENT ON TABLE fulfillment.tasks IS 'Calls still to make, and only those: a finished task leaves and its story stays in calls';
COMMENT ON COLUMN fulfillment.tasks.subject_id IS
	'What the call is about; tasks of one subject and connection are called in the order of their ids';
COMMENT ON COLUMN fulfillment.tasks.due_at IS 'When it is called next; infinity while it is parked';
COMMENT ON COLUMN fulfillment.tasks.lease IS 'Token of the worker that is making the call; nobody else may settle it';
COMMENT ON COLUMN fulfillment.tasks.leased_until IS 'After this the worker counts as dead and the call as unknown';
COMMENT ON COLUMN fulfillment.tasks.in_doubt IS 'An earlier call may have succeeded: it is looked up before it is repeated';
COMMENT ON COLUMN fulfillment.tasks.crashes IS 'How often a worker died with this task in hand';
COMMENT ON COLUMN fulfillment.tasks.progress IS 'State between the requests of one operation, written by its connector';
COMMENT ON COLUMN fulfillment.tasks.payload IS 'What the call needs beyond its subject';
COMMENT ON COLUMN fulfillment.tasks.sent_at IS 'When the call in doubt was made';

CREATE SEQUENCE fulfillment.call_id_seq;
CREATE TABLE fulfillment.calls (
	merchant_id int NOT NULL,
	call_id bigint NOT NULL DEFAULT nextval('fulfillment.call_id_seq'),
	started_at timestamptz NOT NULL DEFAULT now(),
	task_id bigint NOT NULL,
	connection_id bigint NOT NULL,
	operation text NOT NULL,
	subject_kind text NOT NULL,
	subject_id bigint NOT NULL,
	order_id bigint,
	attempt int NOT NULL,
	method text,
	url text,
	request text,
	status int,
	response text,
	result text NOT NULL,
	error text,
	timings int[]
) PARTITION BY RANGE (started_at);
-- Keys and indexes stand on the partitions: see stock_movements.
CREATE TABLE fulfillment.calls_default PARTITION OF fulfillment.calls DEFAULT;
ALTER TABLE fulfillment.calls_default ADD PRIMARY KEY (merchant_id, call_id, started_at);
CREATE INDEX calls_subject ON fulfillment.calls_default (merchant_id, subject_kind, subject_id);
CREATE INDEX calls_order ON fulfillment.calls_default (merchant_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX calls_started ON fulfillment.calls_default (merchant_id, connection_id, started_at);
COMMENT ON TABLE fulfillment.calls IS 'What was sent and answered, secrets masked, bodies capped';
COMMENT ON TABLE fulfillment.calls_default IS 'Calls outside the months that have a partition of their own';
COMMENT ON COLUMN fulfillment.calls.request IS 'Headers and body sent, secrets masked';
COMMENT ON COLUMN fulfillment.calls.response IS 'Headers and body received, secrets masked';
COMMENT ON COLUMN fulfillment.calls.result IS 'ok, retry, refused, unauthorized, unknown, absent, continue';
COMMENT ON COLUMN fulfillment.calls.timings IS 'Milliseconds until name resolved, connected, secured, first byte, end';

CREATE SEQUENCE fulfillment.inbox_id_seq;
CREATE TABLE fulfillment.inbox (
	merchant_id int NOT NULL,
	inbox_id bigint NOT NULL DEFAULT nextval('fulfillment.inbox_id_seq'),
	connection_id bigint NOT NULL,
	event_id text NOT NULL,
	received_at timestamptz NOT NULL DEFAULT now(),
	headers jsonb NOT NULL,
	body bytea NOT NULL,
	state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'applied', 'ignored', 'failed')),
	attempts int NOT NULL DEFAULT 0,
	due_at timestamptz NOT NULL DEFAULT now(),
	repeated int NOT NULL DEFAULT 0,
	error text,
	applied_at timestamptz,
	PRIMARY KEY (merchant_id, inbox_id),
	UNIQUE (merchant_id, connection_id, event_id),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections
);
CREATE INDEX inbox_new ON fulfillment.inbox (merchant_id, due_at) WHERE state = 'new';
COMMENT ON TABLE fulfillment.inbox IS 'Webhooks that came in with a good signature: raw, each once, replayable';
COMMENT ON COLUMN fulfillment.inbox.event_id IS 'The sender''s id of the event, else the hash of its body';
COMMENT ON COLUMN fulfillment.inbox.repeated IS 'How often the same event came again';

CREATE SEQUENCE fulfillment.attention_id_seq;
CREATE TABLE fulfillment.attention (
	merchant_id int NOT NULL,
	attention_id bigint NOT NULL DEFAULT nextval('fulfillment.attention_id_seq'),
	kind text NOT NULL,
	order_id bigint,
	shipment_id bigint,
	task_id bigint,
	connection_id bigint,
	subject text,
	message text NOT NULL,
	hint text,
	detail jsonb NOT NULL DEFAULT '{}',
	times int NOT NULL DEFAULT 1,
	opened_at timestamptz NOT NULL DEFAULT now(),
	resolved_at timestamptz,
	resolved_by text,
	resolution text,
	PRIMARY KEY (merchant_id, attention_id)
);
CREATE UNIQUE INDEX attention_open ON fulfillment.attention (merchant_id, kind, order_id, shipment_id, task_id,
	connection_id, subject) NULLS NOT DISTINCT WHERE resolved_at IS NULL;
CREATE INDEX attention_order ON fulfillment.attention (merchant_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX attention_waiting ON fulfillment.attention (merchant_id, opened_at) WHERE resolved_at IS NULL;
COMMENT ON TABLE fulfillment.attention IS 'What waits for a person, each thing once, with what to do about it';
COMMENT ON COLUMN fulfillment.attention.connection_id IS 'The connection it is about, when it is about one as a whole';
COMMENT ON COLUMN fulfillment.attention.subject IS 'What it is about when that is no row of ours: a row of a shop''s table';
COMMENT ON COLUMN fulfillment.attention.kind IS 'unknown_outcome, rejected, shipped_after_cancel, over_shipped, too_late, return_to_sender, lost …';

CREATE SEQUENCE fulfillment.event_id_seq;
CREATE TABLE fulfillment.notifications (
	merchant_id int NOT NULL,
	event_id bigint NOT NULL DEFAULT nextval('fulfillment.event_id_seq'),
	type text NOT NULL,
	order_id bigint,
	shipment_id bigint,
	package_id bigint,
	occurred_at timestamptz NOT NULL,
	content_hash text NOT NULL,
	data jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, event_id)
);
CREATE UNIQUE INDEX notifications_once ON fulfillment.notifications
	(merchant_id, order_id, type, shipment_id, package_id, content_hash) NULLS NOT DISTINCT;
COMMENT ON TABLE fulfillment.notifications IS 'Facts told to client platforms and customers, each once; a corrected fact is told again';
COMMENT ON COLUMN fulfillment.notifications.content_hash IS 'Hash of what is told: the same content is never told twice';

CREATE TABLE fulfillment.templates (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	type text NOT NULL,
	medium text NOT NULL CHECK (medium IN ('email', 'sms')),
	language text NOT NULL DEFAULT 'en',
	subject text,
	body text NOT NULL,
	html text,
	PRIMARY KEY (merchant_id, type, medium, language)
);
COMMENT ON TABLE fulfillment.templates IS 'Texts of messages to customers by event type, medium and language';

CREATE TABLE fulfillment.messages (
	merchant_id int NOT NULL,
	event_id bigint NOT NULL,
	connection_id bigint NOT NULL,
	order_id bigint,
	medium text NOT NULL CHECK (medium IN ('email', 'sms')),
	recipient text,
	state text NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'delivered', 'failed', 'suppressed', 'skipped', 'unknown')),
	provider_reference text,
	error_code text,
	error_message text,
	created_at timestamptz NOT NULL DEFAULT now(),
	changed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, event_id, connection_id),
	FOREIGN KEY (merchant_id, event_id) REFERENCES fulfillment.notifications ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections
);
CREATE INDEX messages_reference ON fulfillment.messages (merchant_id, connection_id, provider_reference)
	WHERE provider_reference IS NOT NULL;
CREATE INDEX messages_order ON fulfillment.messages (merchant_id, order_id) WHERE order_id IS NOT NULL;
COMMENT ON TABLE fulfillment.messages IS 'What customers were told by e-mail and SMS, one row per event and connection, and whether it reached them';
COMMENT ON COLUMN fulfillment.messages.recipient IS 'Address or number; NULL when the order has none';
COMMENT ON COLUMN fulfillment.messages.state IS
	'queued, sending; accepted: the provider took it; delivered; failed for good; suppressed: the recipient is not written to any more; skipped: there was nothing to say; unknown: the answer was lost';
COMMENT ON COLUMN fulfillment.messages.provider_reference IS 'The provider''s id of the message';

CREATE TABLE fulfillment.suppressions (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	medium text NOT NULL CHECK (medium IN ('email', 'sms')),
	recipient text NOT NULL,
	code text,
	reason text NOT NULL,
	since timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, medium, recipient)
);
COMMENT ON TABLE fulfillment.suppressions IS 'Addresses and numbers that do not exist or do not want to be written to; delete a row to try again';

CREATE SEQUENCE fulfillment.history_id_seq;
CREATE TABLE fulfillment.history (
	merchant_id int NOT NULL,
	history_id bigint NOT NULL DEFAULT nextval('fulfillment.history_id_seq'),
	at timestamptz NOT NULL DEFAULT now(),
	subject_kind text NOT NULL,
	subject_id bigint NOT NULL,
	order_id bigint,
	event text NOT NULL,
	from_state text,
	to_state text,
	actor text NOT NULL,
	cause text,
	before jsonb,
	after jsonb
) PARTITION BY RANGE (at);
-- Keys and indexes stand on the partitions: see stock_movements.
CREATE TABLE fulfillment.history_default PARTITION OF fulfillment.history DEFAULT;
ALTER TABLE fulfillment.history_default ADD PRIMARY KEY (merchant_id, history_id, at);
CREATE INDEX history_order ON fulfillment.history_default (merchant_id, order_id, at);
COMMENT ON TABLE fulfillment.history IS 'Who did what, when, why, with before and after; refused events too; never updated';
COMMENT ON TABLE fulfillment.history_default IS 'History outside the months that have a partition of their own';
COMMENT ON COLUMN fulfillment.history.actor IS 'The role that acted, or worker';
COMMENT ON COLUMN fulfillment.history.cause IS 'Why: the reason given, the call or webhook that reported it';

CREATE TABLE fulfillment.schedules (
	merchant_id int NOT NULL,
	job text NOT NULL,
	every interval NOT NULL CHECK (every >= '1 second'),
	next_at timestamptz NOT NULL DEFAULT now(),
	last_at timestamptz,
	last_error text,
	by_cron boolean NOT NULL DEFAULT false,
	PRIMARY KEY (merchant_id, job),
	FOREIGN KEY (merchant_id) REFERENCES fulfillment.merchants
);
COMMENT ON TABLE fulfillment.schedules IS 'The clock of scheduled work; rows kept by pg_cron are left alone by the workers';
COMMENT ON COLUMN fulfillment.schedules.by_cron IS 'pg_cron runs this job; the worker does when it is false';

-- Connectors that users register: two functions, or nothing but data.  They serve every merchant, so
-- their rows are of merchant 0, as those of access that are for all.
CREATE TABLE fulfillment.own_connectors (
	merchant_id int NOT NULL DEFAULT 0 CHECK (merchant_id = 0),
	name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{1,62}$'),
	definition jsonb NOT NULL,
	request_function text,
	outcome_function text,
	run_as name,
	registered_at timestamptz NOT NULL DEFAULT now(),
	registered_by text NOT NULL,
	PRIMARY KEY (merchant_id, name),
	CHECK ((request_function IS NULL) = (outcome_function IS NULL) AND (request_function IS NULL) = (run_as IS NULL))
);
COMMENT ON TABLE fulfillment.own_connectors IS 'Connectors registered with register_connector: two SQL functions each, or data alone';
COMMENT ON COLUMN fulfillment.own_connectors.merchant_id IS 'Always 0: they are for every merchant';
COMMENT ON COLUMN fulfillment.own_connectors.name IS 'What connections.connector holds';
COMMENT ON COLUMN fulfillment.own_connectors.definition IS 'What it is, and of data what it sends and understands';
COMMENT ON COLUMN fulfillment.own_connectors.request_function IS 'Signature of the function that makes requests; NULL: it is only data';
COMMENT ON COLUMN fulfillment.own_connectors.outcome_function IS 'Signature of the function that reads answers';
COMMENT ON COLUMN fulfillment.own_connectors.run_as IS 'The role whose rights the functions have';
COMMENT ON COLUMN fulfillment.own_connectors.registered_at IS 'When it was registered last';
COMMENT ON COLUMN fulfillment.own_connectors.registered_by IS 'Who registered it';
