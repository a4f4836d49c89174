#include "registry/hooks/mail.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "storage/base/buffer.h"
#include "storage/base/hex.h"

/* RFC 2045 6.7: a line has at most 76 characters, with its "=". */
#define LINE_LIMIT 75
#define DATE_SIZE 64
/* RFC 2047 2: an encoded word has at most 75 characters. */
#define WORD_BYTES 42

struct upload {
    const char *at;
    size_t left;
};

static void
write_date(char out[DATE_SIZE], int64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm parts;

    gmtime_r(&seconds, &parts);
    strftime(out, DATE_SIZE, "%a, %d %b %Y %H:%M:%S +0000", &parts);
}

static bool
is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x7f || (unsigned char)*text < ' ')
            return false;
    return true;
}

/* A subject with other letters, in encoded words that break between letters. */
static void
add_subject(struct buffer *out, struct arena *arena, const char *subject)
{
    buffer_append_text(out, "Subject:");
    if (is_ascii(subject)) {
        buffer_append_format(out, " %s\r\n", subject);
        return;
    }
    while (*subject != '\0') {
        size_t length = strnlen(subject, WORD_BYTES);

        while (length > 1 && ((unsigned char)subject[length] & 0xc0) == 0x80)
            length--;
        buffer_append_format(out, " =?UTF-8?B?%s?=\r\n",
                             base64_write(arena, subject, length));
        subject += length;
    }
}

/* Quoted-printable, so that no line is too long and every byte is ASCII. */
static void
add_body(struct buffer *out, const char *body)
{
    size_t column = 0;

    for (const char *c = body; *c != '\0'; c++) {
        bool is_last = c[1] == '\n' || c[1] == '\0';
        bool is_plain = (*c > ' ' && *c < 0x7f && *c != '=') ||
                        ((*c == ' ' || *c == '\t') && !is_last);

        if (*c == '\n') {
            buffer_append_text(out, "\r\n");
            column = 0;
            continue;
        }
        if (column + (is_plain ? 1 : 3) > LINE_LIMIT) {
            buffer_append_text(out, "=\r\n");
            column = 0;
        }
        if (is_plain)
            buffer_append(out, c, 1);
        else
            buffer_append_format(out, "=%02X", (unsigned char)*c);
        column += is_plain ? 1 : 3;
    }
}

char *
mail_write(struct arena *arena, const struct mail_server *server,
           const struct mail *mail)
{
    const char *domain = strchr(server->from, '@');
    struct buffer out = {0};
    char date[DATE_SIZE];
    char *text;

    write_date(date, mail->at_ms);
    buffer_append_format(&out,
                         "Date: %s\r\nFrom: Weighhouse <%s>\r\nTo: <%s>\r\n"
                         "Message-ID: <weighhouse-%" PRId64 "%s>\r\n",
                         date, server->from, mail->recipient, mail->id,
                         domain != NULL ? domain : "@localhost");
    add_subject(&out, arena, mail->subject);
    buffer_append_text(&out, "Auto-Submitted: auto-generated\r\n"
                             "MIME-Version: 1.0\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\n"
                             "Content-Transfer-Encoding: quoted-printable\r\n"
                             "\r\n");
    add_body(&out, mail->body);
    text = arena_bytes(arena, out.bytes, out.length);
    buffer_free(&out);
    return text;
}

static size_t
give(char *out, size_t size, size_t count, void *state)
{
    struct upload *upload = state;
    size_t length = size * count;

    if (length > upload->left)
        length = upload->left;
    memcpy(out, upload->at, length);
    upload->at += length;
    upload->left -= length;
    return length;
}

static int
perform(CURL *curl, struct error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    CURLcode code;
    long reply = 0;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (code == CURLE_OK)
        return 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    /* 5xx is for good (RFC 5321 4.2.1), but not a refused password. */
    return error_set(err,
                     reply >= 500 && reply < 600 && code != CURLE_LOGIN_DENIED
                         ? ERROR_UNPROCESSABLE
                         : ERROR_NETWORK,
                     "mail: %s",
                     detail[0] != '\0' ? detail : curl_easy_strerror(code));
}

/* curl's progress call, once a second at least: not 0 breaks off. */
static int
is_stopped(void *state, curl_off_t down, curl_off_t down_now, curl_off_t up,
           curl_off_t up_now)
{
    const atomic_bool *stop = state;

    (void)down;
    (void)down_now;
    (void)up;
    (void)up_now;
    return atomic_load(stop);
}

static void
set_server(CURL *curl, const struct mail_server *server)
{
    /* A password never goes over a line that others can read. */
    long tls = server->password != NULL ? CURLUSESSL_ALL : CURLUSESSL_TRY;

    curl_easy_setopt(curl, CURLOPT_URL, server->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                     MAIL_CONNECT_TIMEOUT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, MAIL_TIMEOUT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, tls);
    if (server->authorities != NULL) {
        struct curl_blob blob = {.data = (void *)server->authorities,
                                 .len = server->authorities_length,
                                 .flags = CURL_BLOB_NOCOPY};

        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (server->user != NULL)
        curl_easy_setopt(curl, CURLOPT_USERNAME, server->user);
    if (server->password != NULL)
        curl_easy_setopt(curl, CURLOPT_PASSWORD, server->password);
}

int
mail_send(const struct mail_server *server, const struct mail *mail,
          const atomic_bool *stop, struct error *err)
{
    struct arena *arena = arena_open();
    struct curl_slist *recipients =
        curl_slist_append(NULL, arena_format(arena, "<%s>", mail->recipient));
    CURL *curl = curl_easy_init();
    struct upload upload;
    int result = -1;

    if (curl == NULL || recipients == NULL) {
        error_set(err, ERROR_INTERNAL, NULL);
        goto done;
    }
    upload.at = mail_write(arena, server, mail);
    upload.left = strlen(upload.at);
    set_server(curl, server);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopped);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM,
                     arena_format(arena, "<%s>", server->from));
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    result = perform(curl, err);

done:
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
    arena_free(arena);
    return result;
}
