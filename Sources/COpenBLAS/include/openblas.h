/* openblas.h: matrix products of OpenBLAS, which is loaded when the first is asked for.
 *
 * Linked in the usual way it would start its threads, each with 128 MiB of address space, in every process, before main
 * and whether or not there is anything to multiply. Where that space is not to be had, its threads spin for ever.
 */
#ifndef INGOT_OPENBLAS_H
#define INGOT_OPENBLAS_H

#include <stdbool.h>

/* c[m, n] = a[m, k] b[k, n], row-major, each operand read as it stands or transposed; rows lie `lda`, `ldb`, `ldc` elements
 * apart. False when the library can't be used; openblas_problem() says why. Any thread may call. */
bool openblas_multiply(bool transpose_a, bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b,
                       int ldb, float *c, int ldc);

/* Replaces a symmetric positive definite matrix a[n, n] by the upper factor u of its inverse, transpose(u) u; what lies below the
 * diagonal of u is undefined. False when the matrix has none, or the library can't be used. Any thread may call. */
bool openblas_inverse_factor(int n, float *a);

/* Sets how many threads a product may use, and returns how many it was before; 0 when the library can't be used or can't be told.
 * The last bits of a product depend on it. For the whole process. */
int openblas_use_threads(int count);

/* Why the library can't be used; empty when it can. */
const char *openblas_problem(void);

#endif
