/* What convolutions of integers share. */
#ifndef INGOT_INTEGER_CONVOLUTION_H
#define INGOT_INTEGER_CONVOLUTION_H

#include "rescaling.h"
#include "spatial.h"

static inline ingot_rescaling ingot_conv_integer_rescaling(const ingot_conv_integer_attributes *a) {
  return (ingot_rescaling){a->rounding, a->least, a->most};
}

/* Of CONV_INTEGER and CONV_TRANSPOSE_INTEGER. */
kernel_conv_integer ingot_prepared_conv_integer(const ingot_preparation *p);

#endif
