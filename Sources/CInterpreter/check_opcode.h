/* What the checks of single opcodes share: an instruction with its operands at hand, and rules that many opcodes have. */
#ifndef INGOT_CHECK_OPCODE_H
#define INGOT_CHECK_OPCODE_H

#include "internal.h"

typedef struct {
  const ingot_checker *c;
  const ingot_instruction *instruction;
  const ingot_tensor *y;
  const ingot_tensor *x[INGOT_MAX_ELEMENTWISE_INPUTS]; /* the first inputs; NULL when absent */
  uint32_t inputs;
  const uint64_t *attributes;
  uint32_t attribute_count;
} ingot_op;

#define REQUIRE(op, condition, ...) INGOT_REQUIRE((op)->c, condition, __VA_ARGS__)
/* Returns from the caller when a rule is broken. */
#define CHECK(call) \
  do { \
    const ingot_status status_of_call = (call); \
    if (status_of_call != INGOT_OK) return status_of_call; \
  } while (0)

static inline bool is_float(const ingot_tensor *tensor) {
  return tensor->element == INGOT_F32 || tensor->element == INGOT_F16 || tensor->element == INGOT_BF16;
}
static inline int64_t attribute(const ingot_op *op, uint32_t i) { return ingot_integer(op->attributes[i]); }

/* Result r; NULL past the last. */
static inline const ingot_tensor *result(const ingot_op *op, uint32_t r) {
  return r < op->instruction->result_count ? ingot_operand(op->c->view, op->instruction, r) : NULL;
}

/* The first `required` inputs are there, and no more than `most` are listed. */
ingot_status ingot_expect_inputs(const ingot_op *op, uint32_t required, uint32_t most);
ingot_status ingot_expect_attributes(const ingot_op *op, uint64_t count);
ingot_status ingot_expect_range(const ingot_op *op, uint32_t attribute, int64_t least, int64_t most, const char *what);
/* Every present operand is a float tensor. */
ingot_status ingot_expect_floats(const ingot_op *op);
ingot_status ingot_expect_same_shape(const ingot_op *op, const ingot_tensor *a, const ingot_tensor *b);
ingot_status ingot_expect_vector(const ingot_op *op, const ingot_tensor *tensor, int64_t extent, const char *what);
/* An 8-bit zero point of the operand's element: a scalar, or one for each of `extent` (none when negative). */
ingot_status ingot_expect_zero_point(const ingot_op *op, const ingot_tensor *zero, const ingot_tensor *operand, int64_t extent);
ingot_status ingot_expect_activation(const ingot_op *op, uint32_t first_attribute);

ingot_status ingot_check_elementwise(const ingot_op *op);
ingot_status ingot_check_matmul(const ingot_op *op);
ingot_status ingot_check_conv(const ingot_op *op, bool transposed);
ingot_status ingot_check_recurrent(const ingot_op *op);
ingot_status ingot_check_pool(const ingot_op *op);
ingot_status ingot_check_arg_pool(const ingot_op *op);
ingot_status ingot_check_resize(const ingot_op *op);
ingot_status ingot_check_matmul_integer(const ingot_op *op);
ingot_status ingot_check_conv_integer(const ingot_op *op);
ingot_status ingot_check_grid_sample(const ingot_op *op);
ingot_status ingot_check_roi_align(const ingot_op *op);
ingot_status ingot_check_reduce(const ingot_op *op);
ingot_status ingot_check_arg_reduce(const ingot_op *op);
ingot_status ingot_check_softmax(const ingot_op *op);
ingot_status ingot_check_normalize(const ingot_op *op);
ingot_status ingot_check_cumsum(const ingot_op *op);
ingot_status ingot_check_top_k(const ingot_op *op);
ingot_status ingot_check_nonzero(const ingot_op *op);
ingot_status ingot_check_unique(const ingot_op *op);
ingot_status ingot_check_nms(const ingot_op *op);
ingot_status ingot_check_copy(const ingot_op *op);
ingot_status ingot_check_transpose(const ingot_op *op);
ingot_status ingot_check_concat(const ingot_op *op);
ingot_status ingot_check_slice(const ingot_op *op);
ingot_status ingot_check_pad(const ingot_op *op);
ingot_status ingot_check_gather(const ingot_op *op);
ingot_status ingot_check_scatter(const ingot_op *op);
ingot_status ingot_check_take(const ingot_op *op);
ingot_status ingot_check_put(const ingot_op *op);

#endif
