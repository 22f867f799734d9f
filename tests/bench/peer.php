<?php
// SPDX-License-Identifier: MIT
// "An afternoon of PHP": GET /api/v1/admin/sessions/{id} and /api/v1/tenants/{id}/sessions as one
// would write them with openssl and PDO over Rollcall's own store, checking the same token. The peer
// that tests/bench/run measures Rollcall against; not an example to follow.
// ?totals=kept reads the total from the numbers that the store keeps; without it the rows are counted.

const COLUMNS = 's.id, s.user_id, s.user_email, s.ip_address, s.user_agent, s.device_type,'
    . ' s.created_at, s.last_activity_at, s.expires_at, s.app_count';
const OF_TENANT = ' FROM session s JOIN tenant t ON t.no = s.tenant_no'
    . ' WHERE t.id = ? AND s.expires_at > UTC_TIMESTAMP(3)';
const KEPT_TOTAL = 'SELECT (SELECT SUM(n) FROM tally WHERE scope = 2 AND no = t.no AND what = 1)'
    . ' - (SELECT COUNT(*) FROM session s WHERE s.tenant_no = t.no AND s.expires_at <= UTC_TIMESTAMP(3))'
    . ' FROM tenant t WHERE t.id = ?';

function answer(int $status, array $body): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    exit(json_encode($body));
}

function decoded(string $s): string
{
    return base64_decode(strtr($s, '-_', '+/'));
}

function check(string $authorization): void
{
    $parts = explode('.', substr($authorization, 7));
    if (count($parts) !== 3) {
        answer(401, ['detail' => 'Not authenticated']);
    }
    $header = json_decode(decoded($parts[0]), true);
    // The certificate as a constant of a cached file: nothing is read, and OpenSSL parses it fastest.
    $key = openssl_pkey_get_public(require getenv('BENCH_CERTIFICATE'));
    if (($header['alg'] ?? '') !== 'RS256'
        || openssl_verify("$parts[0].$parts[1]", decoded($parts[2]), $key, OPENSSL_ALGO_SHA256) !== 1) {
        answer(401, ['detail' => 'Invalid token']);
    }
    $claims = json_decode(decoded($parts[1]), true);
    if ($claims['exp'] < time() || ($claims['role'] ?? '') !== 'super_admin') {
        answer(401, ['detail' => 'Invalid token']);
    }
}

function instant(string $t): string
{
    return substr_replace($t, 'T', 10, 1) . 'Z';
}

function shown(array $row): array
{
    $row['created_at'] = instant($row['created_at']);
    $row['last_activity_at'] = instant($row['last_activity_at']);
    $row['expires_at'] = instant($row['expires_at']);
    return $row;
}

function meta(): array
{
    return ['request_id' => bin2hex(random_bytes(16)), 'timestamp' => gmdate('Y-m-d\TH:i:s\Z')];
}

function one(PDO $db, string $id): never
{
    $columns = COLUMNS . ', s.user_display_name, s.location, s.apps, t.id AS tenant_id';
    $q = $db->prepare("SELECT $columns, 'active' AS status FROM session s"
        . ' JOIN tenant t ON t.no = s.tenant_no WHERE s.id = ?');
    $q->execute([$id]);
    $row = $q->fetch();
    if ($row === false) {
        $q = $db->prepare("SELECT $columns, s.how AS status FROM ended s"
            . ' JOIN tenant t ON t.no = s.tenant_no WHERE s.id = ?');
        $q->execute([$id]);
        $row = $q->fetch() ?: answer(404, ['detail' => 'Session not found']);
    }
    $apps = [];
    foreach (json_decode($row['apps'] ?? '{}', true) as $app => $facts) {
        $apps[] = ['application_id' => $app, 'application_name' => $facts['name'],
            'accessed_at' => gmdate('Y-m-d\TH:i:s\Z', intdiv($facts['at'], 1000))];
    }
    unset($row['apps'], $row['app_count']);
    answer(200, ['data' => shown($row) + ['sso_apps' => $apps], 'meta' => meta()]);
}

function page(PDO $db, string $tenant): never
{
    $page = max(1, (int) ($_GET['page'] ?? 1));
    $q = $db->prepare(($_GET['totals'] ?? '') === 'kept' ? KEPT_TOTAL : 'SELECT COUNT(*)' . OF_TENANT);
    $q->execute([$tenant]);
    $total = (int) $q->fetchColumn();
    $q = $db->prepare('SELECT ' . COLUMNS . OF_TENANT
        . ' ORDER BY s.created_at DESC, s.id DESC LIMIT 20 OFFSET ?');
    $q->bindValue(1, $tenant);
    $q->bindValue(2, ($page - 1) * 20, PDO::PARAM_INT);
    $q->execute();
    answer(200, ['data' => array_map(shown(...), $q->fetchAll()), 'pagination' => ['page' => $page,
        'per_page' => 20, 'total_items' => $total, 'total_pages' => intdiv($total + 19, 20)],
        'meta' => meta()]);
}

check($_SERVER['HTTP_AUTHORIZATION'] ?? '');
$db = new PDO('mysql:unix_socket=' . getenv('BENCH_SOCKET') . ';dbname=' . getenv('BENCH_DATABASE')
    . ';charset=utf8mb4', getenv('BENCH_USER'), getenv('BENCH_PASSWORD'),
    [PDO::ATTR_PERSISTENT => true, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
$path = explode('/', parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
$path[3] === 'admin' ? one($db, rawurldecode($path[5])) : page($db, rawurldecode($path[4]));
