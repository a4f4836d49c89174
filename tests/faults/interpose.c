/*
 * interpose: a library that a test loads in front of libc to have calls fail.
 *
 * FAULTS names a file of struct plan that the test and every process with the
 * library map.  While it is armed, each call of the chosen class is counted,
 * and the one whose turn it is gets the chosen fate.  With the turn 0 nothing
 * happens and the counts alone are learnt.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* As a shell says SIGKILL. */
#define EXIT_KILLED 137

/* The order is the test's too: interposed.py's CLASSES. */
enum class {
    CLASS_WRITE,  /* write, pwrite, writev to a file */
    CLASS_SYNC,   /* fsync, fdatasync, sync_file_range */
    CLASS_NAME,   /* rename, link, unlink, truncation */
    CLASS_SEND,   /* to PostgreSQL */
    CLASS_ANSWER, /* write, writev, send to a client */
    CLASS_READ,   /* read, pread of a file */
    CLASS_RECV,   /* from PostgreSQL */
    CLASS_MEMORY, /* malloc, calloc, realloc */
    CLASS_HASH,   /* of a password with the limits of auth/password.c */
    CLASSES,
};

/* The order is interposed.py's FATES. */
enum fate { FATE_KILL, FATE_ERRNO, FATE_SHORT };

/* The layout is known to the test: 32-bit words in this order. */
struct plan {
    _Atomic uint32_t is_armed;
    uint32_t class;
    uint32_t fate;
    int32_t number;      /* errno for FATE_ERRNO */
    uint32_t is_parents; /* calls of the process itself, not its children's */
    _Atomic uint32_t turn;
    _Atomic uint32_t fired; /* how often the fate came */
    _Atomic uint32_t counts[CLASSES];
};

static struct plan *plan;
static pid_t parent; /* who mapped the plan */

__attribute__((constructor)) static void
map_plan(void)
{
    const char *path = getenv("FAULTS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped;

    if (fd < 0)
        return;
    mapped =
        mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    parent = getpid();
    if (mapped != MAP_FAILED)
        plan = mapped;
}

/* True when this call is to fail; does not return when it is to kill. */
static bool meets(enum class class)
{
    uint32_t count;

    if (plan == NULL || !atomic_load(&plan->is_armed) ||
        (getpid() == parent) != plan->is_parents)
        return false;
    count = atomic_fetch_add(&plan->counts[class], 1) + 1;
    if (plan->class != class || count != atomic_load(&plan->turn))
        return false;
    atomic_fetch_add(&plan->fired, 1);
    /* The confined server may not kill; this ends it as surely. */
    if (plan->fate == FATE_KILL)
        syscall(SYS_exit_group, EXIT_KILLED);
    return true;
}

/* The function that ours stands in front of. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int crypto_pwhash_str_verify(const char *hash, const char *password,
                             unsigned long long length);

/* What is written to or read from; CLASSES for what does not count. */
static enum class class_of(int fd, enum class file, enum class database,
                           enum class client) {
    struct sockaddr_un peer = {0}; socklen_t length = sizeof(peer) - 1;
    struct stat status;
    int number = errno;
    enum class class = CLASSES;

    if (plan == NULL || fd == STDERR_FILENO ||
        !atomic_load(&plan->is_armed)) return CLASSES;
    if (fstat(fd, &status) < 0) class = CLASSES;
    else if (S_ISREG(status.st_mode)) class = file;
    else if (S_ISSOCK(status.st_mode) &&
             getpeername(fd, (struct sockaddr *)&peer, &length) == 0) class
    = peer.sun_family != AF_UNIX                  ? client
      : strstr(peer.sun_path, ".s.PGSQL") != NULL ? database
                                                  : CLASSES;
    errno = number;
    return class;
}

static ssize_t
fail(void)
{
    errno = plan->number;
    return -1;
}

/* A socket that fails so has no other end any more. */
static void
break_off(int fd)
{
    if (plan->number == EPIPE || plan->number == ECONNRESET)
        shutdown(fd, SHUT_RDWR);
}

/* How much of a transfer is left to it: half when it is to be short. */
static bool
is_cut(int fd, enum class class, size_t *length)
{
    if (class == CLASSES || !meets(class))
        return false;
    if (plan->fate == FATE_SHORT) {
        *length = (*length + 1) / 2;
        return false;
    }
    break_off(fd);
    return true;
}

ssize_t
write(int fd, const void *bytes, size_t length)
{
    enum class class = class_of(fd, CLASS_WRITE, CLASS_SEND, CLASS_ANSWER);

    return is_cut(fd, class, &length) ? fail() : REAL(write)(fd, bytes, length);
}

ssize_t
pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return is_cut(fd, class_of(fd, CLASS_WRITE, CLASSES, CLASSES), &length)
               ? fail()
               : REAL(pwrite)(fd, bytes, length, offset);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    enum class class = class_of(fd, CLASS_WRITE, CLASS_SEND, CLASS_ANSWER);
    size_t length = (size_t)count;

    return is_cut(fd, class, &length) ? fail()
                                      : REAL(writev)(fd, parts, (int)length);
}

