<?php
// SPDX-License-Identifier: MIT
// "An afternoon of PHP": GET /api/v1/admin/sessions/{id} and /api/v1/tenants/{id}/sessions as one
// would write them with openssl and PDO, over the same database, checking the same token. The peer
// that tests/bench/run measures Rollcall against; not an example to follow.

function refuse(int $status, string $detail): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    exit(json_encode(['detail' => $detail]));
}

function b64(string $s): string
{
    return base64_decode(strtr($s, '-_', '+/'));
}

function claims(string $authorization): array
{
    $parts = explode('.', substr($authorization, 7));
    if (count($parts) !== 3) {
        refuse(401, 'Not authenticated');
    }
    $header = json_decode(b64($parts[0]), true);
    $key = openssl_pkey_get_public(file_get_contents(getenv('BENCH_PUBLIC_KEY')));
    if (($header['alg'] ?? '') !== 'RS256'
        || openssl_verify("$parts[0].$parts[1]", b64($parts[2]), $key, OPENSSL_ALGO_SHA256) !== 1) {
        refuse(401, 'Invalid token');
    }
    $claims = json_decode(b64($parts[1]), true);
    if ($claims['exp'] < time() || ($claims['role'] ?? '') !== 'super_admin') {
        refuse(401, 'Invalid token');
    }
    return $claims;
}

claims($_SERVER['HTTP_AUTHORIZATION'] ?? '');
$db = new PDO('mysql:unix_socket=' . getenv('BENCH_SOCKET') . ';dbname=rollcall;charset=utf8mb4',
    'root', '', [PDO::ATTR_PERSISTENT => true, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
$columns = 's.id, s.user_id, u.email AS user_email, s.ip_address, s.user_agent, s.device_type,'
    . ' s.created_at, s.last_activity_at, s.expires_at,'
    . ' (SELECT COUNT(*) FROM session_app a WHERE a.session_id = s.id) AS app_count';
$from = ' FROM session s LEFT JOIN user u ON u.tenant_id = s.tenant_id AND u.id = s.user_id';
$path = explode('/', parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
if ($path[3] === 'admin') {
    $q = $db->prepare("SELECT $columns$from WHERE s.id = ?");
    $q->execute([$path[5]]);
    $answer = $q->fetch() ?: refuse(404, 'Session not found');
    $q = $db->prepare('SELECT application_id, accessed_at FROM session_app WHERE session_id = ?');
    $q->execute([$path[5]]);
    $answer['sso_apps'] = $q->fetchAll();
    $answer = ['data' => $answer];
} else {
    $active = ' WHERE s.tenant_id = ? AND s.revoked_at IS NULL AND s.expires_at > UTC_TIMESTAMP(3)';
    $q = $db->prepare("SELECT COUNT(*) FROM session s$active");
    $q->execute([$path[4]]);
    $total = $q->fetchColumn();
    $q = $db->prepare("SELECT $columns$from$active ORDER BY s.created_at DESC, s.id DESC LIMIT 20");
    $q->execute([$path[4]]);
    $answer = ['data' => $q->fetchAll(), 'pagination' => ['page' => 1, 'per_page' => 20,
        'total_items' => $total, 'total_pages' => (int) ceil($total / 20)]];
}
header('Content-Type: application/json');
echo json_encode($answer);
