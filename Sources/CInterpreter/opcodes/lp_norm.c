/* LP_NORM: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_lp_norm(const ingot_op *op) {
  CHECK(ingot_expect_floats(op));
  return ingot_expect_same_shape(op, op->x[0], op->y);
}

static int prepare_lp_norm(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_lp_norm_attributes *norm = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)norm->axis;
  arguments->normalize = (kernel_normalize){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                                            .y_element = p->y->element, .order = (uint8_t)norm->order,
                                            .outer = prepared_product(x, 0, axis), .extent = x->dims[axis],
                                            .inner = prepared_product(x, axis + 1, x->rank)};
  return KERNEL_normalize;
}

const ingot_facts ingot_lp_norm_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_lp_norm, .prepare = prepare_lp_norm};
