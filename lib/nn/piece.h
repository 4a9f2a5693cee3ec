/*
 * piece: work cut into pieces for base/pool.  The cut depends on the amount
 * of work only, never on the number of threads, and partial sums are added in
 * the order of the pieces; so results do not depend on the threads either.
 */
#ifndef FM_NN_PIECE_H
#define FM_NN_PIECE_H

#include <stddef.h>

enum {
    FM_PIECES = 16,    /* of a loop over elements or pixels */
    FM_PIECES_SUM = 4, /* of a sum that each piece keeps a copy of */
};

/* fm_piece - where piece `i` of `pieces` begins in 0..n; piece i+1 ends it. */
static inline size_t
fm_piece(size_t n, size_t pieces, size_t i)
{
    return n / pieces * i + n % pieces * i / pieces;
}

#endif
