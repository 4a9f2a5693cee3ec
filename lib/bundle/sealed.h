/*
 * sealed: an archive with a checksum (checksum.h) that is too large to be held
 * in memory, read and written as a stream.  Exact.
 *
 * Whether what was read is whole is known only at its end.  Until then nothing
 * of it may be used but to read on, or in a place that can be thrown away.
 */
#ifndef FM_BUNDLE_SEALED_H
#define FM_BUNDLE_SEALED_H

#include "bundle/checksum.h"

#include <stdio.h>

struct fm_sealed {
    struct fm_source *src; /* borrowed */
    struct fm_hasher *hash;
    size_t members;
    uint64_t left, bytes; /* of the member that is open; of all, so far */
    bool broken;          /* what was read is no archive, or not to be read */
};

/*
 * fm_sealed_open - an archive whose first header and name, the bytes of
 * `begun`, were read from `src` already (fm_archive_begin).  Fills the name
 * and size of its first member.  Returns 0, FM_EINPUT or FM_ESYS; release with
 * fm_sealed_close also after a failure.
 */
int fm_sealed_open(struct fm_sealed *s, struct fm_source *src,
                   const struct fm_buf *begun, struct fm_member *m,
                   struct fm_err *e);

/*
 * fm_sealed_next - pass over what is left of the member, and fill the name and
 * size of the next one; data is NULL.
 * fm_sealed_read - the next `n` bytes of the member, which has so many left.
 * Both return 0, FM_EINPUT or FM_ESYS.
 */
int fm_sealed_next(struct fm_sealed *s, struct fm_member *m, struct fm_err *e);
int fm_sealed_read(struct fm_sealed *s, void *p, size_t n, struct fm_err *e);

/*
 * fm_sealed_end - read on to the archive's last byte, and check everything
 * that holds it together.  *id receives the checksum.  0, FM_EINPUT or FM_ESYS.
 */
int fm_sealed_end(struct fm_sealed *s, struct fm_id *id, struct fm_err *e);
void fm_sealed_close(struct fm_sealed *s); /* harmless on {0} */

/* The same to be written: start from {0}. */
struct fm_sealing {
    FILE *out; /* borrowed; its failures are left for its owner to find */
    struct fm_hasher *hash;
    size_t members;
    uint64_t left; /* of the member that is open */
};

/*
 * fm_sealing_open - start an archive.  0 or FM_ESYS.
 * fm_sealing_member - open the next member, of `size` bytes.  0 or FM_EINPUT
 * when there are too many.
 * fm_sealing_put - `n` bytes of it.  Cannot fail.
 * fm_sealing_end - what comes after the last member; returns the checksum.
 */
int fm_sealing_open(struct fm_sealing *s, FILE *out, struct fm_err *e);
int fm_sealing_member(struct fm_sealing *s, const char *name, uint64_t size,
                      struct fm_err *e);
void fm_sealing_put(struct fm_sealing *s, const void *p, size_t n);
struct fm_id fm_sealing_end(struct fm_sealing *s);
void fm_sealing_close(struct fm_sealing *s); /* harmless on {0} */

#endif
