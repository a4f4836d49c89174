/*
 * authority: the file of certificates that a registry's own must lead to.
 *
 * Distributions keep it in different places, and a libcurl knows only the one
 * that it was built for.
 */
#ifndef CLI_CLIENT_AUTHORITY_H
#define CLI_CLIENT_AUTHORITY_H

/*
 * SSL_CERT_FILE if it is set, else the distribution's file, else NULL: then
 * libcurl's own default counts.  Static or the environment's, not to be freed.
 */
const char *authority_file(void);

#endif
