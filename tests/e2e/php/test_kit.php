<?php

// SPDX-License-Identifier: MIT
// The classes of httpd-conf/php/src by themselves, in the PHP of the command line, against a server that
// answers what the test wants (peer.php) and against two session drivers (drivers.php). Run by
// tests/e2e/test_php_kit.sh.

declare(strict_types=1);

use Rollcall\Client;
use Rollcall\Exception;
use Rollcall\FileMemory;
use Rollcall\Guard;
use Rollcall\RegisteredSessionHandler;
use Rollcall\Remembered;
use Rollcall\Session;
use Rollcall\WhenUnreachable;

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    if ((error_reporting() & $level) !== 0) {
        throw new ErrorException($message, 0, $level, $file, $line);
    }
    return true;
});
require __DIR__ . '/../../../httpd-conf/php/src/autoload.php';
require __DIR__ . '/peer.php';
require __DIR__ . '/drivers.php';

const SERVICE = 'c2VydmljZQ.service-token.c2VjcmV0';
const TOKEN = 'YlAzP_5CZG2bVpJ7rKFbeKgmtlaKL32AFrkFD1mvi6E';

$passed = 0;
$failed = 0;
$work = $argv[1];
ini_set('error_log', "$work/log");
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');

function expect(string $claim, mixed $wanted, mixed $got): void
{
    global $passed, $failed;
    if ($wanted === $got) {
        $passed++;
        return;
    }
    $failed++;
    fwrite(STDERR, "$claim: wanted " . var_export($wanted, true) . ', got ' . var_export($got, true) . "\n");
}

/** The exception of a call, or null. */
function thrown(callable $call): ?Throwable
{
    try {
        $call();
    } catch (Throwable $e) {
        return $e;
    }
    return null;
}

function logged(): string
{
    global $work;
    $text = (string) @file_get_contents("$work/log");
    @unlink("$work/log");
    return $text;
}

function answer(int $status, string $body, string $more = ''): string
{
    return "HTTP/1.1 $status X\r\nContent-Type: application/json\r\nConnection: close\r\n{$more}Content-Length: "
        . strlen($body) . "\r\n\r\n$body";
}

$active = '{"active":true,"sid":"ses_1","sub":"ada","tenant_id":"t","exp":' . (time() + 3600) . '}';
$peer = new Peer([
    'active' => answer(200, $active),
    'over' => answer(200, '{"active":true,"sid":"ses_1","sub":"ada","tenant_id":"t","exp":1}'),
    'ended' => answer(200, '{"active":false}'),
    'nosid' => answer(200, '{"active":true,"sub":"ada"}'),
    'html' => answer(200, '<html>It works!</html>'),
    'list' => answer(200, '[]'),
    'text' => answer(200, '{"active":"yes"}'),
    'deep' => answer(200, str_repeat('[', 100000)),
    'empty' => answer(200, ''),
    'long' => answer(200, str_repeat('x', 9 << 20)),
    'cut' => "HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\n{\"active\":true",
    'noise' => "\x00\x01\x02 garbage\r\n\r\n",
    'moved' => answer(302, '', "Location: http://127.0.0.1:1/stolen\r\n"),
    's401' => answer(401, '{"detail":"Invalid token: token expired"}', "X-Request-Id: req-401\r\n"),
    's403' => answer(403, '{"detail":"Not enough permissions: needs the scope sessions:write"}'),
    's404' => answer(404, '{"detail":"Session not found"}'),
    's409' => answer(409, '{"detail":"The session has ended"}'),
    's422' => answer(422, '{"detail":[{"loc":["body","tenant_id"],"msg":"Field required","type":"missing"}]}'),
    's500' => answer(500, '{"detail":"Internal Server Error"}'),
    's503' => answer(503, '{"detail":"The database cannot be reached"}', "Retry-After: 1\r\n"),
    'echo' => answer(403, '{"detail":"no: ' . SERVICE . ' and ' . TOKEN . '\r\nX: forged line\u001b[31m"}'),
    'made' => answer(201, '{"data":{"id":"ses_1","user_id":"ada","tenant_id":"t","expires_at":"2035-01-01T00:00:00.000Z","token":"'
        . TOKEN . '"}}'),
    'again' => answer(200, '{"data":{"id":"ses_1","user_id":"ada","tenant_id":"t","expires_at":null}}'),
    'mine' => answer(200, '{"data":[{"id":"ses_1","is_current":true}]}'),
    'revoked' => answer(200, '{"data":{"revoked_count":1,"session_ids":["ses_2"]}}'),
    'gone' => "HTTP/1.1 204 X\r\nConnection: close\r\n\r\n",
    'ready' => answer(200, '{}'),
], "$work/sent");

