/* CONV: rules and kernel arguments. */
#include "../spatial.h"

static ingot_status check_conv(const ingot_op *op) {
  const ingot_conv_attributes *conv = op->attributes;
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_convolution(op, false, conv->group));
  return ingot_expect_vector(op, op->x[2], op->y->dims[1], "the bias");
}

static int prepare_conv(const ingot_preparation *p, ingot_arguments *arguments) {
  arguments->convolution = ingot_prepared_convolution(p);
  return kernel_depthwise_fits(&arguments->convolution) ? KERNEL_depthwise : KERNEL_convolution;
}

const ingot_facts ingot_conv_facts = {.results = 1, .required = 2, .most = 3, .check = check_conv, .prepare = prepare_conv};
