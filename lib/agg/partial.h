/*
 * partial: a sum of some of a round's bundles, as a file.  Exact.
 *
 * A canonical archive (base/archive.h) of three members:
 *
 *   partial.json  "fedmrn" 1, "method", "weights" "samples" (the weighting
 *                 policy; under fedpm "clients"), "round", "base", "samples"
 * (the total), "masked", "full", "clients" (how many), keys in this order
 *   clients       per client, sorted by client id: the id padded with NUL to
 *                 64 bytes, its bundle's id (16 bytes), its samples (8 bytes)
 *   sums          masked accumulators (under fedpm, votes), 8 bytes each, then
 * full ones, 16 bytes each, two's complement, little-endian checksum      as in
 * a bundle
 *
 * Equal sets of bundles give equal files, however they were grouped.
 */
#ifndef FM_AGG_PARTIAL_H
#define FM_AGG_PARTIAL_H

#include "agg/accum.h"

/*
 * Clients in one sum, and in one round: the ids of a round's bundles must fit
 * the header of the model that they make.
 */
enum { FM_PARTS_MAX = 1 << 18 };

/* Who is in a sum. */
struct fm_part {
    char client[FM_CLIENT_MAX + 1];
    struct fm_id bundle;
    uint64_t samples;
};

/*
 * fm_parts_ids - the ids of `n` clients' bundles, sorted; to be freed.  An id
 * covers its client's name, so that one id for two clients is a lie: a model
 * made of it could not be read again.  Returns NULL with FM_EINPUT then, or
 * with FM_ESYS.
 */
struct fm_id *fm_parts_ids(const struct fm_part *part, size_t n,
                           struct fm_err *e);

struct fm_partial {
    struct fm_part *part; /* sorted by client, no client twice */
    size_t n;
    struct fm_accum *sum;
};

/* fm_partial_max - the largest partial sum accepted for this base. */
size_t fm_partial_max(const struct fm_model *base);

/* fm_partial_write - append the file of a sum to `out`; 0 or FM_ESYS. */
int fm_partial_write(struct fm_buf *out, const struct fm_partial *p,
                     struct fm_err *e);

/*
 * fm_partial_parse - read the file that fills `bytes` against its base.  Every
 * accumulator is held against its bound (samples * max|n|; samples * 2^86).
 * Fills *p, to be released by fm_partial_free, also after a failure.
 */
int fm_partial_parse(struct fm_partial *p, const uint8_t *bytes, size_t size,
                     const struct fm_model *base, struct fm_err *e);
void fm_partial_free(struct fm_partial *p); /* harmless on {0} */

/* What can be told of a partial sum without its base: for fedmrn-inspect. */
struct fm_partial_info {
    enum fm_method method;
    uint64_t round, samples;
    struct fm_id base, id;
    size_t masked, full, n;
    struct fm_part *part; /* to be freed */
};
int fm_partial_peek(struct fm_partial_info *info, const uint8_t *bytes,
                    size_t size, struct fm_err *e);

#endif
