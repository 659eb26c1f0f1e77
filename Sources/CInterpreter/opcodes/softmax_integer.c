/* SOFTMAX_INTEGER: rules and kernel arguments. */
#include "../rescaling.h"

static ingot_status check_softmax_integer(const ingot_op *op) {
  CHECK(ingot_expect_quantized(op, 0, true));
  CHECK(ingot_expect_same_shape(op, op->x[0], op->y));
  REQUIRE(op, op->y->element != INGOT_I32, "the result has element i32, expected i8, u8 or i16");
  return ingot_expect_rescaling(op, (ingot_rescaling){INGOT_RESCALE_HALF_UP, INT32_MIN, INT32_MAX}, 2, -1);
}

static int prepare_softmax_integer(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_softmax_integer_attributes *softmax = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)softmax->axis;
  const kernel_rescaling r =
      ingot_prepared_rescaling(p, (ingot_rescaling){INGOT_RESCALE_HALF_UP, INT32_MIN, INT32_MAX}, 2);
  arguments->softmax_integer = (kernel_softmax_integer){
      .x = prepared_address(p, x), .y = prepared_address(p, p->y), .zero = r.zero, .multiplier = r.multiplier, .shift = r.shift,
      .x_element = x->element, .y_element = p->y->element, .least = (int32_t)r.least, .most = (int32_t)r.most,
      .outer = prepared_product(x, 0, axis), .extent = x->dims[axis], .inner = prepared_product(x, axis + 1, x->rank)};
  return KERNEL_softmax_integer;
}

const ingot_facts ingot_softmax_integer_facts = {
    .results = 1, .required = 5, .most = 5, .check = check_softmax_integer, .prepare = prepare_softmax_integer};
