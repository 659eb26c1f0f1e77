/* CONV_INTEGER: rules and kernel arguments. */
#include "../integer_convolution.h"

static ingot_status check_conv_integer(const ingot_op *op) {
  const ingot_conv_integer_attributes *conv = op->attributes;
  CHECK(ingot_expect_convolution(op, false, conv->group));
  return ingot_expect_integer_product(op, ingot_conv_integer_rescaling(conv), -1, op->y->dims[1]);
}

static int prepare_conv_integer(const ingot_preparation *p, ingot_arguments *arguments) {
  arguments->conv_integer = ingot_prepared_conv_integer(p);
  return kernel_depthwise_integer_fits(&arguments->conv_integer) ? KERNEL_depthwise_integer : KERNEL_conv_integer;
}

const ingot_facts ingot_conv_integer_facts = {
    .results = 1, .required = 4, .most = 8, .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0), 
    .check = check_conv_integer, .prepare = prepare_conv_integer};
