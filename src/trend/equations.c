// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/equations.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>

bool bw_trend_solve(double *matrix, double *right, size_t count, double *out)
{
    gsl_matrix_view m = gsl_matrix_view_array(matrix, count, count);
    gsl_vector_view r = gsl_vector_view_array(right, count);
    gsl_vector_view y = gsl_vector_view_array(out, count);
    return gsl_linalg_cholesky_decomp1(&m.matrix) == GSL_SUCCESS
           && gsl_linalg_cholesky_solve(&m.matrix, &r.vector, &y.vector) == GSL_SUCCESS;
}