register_shutdown_function($peer->end(...));

function client(string $case, int $totalMs = 3000): Client
{
    global $peer;
    return new Client("$peer->url/$case", static fn (): string => SERVICE, 500, $totalMs);
}

// What Rollcall says, as an exception of its own.
foreach (['s401' => Exception\Unauthorized::class, 's403' => Exception\Forbidden::class,
    's404' => Exception\NotFound::class, 's409' => Exception\Conflict::class, 's422' => Exception\Invalid::class,
    's500' => Exception\Unreachable::class, 's503' => Exception\Unreachable::class,
    'moved' => Exception\Unreachable::class, 'html' => Exception\Unreachable::class,
    'list' => Exception\Unreachable::class, 'text' => Exception\Unreachable::class,
    'deep' => Exception\Unreachable::class, 'empty' => Exception\Unreachable::class,
    'long' => Exception\Unreachable::class, 'cut' => Exception\Unreachable::class,
    'noise' => Exception\Unreachable::class] as $case => $class) {
    $e = thrown(static fn () => client($case)->introspect(TOKEN));
    expect("$case at introspection", $class, $e === null ? null : $e::class);
    expect("$case tells no token", 0, preg_match('/' . SERVICE . '|' . TOKEN . '/', (string) $e?->getMessage()));
    if (!in_array($case, ['html', 'list', 'text', 'deep', 'empty', 'long', 'cut', 'noise'], true)) {
        expect("$case has its status", (int) substr($case, 1) ?: 302, $e?->status);
    }
}
$e = thrown(static fn () => client('s401')->introspect(TOKEN));
expect('401 in words', 'POST /api/v1/sessions/introspect answered 401: Invalid token: token expired (request req-401)',
    $e->getMessage());
expect('the id of the request', 'req-401', $e->requestId);
$e = thrown(static fn () => client('s422')->register('', 'ada'));
expect('422 in words', 'POST /api/v1/sessions answered 422: body.tenant_id: Field required', $e->getMessage());
expect('422 as a list', 'missing', $e->faults[0]['type']);
$e = thrown(static fn () => client('echo')->introspect(TOKEN));
expect('a server that echoes tokens', 0, preg_match('/' . SERVICE . '|' . TOKEN . '/', $e->getMessage()));
expect('control characters of a server', 0, preg_match('/[\x00-\x1f\x7f]/', $e->getMessage()));
ini_set('zend.exception_ignore_args', '0');
foreach (['echo', 's403', 'html', 'nobody'] as $case) {
    $calls = [static fn () => client($case, 200)->introspect(TOKEN), static fn () => client($case, 200)->revoke(TOKEN),
        static fn () => client($case, 200)->mySessions(TOKEN), static fn () => client($case, 200)->activity('x')];
    foreach ($case === 'echo' ? [$calls[0]] : $calls as $call) {
        $text = print_r(thrown($call), true);
        if (PHP_VERSION_ID >= 80200) { // older ones know no SensitiveParameter
            expect("tokens in a whole exception of $case", 0, preg_match('/' . SERVICE . '|' . TOKEN . '/', $text));
        }
    }
}
// Every parameter that may carry a token or the id of a PHP session; those of this name, whatever the class.
$secret = ['token', 'cookies', 'body', 'secrets', 'stored', 'Transport::exchange options', 'Guard::setCookie value',
    'RegisteredSessionHandler id', 'RegisteredSessionHandler data'];
$bare = [];
$marked = 0;
foreach (glob(__DIR__ . '/../../../httpd-conf/php/src/{,Exception/}*.php', GLOB_BRACE) as $file) {
    $class = 'Rollcall\\' . (basename(dirname($file)) === 'Exception' ? 'Exception\\' : '') . basename($file, '.php');
    if (in_array(basename($file), ['autoload.php', 'GuardMiddleware.php'], true)) {
        continue; // no class, and one that needs PSR-15
    }
    foreach ((new ReflectionClass($class))->getMethods() as $method) {
        foreach ($method->getParameters() as $parameter) {
            $place = substr($class, strlen('Rollcall\\'));
            $names = [$parameter->name, "$place $parameter->name", "$place::$method->name $parameter->name"];
            if (array_intersect($names, $secret) === []) {
                continue;
            }
            $marked++;
            if ($parameter->getAttributes(SensitiveParameter::class) === []) {
                $bare[] = "$place::$method->name \$$parameter->name";
            }
        }
    }
}
expect('parameters that an exception would show', [], $bare);
expect('parameters that it does not', 32, $marked);
expect('a client that is printed', 0, preg_match('/' . SERVICE . '/', print_r(client('active'), true)));
expect('a redirect is not followed', 1, substr_count($peer->sent(), '/moved/'));

