/* REDUCE: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_reduce(const ingot_op *op) {
  const ingot_reduce_attributes *reduce = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  const bool integer = x->element == INGOT_I32 || x->element == INGOT_I64;
  REQUIRE(op, (is_float(x) && is_float(y)) || (integer && y->element == x->element && reduce->kind <= INGOT_REDUCE_PROD),
          "elements %s and %s do not go with kind %lld", ingot_element_text(x->element), ingot_element_text(y->element),
          (long long)reduce->kind);
  return ingot_expect_reduced(op, reduce->axes);
}

static int prepare_reduce(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_reduce_attributes *reduce = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const kernel_axes axes = ingot_prepared_axes(x, reduce->axes);
  all->reduce = (kernel_reduce){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                                .y_element = p->y->element, .kind = (uint8_t)reduce->kind, .axes = axes};
  return KERNEL_reduce;
}

const ingot_facts ingot_reduce_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_reduce, .prepare = prepare_reduce};
