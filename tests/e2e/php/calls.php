<?php

// SPDX-License-Identifier: MIT
// Every call of the kit's Client against a real Rollcall, which ROLLCALL_URL names; the service token in
// ROLLCALL_SERVICE_TOKEN_FILE has all scopes. Prints what does not hold. Run by tests/e2e/test_php.sh.

declare(strict_types=1);

use Rollcall\Client;
use Rollcall\Exception\Conflict;
use Rollcall\Exception\Invalid;
use Rollcall\Exception\NotFound;
use Rollcall\Exception\Unauthorized;

require __DIR__ . '/../../../httpd-conf/php/src/autoload.php';

function expect(string $claim, mixed $wanted, mixed $got): void
{
    if ($wanted !== $got) {
        echo "$claim: wanted " . json_encode($wanted) . ', got ' . json_encode($got) . "\n";
    }
}

function refused(callable $call): ?string
{
    try {
        $call();
        return null;
    } catch (RuntimeException $e) {
        return $e::class;
    }
}

$client = Client::fromEnvironment();
$tenant = 'tnt_calls';
$user = 'usr/' . getmypid() . ' ä?#'; // an id is any text
$one = $client->register($tenant, $user, ['user_agent' => "odd\xff", 'ip_address' => '203.0.113.9', 'auth_time' => time()]);
$two = $client->register($tenant, $user, ['id' => $user . '/2']);
$three = $client->register($tenant, $user);
expect('an id of one\'s own', $user . '/2', $two->session->id);
expect('a repeat gives no token', null, $client->register($tenant, $user, ['id' => $user . '/2'])->token);
expect('the id with another body', Conflict::class, refused(static fn () => $client->register($tenant, 'other', ['id' => $user . '/2'])));
expect('a registration without a user', Invalid::class, refused(static fn () => $client->register($tenant, '')));
$session = $client->introspect((string) $one->token);
expect('introspection', [$one->session->id, $user, $tenant], [$session?->id, $session?->userId, $session?->tenantId]);
expect('until when', true, $session->expiresAt > time());
expect('nobody\'s token', null, $client->introspect('nobody'));
$client->activity($one->session->id, 'app_1', 'App');
expect('the application is noted', ['app_1'], array_column($client->session($tenant, $one->session->id)['sso_apps'], 'application_id'));
expect('a session of nobody', NotFound::class, refused(static fn () => $client->session($tenant, 'nobody')));
expect('the user\'s sessions', [3, 3], (static function (array $page): array {
    return [count($page['data']), $page['pagination']['total_items']];
})($client->userSessions($tenant, $user)));
expect('my sessions', 3, count($client->mySessions((string) $one->token)));
expect('nobody\'s sessions', Unauthorized::class, refused(static fn () => $client->mySessions('nobody')));
expect('end another of mine', true, $client->endMySession((string) $one->token, $two->session->id));
expect('end it once more', false, $client->endMySession((string) $one->token, $two->session->id));
expect('activity of an ended one', Conflict::class, refused(static fn () => $client->activity($two->session->id)));
expect('end my others', [$three->session->id], $client->endMyOtherSessions((string) $one->token));
$four = $client->register($tenant, $user);
expect('end some of a user', [$four->session->id], $client->endSessionsOfUser($tenant, $user, [$four->session->id, 'nobody']));
$five = $client->register($tenant, $user);
expect('after a changed password', [$five->session->id], $client->endUserSessions($tenant, $user, $one->session->id));
expect('which spares one', 1, count($client->mySessions((string) $one->token)));
$client->endSession($tenant, $one->session->id);
$client->endSession($tenant, $one->session->id);
expect('ended by the application', null, $client->introspect((string) $one->token));
expect('end what never was', NotFound::class, refused(static fn () => $client->endSession($tenant, 'nobody')));
$six = $client->register($tenant, $user);
$client->revoke((string) $six->token);
$client->revoke((string) $six->token);
expect('signed out', null, $client->introspect((string) $six->token));
expect('everything of a user', [], $client->endUserSessions($tenant, $user));
expect('ready', true, $client->isReady());
