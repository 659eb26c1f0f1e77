/* UNPACK: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_unpack(const ingot_op *op) {
  const ingot_unpack_attributes *a = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, a->bits != 3, "it has numbers of 3 bits, expected 1, 2 or 4");
  REQUIRE(op, x->element == INGOT_U8 && y->element == INGOT_U8, "elements are %s and %s, expected u8", ingot_element_text(x->element),
          ingot_element_text(y->element));
  REQUIRE(op, y->rank == x->rank, "the result has rank %u, expected %u", y->rank, x->rank);
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t expected = x->dims[i] * (i == (uint32_t)a->axis ? 8 / a->bits : 1);
    REQUIRE(op, y->dims[i] == expected, "the result has extent %lld at axis %u, expected %lld", (long long)y->dims[i], i,
            (long long)expected);
  }
  return INGOT_OK;
}

static int prepare_unpack(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_unpack_attributes *a = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)a->axis;
  arguments->unpack = (kernel_unpack){
      .x = prepared_address(p, x), .y = prepared_address(p, p->y), .bits = (uint32_t)a->bits, .outer = prepared_product(x, 0, axis),
      .extent = x->dims[axis], .inner = prepared_product(x, axis + 1, x->rank)};
  return KERNEL_unpack;
}

const ingot_facts ingot_unpack_facts = {.results = 1, .required = 1, .most = 1, .check = check_unpack, .prepare = prepare_unpack};
