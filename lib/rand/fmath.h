/*
 * fmath: log, exp and the inverse normal CDF from +, -, * and / alone, so
 * that they give the same bits on every machine (libm does not).  Exact in
 * that sense; accurate to a few units in the last place (fm_log, fm_exp), and
 * 1e-13 (fm_normal_inverse).  sqrt is IEEE's and may be used.
 */
#ifndef FM_RAND_FMATH_H
#define FM_RAND_FMATH_H

/* fm_power_of_two - 2^k, k in -1022..1023. */
double fm_power_of_two(int k);

/* fm_log - natural logarithm of a normal x > 0. */
double fm_log(double x);

/* fm_exp - e^x; 0 below -745.2, infinity above 709.782; NaN stays NaN. */
double fm_exp(double x);

/* fm_normal_inverse - z with Phi(z) = p, p in (0,1): Wichura's AS 241
 * (Applied Statistics 37, 1988), routine PPND16. */
double fm_normal_inverse(double p);

#endif
