/* CONV: rules and kernel arguments. */
#include "../spatial.h"

static ingot_status check_conv(const ingot_op *op) {
  const ingot_conv_attributes *conv = op->attributes;
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_convolution(op, false, conv->group));
  return ingot_expect_vector(op, op->x[2], op->y->dims[1], "the bias");
}

/* Weights in panels of outputs, which no group divides. */
static bool takes_panels(const ingot_op *op, uint32_t operand, const ingot_layout *layout) {
  const ingot_conv_attributes *conv = op->attributes;
  if (operand != 2 || layout->block_extent == 0 || layout->block_axis != 0) return false;
  for (uint32_t i = 0; i < layout->rank; i++)
    if (layout->order[i] != i) return false;
  return conv->group == 1 || op->y->dims[1] / conv->group % layout->block_extent == 0;
}

static int prepare_conv(const ingot_preparation *p, ingot_arguments *arguments) {
  arguments->convolution = ingot_prepared_convolution(p);
  arguments->convolution.w_panel = prepared_block(p, prepared_input(p, 1));
  return kernel_depthwise_fits(&arguments->convolution) ? KERNEL_depthwise : KERNEL_convolution;
}

const ingot_facts ingot_conv_facts = {.results = 1, .required = 2, .most = 3, .check = check_conv, .takes = takes_panels, .prepare = prepare_conv};