// Time-outs.
$start = microtime(true);
$e = thrown(static fn () => client('hangs', 300)->introspect(TOKEN));
$took = microtime(true) - $start;
expect('a server that hangs', Exception\Unreachable::class, $e::class);
expect('a server that hangs, in time', true, $took > 0.25 && $took < 2);
expect('a server that hangs, in words', 1, preg_match('/^POST \S+: no answer from \S+ \(ROLLCALL_URL\): .*timed? ?out/i', $e->getMessage()));
$full = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
socket_bind($full, '127.0.0.1');
socket_listen($full, 0);
socket_getsockname($full, $host, $port);
$waiting = [];
for ($i = 0; $i < 3; $i++) {
    $waiting[] = stream_socket_client("tcp://127.0.0.1:$port", $code, $text, 1, STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT);
}
$start = microtime(true);
$e = thrown(static fn () => (new Client("http://127.0.0.1:$port", static fn (): string => SERVICE, 300, 5000))->introspect(TOKEN));
expect('a connection that is not made', Exception\Unreachable::class, $e::class);
expect('a connection that is not made, in time', true, microtime(true) - $start < 2);
socket_close($full);
$e = thrown(static fn () => (new Client("http://127.0.0.1:$port", static fn (): string => SERVICE))->introspect(TOKEN));
expect('nobody listens', Exception\Unreachable::class, $e::class);

// What is refused before anything is sent.
$peer->sent();
foreach (["a\r\nX-Forged: 1", "a\nb", "a b", "a\0", 'ä', ''] as $bad) {
    expect('introspection of ' . json_encode($bad), null, client('active')->introspect($bad));
    expect('a person with ' . json_encode($bad), Exception\Unauthorized::class,
        thrown(static fn () => client('mine')->mySessions($bad))::class);
    $client = new Client("$peer->url/active", static fn (): string => $bad);
    expect('a service token ' . json_encode($bad), Exception\Unauthorized::class,
        thrown(static fn () => $client->introspect(TOKEN))::class);
}
foreach (['', '.', '..', "a\0b", str_repeat('x', 256)] as $bad) {
    expect('the id ' . json_encode(substr($bad, 0, 9)), InvalidArgumentException::class,
        thrown(static fn () => client('gone')->endSession('t', $bad))::class);
}
expect('a value that is no UTF-8', InvalidArgumentException::class, thrown(static fn () => client('made')->register('t', "\xff"))::class);
foreach (['', 'example.org', 'ftp://example.org', 'file:///etc/passwd', 'https://user:secret@example.org', "https://a\r\n.b",
    'https://example.org/?x=1', 'https://example.org/#x', 'https://'] as $bad) {
    $e = thrown(static fn () => new Client($bad));
    expect("the URL $bad", Exception\Misconfigured::class, $e === null ? null : $e::class);
    expect("the URL $bad is not said", 0, preg_match('/secret/', $e->getMessage()));
}
expect('nothing of that was sent', '', $peer->sent());

// What is sent.
client('gone')->endSession('a/b ?#', "x\r\nY: 1/../z");
expect('ids in a path', "DELETE /gone/api/v1/tenants/a%2Fb%20%3F%23/sessions/x%0D%0AY%3A%201%2F..%2Fz HTTP/1.1", strtok($peer->sent(), "\r"));
client('gone')->activity('ses_1');
expect('an activity without an application has a length', 1, preg_match('/^content-length: 0\r$/im', $peer->sent()));
client('gone')->activity('ses_1', 'app', 'App');
expect('an activity in an application', 1, preg_match('/\{"application_id":"app","application_name":"App"\}/', $peer->sent()));
(new Client("$peer->url/gone"))->revoke(TOKEN);
$sent = $peer->sent();
expect('signing out goes with the token alone', 0, preg_match('/^authorization:/im', $sent));
expect('signing out is RFC 7009', 1, preg_match('~^POST /gone/api/v1/sessions/revoke HTTP.*x-www-form-urlencoded.*\r\n\r\ntoken=' . TOKEN . '$~ms', $sent));
expect('no token in a URL', 0, preg_match('~^(GET|POST|DELETE) \S*' . TOKEN . '~m', $sent));
$made = client('made')->register('t', 'ada', ['user_agent' => "Fire\xfffox", 'tenant_id' => 'other']);
expect('a registration', [TOKEN, 'ses_1', 'ada', strtotime('2035-01-01T00:00:00Z')],
    [$made->token, $made->session->id, $made->session->userId, $made->session->expiresAt]);
