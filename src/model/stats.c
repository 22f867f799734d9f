/* SPDX-License-Identifier: MIT
 * Figures of one tenant, in two statements. Called by the tenant handlers. */
#include "model/stats.h"

#include <stddef.h>

#include "base/limits.h"
#include "db/compose.h"

static const struct db_col figure_cols[] = {
	{'i', offsetof(struct stats, total)},
	{'i', offsetof(struct stats, active)},
	{'i', offsetof(struct stats, expired)},
	{'i', offsetof(struct stats, revoked)},
	{'i', offsetof(struct stats, unique_users)},
	{'i', offsetof(struct stats, created_24h)},
	{'i', offsetof(struct stats, revoked_24h)},
	{'i', offsetof(struct stats, expiring_24h)},
	{'D', offsetof(struct stats, average_duration_s)},
	{'T', offsetof(struct stats, last_activity_ms)},
};
static const struct db_shape figure_shape = {figure_cols, ARRAY_LEN(figure_cols)};

static const struct db_col device_cols[] = {
	{'s', offsetof(struct stats_device, type)},
	{'i', offsetof(struct stats_device, active)},
};
static const struct db_shape device_shape = {device_cols, ARRAY_LEN(device_cols)};

static enum err take_device(void *ctx, const void *row)
{
	const struct stats_device *device = row;
	struct stats *s = ctx;
	size_t i = s->device_count;

	if (i < LIMIT_DEVICE_TYPES) {
		s->devices[s->device_count++] = *device;
		return ERR_OK;
	}
	/* The rare rest is one type, together with what is called so already. */
	for (i = 0; i < s->device_count; i++)
		if (str_eq(s->devices[i].type, STR("other")))
			break;
	if (i == s->device_count)
		s->devices[s->device_count++].type = STR("other");
	s->devices[i].active += device->active;
	return ERR_OK;
}

enum err stats_tenant(struct db *db, struct arena *a, struct str tenant_id, struct stats *out)
{
	struct sql figures = SQL_FIXED(STATS_TENANT, db_str(tenant_id));
	struct sql devices = SQL_FIXED(STATS_DEVICES, db_str(tenant_id));
	struct stats_device row;
	enum err err;

	err = db_one(db, a, &figures, &figure_shape, out);
	if (err != ERR_OK)
		return err;
	out->devices = arena_array(a, LIMIT_DEVICE_TYPES + 1, sizeof(*out->devices));
	out->device_count = 0;
	return db_each(db, a, &devices, &device_shape, &row, take_device, out);
}
