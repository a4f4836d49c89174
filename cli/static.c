/* static: what a weigh without shared libraries does before main. */
#include <nss.h>

/*
 * The C library's resolver would load the modules that the machine's
 * nsswitch.conf names, which belong to that machine's C library and may crash
 * one of another version.  Those built in read /etc/hosts and ask the servers
 * of /etc/resolv.conf.
 */
__attribute__((constructor)) static void
use_built_in_resolver(void)
{
    __nss_configure_lookup("hosts", "files dns");
}