ssize_t
send(int fd, const void *bytes, size_t length, int flags)
{
    enum class class = class_of(fd, CLASSES, CLASS_SEND, CLASS_ANSWER);

    return is_cut(fd, class, &length) ? fail()
                                      : REAL(send)(fd, bytes, length, flags);
}

/* In part it sends some of the first piece alone. */
ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr part = *message;
    struct iovec first = message->msg_iov[0];
    size_t length = first.iov_len;

    if (is_cut(fd, class_of(fd, CLASSES, CLASS_SEND, CLASS_ANSWER), &length))
        return fail();
    if (length < first.iov_len) {
        first.iov_len = length;
        part.msg_iov = &first;
        part.msg_iovlen = 1;
    }
    return REAL(sendmsg)(fd, &part, flags);
}

ssize_t
read(int fd, void *bytes, size_t length)
{
    return is_cut(fd, class_of(fd, CLASS_READ, CLASSES, CLASSES), &length)
               ? fail()
               : REAL(read)(fd, bytes, length);
}

ssize_t
pread(int fd, void *bytes, size_t length, off_t offset)
{
    return is_cut(fd, class_of(fd, CLASS_READ, CLASSES, CLASSES), &length)
               ? fail()
               : REAL(pread)(fd, bytes, length, offset);
}

ssize_t
recv(int fd, void *bytes, size_t length, int flags)
{
    return is_cut(fd, class_of(fd, CLASSES, CLASS_RECV, CLASSES), &length)
               ? fail()
               : REAL(recv)(fd, bytes, length, flags);
}

int
fsync(int fd)
{
    return meets(CLASS_SYNC) ? (int)fail() : REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
    return meets(CLASS_SYNC) ? (int)fail() : REAL(fdatasync)(fd);
}

int
sync_file_range(int fd, off64_t offset, off64_t length, unsigned int flags)
{
    return meets(CLASS_SYNC) ? (int)fail()
                             : REAL(sync_file_range)(fd, offset, length, flags);
}

int
rename(const char *from, const char *to)
{
    return meets(CLASS_NAME) ? (int)fail() : REAL(rename)(from, to);
}

int
renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return meets(CLASS_NAME) ? (int)fail()
                             : REAL(renameat)(from_folder, from, to_folder, to);
}

int
linkat(int from_folder, const char *from, int to_folder, const char *to,
       int flags)
{
    return meets(CLASS_NAME)
               ? (int)fail()
               : REAL(linkat)(from_folder, from, to_folder, to, flags);
}

int
unlink(const char *path)
{
    return meets(CLASS_NAME) ? (int)fail() : REAL(unlink)(path);
}

int
unlinkat(int folder, const char *path, int flags)
{
    return meets(CLASS_NAME) ? (int)fail()
                             : REAL(unlinkat)(folder, path, flags);
}

int
ftruncate(int fd, off_t length)
{
    return meets(CLASS_NAME) ? (int)fail() : REAL(ftruncate)(fd, length);
}

/* libsodium's, which nothing here needs but its type: it is only counted. */
int
crypto_pwhash_str_verify(const char *hash, const char *password,
                         unsigned long long length)
{
    static const char limits[] = "$argon2id$v=19$m=65536,t=2,p=1$";

    if (strncmp(hash, limits, sizeof(limits) - 1) == 0)
        (void)meets(CLASS_HASH);
    return REAL(crypto_pwhash_str_verify)(hash, password, length);
}

#ifndef WITHOUT_MEMORY
/* glibc's own names, since dlsym itself asks for memory. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);

static bool
is_out_of_memory(void)
{
    if (!meets(CLASS_MEMORY))
        return false;
    errno = ENOMEM;
    return true;
}

void *
malloc(size_t size)
{
    return is_out_of_memory() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    return is_out_of_memory() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *at, size_t size)
{
    return is_out_of_memory() ? NULL : __libc_realloc(at, size);
}
#endif
