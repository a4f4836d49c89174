#include "registry/routes/statistics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "registry/config.h"
#include "registry/http/proxy.h"

int
statistics_check_reader(const struct request *request, struct error *err)
{
    const struct config *config = request->service->config;
    bool is_forwarded = request_header(request, "X-Forwarded-For") != NULL ||
                        request_header(request, "Forwarded") != NULL;

    if ((is_forwarded && config->trusted_proxies == NULL) ||
        !proxy_is_trusted(config->metrics, request->caller.address))
        return error_set(err, ERROR_FORBIDDEN,
                         "this is for the addresses in the key metrics");
    return 0;
}

static void
read_database(struct statistics_database *out, const struct request *request)
{
    const struct db_call call = {"statistics_find", NULL, 0};
    struct db_rows *rows;
    struct error err;

    if (db_run(&rows, request->db, request->arena, &call, &err) < 0)
        return;
    out->is_up = true;
    out->requests = db_get_int(rows, 0, 0);
    out->requests_seconds = db_get_int(rows, 0, 1);
    out->mails = db_get_int(rows, 0, 2);
    out->mails_seconds = db_get_int(rows, 0, 3);
    out->entries = db_get_int(rows, 0, 4);
    out->entries_seconds = db_get_int(rows, 0, 5);
    out->blobs = db_get_int(rows, 0, 6);
    out->blob_bytes = db_get_int(rows, 0, 7);
    out->garbage = db_get_int(rows, 0, 8);
    out->quarantined = db_get_int(rows, 0, 9);
    if (!db_is_null(rows, 0, 10))
        out->scrubbed_at_ms = db_get_time(rows, 0, 10);
}

static int64_t
count_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int64_t count = -3; /* ".", ".." and the folder's own */

    if (folder == NULL)
        return 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static double
to_seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void
read_process(struct statistics_process *out)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char line[256] = "";
    char *at = line;
    struct rusage usage;
    struct rlimit files;

    if (file != NULL) {
        if (fgets(line, sizeof(line), file) == NULL)
            line[0] = '\0';
        fclose(file);
    }
    out->virtual_bytes = strtoll(at, &at, 10) * sysconf(_SC_PAGESIZE);
    out->resident_bytes = strtoll(at, &at, 10) * sysconf(_SC_PAGESIZE);
    out->open_files = count_files();
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        out->most_files = (int64_t)files.rlim_cur;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        out->cpu_seconds =
            to_seconds(&usage.ru_utime) + to_seconds(&usage.ru_stime);
}

int
statistics_read(struct statistics *out, struct request *request,
                struct error *err)
{
    struct statvfs disk;

    memset(out, 0, sizeof(*out));
    out->meter = request->service->meter;
    if (out->meter == NULL || out->meter->read_gauges == NULL)
        return error_set(err, ERROR_NOT_IMPLEMENTED, "nobody counts here");
    out->meter->read_gauges(&out->gauges, out->meter->server);
    read_database(&out->database, request);
    read_process(&out->process);
    if (statvfs(request->service->config->blobs, &disk) == 0) {
        out->blob_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
        out->blob_total_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
    }
    return 0;
}
