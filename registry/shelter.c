#include "registry/shelter.h"

void
shelter_fill_rules(struct confine_rules *out, const struct config *config,
                   const char *spool)
{
    *out = (struct confine_rules){
        .read_write = {config->blobs, spool, "/dev/null"},
        .read_only = {"/dev/urandom", "/etc/resolv.conf", "/etc/hosts",
                      "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/ssl",
                      "/usr/share/ca-certificates", "/etc/localtime",
                      "/usr/share/zoneinfo", "/usr/lib", "/proc/self",
                      "/sys/devices/system/cpu", "/etc/host.conf",
                      "/etc/passwd"},
        .network = true,
    };
}
