-- The rights of the account that serves, rollcall@localhost. It changes no table, and what is
-- audited it can add and not change. An administrator of the database runs this when the tables are
-- there, and again after a migration:
--     mariadb rollcall < schema/grants.sql
-- Another account (schema/store.md 10) makes and changes the tables: rollcall_admin@localhost.

GRANT SELECT ON * TO rollcall@localhost;
GRANT INSERT, UPDATE ON partner TO rollcall@localhost;
GRANT INSERT, UPDATE ON tenant TO rollcall@localhost;
GRANT INSERT, UPDATE ON user TO rollcall@localhost;
GRANT INSERT, UPDATE, DELETE ON session TO rollcall@localhost;
GRANT INSERT ON idp_session TO rollcall@localhost;
GRANT INSERT, DELETE ON logout_token TO rollcall@localhost;
GRANT INSERT ON ended TO rollcall@localhost;
GRANT INSERT, UPDATE ON tally TO rollcall@localhost;
GRANT INSERT, UPDATE ON ended_tally TO rollcall@localhost;
GRANT INSERT, UPDATE ON ended_user TO rollcall@localhost;
-- Read only: store, schema_migration.
