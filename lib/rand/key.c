#include "rand/key.h"

#include "base/bytes.h"
#include "base/digest.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

bool
fm_client_ok(const char *id)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strspn(id, allowed);

    /* "." and ".." would name directories where ids name files. */
    return n >= 1 && n <= FM_CLIENT_MAX && id[n] == '\0' &&
           strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

uint64_t
fm_key_client(uint64_t seed, uint64_t round, const char *client)
{
    uint8_t b[24];

    fm_put64(b, seed);
    fm_put64(b + 8, round);
    fm_put64(b + 16, fm_hash64(client, strlen(client)));
    return fm_hash64(b, sizeof b);
}

uint64_t
fm_key_round(uint64_t seed, uint64_t round)
{
    uint8_t b[16];

    fm_put64(b, seed);
    fm_put64(b + 8, round);
    return fm_hash64(b, sizeof b);
}

int
fm_key_private(uint64_t *seed, struct fm_err *e)
{
    uint8_t b[8];
    size_t got = 0;

    while (got < sizeof b) {
        ssize_t n = getrandom(b + got, sizeof b - got, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fm_err_set(e, FM_ESYS, "no random seed from the system: %s",
                              strerror(errno));
        got += (size_t)n;
    }
    *seed = fm_get64(b);
    return 0;
}
