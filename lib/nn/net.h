/*
 * net: a feed-forward network, its loss and its gradients.  Approximate:
 * float32, tested by finite differences and against PyTorch's numbers.
 *
 * Knows nothing of federations, masks or noise: it computes with the weights
 * it is given.  Images come in as NCHW, and are flattened in that order; a
 * batch of vectors is (N,F); tokens are vectors of whole numbers.  (Inside the
 * net images are NHWC: layout.h.)
 */
#ifndef FM_NN_NET_H
#define FM_NN_NET_H

#include "base/pool.h"
#include "nn/loss.h"
#include "tensor/arch.h"

#include <stdbool.h>
#include <stdint.h>

struct fm_net;

/*
 * fm_net_new - a network for batches of at most `batch` samples.
 *
 *   arch   borrowed; must outlive the net
 *   train  also room for gradients; without it only fm_net_forward with
 *          train = false
 *   pool   threads; NULL for none.  Results do not depend on their number.
 *
 * All memory is allocated here; no step allocates.  NULL and FM_ESYS, also
 * for a layer that is too large (a matrix of 2^31 rows or columns).
 */
struct fm_net *fm_net_new(const struct fm_arch *arch, size_t batch, bool train,
                          struct fm_pool *pool, struct fm_err *e);
void fm_net_free(struct fm_net *net); /* NULL is harmless */

/*
 * fm_net_forward - logits of a batch.
 *
 *   w      one pointer per tensor, in state_dict order.  In training the
 *          running mean and variance are updated in place, PyTorch's way:
 *          r = (1-momentum) r + momentum * batch value, the variance unbiased
 *   x      (n, input)
 *   train  batch statistics and dropout, and keep what backward needs
 *   key    dropout's key, `pass` its block high, the layer's index (from 0)
 *          its ordinal (dropout.h); unused without dropout
 *
 * Returns logits (n, classes), owned by the net, valid until the next call.
 * A training batch of one value per channel has variance 0: allowed, as
 * unbiased variance it counts 0.
 */
const float *fm_net_forward(struct fm_net *net, float *const *w, const float *x,
                            size_t n, bool train, uint64_t key, uint32_t pass);

/*
 * fm_net_loss - mean loss of the last forward's logits (loss.h), in double.
 *   y        what they should have been, of n rows
 *   correct  receives how many rows have their largest logit at the label
 *            (the first of equals counts), under bce its sign; 0 under mse;
 *            may be NULL
 */
double fm_net_loss(struct fm_net *net, const struct fm_target *y, size_t n,
                   size_t *correct);

/*
 * fm_net_backward - gradients of the mean loss of the last training forward,
 * once for each such forward.
 *   g   one pointer per tensor, overwritten; g[i] may be NULL where no
 *       gradient is wanted (running mean and variance have none and must be
 *       NULL or are left alone)
 */
void fm_net_backward(struct fm_net *net, float *const *w,
                     const struct fm_target *y, size_t n, float *const *g);

#endif
