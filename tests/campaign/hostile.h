/*
 * hostile: files with one fault each, and what every tool must say to them.
 */
#ifndef FM_CAMPAIGN_HOSTILE_H
#define FM_CAMPAIGN_HOSTILE_H

#include "../unit/fixture.h"
#include "base/archive.h"
#include "bundle/checksum.h"

#include <sys/types.h>

/* Which commands read a file; vectors.c has the table. */
enum reader {
    READ_BUNDLE = 1, /* and whatever stands in its place */
    READ_CLAIM = 2,  /* the fault shows only beside the model */
    READ_SUM = 4,
    READ_SUM_CLAIM = 512, /* as READ_CLAIM */
    READ_MODEL = 8,
    READ_SHOWN = 1024, /* fedmrn-inspect, which shows other files too */
    READ_IMAGES = 16,
    READ_LABELS = 32,
    READ_ROWS = 64,
    READ_ARCH = 128,
    READ_STATE = 256,
    READ_ROSTER = 2048,
    READ_SIGNATURE = 4096,
    READ_KEY = 8192,
    READ_LEDGER = 16384,
    READ_CHECKPOINT = 32768,
    READ_RESIDUAL = 65536,
    READ_SUMS = 131072,
    READ_TABLE = 262144,
    READ_UPDATE = 524288,
    READ_NPY = 1048576,     /* --data, beside labels */
    READ_CLASSES = 4194304, /* labels, where any number will not do */
    READ_ARRAYS = 2097152,  /* --data, with labels of its own */
};

/*
 * hostile - a file with one fault: each command for `reader` must end with
 * status 3 and a message that holds `reason`, write nothing, and need little
 * memory.
 */
void hostile(enum reader reader, const char *name, const char *reason,
             const struct fm_buf *file);

/* Files are made so long, by a hole at their end; 0: as they are. */
extern off_t hostile_tail;

/* The good round that the files spoil, in the working directory. */
extern struct fm_model *w0;

void hostile_bundles(void);
void hostile_models(void);
void hostile_data(void);
void hostile_trust(const struct fm_buf *good);
void hostile_arrays(void);

/* A text as a file. */
static inline struct fm_buf
text(const char *s, size_t n)
{
    struct fm_buf b = {0};

    CHECK(fm_buf_add(&b, s, n, NULL) == 0, "memory");
    return b;
}

/* The same with its first `from` replaced by `to`, of any length. */
static inline struct fm_buf
swapped(const uint8_t *p, size_t n, const char *from, const char *to)
{
    const uint8_t *at = memmem(p, n, from, strlen(from));
    struct fm_buf b = {0};
    size_t before = at ? (size_t)(at - p) : 0, after = before + strlen(from);

    CHECK(at, "no %s", from);
    CHECK(fm_buf_add(&b, p, before, NULL) == 0 &&
              fm_buf_add(&b, to, strlen(to), NULL) == 0 &&
              fm_buf_add(&b, p + after, n - after, NULL) == 0,
          "memory");
    return b;
}

/* A file of these bytes: a string's, which may hold NUL, without the last. */
static inline void
bytes(enum reader reader, const char *name, const char *reason, const void *p,
      size_t n)
{
    struct fm_buf b = text(p, n);

    hostile(reader, name, reason, &b);
    fm_buf_free(&b);
}

#define BYTES(reader, name, reason, s)                                         \
    bytes(reader, name, reason, s, sizeof(s) - 1)

#endif
