<?php

// SPDX-License-Identifier: MIT
// For test_kit.php: a request through GuardMiddleware, with the messages of Debian's php-nyholm-psr7. Debian
// has no package of the two interfaces of PSR-15, which are declared here as that document has them.

declare(strict_types=1);

namespace Psr\Http\Server {
    use Psr\Http\Message\ResponseInterface;
    use Psr\Http\Message\ServerRequestInterface;

    interface RequestHandlerInterface
    {
        public function handle(ServerRequestInterface $request): ResponseInterface;
    }

    interface MiddlewareInterface
    {
        public function process(ServerRequestInterface $request, RequestHandlerInterface $handler): ResponseInterface;
    }
}

namespace {
    use Nyholm\Psr7\Factory\Psr17Factory;
    use Nyholm\Psr7\Response;
    use Nyholm\Psr7\ServerRequest;
    use Psr\Http\Message\ResponseInterface;
    use Psr\Http\Message\ServerRequestInterface;
    use Psr\Http\Server\RequestHandlerInterface;
    use Rollcall\Guard;
    use Rollcall\GuardMiddleware;
    use Rollcall\Session;

    require 'Nyholm/Psr7/autoload.php';

    function through(Guard $guard, string $cookie, ?string $signIn): ResponseInterface
    {
        $page = new class () implements RequestHandlerInterface {
            public function handle(ServerRequestInterface $request): ResponseInterface
            {
                return new Response(200, [], 'Hello ' . $request->getAttribute(Session::class)->userId);
            }
        };
        $request = new ServerRequest('GET', 'https://example.org/', $cookie === '' ? [] : ['Cookie' => $cookie]);
        return (new GuardMiddleware($guard, new Psr17Factory(), $signIn))->process($request, $page);
    }
}
