/* TOP_K: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_top_k(const ingot_op *op) {
  const ingot_top_k_attributes *top_k = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y, *positions = result(op, 1);
  REQUIRE(op, x->element == y->element && x->element != INGOT_BOOL && positions->element == INGOT_I64,
          "elements are %s, %s and %s, expected the same number for the first two and i64", ingot_element_text(x->element),
          ingot_element_text(y->element), ingot_element_text(positions->element));
  CHECK(ingot_expect_same_shape(op, y, positions));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  for (uint32_t i = 0; i < x->rank; i++) {
    REQUIRE(op, i == top_k->axis ? y->dims[i] <= x->dims[i] : y->dims[i] == x->dims[i],
            "the result has extent %lld at axis %u, the input %lld", (long long)y->dims[i], i, (long long)x->dims[i]);
  }
  return INGOT_OK;
}

static int prepare_top_k(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_top_k_attributes *top_k = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)top_k->axis;
  arguments->top_k = (kernel_top_k){
      .x = prepared_address(p, x), .values = prepared_address(p, p->y), .positions = prepared_address(p, prepared_result(p, 1)),
      .element = x->element, .least = top_k->order == INGOT_ORDER_SMALLEST, .outer = prepared_product(x, 0, axis),
      .extent = x->dims[axis], .inner = prepared_product(x, axis + 1, x->rank), .k = p->y->dims[axis]};
  return KERNEL_top_k;
}

const ingot_facts ingot_top_k_facts = {.results = 2, .required = 1, .most = 1, .check = check_top_k, .prepare = prepare_top_k};
