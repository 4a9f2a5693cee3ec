/*
 * odc: the headers of a cpio archive in the odc form, as they are read.
 *
 * A header is 76 characters: the magic 070707; dev, ino, mode, uid, gid, nlink
 * and rdev of 6 octal digits; mtime of 11; the size of the name, its NUL
 * included, of 6; the size of the data, of 11.  The name and the data follow
 * without padding.  An entry named TRAILER!!! ends the archive.
 */
#ifndef FM_BASE_ODC_H
#define FM_BASE_ODC_H

#include "base/archive.h"

#include <stdbool.h>

enum {
    FM_ODC_HEADER = 76,
    FM_ODC_TRAILER = FM_ODC_HEADER + 11, /* bytes of the last entry */
    FM_ODC_HEAD_MAX = FM_ODC_HEADER + FM_MEMBER_NAME,
};

#define FM_ODC_DATA_MAX (((uint64_t)1 << 33) - 1) /* 11 octal digits */

/* fm_odc_name_ok - is `s` a member's name: a..z and points, not empty, not
 * longer than struct fm_member holds?  Cannot fail. */
bool fm_odc_name_ok(const char *s);

/*
 * fm_odc_sizes - the two sizes in a header of FM_ODC_HEADER bytes; the name's
 * is in 2..FM_MEMBER_NAME.  Returns NULL, or what is wrong with the header.
 */
const char *fm_odc_sizes(const uint8_t *header, size_t *name, uint64_t *data);

/*
 * fm_odc_header - the one header that member `number` of an archive, from 1,
 * may have, its name and NUL included; number 0 is the trailer's.  `out` has
 * room for FM_ODC_HEAD_MAX bytes.  Returns how many they are.
 */
size_t fm_odc_header(uint8_t *out, size_t number, const char *name,
                     uint64_t size);

/* fm_odc_is_trailer - is a name of `n` bytes, NUL included, TRAILER!!!? */
bool fm_odc_is_trailer(const uint8_t *name, size_t n);

/*
 * fm_odc_next - the member whose header is at *at; moves *at behind it, or
 * sets *done (and leaves *at) when the trailer is there.
 *
 * Returns 0; or FM_EINPUT when the entry does not lie within `size` or has a
 * name that is not a member's.  Other fields are not looked at.
 */
int fm_odc_next(struct fm_member *m, const uint8_t *bytes, size_t size,
                size_t *at, bool *done, struct fm_err *e);

#endif
