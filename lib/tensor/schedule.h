/*
 * schedule: what changes from round to round, as text and as a value.  Exact.
 *
 * The learning rate (`lr-schedule`), from lr in round 1:
 *
 *   constant
 *   step:EVERY:FACTOR       lr * FACTOR^((r-1) div EVERY)
 *   cosine:ROUNDS[:MIN]     half a wave from lr in round 1 to lr * MIN in
 *                           round ROUNDS and after
 *
 * EVERY from 1, ROUNDS from 2, both at most 10^9; FACTOR in (0,1], MIN in
 * [0,1], 0 unless given.
 *
 * The noise magnitude (`noise-schedule`), from the a of `noise` in round 1;
 * b is another magnitude, smaller or larger:
 *
 *   constant
 *   linear:ROUNDS:B         a + (b-a)(r-1)/(ROUNDS-1), rounded, up to round
 *                           ROUNDS; then b
 *   geometric:ROUNDS:B      a * (b/a)^((r-1)/(ROUNDS-1)), rounded, likewise
 *   list:R=B[,R=B...]       from round R on b; 1 to 32 rounds in growing order
 *
 * A magnitude is an integer in units of 2^-24, from 1 to 2^32-1, read from
 * `0.01` or `167772*2^-24` and written in the second form.  Rounding is to the
 * nearest integer, halves up.
 */
#ifndef FM_TENSOR_SCHEDULE_H
#define FM_TENSOR_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fm_lr_kind { FM_LR_CONSTANT, FM_LR_STEP, FM_LR_COSINE };

struct fm_lr_schedule {
    enum fm_lr_kind kind;
    uint32_t every; /* step: rounds between cuts; cosine: ROUNDS */
    double factor;  /* step: FACTOR; cosine: MIN */
};

enum fm_noise_kind {
    FM_NOISE_CONSTANT,
    FM_NOISE_LINEAR,
    FM_NOISE_GEOMETRIC,
    FM_NOISE_LIST
};

enum { FM_SCHEDULE_LIST_MAX = 32 };

struct fm_noise_schedule {
    enum fm_noise_kind kind;
    uint32_t n; /* entries below; 1 for linear and geometric */
    uint32_t round[FM_SCHEDULE_LIST_MAX];
    uint32_t a[FM_SCHEDULE_LIST_MAX];
};

/* Read a text.  False, and the schedule as it was, when it is not one. */
bool fm_schedule_lr_parse(struct fm_lr_schedule *s, const char *text);
bool fm_schedule_noise_parse(struct fm_noise_schedule *s, const char *text);

/* fm_schedule_magnitude - one magnitude; false, and a as it was. */
bool fm_schedule_magnitude(uint32_t *a, const char *text);

/* The canonical text; `size` from FM_SCHEDULE_TEXT. */
enum { FM_SCHEDULE_TEXT = 1024 };
void fm_schedule_lr_text(char *out, size_t size,
                         const struct fm_lr_schedule *s);
void fm_schedule_noise_text(char *out, size_t size,
                            const struct fm_noise_schedule *s);

/* The value in a round (from 1), when `noise` or `lr` say what it starts from.
 * The same on every machine. */
double fm_schedule_lr(const struct fm_lr_schedule *s, double lr,
                      uint64_t round);
uint32_t fm_schedule_noise(const struct fm_noise_schedule *s, uint32_t a,
                           uint64_t round);

/* fm_schedule_cut - copy the field up to the next `end`, or to the end of the
 * text, and step over it (*text becomes NULL at the end).  Behind the end it is
 * empty; and so is one that is too long to mean anything. */
enum { FM_SCHEDULE_FIELD = 64 };
void fm_schedule_cut(char field[FM_SCHEDULE_FIELD], const char **text,
                     char end);

#endif