expect('a registration that is printed', 0, preg_match('/' . TOKEN . '/', print_r($made, true)));
$sent = $peer->sent();
expect('the tenant cannot be overwritten', 1, preg_match('/"tenant_id":"t",/', $sent));
expect('any bytes of a browser', 1, preg_match('/"user_agent":"Fire\\\\ufffdfox"/', $sent));
expect('a repeated registration', null, client('again')->register('t', 'ada')->token);
expect('my sessions', 'ses_1', client('mine')->mySessions(TOKEN)[0]['id']);
expect('end one of mine', true, client('revoked')->endMySession(TOKEN, 'ses_2'));
expect('end my others', ['ses_2'], client('revoked')->endMyOtherSessions(TOKEN));
$peer->sent();
client('revoked')->endUserSessions('t', 'ada', 'ses_1');
expect('a changed password', 1, preg_match('/\{"revoke_all":true,"except_session_id":"ses_1"\}/', $peer->sent()));
client('revoked')->endSessionsOfUser('t', 'ada', ['ses_2']);
expect('some of a user', 1, preg_match('/\{"session_ids":\["ses_2"\]\}/', $peer->sent()));
expect('ready', true, client('ready')->isReady());
expect('not ready', false, client('s503')->isReady());
expect('a session', 'ada', client('active')->introspect(TOKEN)->userId);
expect('an ended session', null, client('ended')->introspect(TOKEN));
expect('a token without a session', null, client('nosid')->introspect(TOKEN));
putenv('ROLLCALL_URL');
expect('no URL', Exception\Misconfigured::class, thrown(Client::fromEnvironment(...))::class);
putenv("ROLLCALL_URL=$peer->url/active");
putenv("ROLLCALL_SERVICE_TOKEN_FILE=$work/no\nsuch");
$e = thrown(static fn () => Client::fromEnvironment()->introspect(TOKEN));
expect('no token file', "no token in \"$work/no such\" (ROLLCALL_SERVICE_TOKEN_FILE): it is missing, empty, or not to be read", $e->getMessage());

// Cookies.
$guard = new Guard(client('active'));
foreach ([
    'rollcall_session=' . TOKEN => [TOKEN],
    'a=b; rollcall_session="' . TOKEN . '" ;c' => [TOKEN],
    'rollcall.session=' . TOKEN => [],
    'rollcall session=' . TOKEN => [],
    'ROLLCALL_SESSION=' . TOKEN => [],
    'xrollcall_session=' . TOKEN . ';rollcall_session' => [],
    'rollcall_session[]=' . TOKEN => [],
    'rollcall_session=%41' => [],
    "rollcall_session=a\r\nb" => [],
    'rollcall_session=1; rollcall_session=2; rollcall_session=1; rollcall_session=3; rollcall_session=4; rollcall_session=5' => ['1', '2', '3', '4'],
    '' => [],
] as $cookies => $wanted) {
    expect('the cookies ' . json_encode($cookies), $wanted, $guard->tokens((string) $cookies));
}
$peer->sent();
expect('no cookie', null, $guard->session(''));
expect('no cookie asks nobody', '', $peer->sent());
expect('a cookie', 'ada', $guard->session('rollcall_session=' . TOKEN)->userId);

// Nobody answers: deny, or allow for some seconds.
$cookie = 'rollcall_session=' . TOKEN;
$key = hash('sha256', TOKEN);
$memory = new FileMemory("$work/memory");
expect('to allow needs a memory', InvalidArgumentException::class,
    thrown(static fn () => new Guard(client('active'), WhenUnreachable::allowFor(60)))::class);
