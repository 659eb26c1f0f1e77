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

/* What one call makes. y is the first result, x and w are the first two inputs. */
typedef uint64_t work_of(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes);

static uint64_t none(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes) {
  (void)y, (void)x, (void)w, (void)attributes;
  return 0;
}

static uint64_t conv_integer(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes) {
  (void)x, (void)attributes;
  return ingot_saturating_product(product(y, 0), product(w, 1));
}

static uint64_t conv(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes) {
  const ingot_conv_attributes *a = attributes;
  if (a->bits == 0 || a->group <= 0 || x->rank < 2) return conv_integer(y, x, w, attributes);
  /* Stored weights have fewer bytes than inputs. */
  const uint64_t inputs = (uint64_t)(x->dims[1] / a->group);
  return ingot_saturating_product(product(y, 0), ingot_saturating_product(inputs, product(w, 2)));
}

static uint64_t conv_transpose(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes) {
  (void)y, (void)attributes;
  return ingot_saturating_product(product(x, 0), product(w, 1));
}

static uint64_t matmul(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes) {
  const ingot_matmul_attributes *a = attributes;
  (void)w;
  return ingot_saturating_product(product(y, 0), (uint64_t)x->dims[x->rank - (a->transpose_a ? 2 : 1)]);
}

static uint64_t matmul_integer(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes) {
  (void)w, (void)attributes;
  return ingot_saturating_product(product(y, 0), (uint64_t)x->dims[x->rank - 1]);
}

static uint64_t recurrent(const ingot_tensor *y, const ingot_tensor *x, const ingot_tensor *w, const void *attributes) {
  const ingot_recurrent_attributes *a = attributes;
  const uint64_t gates = a->kind == INGOT_RECURRENT_LSTM ? 4 : a->kind == INGOT_RECURRENT_GRU ? 3 : 1;
  (void)x, (void)w;
  return ingot_saturating_product(product(y, 0), gates * (uint64_t)y->dims[y->rank - 1]);
}

uint64_t ingot_call_multiply_adds(uint32_t opcode, const ingot_tensor *const operands[3], const uint64_t *attributes) {
  switch (opcode) {
#define WORK(NAME, number, name, FIELDS, EACH, TAIL, work) \
  case number: return work(operands[0], operands[1], operands[2], attributes);
    INGOT_OPCODES(WORK)
#undef WORK
    default: return 0;
  }
}
