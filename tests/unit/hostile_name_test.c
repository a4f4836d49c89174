/*
 * Hostile names: inputs 29 to 31 and 37 of the list of what a registry must
 * survive, at the modules that read names, digests and pointers.
 *
 * Elsewhere: what HTTP makes of 29 to 37 is http/hostile_test's and
 * limits_test's, 33 and 34 at the tool pull_test's, the links of a folder (31)
 * folder_test's, names that two file systems confuse in one signature
 * signature_test's, signatures (38) hostile_signature_test's.  Inputs 39 and 40
 * (notes, checkpoints, TUF) concern formats that nothing here reads.  41 to 44
 * are attacks on the gate: a licence swapped after it was shown, an acceptance
 * that is replayed, an approval that races with a revocation, a download's link
 * in other hands.
 */
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "storage/base/twin.h"
#include "storage/git/ref.h"
#include "storage/model/pointer.h"
#include "tests/check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "version https://git-lfs.github.com/spec/v1\n"
#define DIGITS                                                                 \
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(hostile_29_a_digest_is_64_small_digits_and_nothing_else)
{
    static const char *const wrong[] = {
        "",
        "../../../../../../../../../../../../../../../../../../etc/passwd",
        DIGITS "0",
        "a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "sha256:" DIGITS,
        "sha512:" DIGITS,
        "sha256-" DIGITS,
        " " DIGITS,
        DIGITS "\n",
        "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015",
        "ba7816bf8f01cfea414140de5dae2223/00361a396177a9cb410ff61f20015ad",
    };
    struct digest digest;

    CHECK(digest_parse(&digest, DIGITS));
    for (size_t i = 0; i < LENGTH(wrong); i++)
        CHECK(!digest_parse(&digest, wrong[i]));
}

/* Refused as a path, and named when it is not. */
static void
check_path_refused(const char *path)
{
    struct error err = {0};

    if (text_check_path(path, &err) == 0)
        CHECK_TEXT("accepted", path);
    else
        CHECK(err.code == ERROR_UNPROCESSABLE);
}

TEST(hostile_30_a_path_that_leads_elsewhere_is_refused)
{
    static const char *const paths[] = {
        "",        "..",       "../a",     "a/..",     "a/../b", "a/./b",
        "/a",      "a/",       "a//b",     "a\\b",     ".",      "..\\a",
        "a. ",     "a.",       "a ",       "a./b",     "a /b",   "a\nb",
        "a\rb",    "a\x1b[2J", "a\x7f",    "\xc2\x80", "a\tb",   "//a",
        "a/b/../", "...",      "a/... /b", "C:/a",     "C:a",    "a:b"};

    for (size_t i = 0; i < LENGTH(paths); i++)
        check_path_refused(paths[i]);
}

TEST(hostile_30_a_path_that_is_not_utf_8_is_refused)
{
    static const char *const paths[] = {
        "\xff",
        "a\xc3",
        "\xc0\xaf",
        "\xc0\xae.",
        "\xe0\x80\xaf",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\x80",
        "\xf0\x80\x80\xaf",
    };

    for (size_t i = 0; i < LENGTH(paths); i++)
        check_path_refused(paths[i]);
}

TEST(hostile_30_nul_cannot_be_hidden_in_a_path)
{
    struct arena *arena = arena_open();

    CHECK(text_percent_read(arena, "a%00b", 5) == NULL);
    CHECK(!text_is_utf8("a\0b", 3));
    CHECK(!text_is_utf8("a\xc0\x80", 3)); /* NUL in two bytes */
    arena_free(arena);
}

TEST(hostile_30_a_path_of_4096_bytes_is_refused)
{
    char path[4097];

    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    for (size_t i = 200; i < sizeof(path) - 1; i += 200)
        path[i] = '/';
    check_path_refused(path);
    path[1000] = '\0';
    path[256] = 'a';
    memset(path, 'a', 256);
    check_path_refused(path); /* a segment of over 255 */
}

TEST(hostile_30_names_that_a_file_system_takes_for_one_fold_alike)
{
    static const char *const twins[][2] = {
        {"README.md", "readme.MD"}, /* case */
        {"\xc3\xa9", "e\xcc\x81"},  /* NFC and NFD */
        {"\xc3\x89", "e\xcc\x81"},  /* both */
        {"stra\xc3\x9f"
         "e",
         "STRASSE"},                            /* one letter into two */
        {"\xe2\x84\xaa", "k"},                  /* the Kelvin sign */
        {"a\xe2\x80\x8d.bin", "A\xc2\xad.bin"}, /* what is not shown */
    };
    struct arena *arena = arena_open();
    struct error err;

    for (size_t i = 0; i < LENGTH(twins); i++) {
        const struct twin_path pair[] = {{twins[i][0], false},
                                         {twins[i][1], true}};
        const struct twin_path old[] = {{twins[i][0], true},
                                        {twins[i][1], true}};

        CHECK_TEXT(text_fold(arena, twins[i][0]),
                   text_fold(arena, twins[i][1]));
        CHECK(twin_check(pair, 2, &err) < 0);
        CHECK(err.code == ERROR_UNPROCESSABLE);
        CHECK(strstr(err.message, twins[i][0]) != NULL &&
              strstr(err.message, twins[i][1]) != NULL);
        CHECK(twin_check(old, 2, &err) == 0);
    }
    /* Letters of two scripts that look alike are two names, not one. */
    CHECK(strcmp(text_fold(arena, "\xd0\xb0"), text_fold(arena, "a")) != 0);
    arena_free(arena);
}

