/* What sums and products of integers share. */
#ifndef INGOT_PAIR_INTEGER_H
#define INGOT_PAIR_INTEGER_H

#include "rescaling.h"
#include "rows.h"

/* An input of i8, u8 or i16 that broadcasts to the result, with the scalar of its zero point behind it. */
ingot_status ingot_expect_pair_input(const ingot_op *op, uint32_t input, const char *name);
/* Inputs a and b, and two parameters that may differ along an axis. */
kernel_pair_integer ingot_prepared_pair(const ingot_preparation *p, const uint32_t inputs[4], kernel_rescaling rescaling);

#endif
