-- SPDX-License-Identifier: MIT
-- What wrk sends, and the line of JSON it leaves. From the environment (tests/bench/measure.py):
--   BENCH_KIND      fixed: BENCH_PATH; session: one session after the other of BENCH_SESSIONS;
--                   register: sign-ins of ever new users; mixed: a bit of everything;
--                   authorize: BENCH_PATH with the tokens of 500 sessions, one after the other (a
--                   session that is asked for again within a minute writes no activity)
--   BENCH_TOKEN     of a platform administrator, or of a service
local kind, path = os.getenv("BENCH_KIND"), os.getenv("BENCH_PATH")
local bearer = { Authorization = "Bearer " .. os.getenv("BENCH_TOKEN") }
local json = { Authorization = bearer.Authorization, ["Content-Type"] = "application/json" }
local sessions, at, step = {}, 0, 7919
local random = tonumber(os.getenv("BENCH_SEED") or "1")
local ok_status = { [200] = true, [201] = true, [204] = true }

local function numbers(most) -- a random number of [0, most), the same for everybody
	random = (random * 1103515245 + 12345) % 2147483648
	return math.floor(random / 65536) % most
end

local function next_session()
	at = (at + step) % #sessions
	return sessions[at + 1]
end

local function get(p, headers)
	return wrk.format("GET", p, headers or bearer)
end

local function register()
	local body = string.format('{"tenant_id":"tnt_new_%02d","user_id":"usr_%05d","user_email":'
		.. '"usr%05d@new.example","user_display_name":"Somebody New","ip_address":"10.1.%d.%d",'
		.. '"user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",'
		.. '"expires_in":2592000}',
		numbers(50), numbers(20000), numbers(20000), numbers(256), numbers(256))
	return wrk.format("POST", "/api/v1/sessions", json, body)
end

local mixed = {
	function() return get("/api/v1/admin/sessions/" .. next_session().id) end,
	function() return get("/api/v1/tenants/" .. next_session().tenant .. "/sessions") end,
	function() return get("/api/v1/tenants/tnt_medium/sessions?page=" .. 1 + numbers(1000)) end,
	function()
		local s = next_session()
		return get("/api/v1/tenants/" .. s.tenant .. "/sessions/users/" .. s.user)
	end,
	function() return get("/api/v1/tenants/tnt_small/sessions/stats") end,
	function() return get("/api/v1/admin/sessions?per_page=100") end,
	function() return get("/authorize", { Authorization = "Bearer " .. next_session().token }) end,
	function() return get("/api/v1/me/sessions", { Authorization = "Bearer " .. next_session().token }) end,
	function() return get("/api/v1/admin/sessions/unknown") end,
	function() return get("/api/v1/tenants/tnt_small/sessions?page=no") end,
	function() return get("/edge/management/v1/api-sessions?limit=20") end,
	register,
}

local requests = {
	fixed = function() return get(path) end,
	session = function() return get("/api/v1/admin/sessions/" .. next_session().id) end,
	authorize = function()
		at = (at + 1) % math.min(500, #sessions)
		return get(path, { Authorization = "Bearer " .. sessions[at * math.floor(#sessions / 500 + 1) % #sessions + 1].token })
	end,
	register = register,
	mixed = function() return mixed[1 + numbers(#mixed)]() end,
}

function init()
	for line in io.lines(os.getenv("BENCH_SESSIONS")) do
		local id, tenant, user, token = line:match("(%S+)\t(%S+)\t(%S+)\t(%S+)")
		sessions[#sessions + 1] = { id = id, tenant = tenant, user = user, token = token }
	end
	while #sessions % step == 0 do
		step = step + 1
	end
	if kind == "fixed" then
		local same = get(path)
		requests.fixed = function() return same end
	end
	request = requests[kind]
end

if kind == "mixed" then
	ok_status[404], ok_status[422] = true, true
end
-- Counting by status costs wrk time, so only the mix, which has other ones, does it.
bad = 0
if kind == "mixed" then
	local threads = {}
	function setup(thread) threads[#threads + 1] = thread end
	function response(status) if not ok_status[status] then bad = bad + 1 end end
	function bad_of_all() local n = 0 for _, t in ipairs(threads) do n = n + t:get("bad") end return n end
end

function done(summary, latency)
	local e = summary.errors
	local wrong = kind == "mixed" and bad_of_all() or e.status
	print(string.format('{"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "wrong": %d}',
		summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
		latency:percentile(99) / 1e3, wrong + e.connect + e.read + e.write + e.timeout))
end
