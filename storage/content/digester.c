#include "storage/content/digester.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "storage/base/arena.h"

/* OpenSSL's hashing needs a few KiB; as many threads as uploads may be. */
#define STACK_BYTES 262144

struct digester {
    struct digest_stream *stream; /* the thread's while bytes is not NULL */
    pthread_t thread;
    bool has_thread;
    bool has_tried;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    const void *bytes; /* NULL: nothing to hash */
    size_t length;
    bool is_over;
};

struct digester *
digester_open(void)
{
    struct digester *digester = xcalloc(1, sizeof(*digester));

    digester->stream = digest_stream_open();
    pthread_mutex_init(&digester->lock, NULL);
    pthread_cond_init(&digester->changed, NULL);
    return digester;
}

static void *
work(void *state)
{
    struct digester *digester = state;

    pthread_mutex_lock(&digester->lock);
    for (;;) {
        while (digester->bytes == NULL && !digester->is_over)
            pthread_cond_wait(&digester->changed, &digester->lock);
        if (digester->bytes == NULL)
            break;
        pthread_mutex_unlock(&digester->lock);
        digest_stream_add(digester->stream, digester->bytes, digester->length);
        pthread_mutex_lock(&digester->lock);
        digester->bytes = NULL;
        pthread_cond_signal(&digester->changed);
    }
    pthread_mutex_unlock(&digester->lock);
    return NULL;
}

static void
start_thread(struct digester *digester)
{
    pthread_attr_t attributes;

    digester->has_tried = true;
    if (pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    digester->has_thread =
        pthread_create(&digester->thread, &attributes, work, digester) == 0;
    pthread_attr_destroy(&attributes);
}

void
digester_begin(struct digester *digester, const void *bytes, size_t length)
{
    if (length >= DIGESTER_PIECE_BYTES && !digester->has_tried)
        start_thread(digester);
    if (length < DIGESTER_PIECE_BYTES || !digester->has_thread) {
        digest_stream_add(digester->stream, bytes, length);
        return;
    }
    pthread_mutex_lock(&digester->lock);
    digester->bytes = bytes;
    digester->length = length;
    pthread_cond_signal(&digester->changed);
    pthread_mutex_unlock(&digester->lock);
}

void
digester_wait(struct digester *digester)
{
    pthread_mutex_lock(&digester->lock);
    while (digester->bytes != NULL)
        pthread_cond_wait(&digester->changed, &digester->lock);
    pthread_mutex_unlock(&digester->lock);
}

void
digester_read(struct digest *out, const struct digester *digester)
{
    digest_stream_read(out, digester->stream);
}

void
digester_free(struct digester *digester)
{
    if (digester == NULL)
        return;
    if (digester->has_thread) {
        pthread_mutex_lock(&digester->lock);
        digester->is_over = true;
        pthread_cond_signal(&digester->changed);
        pthread_mutex_unlock(&digester->lock);
        pthread_join(digester->thread, NULL);
    }
    pthread_cond_destroy(&digester->changed);
    pthread_mutex_destroy(&digester->lock);
    digest_stream_free(digester->stream);
    free(digester);
}
