-- Takes what tests have written out of every table, so that the next program or test finds the store as
-- `rollcall-admin migrate` leaves it.
SET foreign_key_checks = 0;
TRUNCATE ended;
TRUNCATE ended_tally;
TRUNCATE ended_user;
TRUNCATE idp_session;
TRUNCATE logout_token;
TRUNCATE tally;
TRUNCATE session;
TRUNCATE user;
TRUNCATE tenant;
TRUNCATE partner;
UPDATE store SET history_month = 0;
