/* How much a program computes: one count for the compiler that writes it down and the loader that checks it. */
#include "ingot_format.h"

uint64_t ingot_saturating_product(uint64_t a, uint64_t b) { return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b; }

uint64_t ingot_saturating_sum(uint64_t a, uint64_t b) { return b > UINT64_MAX - a ? UINT64_MAX : a + b; }

/* Product of the extents from axis `first` on. */
static uint64_t product(const ingot_tensor *tensor, uint32_t first) {
  uint64_t count = 1;
  for (uint32_t i = first; i < tensor->rank; i++) count = ingot_saturating_product(count, (uint64_t)tensor->dims[i]);
  return count;
}

uint64_t ingot_call_multiply_adds(uint32_t opcode, const ingot_tensor *const operands[3], const uint64_t *attributes) {
  static const uint64_t gates[] = {4, 3, 1};
  const ingot_tensor *y = operands[0], *x = operands[1], *w = operands[2];
  switch (opcode) {
    case INGOT_OP_CONV:
    case INGOT_OP_CONV_INTEGER: return ingot_saturating_product(product(y, 0), product(w, 1));
    case INGOT_OP_CONV_TRANSPOSE: return ingot_saturating_product(product(x, 0), product(w, 1));
    case INGOT_OP_MATMUL:
      return ingot_saturating_product(product(y, 0), (uint64_t)x->dims[x->rank - (attributes[0] != 0 ? 2 : 1)]);
    case INGOT_OP_MATMUL_INTEGER: return ingot_saturating_product(product(y, 0), (uint64_t)x->dims[x->rank - 1]);
    case INGOT_OP_RECURRENT:
      return ingot_saturating_product(product(y, 0), gates[attributes[0]] * (uint64_t)y->dims[y->rank - 1]);
    default: return 0;
  }
}