expect('to allow for nothing', InvalidArgumentException::class, thrown(static fn () => WhenUnreachable::allowFor(0))::class);
$allow = static fn (string $case): Guard => new Guard(client($case, 100), WhenUnreachable::allowFor(60), $memory);
expect('never asked before', Exception\Unreachable::class, thrown(static fn () => $allow('s503')->session($cookie))::class);
expect('a good answer', 'ada', $allow('active')->session($cookie)?->userId);
expect('a token is not remembered', 0, preg_match('/' . TOKEN . '/', implode(array_map('file_get_contents', glob("$work/memory/*")))));
logged();
foreach (['s503', 's500', 'html', 'moved', 'hangs', 'cut'] as $case) {
    expect("allowed at $case", 'ada', $allow($case)->session($cookie)?->userId);
    expect("denied at $case", Exception\Unreachable::class,
        thrown(static fn () => (new Guard(client($case, 100), null, $memory))->session($cookie))::class);
}
expect('it is in the log', 1, preg_match('/Rollcall: let in without asking, by the policy: POST \S+ answered 503/', logged()));
foreach (['s401', 's403', 's404', 's422'] as $case) {
    expect("a wrong setting lets nobody in: $case", true, thrown(static fn () => $allow($case)->session($cookie)) instanceof Exception\RollcallException);
}
$back = static function (int $seconds) use ($memory, $key): void {
    $was = $memory->recall($key);
    $memory->remember($key, new Remembered($was->session, time() - $seconds, $was->noted));
};
$back(58);
expect('58 seconds later', 'ada', $allow('s503')->session($cookie)?->userId);
$back(61);
expect('61 seconds later', Exception\Unreachable::class, thrown(static fn () => $allow('s503')->session($cookie))::class);
$back(-61);
expect('a clock that jumped back', Exception\Unreachable::class, thrown(static fn () => $allow('s503')->session($cookie))::class);
$allow('over')->session($cookie);
expect('a session that is over meanwhile', Exception\Unreachable::class, thrown(static fn () => $allow('s503')->session($cookie))::class);
$allow('active')->session($cookie);
expect('ended', null, $allow('ended')->session($cookie));
expect('an ended one is forgotten', Exception\Unreachable::class, thrown(static fn () => $allow('s503')->session($cookie))::class);
file_put_contents("$work/memory/" . hash('sha256', $key), '{"id":1}');
expect('a damaged memory', Exception\Unreachable::class, thrown(static fn () => $allow('s503')->session($cookie))::class);
mkdir("$work/open");
chmod("$work/open", 0777);
expect('a memory that others can write', InvalidArgumentException::class, thrown(static fn () => new FileMemory("$work/open"))::class);
$peer->sent();
$allow('active')->session($cookie);
$allow('active')->session($cookie);
expect('activity is noted once a minute', 1, substr_count($peer->sent(), '/activity '));

