#include "rand/key.h"

#include "base/bytes.h"
#include "base/digest.h"

#include <errno.h>
#include <stdio.h>
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

const char *
fm_client_why(char room[FM_CLIENT_WHY], const char *id)
{
    char like[FM_CLIENT_MAX + 1];
    size_t n = 0;

    for (; n < FM_CLIENT_MAX && id[n]; n++) {
        like[n] = id[n];
        if (id[n] >= 'A' && id[n] <= 'Z')
            like[n] = (char)(id[n] - 'A' + 'a');
        if (id[n] == ' ')
            like[n] = '-';
    }
    like[n] = '\0';
    snprintf(room, FM_CLIENT_WHY,
             "'%.80s' is not a client id: 1 to %d of a-z, 0-9, point, _ and -",
             id, FM_CLIENT_MAX);
    if (fm_client_ok(like)) {
        strcat(room, "; ");
        strcat(room, like);
        strcat(room, " is");
    }
    return room;
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
