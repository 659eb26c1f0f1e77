/* SOFTMAX: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_softmax(const ingot_op *op) {
  CHECK(ingot_expect_floats(op));
  return ingot_expect_same_shape(op, op->x[0], op->y);
}

static int prepare_softmax(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_softmax_attributes *softmax = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)softmax->axis;
  arguments->softmax = (kernel_softmax){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                                        .y_element = p->y->element, .log = softmax->log != 0,
                                        .outer = prepared_product(x, 0, axis), .extent = x->dims[axis],
                                        .inner = prepared_product(x, axis + 1, x->rank)};
  return KERNEL_softmax;
}

const ingot_facts ingot_softmax_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_softmax, .prepare = prepare_softmax};
