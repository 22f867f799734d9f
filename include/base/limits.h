/* SPDX-License-Identifier: MIT
 * Names of all sizes that a client can influence. Each is checked before memory is allocated. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* A limit as part of a message: "more than " LIMIT_TEXT(LIMIT_FILTER_LIST) " values". */
#define LIMIT_TEXT(n) LIMIT_TEXT_(n)
#define LIMIT_TEXT_(n) #n

/* Request line and headers (bytes unless said). */
#define LIMIT_PATH_BYTES 4096
#define LIMIT_PATH_SEGMENTS 16
#define LIMIT_QUERY_BYTES 32768    /* a filter of 8 KiB, percent-encoded, fits */
#define LIMIT_ID_BYTES 255         /* schema/api.md 2: a longer path id is 404 */
#define LIMIT_REQUEST_ID_BYTES 128 /* schema/api.md 2.1 */
#define LIMIT_TOKEN_BYTES 16384    /* a JWT or an opaque token, any header */
#define LIMIT_TARGET_SEGMENTS 48   /* mount, prefix and path together */
#define LIMIT_COOKIES 4            /* session cookies that are tried */
#define LIMIT_PARAM_BYTES 262144   /* FastCGI parameters: headers, and the query several times */
#define LIMIT_PARAMS 1024          /* number of FastCGI parameters */

/* JSON read from clients. */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_NODES 32768
#define LIMIT_SESSION_APPS 500 /* applications that a session remembers */
#define LIMIT_TAGS 64
#define LIMIT_CONFIG_TYPES 64
#define LIMIT_TEXT_BYTES 1024 /* user agent, names and other free text of a session */
#define LIMIT_EMAIL_BYTES 320
#define LIMIT_DEVICE_TYPE_BYTES 32
#define LIMIT_LOCATION_BYTES 255
#define LIMIT_DEVICE_LABEL_BYTES 64
#define LIMIT_AMR 16                    /* methods of one sign-in */
#define LIMIT_AMR_BYTES 64              /* of one method */
#define LIMIT_MAX_SESSIONS 10000        /* of a user, in a policy */
#define LIMIT_SESSION_SECONDS 315360000 /* longest life of a session: ten years */
#define TOKEN_LEAST_BYTES 16            /* a shorter opaque token can be guessed */
#define LIMIT_REASON_BYTES 255
#define LIMIT_JTI_BYTES 200 /* of a logout token; an audit reason holds it and a few words */
#define LIMIT_TAG_VALUE_BYTES 4096
#define LIMIT_TAGS_BYTES 16384 /* of all tags, as JSON text */

/* Sessions API paging (schema/api.md 2.1). */
#define PAGE_DEFAULT 20
#define PAGE_MAX 100

/* Edge Management API paging (schema/filter.md 7). */
#define EDGE_LIMIT_DEFAULT 10
#define EDGE_LIMIT_MAX 500
#define EDGE_OFFSET_MAX 100000

/* The filter language (schema/filter.md 0). */
#define LIMIT_FILTER_BYTES 8192
#define LIMIT_FILTER_DEPTH 64
#define LIMIT_FILTER_LIST 500
#define LIMIT_FILTER_SORT_KEYS 8

/* Database. */
#define DB_CACHED_STATEMENTS 64 /* prepared variable statements kept per connection */
#define DB_TX_TRIES 5           /* runs of a transaction that meets a deadlock */
#define REVOKE_BATCH 10000      /* sessions that one transaction may end */
#define LIMIT_ME_SESSIONS 1000  /* own sessions in one list, which has no pages */

#define LIMIT_DEVICE_TYPES 32 /* kinds of device that statistics tell apart */

#define WORKERS_MAX 64 /* processes of a pool */

/* Faults listed in one 422 answer. */
#define LIMIT_FAULTS 32

#endif
