/*
 * bundle: one client's answer to one round, as a file (.mrn).
 *
 * A canonical cpio archive (base/archive.h) of four members, always these, in
 * this order:
 *
 *   manifest.json  one JSON object without white space, keys in this order:
 *                    "fedmrn"   1, the format
 *                    "method"   "fedmrn", "fedmrns", "fedavg", "fedpm",
 *                               "fedbat" or "fedsparsify"
 *                    "coder"    "raw", or "rans" for the coded form, or, of a
 *                               method without masks, the codec that made the
 *                               update what it is (tensor/codecname.h)
 *                    "dither"   "shared" or "private"; not under fedavg
 *                               and fedsparsify
 *                    "client"   its id, [a-z0-9._-]{1,64}
 *                    "round"    the round it answers: base round + 1, <= 2^32
 *                    "base"     id of the model it was trained on, 32 hex
 *                    "samples"  training samples, 1..2^32
 *                    "masked"   masked parameters (0 under fedavg)
 *                    "full"     parameters that travel in full
 *                    "id"       its bundle id, 32 hex; not when raw
 *                  at most 512 bytes
 *   masks          all masked tensors in state_dict order as one bit string
 *                  (mask/bits.h); empty under fedavg
 *   dense          the other tensors in state_dict order, back to back, as
 *                  little-endian float32 deltas to the base model; under
 *                  fedbat then the step of each masked tensor (step.h),
 *                  under fedsparsify the masked weights (sparse.h)
 *   checksum       XXH3-128, canonical, of every byte before this member's
 *                  header
 *
 * In the coded form (coded.h) the members masks and dense are codes; under a
 * codec dense is what lossy.h says.
 *
 * Headers take 426 bytes; with manifest and checksum at most 954.
 *
 * The bundle id is the checksum of the raw form: the XXH3-128 of the bytes
 * before the checksum's header that the bundle has when its coder is "raw".
 * So raw and coded forms of one answer have one id.  Under a codec the answer
 * is the floats that its code decodes to, which everybody decodes to the same.
 *
 * A reader knows all sizes from the base model and checks them by equality.
 * Without a base (fedmrn-inspect, fedmrn-verify) "masked" and "full" take its
 * place: they are held against the members' sizes.
 *
 * A delta is refused when it is not finite or its magnitude is 2^38 or more, or
 * when it would make a running variance of the base negative, unless the bundle
 * is late and was made from another base.
 *
 * A bundle has at most 2^32 - 1 bytes, so that it fits on a FAT32 stick.
 */
#ifndef FM_BUNDLE_BUNDLE_H
#define FM_BUNDLE_BUNDLE_H

#include "base/archive.h"
#include "base/digest.h"
#include "rand/key.h"
#include "tensor/codecname.h"
#include "tensor/model.h"

enum fm_coder { FM_CODER_RAW, FM_CODER_RANS, FM_CODER_CODEC };

enum { FM_MANIFEST_MAX = 512 };
#define FM_SAMPLES_MAX ((uint64_t)1 << 32)
#define FM_BUNDLE_MAX  (((uint64_t)1 << 32) - 1)

/* The members of a coded bundle as they travel. */
struct fm_coding {
    const uint8_t *masks, *dense;
    size_t nmasks, ndense; /* bytes */
};

struct fm_bundle {
    enum fm_method method;
    enum fm_coder coder; /* of the bytes it was read from or will be written */
    struct fm_codec codec; /* under FM_CODER_CODEC; never float32 */
    enum fm_dither dither;
    char client[FM_CLIENT_MAX + 1];
    uint64_t round, samples;
    uint64_t weight; /* in a sum; 0: as many as samples (fm_bundle_weight) */
    struct fm_id base;
    size_t masked, full;   /* parameters */
    const uint8_t *masks;  /* fm_bits_size(masked) bytes; NULL: not decoded */
    const uint8_t *dense;  /* 4 * full bytes, little-endian floats; likewise */
    struct fm_coding code; /* of any coder but raw */
    struct fm_id id;       /* set by parse and write */
    struct fm_buf bytes;   /* what was read; members may point here */
    struct fm_buf plain;   /* or here, when they were decoded */
    struct fm_buf coded;   /* or here, when they were coded */
};

/*
 * fm_bundle_parse - take over `bytes` (left {0}) and read the bundle in it.
 *
 *   base  the model it must answer, or NULL to check it only against itself
 *
 * Checked, in this order: the archive's form, the members' names, the
 * checksum, the manifest, the sizes and their bound, the pad bits, every delta,
 * and with a base: its id, round, method and sizes.
 *
 * A coded bundle is not decoded here, but by fm_coded_decode: until then masks
 * and dense are NULL, and the id is what the manifest says.
 *
 * Fills *b, to be released by fm_bundle_free, also after a failure.
 * Returns 0, FM_EINPUT or FM_ESYS; messages do not name the file.
 */
int fm_bundle_parse(struct fm_bundle *b, struct fm_buf *bytes,
                    const struct fm_model *base, struct fm_err *e);
void fm_bundle_free(struct fm_bundle *b); /* harmless on {0} */

/* fm_bundle_decoded - are masks and dense there, as far as there are any? */
static inline bool
fm_bundle_decoded(const struct fm_bundle *b)
{
    return (b->masks || b->masked == 0) && (b->dense || b->full == 0);
}

/* fm_bundle_weight - what it weighs in a sum, unless a policy has said. */
static inline uint64_t
fm_bundle_weight(const struct fm_bundle *b)
{
    return b->weight ? b->weight : b->samples;
}

/*
 * fm_bundle_check_size - may there be a bundle of `masked` and `full`
 * parameters?  0 or FM_EINPUT.  Who trains asks before, not after.
 */
int fm_bundle_check_size(uint64_t masked, uint64_t full, struct fm_err *e);

/*
 * fm_bundle_write - append b's file in the form b->coder to `out`.  The raw
 * form sets b->id; the coded one needs it, and writes b->code as it is.  The
 * caller vouches for the fields.  Returns 0, FM_ESYS, or FM_EINPUT when it is
 * too large.
 */
int fm_bundle_write(struct fm_buf *out, struct fm_bundle *b, struct fm_err *e);

/* fm_bundle_check_deltas - is every float of b->dense a delta?  0 or FM_EINPUT.
 */
int fm_bundle_check_deltas(const struct fm_bundle *b, struct fm_err *e);

/*
 * fm_bundle_check_values - of a decoded bundle, whose sizes are the base
 * model's: are its numbers possible?  Steps are what step.h says, and no delta
 * of an answer in time takes a running variance below 0.  0 or FM_EINPUT.
 */
int fm_bundle_check_values(const struct fm_bundle *b,
                           const struct fm_model *base, struct fm_err *e);

/* fm_bundle_check_base - the last step of fm_bundle_parse, on its own. */
int fm_bundle_check_base(const struct fm_bundle *b, const struct fm_model *base,
                         struct fm_err *e);

/*
 * fm_bundle_check_late - the same for an answer that may be up to `most` rounds
 * late: it was made from the model that is so much older, which `base` must
 * know (tensor/model.h), by noise that follows from `base`, and it has not
 * counted since.  0 or FM_EINPUT.
 */
int fm_bundle_check_late(const struct fm_bundle *b, const struct fm_model *base,
                         uint32_t most, struct fm_err *e);

#endif
