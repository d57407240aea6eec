/// Every limit of the HTTP side that is not an option, and the defaults of those that are, each with its reason.
#ifndef OCTET_SERVER_HTTP_LIMITS_H
#define OCTET_SERVER_HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/// Per connection, for request line, headers and reading ahead. libmicrohttpd zeroes all of it for each request of a
/// connection that is kept alive: at 64 KiB that costs nothing visible, at 1 MiB it is eight times the rest of the
/// work.
#define OCT_HTTP_CONNECTION_BYTES ((size_t)64 * 1024)
/// A request's target; longer is 414. Model names and a few arguments need some hundred bytes.
#define OCT_HTTP_MAX_TARGET_BYTES 8192
/// Header lines; more is 431. Browsers behind two proxies send about 40.
#define OCT_HTTP_MAX_HEADERS    100
#define OCT_HTTP_MAX_SEGMENTS   16
#define OCT_HTTP_MAX_PARAMETERS 4
#define OCT_HTTP_MAX_QUERY_KEYS 16
/// Body of a call that needs none, or a few lines of JSON.
#define OCT_HTTP_CONTROL_BODY_BYTES ((size_t)64 * 1024)
/// Names and values of one reply's headers together: ours are short.
#define OCT_HTTP_REPLY_TEXT_BYTES 1024

/// Sustained rate below which a body is given up, and a reader too: an allowance is spent by time and earned by bytes.
#define OCT_HTTP_MIN_RATE ((uint64_t)16 * 1024) // bytes per second
/// Beyond what the rate allows, the time an answer may take to be read.
#define OCT_HTTP_WRITE_GRACE_US ((uint64_t)30000000)
/// A refused body is read to its end up to this size, because most clients look for an answer only after they have sent
/// everything and take a closed connection for a failure. Beyond it, or when nothing comes for the time and the rate
/// above is not kept, the connection is closed.
#define OCT_HTTP_DRAIN_BYTES ((uint64_t)128 * 1024 * 1024)
#define OCT_HTTP_DRAIN_US    ((uint64_t)5000000)

/// Runs of a daemon with more to do before other handles of the loop have a turn.
#define OCT_HTTP_RUNS_PER_TURN 16
/// Connections the kernel holds until they are accepted (bounded by net.core.somaxconn).
#define OCT_HTTP_BACKLOG 1024
/// The watchdog looks at deadlines this often, or every quarter of the shortest time-out when that is less.
#define OCT_HTTP_WATCH_MAX_US ((uint64_t)250000)
#define OCT_HTTP_WATCH_MIN_US ((uint64_t)10000)
/// At a stop, how long a connection without a request may still send one, and how often progress is looked at.
#define OCT_HTTP_STOP_IDLE_US ((uint64_t)100000)
#define OCT_HTTP_STOP_TICK_US ((uint64_t)5000)
/// After the deadline of a stop: time for the last answers to leave.
#define OCT_HTTP_STOP_FLUSH_US ((uint64_t)1000000)

/// Body buffers up to this size are kept for reuse, together at most so many bytes, for at most so long without any
/// use.
#define OCT_HTTP_POOL_MAX_BLOCK  ((size_t)8 * 1024 * 1024)
#define OCT_HTTP_POOL_KEEP_BYTES ((size_t)32 * 1024 * 1024)
#define OCT_HTTP_POOL_KEEP_US    ((uint64_t)5000000)
/// Retry-After of an answer that was refused for want of memory or of room for its bytes.
#define OCT_HTTP_RETRY_AFTER_S 1

/// Defaults of options that are 0.
#define OCT_HTTP_DEFAULT_CONNECTIONS       4096
#define OCT_HTTP_DEFAULT_INFER_BODY_BYTES  ((size_t)64 * 1024 * 1024)
#define OCT_HTTP_DEFAULT_MODEL_BODY_BYTES  ((size_t)2 * 1024 * 1024 * 1024)
#define OCT_HTTP_DEFAULT_INFLIGHT_BYTES    ((size_t)1024 * 1024 * 1024)
#define OCT_HTTP_DEFAULT_HEADER_TIMEOUT_US ((uint64_t)5000000)
#define OCT_HTTP_DEFAULT_BODY_TIMEOUT_US   ((uint64_t)10000000)
/// Longer than the 60 s after which common balancers drop an idle connection: the side that sends requests should
/// close.
#define OCT_HTTP_DEFAULT_IDLE_TIMEOUT_US ((uint64_t)75000000)
#define OCT_HTTP_MAX_IO_THREADS          64

#endif
