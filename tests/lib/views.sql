-- How the tests look at the store: all sessions, living and ended, in one view with the callers' ids, and
-- the endings. Loaded into the tests' databases only, behind schema/.
CREATE OR REPLACE VIEW test_session AS
	SELECT s.id, t.id AS tenant_id, p.id AS partner_id, s.user_id, s.role, s.token_digest,
		s.ip_address, s.user_agent, s.device_type, s.location, s.created_at,
		NULLIF(s.last_activity_at, TIMESTAMP'0001-01-01 00:00:00') AS last_activity_at,
		s.expires_at, NULL AS revoked_at, NULL AS revoked_by, NULL AS revoke_reason, s.apps,
		s.app_count, s.tags, s.config_types, s.device_label, s.device_key, s.absolute_expires_at,
		s.auth_time, s.acr, s.amr, s.idp_issuer, s.idp_session_id
	FROM session s JOIN tenant t ON t.no = s.tenant_no LEFT JOIN partner p ON p.no = s.partner_no
	UNION ALL
	SELECT s.id, t.id, p.id, s.user_id, s.role, NULL, s.ip_address, s.user_agent, s.device_type,
		s.location, s.created_at, NULLIF(s.last_activity_at, TIMESTAMP'0001-01-01 00:00:00'),
		s.expires_at,
		IF(s.how = 'revoked', s.ended_at, NULL), s.revoked_by, s.reason, s.apps, s.app_count, NULL,
		NULL, s.device_label, s.device_key, s.absolute_expires_at, s.auth_time, s.acr, s.amr,
		s.idp_issuer, s.idp_session_id
	FROM ended s JOIN tenant t ON t.no = s.tenant_no LEFT JOIN partner p ON p.no = s.partner_no;
CREATE OR REPLACE VIEW test_revocation AS
	SELECT s.id AS session_id, t.id AS tenant_id, s.user_id, s.ended_at AS revoked_at, s.revoked_by,
		s.revoked_by_tenant, s.revoked_by_kind, s.endpoint, s.request_id, s.reason
	FROM ended s JOIN tenant t ON t.no = s.tenant_no WHERE s.how = 'revoked';
CREATE OR REPLACE VIEW test_user AS
	SELECT t.id AS tenant_id, u.id, u.email, u.display_name, u.is_admin, u.living, u.created_at,
		u.updated_at
	FROM user u JOIN tenant t ON t.no = u.tenant_no;
