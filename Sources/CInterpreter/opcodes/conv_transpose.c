/* CONV_TRANSPOSE: rules and kernel arguments. */
#include "../spatial.h"

static ingot_status check_conv_transpose(const ingot_op *op) {
  const ingot_conv_attributes *conv = op->attributes;
  REQUIRE(op, conv->bits == 0 && conv->block == 0, "weights are in %lld bits, expected floats", (long long)conv->bits);
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_convolution(op, true, conv->group));
  return ingot_expect_vector(op, op->x[2], op->y->dims[1], "the bias");
}

static int prepare_conv_transpose(const ingot_preparation *p, ingot_arguments *arguments) {
  arguments->conv_transpose = ingot_prepared_convolution(p);
  return KERNEL_conv_transpose;
}

const ingot_facts ingot_conv_transpose_facts = {
    .results = 1, .required = 2, .most = 3, .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0),
    .check = check_conv_transpose, .prepare = prepare_conv_transpose};
