#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "tests/check.h"

/* Runs attempt in a confined child; what it returned, or -1. */
static int
in_confinement(const struct confine_rules *rules, int (*attempt)(const char *),
               const char *path)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct error err;

        if (confine_enter(rules, &err) < 0)
            _exit(99);
        _exit(attempt(path));
    }
    CHECK(child > 0);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Each attempt exits with 0 when it got through, else with errno. */
static int
write_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    return fd < 0 ? errno : 0;
}

static int
read_file(const char *path)
{
    return open(path, O_RDONLY) < 0 ? errno : 0;
}

static int
run_program(const char *path)
{
    execl(path, path, (char *)NULL);
    return errno;
}

static int
make_socket(const char *path)
{
    (void)path;
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

TEST(a_confined_process_reaches_its_folders_alone)
{
    char folder[] = "/tmp/weigh-confine-XXXXXX";
    char inside[64];
    struct error err;
    struct confine_rules rules = {.need_landlock = true};

    CHECK(mkdtemp(folder) != NULL);
    snprintf(inside, sizeof(inside), "%s/a", folder);
    rules.read_write[0] = folder;
    rules.read_only[0] = "/etc";
    CHECK(in_confinement(&rules, write_file, inside) == 0);
    CHECK(in_confinement(&rules, read_file, "/etc/passwd") == 0);
    CHECK(in_confinement(&rules, read_file, "/usr/bin/env") == EACCES);
    CHECK(in_confinement(&rules, write_file, "/etc/weigh") == EACCES);
    CHECK(file_remove_tree(folder, &err) == 0);
}

TEST(a_confined_process_starts_no_program)
{
    struct confine_rules rules = {.read_only = {"/"}};

    CHECK(in_confinement(&rules, run_program, "/bin/true") == EPERM);
}

TEST(a_confined_process_without_network_opens_no_socket)
{
    struct confine_rules rules = {.read_only = {"/"}};

    CHECK(in_confinement(&rules, make_socket, "") == EPERM);
    rules.network = true;
    CHECK(in_confinement(&rules, make_socket, "") == 0);
}

TEST(an_account_that_is_missing_is_named)
{
    struct error err;
    uid_t uid;
    gid_t gid;

    CHECK(confine_find_user(&uid, &gid, "no-such-account", &err) < 0);
    CHECK(strstr(err.message, "no-such-account") != NULL);
    CHECK(confine_find_user(&uid, &gid, "root", &err) < 0);
}
