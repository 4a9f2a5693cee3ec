#include "base/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
fm_save_bytes(int fd, const void *p, size_t n)
{
    const uint8_t *at = p;

    while (n) {
        ssize_t k = write(fd, at, n);

        if (k < 0 && errno != EINTR)
            return errno;
        if (k > 0) {
            at += k;
            n -= (size_t)k;
        }
    }
    return 0;
}

int
fm_save_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;

    if (fd < 0)
        return 0;
    if (fsync(fd) && errno != EINVAL && errno != EBADF)
        err = errno;
    close(fd);
    return err;
}

int
fm_save_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, (size_t)(slash + 1 - path)) : NULL;
    int err;

    if (slash && !dir)
        return ENOMEM;
    err = fm_save_dir(dir ? dir : ".");
    free(dir);
    return err;
}