TEST(hostile_30_twins_are_found_wherever_they_stand_in_a_list)
{
    static const struct twin_path good[] = {
        {"a", false},   {"a.b", false}, {"b/a", false}, {"B2/a", false},
        {"b/c", false}, {"c-d", false}, {"c/d", false},
    };
    static const struct twin_path apart[] = {
        {"b/A", false}, {"b", true}, {"b.c", false}, {"B/a", false}};
    static const struct twin_path file_and_folder[] = {
        {"A/x", false}, {"a-b", false}, {"a", false}};
    static const struct twin_path three[] = {{"a", true},
                                             {"A", true},
                                             {"b", true},
                                             {"\xc3\xa1", false},
                                             {"a\xcc\x81", true}};
    struct error err;

    CHECK(twin_check(good, LENGTH(good), &err) == 0);
    CHECK(twin_check(NULL, 0, &err) == 0);
    CHECK(twin_check(apart, LENGTH(apart), &err) < 0);
    CHECK(twin_check(file_and_folder, LENGTH(file_and_folder), &err) < 0);
    CHECK_TEXT(err.message, "a cannot be a file and the folder of A/x");
    CHECK(twin_check(three, LENGTH(three), &err) < 0);
}

TEST(hostile_30_an_account_is_not_named_with_letters_that_look_alike)
{
    static const char *const names[] = {
        "\xd0\xb0lice", /* Cyrillic */
        "alic\xef\xbd\x85",
        ("ali\xe2\x80\x8b"
         "ce"),
        "alice\xe2\x80\xae",
        "alice.git",
        "alice.lock",
        "-alice",
        "alice.",
        "a--b",
        "a..b",
        "a/b",
        "",
        "a b",
    };
    struct error err;

    for (size_t i = 0; i < LENGTH(names); i++)
        if (text_check_name(names[i], &err) == 0)
            CHECK_TEXT("accepted", names[i]);
}

TEST(hostile_36_a_folder_of_gits_own_is_no_path)
{
    static const char *const paths[] = {
        ".git",
        ".GIT/config",
        "a/.git/hooks/x",
        ".gIt",
        "a/.Git/HEAD",
        ".git.",
        ".git ",
        ".git\\config",
        "GIT~1",
        "a/git~1/x",
        ".git::$INDEX_ALLOCATION/config",
        /* With characters that HFS+ passes over. */
        ".g\xe2\x80\x8cit",
        "\xef\xbb\xbf.git/config",
        "a/.\xe2\x80\xaeGIT",
    };
    struct error err;

    for (size_t i = 0; i < LENGTH(paths); i++)
        check_path_refused(paths[i]);
    CHECK(text_check_path(".gitattributes", &err) == 0);
    CHECK(text_check_path("git/\xef\xbc\x8egit", &err) == 0);
}

TEST(hostile_36_a_ref_that_leads_elsewhere_is_refused)
{
    static const char *const names[] = {
        "",
        "HEAD",
        "refs/heads/../../config",
        "refs/heads/a..b",
        "refs/heads/.a",
        "refs/heads/a.lock",
        "refs/heads/a/",
        "refs/heads//a",
        "refs/heads/a b",
        "refs/heads/a\\b",
        "refs/heads/a\x7f",
        "refs/heads/@{a",
        "/refs/heads/a",
    };
    struct error err;

    CHECK(ref_check_name("refs/heads/main", &err) == 0);
    for (size_t i = 0; i < LENGTH(names); i++)
        if (ref_check_name(names[i], &err) == 0)
            CHECK_TEXT("accepted", names[i]);
}

TEST(hostile_37_a_pointer_of_a_false_oid_or_size_is_refused)
{
    static const char *const bad[] = {
        HEAD "oid sha512:" DIGITS "\nsize 1\n",
        HEAD "oid sha256:" DIGITS "\nsize +1\n",
        HEAD "oid sha256:" DIGITS "\nsize 0x1\n",
        HEAD "oid sha256:" DIGITS "\nsize 1e3\n",
        HEAD "oid sha256:" DIGITS "\nsize 18446744073709551616\n",
        HEAD "oid sha256:" DIGITS "\nsize 1\nsize 2\n",
        HEAD "oid sha256:" DIGITS "\noid sha256:" DIGITS "\nsize 1\n",
        HEAD "ext-0-x sha256:" DIGITS "\noid sha256:" DIGITS "\nsize 1\n",
        "version https://example.org/spec/v1\noid sha256:" DIGITS "\nsize 1\n",
    };
    struct pointer pointer;
    struct error err;

    for (size_t i = 0; i < LENGTH(bad); i++)
        CHECK(pointer_parse(&pointer, bad[i], strlen(bad[i]), &err) < 0);
}
