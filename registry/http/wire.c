#include "registry/http/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"

/* Plain text that one batch of records holds. */
#define BATCH_BYTES 262144
/* A piece of a file that is worth a cork. */
#define CORK_BYTES 65536
/* An idle connection keeps no more memory for records than this. */
#define REST_BYTES 4096

struct wire {
    int fd;
    SSL *ssl;                 /* NULL: plain */
    struct tls_output output; /* fills out */
    struct buffer out;        /* records that wait */
    size_t sent;              /* of out */
    bool is_corked;           /* nothing short of a full packet leaves */
    bool is_broken;
};

static void
add_records(void *state, const char *bytes, size_t length)
{
    buffer_append(state, bytes, length);
}

static void
open_tls(struct wire *wire, struct tls *tls)
{
    BIO *in = BIO_new_socket(wire->fd, BIO_NOCLOSE);
    BIO *out;

    wire->output = (struct tls_output){add_records, &wire->out};
    out = tls_output(tls, &wire->output);
    wire->ssl = tls_accept(tls);
    if (wire->ssl == NULL || out == NULL || in == NULL) {
        BIO_free(in);
        BIO_free(out);
        wire->is_broken = true;
        return;
    }
    SSL_set_bio(wire->ssl, in, out);
}

struct wire *
wire_open(int fd, struct tls *tls)
{
    struct wire *wire = xcalloc(1, sizeof(*wire));

    wire->fd = fd;
    if (tls != NULL)
        open_tls(wire, tls);
    return wire;
}

void
wire_free(struct wire *wire)
{
    if (wire == NULL)
        return;
    SSL_free(wire->ssl);
    buffer_free(&wire->out);
    close(wire->fd);
    free(wire);
}

void
wire_reset(struct wire *wire)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    wire->is_broken = true;
}

static ssize_t
wire_fail(struct wire *wire)
{
    wire->is_broken = true;
    return WIRE_BROKEN;
}

/* What a failed system call on the socket means. */
static ssize_t
read_errno(struct wire *wire)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return WIRE_AGAIN;
    return wire_fail(wire);
}

static ssize_t
read_tls(struct wire *wire, void *out, size_t length)
{
    size_t n = 0;
    int reason;

    ERR_clear_error();
    if (SSL_read_ex(wire->ssl, out, length, &n) == 1) {
        if (wire_flush(wire) == WIRE_BROKEN)
            return WIRE_BROKEN;
        return (ssize_t)n;
    }
    reason = SSL_get_error(wire->ssl, 0);
    /* The handshake's own records, or an alert, wait to leave. */
    if (wire_flush(wire) == WIRE_BROKEN)
        return WIRE_BROKEN;
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
        return WIRE_AGAIN;
    if (reason == SSL_ERROR_ZERO_RETURN)
        return 0;
    ERR_clear_error();
    return wire_fail(wire);
}

bool
wire_is_read_out(const struct wire *wire)
{
    return wire->ssl == NULL || !SSL_has_pending(wire->ssl);
}

ssize_t
wire_read(struct wire *wire, void *out, size_t length)
{
    ssize_t n;

    if (wire->is_broken)
        return WIRE_BROKEN;
    if (wire->ssl != NULL)
        return read_tls(wire, out, length);
    n = recv(wire->fd, out, length, 0);
    return n >= 0 ? n : read_errno(wire);
}

/* A file goes in packets as long as may be; else each piece of it is one. */
static void
cork(struct wire *wire, bool wanted)
{
    int flag = wanted;

    if (wire->is_corked == wanted)
        return;
    setsockopt(wire->fd, IPPROTO_TCP, TCP_CORK, &flag, sizeof(flag));
    wire->is_corked = wanted;
}

int
wire_flush(struct wire *wire)
{
    if (wire->is_broken)
        return WIRE_BROKEN;
    while (wire->sent < wire->out.length) {
        ssize_t n = send(wire->fd, wire->out.bytes + wire->sent,
                         wire->out.length - wire->sent, MSG_NOSIGNAL);

        if (n < 0)
            return (int)read_errno(wire);
        wire->sent += (size_t)n;
    }
    wire->out.length = 0;
    wire->sent = 0;
    cork(wire, false);
    return 0;
}

static ssize_t
write_tls(struct wire *wire, const void *bytes, size_t length)
{
    size_t n = 0;
    int waits = wire_flush(wire);

    if (waits < 0)
        return waits;
    ERR_clear_error();
    if (length > BATCH_BYTES)
        length = BATCH_BYTES;
    if (SSL_write_ex(wire->ssl, bytes, length, &n) != 1) {
        ERR_clear_error();
        return wire_fail(wire);
    }
    if (wire_flush(wire) == WIRE_BROKEN)
        return WIRE_BROKEN;
    return (ssize_t)n;
}

ssize_t
wire_write_all(struct wire *wire, const struct iovec *pieces, size_t count,
               bool more)
{
    struct msghdr message = {.msg_iov = (struct iovec *)pieces,
                             .msg_iovlen = count};
    ssize_t n;

    if (wire->is_broken)
        return WIRE_BROKEN;
    if (wire->ssl != NULL)
        return write_tls(wire, pieces[0].iov_base, pieces[0].iov_len);
    n = sendmsg(wire->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    return n >= 0 ? n : read_errno(wire);
}

ssize_t
wire_write(struct wire *wire, const void *bytes, size_t length, bool more)
{
    const struct iovec piece = {(void *)bytes, length};

    return wire_write_all(wire, &piece, 1, more);
}

/* A file that is shorter than it was said to be breaks the connection. */
static ssize_t
send_copied(struct wire *wire, const struct wire_file *file, size_t length)
{
    ssize_t n;

    if (wire_flush(wire) < 0)
        return wire->is_broken ? WIRE_BROKEN : WIRE_AGAIN;
    if (length > file->scratch_length)
        length = file->scratch_length;
    n = pread(file->fd, file->scratch, length, (off_t)file->offset);
    if (n <= 0)
        return wire_fail(wire);
    return wire_write(wire, file->scratch, (size_t)n, false);
}

ssize_t
wire_send_file(struct wire *wire, const struct wire_file *file, size_t length)
{
    off_t offset = (off_t)file->offset;
    ssize_t n;

    if (wire->is_broken)
        return WIRE_BROKEN;
    if (wire->ssl != NULL)
        return send_copied(wire, file, length);
    if (length > CORK_BYTES)
        cork(wire, true);
    n = sendfile(wire->fd, file->fd, &offset, length);
    if (n == 0)
        return wire_fail(wire);
    return n > 0 ? n : read_errno(wire);
}

void
wire_end(struct wire *wire)
{
    if (wire->is_broken)
        return;
    if (wire->ssl != NULL && SSL_is_init_finished(wire->ssl)) {
        ERR_clear_error();
        SSL_shutdown(wire->ssl);
        wire_flush(wire);
        ERR_clear_error();
    }
    shutdown(wire->fd, SHUT_WR);
}

void
wire_rest(struct wire *wire)
{
    if (wire->out.length == 0 && wire->out.capacity > REST_BYTES)
        buffer_free(&wire->out);
}
