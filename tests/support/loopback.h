/// A raw HTTP client on 127.0.0.1 for tests: bytes out, one parsed answer at a time in. It forgives nothing and retries
/// nothing. Threads: [one] per connection. All waits are bounded; what goes wrong is returned, so that any thread may
/// use it.
#ifndef OCTET_TESTS_SUPPORT_LOOPBACK_H
#define OCTET_TESTS_SUPPORT_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How long any wait may take before the test has failed.
#define OCT_LOOPBACK_PATIENCE_MS 20000

struct oct_loopback {
    int fd;
    char *data; ///< received and not yet taken
    size_t length, capacity;
};

/// An answer; head and body are terminated. Free with oct_loopback_reply_deinit.
struct oct_loopback_reply {
    int status; ///< 0: none came
    char *head;
    char *body;
    size_t n_body;
};

/// False when nobody listens.
bool oct_loopback_open(struct oct_loopback *client, uint16_t port);
void oct_loopback_close(struct oct_loopback *client);
/// Sends all; false when the peer is gone.
bool oct_loopback_send(struct oct_loopback *client, const void *bytes, size_t n_bytes);
bool oct_loopback_send_text(struct oct_loopback *client, const char *text);
/// Reads the next answer with a body of its Content-Length. `no_body`: the answer to HEAD. False (status 0) when the
/// connection ends or patience does; skips 100.
bool oct_loopback_read(struct oct_loopback *client, bool no_body, struct oct_loopback_reply *reply);
/// Reads up to `n_bytes` raw bytes as they come; -1 at an error or out of patience, 0 at the end.
long oct_loopback_read_raw(struct oct_loopback *client, void *bytes, size_t n_bytes);
/// True when the peer closes within `milliseconds`, whatever else it sends before.
bool oct_loopback_closes(struct oct_loopback *client, int milliseconds);
/// True when a byte waits or arrives within `milliseconds`.
bool oct_loopback_has_data(struct oct_loopback *client, int milliseconds);
void oct_loopback_reply_deinit(struct oct_loopback_reply *reply);
/// The value of a header of the reply, without case, cut to `out`; false when absent.
bool oct_loopback_header(const struct oct_loopback_reply *reply, const char *name, char *out, size_t out_bytes);

#endif
