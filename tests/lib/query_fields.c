/* SPDX-License-Identifier: MIT
 * See lib/query_fields.h. The table q itself is made by tests/db/test_query_property.c. */
#include "lib/query_fields.h"

const struct query_field query_test_list[QUERY_TEST_FIELDS] = {
	{"id", QUERY_STRING, SQL_INIT("q.id"), true, false},
	{"token", QUERY_STRING, SQL_INIT("q.token"), true, false},
	{"identity", QUERY_STRING, SQL_INIT("q.identity"), true, false},
	{"identity.name", QUERY_STRING, SQL_INIT("q.identity_name"), true, false},
	{"ipAddress", QUERY_CIDR, SQL_INIT("q.ip_address"), true, false},
	{"authenticator", QUERY_STRING, SQL_INIT("q.authenticator"), true, false},
	{"createdAt", QUERY_DATETIME, SQL_INIT("q.created_at"), true, false},
	{"lastActivityAt", QUERY_DATETIME, SQL_INIT("q.last_activity_at"), true, false},
	{"mfaComplete", QUERY_BOOL, SQL_INIT("q.mfa_complete"), true, false},
	{"mfaRequired", QUERY_BOOL, SQL_INIT("q.mfa_required"), true, false},
	{"isSystem", QUERY_BOOL, SQL_INIT("q.is_system"), true, false},
	{"tags", QUERY_ANY, SQL_INIT("q.tags"), false, false},
	{"configTypes", QUERY_STRING_SET, SQL_INIT("q.config_types"), false, false},
};

const struct query_fields query_test_fields = {
	.list = query_test_list, .count = QUERY_TEST_FIELDS, .tie = SQL_INIT("q.id")};