// PHP sessions. One handler after another, as one request after another.
function request(SessionHandlerInterface $inner, string $case, ?string $id, ?WhenUnreachable $policy = null, bool $ask = true): RegisteredSessionHandler
{
    global $strict;
    if (session_status() === PHP_SESSION_ACTIVE) {
        session_write_close();
    }
    $handler = new RegisteredSessionHandler($inner, client($case, 100), $policy);
    session_id($id ?? '');
    $_SESSION = [];
    $handler->start(['use_cookies' => false, 'use_strict_mode' => $strict], $ask);
    return $handler;
}
foreach ([[PlainDriver::class, true], [WholeDriver::class, true], [PlainDriver::class, false], [WholeDriver::class, false]] as [$class, $strict]) {
    $inner = new $class();
    $is = static fn (string $claim): string => $class . ($strict ? '' : ', not strict') . ": $claim";
    $peer->sent();
    $handler = request($inner, 'made', null);
    $_SESSION['cart'] = 'tea';
    $anonymous = session_id();
    expect($is('nobody'), null, $handler->session());
    session_write_close();
    expect($is('nobody is stored as it is'), 'cart|s:3:"tea";', $inner->rows[$anonymous]);
    request($inner, 'hangs', $anonymous);
    expect($is('nobody asks nobody'), ['tea', ''], [$_SESSION['cart'], $peer->sent()]);

    $handler = request($inner, 'made', $anonymous);
    $handler->signIn('t', 'ada');
    $id = session_id();
    expect($is('signing in gives a new id'), true, $id !== $anonymous && $id !== '');
    expect($is('signing in keeps the data'), 'tea', $_SESSION['cart']);
    expect($is('who it is'), 'ada', $handler->session()?->userId);
    expect($is('signing in leaves the old id nothing'), false, isset($inner->rows[$anonymous]));
    session_write_close();
    expect($is('the token is stored'), 1, substr_count($inner->rows[$id], TOKEN));
    expect($is('a handler that is printed'), 0, preg_match('/' . TOKEN . '/', print_r($handler, true)));

    $handler = request($inner, 'active', $id);
    expect($is('the next request'), ['ada', 'tea'], [$handler->session()?->userId, $_SESSION['cart']]);
    expect($is('the token for a person\'s own calls'), TOKEN, $handler->token());
    $inner->calls = [];
    session_write_close();
    expect($is('lazy_write'), [($class === WholeDriver::class ? 'touch ' : 'write ') . $id], $inner->calls);
    request($inner, 'active', $id);
    $inner->calls = [];
    $_SESSION['cart'] = 'more';
    session_write_close();
    expect($is('changed data'), ["write $id"], $inner->calls);

    // A new id by the application itself.
    foreach ([true, false] as $delete) {
        $handler = request($inner, 'active', $id);
        $peer->sent();
        session_regenerate_id($delete);
        $new = session_id();
        session_write_close();
        expect($is('a new id ends nothing'), 0, substr_count($peer->sent(), '/revoke'));
        $handler = request($inner, 'active', $new);
        expect($is('a new id keeps the session'), ['ada', 'more'], [$handler->session()?->userId, $_SESSION['cart']]);
        session_write_close();
        expect($is('the old id'), !$delete, isset($inner->rows[$id]));
        if (!$delete) {
            expect($is('the old id, too, is of the session'), 1, substr_count($inner->rows[$id], TOKEN));
            request($inner, 'ended', $id);
            session_write_close();
        }
        $id = $new;
    }

    // Ended in Rollcall.
    $handler = request($inner, 'ended', $id);
    expect($is('ended: nobody, and nothing'), [null, []], [$handler->session(), $_SESSION]);
    expect($is('ended: destroyed at the driver'), false, isset($inner->rows[$id]));
    expect($is('ended: another id'), $strict, session_id() !== $id);
    session_write_close();

    // Not asked.
    $signed = static function () use ($inner): string {
        $handler = request($inner, 'made', null);
        $handler->signIn('t', 'ada');
        $_SESSION['cart'] = 'tea';
        session_write_close();
        return session_id();
    };
    $id = $signed();
    $stored = $inner->rows[$id];
    foreach (['s503', 'hangs', 's403', 'html'] as $case) {
        $e = thrown(static fn () => request($inner, $case, $id));
        expect($is("denied at $case"), true, $e instanceof Exception\RollcallException);
        expect($is("denied at $case: no session runs"), [PHP_SESSION_NONE, false], [session_status(), $inner->isOpen]);
        expect($is("denied at $case: what is stored stays"), $stored, $inner->rows[$id]);
    }
    $handler = request($inner, 's503', $id, WhenUnreachable::allowFor(60));
    expect($is('allowed'), ['ada', 'tea'], [$handler->session()?->userId, $_SESSION['cart']]);
    session_write_close();
    $seen = static function (string $stored): int {
        return preg_match('/"seen":(\d+)/', $stored, $match) === 1 ? (int) $match[1] : 0;
    };
    expect($is('no answer, no better memory'), $seen($stored), $seen($inner->rows[$id]));
    $inner->rows[$id] = (string) preg_replace('/"seen":\d+/', '"seen":' . (time() - 61), $stored);
    expect($is('61 seconds later'), true, thrown(static fn () => request($inner, 's503', $id, WhenUnreachable::allowFor(60))) instanceof Exception\Unreachable);
    request($inner, 'active', $id, WhenUnreachable::allowFor(60));
    session_write_close();
    expect($is('a good answer is remembered in spite of lazy_write'), true, time() - $seen($inner->rows[$id]) < 5);

    // Signing out.
    $handler = request($inner, 's403', $id, null, false);
    expect($is('the sign-out page does not ask, and knows nobody'), ['tea', null], [$_SESSION['cart'], $handler->session()]);
    expect($is('signing out that fails'), Exception\Forbidden::class, thrown($handler->signOut(...))::class);
    session_write_close();
    expect($is('signing out that fails changes nothing'), 1, substr_count($inner->rows[$id], TOKEN));
    $peer->sent();
    $handler = request($inner, 'gone', $id, null, false);
    $handler->signOut();
    expect($is('signing out ends it in Rollcall'), 1, substr_count($peer->sent(), '/sessions/revoke '));
    expect($is('signing out destroys'), [false, PHP_SESSION_NONE], [isset($inner->rows[$id]), session_status()]);
    $id = $signed();
    request($inner, 'active', $id);
    $peer->sent();
    $log = logged();
    session_destroy();
    expect($is('session_destroy ends it in Rollcall'), 1, substr_count($peer->sent(), '/sessions/revoke '));
    expect($is('session_destroy destroys'), false, isset($inner->rows[$id]));
    $id = $signed();

    // Another user in the same browser.
    $peer->sent();
    $handler = request($inner, 'made', $id, null, false);
    $handler->signIn('t', 'ada');
    expect($is('signing in without having asked'), 'ada', $handler->session()?->userId);
    session_write_close();
    expect($is('signing in again ends the former session'), 1, substr_count($peer->sent(), '/sessions/revoke '));

    // A request that was under way when the session ended brings nothing back.
    $id = $signed();
    $under = $inner->rows[$id];
    request($inner, 'ended', $id);
    session_write_close();
    $inner->rows[$id] = $under;
    $handler = request($inner, 'ended', $id);
    expect($is('a late write'), [null, [], false], [$handler->session(), $_SESSION, isset($inner->rows[$id])]);
    session_write_close();

    // What is stored is not what it should be.
    foreach (['rollcall:1 ', "rollcall:1 {}\ncart|s:3:\"tea\";", "rollcall:1 {\"token\":7}\ncart|s:3:\"tea\";",
        "rollcall:1 {\"token\":\"a b\"}\ncart|s:3:\"tea\";", "rollcall:1 [\ncart|s:3:\"tea\";"] as $damaged) {
        $inner->rows['damagedxxxxxxxxxxxxxxxxxxxxxxxxx'] = $damaged;
        $handler = request($inner, 'active', 'damagedxxxxxxxxxxxxxxxxxxxxxxxxx');
        expect($is('damaged ' . json_encode($damaged)), [null, []], [$handler->session(), $_SESSION]);
        session_write_close();
    }
    request($inner, 'active', null);
    $_SESSION["rollcall:1 {\"token\":\"" . TOKEN . "\"}\nx"] = 1;
    session_write_close();
    $handler = request($inner, 'active', session_id());
    expect($is('data that looks like ours signs nobody in'), [null, 1], [$handler->session(), count($_SESSION)]);
    session_write_close();

    // An id that somebody else has chosen, and what is passed through.
    request($inner, 'active', 'chosenxxxxxxxxxxxxxxxxxxxxxxxxxx');
    expect($is('a chosen id is not taken'), $strict, session_id() !== 'chosenxxxxxxxxxxxxxxxxxxxxxxxxxx');
    expect($is('gc'), 7, session_gc());
    expect($is('an id of the driver, or of 32 characters'), $class === WholeDriver::class ? 1 : 0,
        preg_match('/^whole/', (string) session_create_id()));
    expect($is('ids are long'), true, strlen((string) session_id()) >= 32);
    session_write_close();
    $handler = new RegisteredSessionHandler($inner, client('made'));
    expect($is('signing in without a session'), LogicException::class, thrown(static fn () => $handler->signIn('t', 'ada'))::class);
}
// Middleware of PSR-15.
require __DIR__ . '/psr15.php';
foreach (['active' => 200, 'ended' => 401, 's503' => 503, 's403' => 503, 'hangs' => 503] as $case => $status) {
    $response = through(new Guard(client($case, 100)), $cookie, null);
    expect("middleware, $case", $status, $response->getStatusCode());
    expect("middleware, $case, its page", $status === 200 ? 'Hello ada' : '', (string) $response->getBody());
}
expect('middleware without a session', 401, through(new Guard(client('active')), '', null)->getStatusCode());
$response = through(new Guard(client('ended')), $cookie, '/signin');
expect('middleware with a sign-in page', [303, '/signin'], [$response->getStatusCode(), $response->getHeaderLine('Location')]);
expect('middleware, no caching', 'no-store', $response->getHeaderLine('Cache-Control'));

expect('no token in a log', 0, preg_match('/' . SERVICE . '|' . TOKEN . '/', $log . logged()));

fwrite(STDOUT, "$passed passed, $failed failed\n");
exit($failed === 0 ? 0 : 1);
