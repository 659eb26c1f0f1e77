/* NORMALIZE: rules and kernel arguments. */
#include "../opcode.h"

/* scale or bias: the shape of the normalized axes. */
static ingot_status expect_tail(const ingot_op *op, const ingot_tensor *tensor, int64_t first) {
  if (tensor == NULL) return INGOT_OK;
  const ingot_tensor *x = op->x[0];
  REQUIRE(op, tensor->rank == x->rank - first, "scale or bias has rank %u, expected %lld", tensor->rank,
          (long long)(x->rank - first));
  for (uint32_t i = 0; i < tensor->rank; i++) {
    REQUIRE(op, tensor->dims[i] == x->dims[first + i], "scale or bias has extent %lld at axis %u, expected %lld",
            (long long)tensor->dims[i], i, (long long)x->dims[first + i]);
  }
  return INGOT_OK;
}

static ingot_status check_normalize(const ingot_op *op) {
  const ingot_normalize_attributes *normalize = op->attributes;
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_same_shape(op, op->x[0], op->y));
  REQUIRE(op, normalize->axis <= op->x[0]->rank, "axis is %lld, expected 0 to %u", (long long)normalize->axis, op->x[0]->rank);
  CHECK(expect_tail(op, op->x[1], normalize->axis));
  return expect_tail(op, op->x[2], normalize->axis);
}

static int prepare_normalize(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_normalize_attributes *normalize = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *scale = prepared_input(p, 1), *bias = prepared_input(p, 2);
  const uint32_t axis = (uint32_t)normalize->axis;
  arguments->normalize = (kernel_normalize){
      .x = prepared_address(p, x), .scale = prepared_address(p, scale), .bias = prepared_address(p, bias),
      .y = prepared_address(p, p->y), .x_element = x->element, .y_element = p->y->element,
      .scale_element = prepared_element(scale), .bias_element = prepared_element(bias), .kind = (uint8_t)normalize->kind,
      .epsilon = normalize->epsilon, .outer = prepared_product(x, 0, axis), .extent = prepared_product(x, axis, x->rank),
      .inner = 1};
  return KERNEL_normalize;
}

const ingot_facts ingot_normalize_facts = {
    .results = 1, .required = 1, .most = 3, .check = check_normalize, .prepare = prepare_normalize};
