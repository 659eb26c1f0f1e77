/* CONV_INTEGER: rules and kernel arguments. */
#include "../rescaling.h"
#include "../spatial.h"

#include <string.h>

static ingot_rescaling rescaling_of(const ingot_conv_integer_attributes *a) {
  return (ingot_rescaling){a->rounding, a->least, a->most};
}

static ingot_status check_conv_integer(const ingot_op *op) {
  const ingot_conv_integer_attributes *conv = op->attributes;
  CHECK(ingot_expect_convolution(op, false, conv->group));
  CHECK(ingot_expect_zero_point(op, op->x[2], op->x[0], -1));
  CHECK(ingot_expect_zero_point(op, op->x[3], op->x[1], op->x[1]->dims[0]));
  return ingot_expect_integer_epilogue(op, rescaling_of(conv), op->x[1]->dims[0]);
}

static int prepare_conv_integer(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_conv_integer_attributes *conv = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *w = prepared_input(p, 1), *y = p->y;
  const ingot_tensor *x_zero = prepared_input(p, 2), *w_zero = prepared_input(p, 3);
  kernel_conv_integer *arguments = &all->conv_integer;
  *arguments = (kernel_conv_integer){
      .x = prepared_address(p, x), .w = prepared_address(p, w), .x_zero = prepared_address(p, x_zero),
      .w_zero = prepared_address(p, w_zero), .y = prepared_address(p, y), .x_element = x->element, .w_element = w->element,
      .w_zero_per_output = w_zero->rank == 1, .batch = x->dims[0], .group = conv->group, .inputs = x->dims[1],
      .outputs = y->dims[1]};
  ingot_prepare_spatial(x, arguments->in);
  ingot_prepare_spatial(y, arguments->out);
  ingot_prepare_spatial(w, arguments->kernel);
  const ingot_steps steps = ingot_prepared_steps(p, x);
  memcpy(arguments->stride, steps.stride, sizeof steps.stride);
  memcpy(arguments->dilation, steps.dilation, sizeof steps.dilation);
  memcpy(arguments->begin, steps.begin, sizeof steps.begin);
  ingot_prepare_integer_epilogue(p, rescaling_of(conv), &arguments->bias, &arguments->rescaling);
  return KERNEL_conv_integer;
}

const ingot_facts ingot_conv_integer_facts = {
    .results = 1, .required = 4, .most = 8, .check = check_conv_integer, .prepare = prepare_conv_integer};
