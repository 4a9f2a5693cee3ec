/*
 * extract: data from other people's files: compressed ones, and members of tar
 * and zip archives.  Nothing is written to the disk, and no program is run.
 *
 * This and archive.h are the doors to libarchive.
 */
#ifndef FM_BASE_EXTRACT_H
#define FM_BASE_EXTRACT_H

#include "base/bytes.h"
#include "base/file.h"

#include <stdbool.h>

/*
 * fm_extract_file - read a whole data file, plain or compressed by at most
 * one of gzip, bzip2, xz, lzma, zstd or lz4 (whatever this libarchive has
 * built in).  Their checksums are checked, gzip's for the last of several
 * members only.
 *
 *   path   a file, or "-" for standard input
 *   limit  the most bytes accepted after decompression
 *
 * Appends to `out`.  Returns 0, FM_EINPUT (missing, damaged, a filter inside a
 * filter, over the limit) or FM_ESYS.  Messages start with the path.
 * fm_extract_from - the same from an open source, which stays open.
 */
int fm_extract_file(struct fm_buf *out, const char *path, size_t limit,
                    struct fm_err *e);
int fm_extract_from(struct fm_buf *out, struct fm_source *src, size_t limit,
                    struct fm_err *e);

/*
 * fm_extract_is_zip, fm_extract_is_tar - do the bytes begin as one?
 */
bool fm_extract_is_zip(const uint8_t *bytes, size_t size);
bool fm_extract_is_tar(const uint8_t *bytes, size_t size);

/*
 * fm_extract_member - append a file of the zip or tar archive that fills
 * `bytes`: the one that is called `name`, in whatever directory.
 *
 *   limit  the most bytes accepted of it; of a tar archive no more than `size`
 *   found  whether there is one; without, `out` stays as it is
 *
 * Returns 0, FM_EINPUT (damaged, cut short, two of that name, over the limit,
 * encrypted) or FM_ESYS.  Messages do not name the archive.
 */
int fm_extract_member(struct fm_buf *out, const uint8_t *bytes, size_t size,
                      const char *name, size_t limit, bool *found,
                      struct fm_err *e);

#endif
