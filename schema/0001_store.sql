-- Rollcall's store. Installs with the rights of an ordinary database owner; may be run again.
-- `rollcall-admin migrate` runs the numbered files once each, in order; so does
--     mariadb --defaults-file=my.cnf rollcall < schema/0001_store.sql
-- schema/store.md says why the store looks like this and how to write to it with plain SQL.
--
-- All instants are UTC with milliseconds. All text is compared byte by byte. Identifiers are the
-- caller's, up to 255 bytes; the numbers (`no`) are the store's own and are never shown. Each
-- statement ends with a semicolon at the end of a line.
--
-- Takes: a second or two; all tables are new.

CREATE TABLE IF NOT EXISTS schema_migration (
	version     INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'the number of the file',
	name        VARCHAR(255) NOT NULL,
	applied_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS partner (
	no          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	id          VARCHAR(255) NOT NULL,
	name        VARCHAR(255) NULL,
	created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	UNIQUE KEY partner_id (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
	COMMENT='who resells to tenants';

CREATE TABLE IF NOT EXISTS tenant (
	no          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	id          VARCHAR(255) NOT NULL,
	partner_no  INT UNSIGNED NULL,
	name        VARCHAR(255) NULL,
	created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	-- session policy; NULL: the tenant has no rule of its own
	idle_seconds     INT UNSIGNED NULL COMMENT 'a session ends when it was idle for so long',
	absolute_seconds INT UNSIGNED NULL COMMENT 'longest life of a session',
	max_sessions     INT UNSIGNED NULL COMMENT 'active sessions a user may have',
	on_limit         ENUM('end_oldest', 'refuse') NOT NULL DEFAULT 'end_oldest' COMMENT 'a sign-in beyond max_sessions',
	UNIQUE KEY tenant_id (id),
	KEY tenant_partner (partner_no),
	CONSTRAINT tenant_partner_fk FOREIGN KEY (partner_no) REFERENCES partner (no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- A user has a row as soon as one of its sessions was registered.
CREATE TABLE IF NOT EXISTS user (
	tenant_no    INT UNSIGNED NOT NULL,
	id           VARCHAR(255) NOT NULL COMMENT 'unique within the tenant',
	email        VARCHAR(320) NULL,
	display_name VARCHAR(1024) NULL,
	is_admin     BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'platform administrator',
	living       INT NOT NULL DEFAULT 0 COMMENT 'rows of this user in session',
	created_at   DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	updated_at   DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	PRIMARY KEY (tenant_no, id),
	KEY user_id (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Living sessions: nobody has ended them, and the pool has not yet seen that their time is over. A
-- session is active when it is here and expires_at > now. The clustered order is the order of the
-- lists. What a list shows stands in the row, so a page is one range and nothing is joined.
-- Columns without a default are what an application has to give when it writes with plain SQL.
CREATE TABLE IF NOT EXISTS session (
	tenant_no        INT UNSIGNED NOT NULL,
	created_at       DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	id               VARCHAR(255) NOT NULL,
	partner_no       INT UNSIGNED NULL COMMENT 'of the tenant',
	tenant_id        VARCHAR(255) NOT NULL COMMENT 'as in tenant',
	user_id          VARCHAR(255) NOT NULL,
	user_email       VARCHAR(320) NULL COMMENT 'as in user',
	user_display_name VARCHAR(1024) NULL COMMENT 'as in user',
	role             VARCHAR(16) NULL COMMENT 'super_admin, partner_admin, tenant_admin',
	token_digest     BINARY(32) NULL COMMENT 'SHA-256 of the opaque token; the token is not kept',
	request_digest   BINARY(32) NULL COMMENT 'SHA-256 of the registering body, for safe repeats',
	ip_address       VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'text, IPv4 or IPv6; empty: unknown',
	user_agent       VARCHAR(1024) NULL,
	device_type      VARCHAR(32) NULL COMMENT 'desktop, mobile, tablet, tv, bot, api',
	device_label     VARCHAR(64) NULL COMMENT 'Firefox on Windows',
	device_key       BINARY(8) NULL COMMENT 'of label and network, to tell a new device',
	location         VARCHAR(255) NULL COMMENT 'City, Country',
	last_activity_at DATETIME(3) NOT NULL DEFAULT '0001-01-01 00:00:00' COMMENT 'year 1: never',
	expires_at       DATETIME(3) NOT NULL,
	absolute_expires_at DATETIME(3) NULL COMMENT 'latest that expires_at may move to; NULL: it does not move',
	auth_time        DATETIME(3) NULL COMMENT 'when the user signed in',
	acr              VARCHAR(255) NULL COMMENT 'how strongly, as the identity provider calls it',
	amr              TEXT NULL COMMENT 'by which methods: JSON array of texts'
	                 CHECK (JSON_VALID(amr)),
	idp_issuer       VARCHAR(255) NULL COMMENT 'identity provider',
	idp_session_id   VARCHAR(255) NULL COMMENT 'sid of the session there; see idp_session',
	authenticator_id VARCHAR(255) NOT NULL DEFAULT '',
	is_mfa_required  BOOLEAN NOT NULL DEFAULT FALSE,
	is_mfa_complete  BOOLEAN NOT NULL DEFAULT FALSE,
	improper_client_cert_chain BOOLEAN NOT NULL DEFAULT FALSE,
	app_count        SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'members of apps',
	apps             LONGTEXT NULL COMMENT 'applications reached: {"ID":{"name":TEXT,"at":MS}}'
	                 CHECK (JSON_VALID(apps)),
	tags             LONGTEXT NULL COMMENT 'flat JSON object of text, number, bool, null'
	                 CHECK (JSON_VALID(tags)),
	config_types     LONGTEXT NULL COMMENT 'JSON array of distinct strings'
	                 CHECK (JSON_VALID(config_types)),

	PRIMARY KEY (tenant_no, created_at, id),
	UNIQUE KEY session_id (id),
	UNIQUE KEY session_token (token_digest),
	-- newest first: of a user, of a partner, of everything
	KEY session_user (user_id, tenant_no, created_at, id, device_key),
	KEY session_partner (partner_no, created_at, id),
	KEY session_created (created_at, id),
	-- what has expired; the latest activity of a tenant, of all
	KEY session_expires (expires_at, id),
	KEY session_tenant_activity (tenant_no, last_activity_at),
	KEY session_activity (last_activity_at, id),
	-- the filter language (schema/filter.md)
	KEY session_address (ip_address, id),
	KEY session_device (device_type, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Finds living sessions by the session at the identity provider. A table and no index of session, so
-- that only those sessions pay for it that have such a number. Its rows leave with the session's.
CREATE TABLE IF NOT EXISTS idp_session (
	session_id       VARCHAR(255) NOT NULL PRIMARY KEY,
	idp_session_id   VARCHAR(255) NOT NULL COMMENT 'as in session',
	KEY idp_session_sid (idp_session_id),
	CONSTRAINT idp_session_fk FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Ended sessions, for good: the row says how, when, by whom, through which call, and is the audit.
-- Rows are only added. History is dropped by the month: partition K holds the months with
-- month MOD 24 = K, and rows before store.history_month count as dropped already.
CREATE TABLE IF NOT EXISTS ended (
	tenant_no        INT UNSIGNED NOT NULL,
	how              ENUM('expired', 'revoked') NOT NULL,
	ended_at         DATETIME(3) NOT NULL COMMENT 'revoked then, or expires_at',
	id               VARCHAR(255) NOT NULL,
	month            SMALLINT UNSIGNED NOT NULL COMMENT 'of ended_at: 12 * year + month - 1',
	partner_no       INT UNSIGNED NULL,
	tenant_id        VARCHAR(255) NOT NULL,
	user_id          VARCHAR(255) NOT NULL,
	user_email       VARCHAR(320) NULL,
	user_display_name VARCHAR(1024) NULL,
	role             VARCHAR(16) NULL,
	request_digest   BINARY(32) NULL,
	ip_address       VARCHAR(64) NOT NULL,
	user_agent       VARCHAR(1024) NULL,
	device_type      VARCHAR(32) NULL,
	device_label     VARCHAR(64) NULL,
	device_key       BINARY(8) NULL,
	location         VARCHAR(255) NULL,
	created_at       DATETIME(3) NOT NULL,
	last_activity_at DATETIME(3) NOT NULL,
	expires_at       DATETIME(3) NOT NULL,
	absolute_expires_at DATETIME(3) NULL,
	auth_time        DATETIME(3) NULL,
	acr              VARCHAR(255) NULL,
	amr              TEXT NULL,
	idp_issuer       VARCHAR(255) NULL,
	idp_session_id   VARCHAR(255) NULL,
	app_count        SMALLINT UNSIGNED NOT NULL,
	apps             LONGTEXT NULL,
	revoked_by       VARCHAR(255) NULL COMMENT 'subject that ended it; NULL: it expired',
	revoked_by_tenant VARCHAR(255) NULL COMMENT 'tenant of that subject',
	revoked_by_kind  VARCHAR(32) NULL COMMENT 'user, tenant_admin, partner_admin, super_admin, service, identity provider, policy, operator',
	endpoint         VARCHAR(64) NULL COMMENT 'name of the route',
	request_id       VARCHAR(128) NULL,
	reason           VARCHAR(255) NULL,

	PRIMARY KEY (tenant_no, how, ended_at, id, month),
	KEY ended_id (id),
	KEY ended_created (tenant_no, created_at, id),
	KEY ended_user (user_id, tenant_no, created_at, id, device_key),
	KEY ended_partner (partner_no, how, ended_at, id),
	KEY ended_time (how, ended_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
	PARTITION BY HASH (month) PARTITIONS 24;

-- Exact numbers of living sessions, changed in the transaction that changes the sessions. Several
-- rows (shards) add up to one number; each worker writes to a shard of its own, so sign-ins do not
-- queue for a row.
CREATE TABLE IF NOT EXISTS tally (
	scope       TINYINT UNSIGNED NOT NULL COMMENT '0 everything, 1 a partner, 2 a tenant',
	no          INT UNSIGNED NOT NULL COMMENT 'of the partner or tenant, else 0',
	what        TINYINT UNSIGNED NOT NULL COMMENT '1 living, 2 users with a living one, 3 by device type, 4 by hour of creation, 5 by ten minutes of expiry',
	bucket      INT NOT NULL COMMENT 'hours, or ten minutes, since 1970; else 0',
	device_type VARCHAR(32) NOT NULL,
	shard       TINYINT UNSIGNED NOT NULL,
	n           BIGINT NOT NULL,
	PRIMARY KEY (scope, no, what, bucket, device_type, shard)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- The same of ended sessions, by the month in which they ended, so that they are dropped together.
CREATE TABLE IF NOT EXISTS ended_tally (
	scope       TINYINT UNSIGNED NOT NULL,
	no          INT UNSIGNED NOT NULL,
	what        TINYINT UNSIGNED NOT NULL COMMENT '1 expired, 2 revoked, 3 revoked by hour, 4 all by hour of creation',
	bucket      INT NOT NULL,
	shard       TINYINT UNSIGNED NOT NULL,
	month       SMALLINT UNSIGNED NOT NULL,
	n           BIGINT NOT NULL,
	lived_ms    BIGINT NOT NULL COMMENT 'sum of ended_at - created_at',
	latest_ms   BIGINT NOT NULL COMMENT 'latest activity, ms since 1970',
	PRIMARY KEY (scope, no, what, bucket, shard, month)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
	PARTITION BY HASH (month) PARTITIONS 24;

CREATE TABLE IF NOT EXISTS ended_user (
	tenant_no   INT UNSIGNED NOT NULL,
	user_id     VARCHAR(255) NOT NULL,
	month       SMALLINT UNSIGNED NOT NULL,
	expired     BIGINT NOT NULL,
	revoked     BIGINT NOT NULL,
	PRIMARY KEY (tenant_no, user_id, month)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
	PARTITION BY HASH (month) PARTITIONS 24;

-- Logout tokens of the identity provider that were used, until they are too old to be used again.
CREATE TABLE IF NOT EXISTS logout_token (
	digest      BINARY(32) NOT NULL PRIMARY KEY COMMENT 'SHA-256 of issuer and jti',
	expires_at  DATETIME(3) NOT NULL,
	KEY logout_token_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS store (
	one           TINYINT UNSIGNED NOT NULL PRIMARY KEY CHECK (one = 1),
	history_month SMALLINT UNSIGNED NOT NULL COMMENT 'what ended earlier is gone'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO store (one, history_month) VALUES (1, 0);
