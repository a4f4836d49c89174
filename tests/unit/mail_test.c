#include "registry/hooks/mail.h"

#include <string.h>

#include "tests/check.h"

static const struct mail_server server = {.url = "smtp://127.0.0.1:25",
                                          .from = "registry@example.org"};

static const char *
write_mail(struct arena *arena, const char *subject, const char *body)
{
    const struct mail mail = {
        .id = 7,
        .recipient = "alice@example.org",
        .subject = subject,
        .body = body,
        .at_ms = 1795584186000,
    };

    return mail_write(arena, &server, &mail);
}

TEST(a_mail_has_the_head_that_programs_and_people_need)
{
    struct arena *arena = arena_open();

    CHECK_TEXT(write_mail(arena, "Hello", "One line.\n"),
               "Date: Wed, 25 Nov 2026 05:23:06 +0000\r\n"
               "From: Weighhouse <registry@example.org>\r\n"
               "To: <alice@example.org>\r\n"
               "Message-ID: <weighhouse-7@example.org>\r\n"
               "Subject: Hello\r\n"
               "Auto-Submitted: auto-generated\r\n"
               "MIME-Version: 1.0\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n"
               "\r\n"
               "One line.\r\n");
    arena_free(arena);
}

TEST(no_byte_and_no_line_is_one_that_a_mail_server_may_change)
{
    struct arena *arena = arena_open();
    char body[1024];
    const char *text;
    size_t column = 0;

    memset(body, 'x', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    memcpy(body + 100, "\xc3\xa9 = \n\x01 \n", 9);
    text = write_mail(arena, "S", body);
    for (const char *c = text; *c != '\0'; c++) {
        column = *c == '\n' ? 0 : column + 1;
        CHECK(column <= 77);
        CHECK((unsigned char)*c < 0x7f && *c != '\x01');
        CHECK(*c != '\n' || (c > text && c[-1] == '\r'));
    }
    CHECK(strstr(text, "=C3=A9 =3D=20\r\n=01=20\r\n") != NULL);
    arena_free(arena);
}

TEST(a_subject_of_other_letters_is_encoded_between_letters)
{
    struct arena *arena = arena_open();
    const char *text =
        write_mail(arena,
                   "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                   "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                   "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 x\xc3\xa9",
                   "");

    /* 41 bytes, since the 42nd begins a letter; then the rest. */
    CHECK(strstr(text, "Subject: =?UTF-8?B?w6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOp"
                       "w6nDqcOpw6nDqcOpw6nDqSB4?=\r\n"
                       " =?UTF-8?B?w6k=?=\r\n") != NULL);
    arena_free(arena);
}

TEST(a_line_break_in_a_subject_adds_no_head)
{
    struct arena *arena = arena_open();
    const char *text = write_mail(arena, "a\r\nBcc: b@example.org", "");

    CHECK(strstr(text, "Bcc") == NULL);
    arena_free(arena);
}
