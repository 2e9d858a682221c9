// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/equations.h: the few linear equations that fits end in. */
#ifndef TREND_EQUATIONS_H
#define TREND_EQUATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Solves matrix[count][count] y = right[count] into out[count] by Cholesky's decomposition (GSL).
 * The matrix is symmetric, and is used up. False when it is not positive definite; out is then not
 * to be read. The program must have called gsl_set_error_handler_off(). */
bool bw_trend_solve(double *matrix, double *right, size_t count, double *out);

#endif
