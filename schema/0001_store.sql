-- Rollcall's store. Installs with the rights of an ordinary database owner; may be run again.
-- `rollcall-admin migrate` runs the numbered files once each, in order; so does
--     mariadb --defaults-file=my.cnf rollcall < schema/0001_store.sql
--
-- All instants are UTC with milliseconds. All text is compared byte by byte. Identifiers are the
-- caller's, up to 255 bytes. Each statement ends with a semicolon at the end of a line.

CREATE TABLE IF NOT EXISTS schema_migration (
	version     INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'the number of the file',
	name        VARCHAR(255) NOT NULL,
	applied_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS partner (
	id          VARCHAR(255) NOT NULL PRIMARY KEY,
	name        VARCHAR(255) NULL,
	created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
	COMMENT='who resells to tenants';

CREATE TABLE IF NOT EXISTS tenant (
	id          VARCHAR(255) NOT NULL PRIMARY KEY,
	partner_id  VARCHAR(255) NULL,
	name        VARCHAR(255) NULL,
	created_at  DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	KEY tenant_partner (partner_id),
	CONSTRAINT tenant_partner_fk FOREIGN KEY (partner_id) REFERENCES partner (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- What is known of a user beyond the id that sessions carry. A session's user need not have a row
-- here: e-mail and name then show as null.
CREATE TABLE IF NOT EXISTS user (
	tenant_id    VARCHAR(255) NOT NULL,
	id           VARCHAR(255) NOT NULL COMMENT 'unique within the tenant',
	email        VARCHAR(320) NULL,
	display_name VARCHAR(1024) NULL,
	is_admin     BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'platform administrator: may use the Edge API',
	created_at   DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	updated_at   DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	PRIMARY KEY (tenant_id, id),
	CONSTRAINT user_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS application (
	tenant_id   VARCHAR(255) NOT NULL,
	id          VARCHAR(255) NOT NULL COMMENT 'unique within the tenant',
	name        VARCHAR(1024) NOT NULL,
	PRIMARY KEY (tenant_id, id),
	CONSTRAINT application_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- One signed-in principal on one device. Active means: revoked_at IS NULL AND expires_at > now.
-- Columns without a default are what an application has to give when it writes with plain SQL;
-- partner_id has to be the tenant's (INSERT … SELECT … FROM tenant WHERE id = …): a list of a whole
-- partner is found by it, and leaves out sessions where it is not the tenant's.
CREATE TABLE IF NOT EXISTS session (
	id               VARCHAR(255) NOT NULL PRIMARY KEY,
	tenant_id        VARCHAR(255) NOT NULL,
	partner_id       VARCHAR(255) NULL COMMENT 'of the tenant; lists by partner read it',
	user_id          VARCHAR(255) NOT NULL,
	token_digest     BINARY(32) NULL COMMENT 'SHA-256 of the opaque token; the token is not kept',
	request_digest   BINARY(32) NULL COMMENT 'SHA-256 of the registering body, for safe repeats',
	ip_address       VARCHAR(64) NULL COMMENT 'text, IPv4 or IPv6',
	user_agent       VARCHAR(1024) NULL,
	device_type      VARCHAR(32) NULL COMMENT 'desktop, mobile, tablet, tv, bot, api',
	location         VARCHAR(255) NULL COMMENT 'City, Country',
	created_at       DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	updated_at       DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
	last_activity_at DATETIME(3) NULL,
	expires_at       DATETIME(3) NOT NULL,
	revoked_at       DATETIME(3) NULL COMMENT 'once set, never cleared',
	revoked_by       VARCHAR(255) NULL COMMENT 'sub of the token, or id of the user, that ended it',
	revoke_reason    VARCHAR(255) NULL,
	authenticator_id VARCHAR(255) NOT NULL DEFAULT '',
	is_mfa_required  BOOLEAN NOT NULL DEFAULT FALSE,
	is_mfa_complete  BOOLEAN NOT NULL DEFAULT FALSE,
	improper_client_cert_chain BOOLEAN NOT NULL DEFAULT FALSE,
	tags             LONGTEXT NULL COMMENT 'flat JSON object of text, number, bool, null'
	                 CHECK (JSON_VALID(tags)),
	config_types     LONGTEXT NULL COMMENT 'JSON array of distinct strings'
	                 CHECK (JSON_VALID(config_types)),

	UNIQUE KEY session_token (token_digest),
	-- active, newest first, with the count covered: of a tenant, of a partner, of all
	KEY session_tenant_live (tenant_id, revoked_at, created_at, id, expires_at),
	KEY session_partner_live (partner_id, revoked_at, created_at, id, expires_at),
	KEY session_live (revoked_at, created_at, id, expires_at),
	-- dead ones too, newest first
	KEY session_tenant_all (tenant_id, created_at, id),
	-- of a user: the active ones, whatever their number of dead ones; all of them, sorted
	KEY session_tenant_user (tenant_id, user_id, revoked_at, expires_at, created_at),
	KEY session_user (user_id, revoked_at, expires_at, created_at),
	-- expired of a tenant (exact totals from maintained counts); long dead (purge)
	KEY session_tenant_expiry (tenant_id, revoked_at, expires_at, user_id),
	KEY session_expiry (expires_at),
	CONSTRAINT session_tenant_fk FOREIGN KEY (tenant_id) REFERENCES tenant (id),
	CONSTRAINT session_partner_fk FOREIGN KEY (partner_id) REFERENCES partner (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- Which applications a session reached by single sign-on.
CREATE TABLE IF NOT EXISTS session_app (
	session_id     VARCHAR(255) NOT NULL,
	application_id VARCHAR(255) NOT NULL,
	accessed_at    DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)) COMMENT 'latest',
	PRIMARY KEY (session_id, application_id),
	CONSTRAINT session_app_session_fk FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- One row for every session that somebody ended. Rows are only added (and purged when old).
CREATE TABLE IF NOT EXISTS revocation (
	call_id     BIGINT NOT NULL COMMENT 'of one batch of one call; random, so that calls do not queue',
	session_id  VARCHAR(255) NOT NULL,
	tenant_id   VARCHAR(255) NOT NULL,
	user_id     VARCHAR(255) NOT NULL,
	revoked_at  DATETIME(3) NOT NULL,
	revoked_by  VARCHAR(255) NOT NULL,
	endpoint    VARCHAR(64) NOT NULL COMMENT 'name of the route',
	request_id  VARCHAR(128) NOT NULL,
	reason      VARCHAR(255) NULL,
	PRIMARY KEY (call_id, session_id),
	KEY revocation_session (session_id),
	KEY revocation_time (revoked_at),
	KEY revocation_tenant (tenant_id, revoked_at),
	KEY revocation_user (user_id, revoked_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
