/*
 * archive: the container of our files.
 *
 * This and extract.h are the doors to libarchive.
 *
 * The container is a POSIX cpio archive in the odc ("old character") form,
 * exactly as libarchive writes it for members with mode 0100644, owner 0:0,
 * time 0, device 0, one link and inodes counted from 1, with the TRAILER!!!
 * entry and not a byte after it.  Per member: a header of 76 octal digits, the
 * name and its NUL, the data; no padding.  The trailer is 87 bytes.
 *
 * The reader accepts only what the writer would write: it walks the headers
 * for names and sizes, writes the same members again through libarchive, and
 * compares every byte.  So equal members have equal bytes, and of the bits
 * outside the members' data only those of a name can change unnoticed here:
 * which names there must be is the caller's to check.
 */
#ifndef FM_BASE_ARCHIVE_H
#define FM_BASE_ARCHIVE_H

#include "base/bytes.h"
#include "base/file.h"

enum {
    FM_MEMBER_NAME = 32,  /* a member's name with its NUL */
    FM_MEMBERS_MAX = 8,   /* members of one archive */
    FM_ARCHIVE_MAGIC = 6, /* bytes of "070707" that start an archive */
};

struct fm_member {
    char name[FM_MEMBER_NAME]; /* of a..z and points only */
    const uint8_t *data;       /* may be NULL when size is 0 */
    size_t size; /* at most 8 GiB - 1, what 11 octal digits hold */
};

/*
 * fm_archive_write - append the archive of `n` members to `out`, at most
 * FM_MEMBERS_MAX; no data may lie in `out` itself.
 * Returns 0, or FM_ESYS (memory), or FM_EINPUT (a member too large).
 */
int fm_archive_write(struct fm_buf *out, const struct fm_member *m, size_t n,
                     struct fm_err *e);

/* fm_archive_header - bytes that a member's header takes: 76 + name + NUL. */
size_t fm_archive_header(const char *name);

/*
 * fm_archive_frame - read exactly one archive from `src` and append its bytes
 * to `out`, growing `out` only by what has arrived.
 *
 *   limit  the largest archive accepted, in bytes; at least 76
 *
 * Returns 0 (and `out` unchanged at a clean end of input), FM_EINPUT for
 * bytes that are not an archive, are cut short or exceed the limit (the
 * message has the source's name and the offset), or FM_ESYS.
 */
int fm_archive_frame(struct fm_buf *out, struct fm_source *src, size_t limit,
                     struct fm_err *e);

/*
 * fm_archive_begin, fm_archive_rest - the same in two steps: the first
 * member's header and name, then all after them; `start` is where the archive
 * starts in `out`.
 */
int fm_archive_begin(struct fm_buf *out, struct fm_source *src, size_t limit,
                     struct fm_err *e);
int fm_archive_rest(struct fm_buf *out, size_t start, struct fm_source *src,
                    size_t limit, struct fm_err *e);

/*
 * fm_archive_parse - the members of the one archive that fills `bytes`.
 *
 *   m  room for FM_MEMBERS_MAX; m[i].data points into `bytes`
 *   n  receives the number of members
 *
 * Returns 0, FM_EINPUT when the bytes are not the canonical archive of their
 * members, or FM_ESYS.
 */
int fm_archive_parse(struct fm_member *m, size_t *n, const uint8_t *bytes,
                     size_t size, struct fm_err *e);

#endif
