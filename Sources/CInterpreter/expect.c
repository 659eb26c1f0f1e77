/* Rules that many opcodes have. */
#include "opcode.h"

ingot_status ingot_expect_floats(const ingot_op *op) {
  for (uint32_t i = 0; i <= op->inputs; i++) {
    const ingot_tensor *tensor = i == 0 ? op->y : op->x[i - 1];
    REQUIRE(op, tensor == NULL || is_float(tensor), "operand %u has element %s, expected f32, f16 or bf16", i,
            ingot_element_text(tensor->element));
  }
  return INGOT_OK;
}

ingot_status ingot_expect_same_element(const ingot_op *op, const ingot_tensor *x) {
  REQUIRE(op, x->element == op->y->element, "elements are %s and %s, expected the same", ingot_element_text(x->element),
          ingot_element_text(op->y->element));
  return INGOT_OK;
}

ingot_status ingot_expect_same_shape(const ingot_op *op, const ingot_tensor *a, const ingot_tensor *b) {
  REQUIRE(op, a->rank == b->rank, "shapes of rank %u and %u meet, expected the same", a->rank, b->rank);
  for (uint32_t i = 0; i < a->rank; i++) {
    REQUIRE(op, a->dims[i] == b->dims[i], "extents %lld and %lld meet at axis %u, expected the same", (long long)a->dims[i],
            (long long)b->dims[i], i);
  }
  return INGOT_OK;
}

ingot_status ingot_expect_vector(const ingot_op *op, const ingot_tensor *tensor, int64_t extent, const char *what) {
  if (tensor == NULL) return INGOT_OK;
  REQUIRE(op, tensor->rank == 1 && tensor->dims[0] == extent, "%s has rank %u and first extent %lld, expected [%lld]", what,
          tensor->rank, (long long)tensor->dims[0], (long long)extent);
  return INGOT_OK;
}

ingot_status ingot_expect_indices(const ingot_op *op, const ingot_tensor *indices) {
  REQUIRE(op, indices->element == INGOT_I32 || indices->element == INGOT_I64, "indices have element %s, expected i32 or i64",
          ingot_element_text(indices->element));
  return INGOT_OK;
}

ingot_status ingot_expect_count(const ingot_op *op) {
  for (uint32_t r = 0; r < op->instruction->result_count; r++)
    REQUIRE(op, result(op, r)->element == INGOT_I64, "result %u has element %s, expected i64", r,
            ingot_element_text(result(op, r)->element));
  const uint32_t last = op->instruction->result_count - 1u;
  REQUIRE(op, result(op, last)->rank == 0, "the count has rank %u, expected 0", result(op, last)->rank);
  return INGOT_OK;
}

ingot_status ingot_expect_parts(const ingot_op *op, const ingot_tensor *whole, const ingot_tensor *part) {
  REQUIRE(op, op->c->loop_count > 0, "it stands outside a loop");
  REQUIRE(op, whole->element == part->element, "elements %s and %s meet, expected the same", ingot_element_text(whole->element),
          ingot_element_text(part->element));
  REQUIRE(op, whole->rank == part->rank + 1u, "tensors of rank %u and %u meet, expected one more", whole->rank, part->rank);
  REQUIRE(op, whole->dims[0] == op->c->loop_count, "it has %lld parts, its loop has %lld steps", (long long)whole->dims[0],
          (long long)op->c->loop_count);
  for (uint32_t i = 0; i < part->rank; i++) {
    REQUIRE(op, whole->dims[i + 1] == part->dims[i], "extents %lld and %lld meet at axis %u of a part, expected the same",
            (long long)whole->dims[i + 1], (long long)part->dims[i], i);
  }
  return INGOT_OK;
}

ingot_status ingot_expect_all_inputs(const ingot_op *op) {
  for (uint32_t i = 0; i < op->inputs; i++)
    REQUIRE(op, ingot_input_operand(op->c->view, op->instruction, i) != NULL, "input %u is absent", i);
  return INGOT_OK;
}

bool ingot_broadcasts(const ingot_tensor *x, const ingot_tensor *y) {
  if (x->rank > y->rank) return false;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t extent = x->dims[i];
    if (extent != 1 && extent != y->dims[y->rank - x->rank + i]) return false;
  }
  return true;
}

void ingot_prepare_broadcast(const ingot_tensor *x, const ingot_tensor *y, int64_t strides[INGOT_MAX_RANK]) {
  int64_t stride = 1;
  for (uint32_t i = 1; i <= x->rank; i++) {
    const int64_t extent = x->dims[x->rank - i];
    strides[y->rank - i] = extent == 1 ? 0 : stride;
    stride *= i == 2 ? ingot_image_rows(x) : extent;
  }
}

ingot_status ingot_expect_reduced(const ingot_op *op, int64_t axes) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  int64_t kept = 1;
  for (uint32_t i = 0; i < x->rank; i++) {
    if ((axes >> i & 1) == 0) kept *= x->dims[i];
  }
  REQUIRE(op, ingot_tensor_count(y) == kept, "the result has %lld elements, expected %lld", (long long)ingot_tensor_count(y),
          (long long)kept);
  return INGOT_OK;
}

kernel_axes ingot_prepared_axes(const ingot_tensor *x, int64_t reduced) {
  kernel_axes axes = {.kept_rank = 0};
  int64_t stride = prepared_product(x, 0, x->rank);
  int previous = -1;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t extent = x->dims[i];
    if (extent == 1) continue;
    stride = extent == 0 ? 0 : stride / extent;
    const int is_reduced = (int)(reduced >> i & 1);
    uint32_t *rank = is_reduced ? &axes.reduced_rank : &axes.kept_rank;
    int64_t *dims = is_reduced ? axes.reduced : axes.kept;
    int64_t *strides = is_reduced ? axes.reduced_stride : axes.kept_stride;
    if (previous == is_reduced) {
      dims[*rank - 1] *= extent;
    } else {
      dims[(*rank)++] = extent;
    }
    strides[*rank - 1] = stride;
    previous = is_reduced;
  }
  return axes;
}
