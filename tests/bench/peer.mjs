// SPDX-License-Identifier: MIT
// The same two requests as peer.php with Node: fastify, fast-jwt and the npm connector of MariaDB,
// with prepared statements. Two processes share the port by cluster and speak HTTP themselves.
// Started by tests/bench/run, which sets BENCH_*; not an example to follow.
import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createVerifier } from 'fast-jwt'
import fastify from 'fastify'
import mariadb from 'mariadb'

const COLUMNS = 's.id, s.user_id, s.user_email, s.ip_address, s.user_agent, s.device_type,'
	+ ' s.created_at, s.last_activity_at, s.expires_at, s.app_count'
const MORE = ', s.user_display_name, s.location, s.apps, t.id AS tenant_id'
const OF_TENANT = ' FROM session s JOIN tenant t ON t.no = s.tenant_no'
	+ ' WHERE t.id = ? AND s.expires_at > UTC_TIMESTAMP(3)'
const LIVING = `SELECT ${COLUMNS}${MORE}, 'active' AS status FROM session s`
	+ ' JOIN tenant t ON t.no = s.tenant_no WHERE s.id = ?'
const ENDED = `SELECT ${COLUMNS}${MORE}, s.how AS status FROM ended s`
	+ ' JOIN tenant t ON t.no = s.tenant_no WHERE s.id = ?'
const COUNTED = `SELECT COUNT(*) AS total${OF_TENANT}`
const KEPT = 'SELECT (SELECT SUM(n) FROM tally WHERE scope = 2 AND no = t.no AND what = 1)'
	+ ' - (SELECT COUNT(*) FROM session s WHERE s.tenant_no = t.no'
	+ ' AND s.expires_at <= UTC_TIMESTAMP(3)) AS total FROM tenant t WHERE t.id = ?'
const PAGE = `SELECT ${COLUMNS}${OF_TENANT} ORDER BY s.created_at DESC, s.id DESC LIMIT 20 OFFSET ?`

const instant = (t) => t.replace(' ', 'T') + 'Z'

const shown = (row) => ({
	...row,
	created_at: instant(row.created_at),
	last_activity_at: instant(row.last_activity_at),
	expires_at: instant(row.expires_at),
})

const meta = () => ({ request_id: randomUUID(), timestamp: new Date().toISOString() })

function refuse(status, detail) {
	throw Object.assign(new Error(detail), { statusCode: status })
}

async function serve() {
	const pool = mariadb.createPool({
		socketPath: process.env.BENCH_SOCKET,
		user: process.env.BENCH_USER,
		password: process.env.BENCH_PASSWORD,
		database: process.env.BENCH_DATABASE,
		connectionLimit: Number(process.env.BENCH_CONNECTIONS ?? 8),
		acquireTimeout: 60000,
		dateStrings: true,
		decimalAsNumber: true,
		bigIntAsNumber: true,
		autoJsonMap: false,
	})
	const verify = createVerifier({
		key: readFileSync(process.env.BENCH_PUBLIC_KEY),
		algorithms: ['RS256'],
		cache: false,
	})
	const app = fastify()

	app.addHook('onRequest', async (request) => {
		let claims
		try {
			claims = verify((request.headers.authorization ?? '').slice(7))
		} catch {
			refuse(401, 'Invalid token')
		}
		if (claims.role !== 'super_admin') refuse(401, 'Invalid token')
	})
	app.get('/api/v1/admin/sessions/:id', async (request) => {
		const id = [request.params.id]
		let [row] = await pool.execute(LIVING, id)
		if (row === undefined) [row] = await pool.execute(ENDED, id)
		if (row === undefined) refuse(404, 'Session not found')
		const { apps, app_count, ...rest } = shown(row)
		const facts = typeof apps === 'string' ? JSON.parse(apps) : (apps ?? {})
		rest.sso_apps = Object.entries(facts).map(([key, { name, at }]) => ({
			application_id: key, application_name: name, accessed_at: new Date(at).toISOString(),
		}))
		return { data: rest, meta: meta() }
	})
	app.get('/api/v1/tenants/:id/sessions', async (request) => {
		const tenant = request.params.id
		const page = Math.max(1, Number(request.query.page ?? 1))
		const [[{ total }], rows] = await Promise.all([
			pool.execute(request.query.totals === 'kept' ? KEPT : COUNTED, [tenant]),
			pool.execute(PAGE, [tenant, (page - 1) * 20]),
		])
		return {
			data: rows.map(shown),
			pagination: { page, per_page: 20, total_items: total, total_pages: Math.ceil(total / 20) },
			meta: meta(),
		}
	})
	await app.listen({ host: '127.0.0.1', port: Number(process.env.BENCH_PORT) })
}

if (cluster.isPrimary) {
	for (let i = 0; i < Number(process.env.BENCH_PROCESSES ?? 2); i++) cluster.fork()
	cluster.on('exit', () => process.exit(1))
} else {
	await serve()
}
