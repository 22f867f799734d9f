<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Psr\Http\Message\ResponseFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\MiddlewareInterface;
use Psr\Http\Server\RequestHandlerInterface;
use Rollcall\Exception\RollcallException;

/**
 * Guard as PSR-15 middleware. The session is the request's attribute `Rollcall\Session::class`. Needs
 * psr/http-server-middleware and psr/http-factory, which every PSR-15 framework brings.
 */
final class GuardMiddleware implements MiddlewareInterface
{
    /** @param string|null $signIn where a browser without a session is sent; null: 401 */
    public function __construct(
        private readonly Guard $guard,
        private readonly ResponseFactoryInterface $responses,
        private readonly ?string $signIn = null,
    ) {
    }

    public function process(ServerRequestInterface $request, RequestHandlerInterface $handler): ResponseInterface
    {
        try {
            $session = $this->guard->session(implode('; ', $request->getHeader('Cookie')));
        } catch (RollcallException $e) {
            Check::log($e->getMessage());
            return $this->refusal(503)->withHeader('Retry-After', '10');
        }
        if ($session !== null) {
            return $handler->handle($request->withAttribute(Session::class, $session));
        }
        return $this->signIn === null
            ? $this->refusal(401)->withHeader('WWW-Authenticate', 'Cookie')
            : $this->refusal(303)->withHeader('Location', $this->signIn);
    }

    private function refusal(int $status): ResponseInterface
    {
        return $this->responses->createResponse($status)->withHeader('Cache-Control', 'no-store');
    }
}
