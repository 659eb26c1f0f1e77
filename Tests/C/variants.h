/* Variants of kernels that only tests have. */
#ifndef VARIANTS_H
#define VARIANTS_H

#include "kernels.h"

/* NULL where it is not built. */
const kernel_table *avx_vnni_by_avx512(void);

#endif
