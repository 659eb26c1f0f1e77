/* CUMSUM: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_cumsum(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  const bool integer = x->element == INGOT_I32 || x->element == INGOT_I64;
  CHECK(ingot_expect_same_shape(op, x, y));
  REQUIRE(op, (is_float(x) && is_float(y)) || (integer && x->element == y->element),
          "elements are %s and %s, expected floats, or the same of i32 and i64", ingot_element_text(x->element),
          ingot_element_text(y->element));
  return INGOT_OK;
}

static int prepare_cumsum(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_cumsum_attributes *cumsum = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)cumsum->axis;
  arguments->cumsum = (kernel_cumsum){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                                      .y_element = p->y->element, .exclusive = cumsum->exclusive != 0,
                                      .reverse = cumsum->reverse != 0, .outer = prepared_product(x, 0, axis),
                                      .extent = x->dims[axis], .inner = prepared_product(x, axis + 1, x->rank)};
  return KERNEL_cumsum;
}

const ingot_facts ingot_cumsum_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_cumsum, .prepare = prepare_cumsum};
