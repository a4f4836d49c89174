/*
 * Model files that are wrong in one place, made from a right one: each is
 * refused by infer_open with one line that names the place.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/infer/infer.h"
#include "storage/base/file.h"
#include "tests/check.h"

#define FILE_LIMIT (4u << 20)

struct copy {
    struct arena *arena;
    char *bytes;
    size_t length;
};

static void
take_copy(struct copy *out, const char *path)
{
    struct error err;

    out->arena = arena_open();
    CHECK(file_read(&out->bytes, &out->length, out->arena, path, FILE_LIMIT,
                    &err) == 0);
}

/* Behind the text, where it is first; NULL when it is not there. */
static char *
behind(const struct copy *copy, const char *text)
{
    char *found = memmem(copy->bytes, copy->length, text, strlen(text));

    CHECK(found != NULL);
    return found == NULL ? NULL : found + strlen(text);
}

/* Opens the bytes as a file; the message, or NULL when it opens. */
static const char *
refusal(const struct copy *copy)
{
    const struct infer_options options = {.threads = 1, .batch = 4};
    struct infer *infer = NULL;
    struct error err = {0};
    int file = memfd_create("model", MFD_CLOEXEC);
    int result;

    CHECK(file >= 0);
    CHECK(write(file, copy->bytes, copy->length) == (ssize_t)copy->length);
    result = infer_open(&infer, file, &options, &err);
    close(file);
    infer_free(infer);
    return result == 0 ? NULL : arena_text(copy->arena, err.message);
}

/* A key's 32 bits are set to value. */
struct change {
    const char *key;
    uint32_t value;
    const char *message;
};

static const struct change changes[] = {
    {"llama.block_count", 0, "key llama.block_count: 0 is not 1 to 512"},
    {"llama.block_count", 513, "key llama.block_count: 513 is not 1 to 512"},
    {"llama.block_count", 1u << 31,
     "key llama.block_count: 2147483648 is not 1 to 512"},
    {"llama.block_count", 3, "tensor blk.2.attn_q.weight is missing"},
    {"llama.block_count", 1,
     "9 of 21 tensors are not part of a llama model that is supported"},
    {"llama.attention.head_count", 0,
     "key llama.attention.head_count: 0 is not 1 to 1024"},
    {"llama.attention.head_count", 3, "3 heads are not a multiple of 2"},
    {"llama.attention.head_count", 64, "a head of 1 is not 2 to 512 wide"},
    {"llama.attention.head_count_kv", 0,
     "key llama.attention.head_count_kv: 0 is not 1 to 1024"},
    {"llama.attention.head_count_kv", 8, "4 heads are not a multiple of 8"},
    {"llama.attention.head_count_kv", 1,
     "tensor blk.0.attn_k.weight: its shape is 64 × 32, not 64 × 16"},
    {"llama.embedding_length", 0,
     "key llama.embedding_length: 0 is not 1 to 65536"},
    {"llama.embedding_length", 32, "16 turned numbers do not fit a head of 8"},
    {"llama.feed_forward_length", 97,
     "tensor blk.0.ffn_gate.weight: its shape is 64 × 96, not 64 × 97"},
    {"llama.context_length", 0,
     "key llama.context_length: 0 is not 1 to 134217728"},
    {"llama.rope.dimension_count", 15,
     "15 turned numbers do not fit a head of 16"},
    {"llama.rope.dimension_count", 18,
     "18 turned numbers do not fit a head of 16"},
    {"llama.rope.freq_base", 0x7fc00000,
     "key llama.rope.freq_base is no positive number"},
    {"llama.rope.freq_base", 0,
     "key llama.rope.freq_base is no positive number"},
    {"llama.attention.layer_norm_rms_epsilon", 0xbf800000,
     "key llama.attention.layer_norm_rms_epsilon is no positive number"},
    {"tokenizer.ggml.bos_token_id", 512,
     "key tokenizer.ggml.bos_token_id: token 512 is not below 512"},
};

/* Hostile input 17 and 18. */
TEST(a_number_that_does_not_fit_the_tensors_is_refused)
{
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct copy copy;
        char *at;

        take_copy(&copy, VECTORS "/arch/llama.gguf");
        at = behind(&copy, changes[i].key);
        if (at != NULL)
            memcpy(at + 4, &changes[i].value, 4);
        CHECK_TEXT(refusal(&copy), changes[i].message);
        arena_free(copy.arena);
    }
}

/* A text in the header is overwritten by one of the same length. */
static const struct {
    const char *from;
    const char *to;
    const char *message;
} texts[] = {
    {"general.architecture", "general.architectura",
     "key general.architecture is missing"},
    {"blk.1.ffn_up.weight", "blk.1.ffn_uq.weight",
     "tensor blk.1.ffn_up.weight is missing"},
    {"token_embd.weight", "token_embx.weight",
     "tensor token_embd.weight is missing"},
    {"llama.block_count", "llama.block_cound",
     "key llama.block_count is missing"},
    {"<0x07>", "<0x-1>", "token 10: its kind is byte, but not its text"},
};

TEST(a_name_that_is_missing_is_told)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct copy copy;
        char *at;

        take_copy(&copy, VECTORS "/arch/llama.gguf");
        CHECK(refusal(&copy) == NULL);
        at = behind(&copy, texts[i].from);
        if (at != NULL)
            for (size_t n = strlen(texts[i].to), j = 0; j < n; j++)
                at[j - n] = texts[i].to[j];
        CHECK_TEXT(refusal(&copy), texts[i].message);
        arena_free(copy.arena);
    }
}

TEST(every_bad_header_is_refused_by_the_core_too)
{
    DIR *folder = opendir(VECTORS "/gguf-bad");
    struct dirent *entry;
    int count = 0;

    CHECK(folder != NULL);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[512];
        struct copy copy;

        if (strstr(entry->d_name, ".gguf") == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/gguf-bad/%s", VECTORS, entry->d_name);
        take_copy(&copy, path);
        CHECK(refusal(&copy) != NULL);
        arena_free(copy.arena);
        count++;
    }
    CHECK(count == 29);
    if (folder != NULL)
        closedir(folder);
}

TEST(a_file_cut_in_its_weights_is_refused)
{
    struct copy copy;

    take_copy(&copy, VECTORS "/arch/llama.gguf");
    copy.length -= 64;
    CHECK_TEXT(refusal(&copy),
               "tensor output.weight: its data passes the end of the file");
    copy.length = 0;
    CHECK_TEXT(refusal(&copy), "the file is empty");
    arena_free(copy.arena);
}

TEST(a_model_of_another_kind_is_refused_by_name)
{
    struct copy copy;
    char *at;

    take_copy(&copy, VECTORS "/arch/llama.gguf");
    at = behind(&copy, "general.architecture");
    if (at != NULL)
        at[16] = 'b';
    CHECK_TEXT(refusal(&copy), "the architecture llamb is not supported");
    arena_free(copy.arena);
}
