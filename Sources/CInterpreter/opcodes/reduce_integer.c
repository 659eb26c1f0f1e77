/* REDUCE_INTEGER: rules and kernel arguments. */
#include "../rescaling.h"

static ingot_rescaling rescaling_of(const ingot_reduce_integer_attributes *a) {
  return (ingot_rescaling){a->rounding, a->least, a->most};
}

static ingot_status check_reduce_integer(const ingot_op *op) {
  const ingot_reduce_integer_attributes *reduce = op->attributes;
  CHECK(ingot_expect_quantized(op, 0, true));
  CHECK(ingot_expect_reduced(op, reduce->axes));
  return ingot_expect_rescaling(op, rescaling_of(reduce), 2, -1);
}

static int prepare_reduce_integer(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_reduce_integer_attributes *reduce = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  all->reduce_integer = (kernel_reduce_integer){.x = prepared_address(p, x), .x_zero = prepared_address(p, prepared_input(p, 1)),
                                       .y = prepared_address(p, p->y), .x_element = x->element,
                                       .axes = ingot_prepared_axes(x, reduce->axes),
                                       .rescaling = ingot_prepared_rescaling(p, rescaling_of(reduce), 2)};
  return KERNEL_reduce_integer;
}

const ingot_facts ingot_reduce_integer_facts = {
    .results = 1, .required = 5, .most = 5, .check = check_reduce_integer, .prepare = prepare_reduce_integer};
