/* Rules and kernel arguments of matrix products. */
#include "product.h"

ingot_status ingot_expect_product(const ingot_op *op, bool transpose_a, bool transpose_b) {
  const ingot_tensor *a = op->x[0], *b = op->x[1], *y = op->y;
  REQUIRE(op, a->rank >= 2 && b->rank >= 2, "the inputs have rank %u and %u, expected at least 2", a->rank, b->rank);
  REQUIRE(op, y->rank == (a->rank > b->rank ? a->rank : b->rank), "the result has rank %u, expected the larger of %u and %u",
          y->rank, a->rank, b->rank);
  const int64_t m = a->dims[a->rank - (transpose_a ? 1 : 2)], k = a->dims[a->rank - (transpose_a ? 2 : 1)];
  const int64_t k_of_b = b->dims[b->rank - (transpose_b ? 1 : 2)], n = b->dims[b->rank - (transpose_b ? 2 : 1)];
  REQUIRE(op, k == k_of_b, "the inner extents are %lld and %lld, expected the same", (long long)k, (long long)k_of_b);
  REQUIRE(op, y->dims[y->rank - 2] == m && y->dims[y->rank - 1] == n, "the result is %lld by %lld, expected %lld by %lld",
          (long long)y->dims[y->rank - 2], (long long)y->dims[y->rank - 1], (long long)m, (long long)n);
  for (uint32_t i = 3; i <= y->rank; i++) {
    const int64_t left = i <= a->rank ? a->dims[a->rank - i] : 1, right = i <= b->rank ? b->dims[b->rank - i] : 1;
    const int64_t expected = left == 1 ? right : left;
    REQUIRE(op, (right == 1 || right == expected) && y->dims[y->rank - i] == expected,
            "batch extents %lld and %lld give %lld, which do not broadcast", (long long)left, (long long)right,
            (long long)y->dims[y->rank - i]);
  }
  return INGOT_OK;
}

int64_t ingot_prepare_batches(const ingot_tensor *x, const ingot_tensor *y, int64_t strides[INGOT_MAX_RANK]) {
  const int64_t matrix = x->dims[x->rank - 2] * x->dims[x->rank - 1];
  int64_t count = 1;
  for (uint32_t i = 3; i <= y->rank; i++) {
    const int64_t extent = i <= x->rank ? x->dims[x->rank - i] : 1;
    strides[y->rank - i] = extent == 1 ? 0 : count * matrix;
    count *= extent;
  }
  return count;
}

bool ingot_is_panels(const ingot_layout *layout, uint32_t rank, bool of_rows) {
  const uint32_t outer = of_rows ? rank - 2 : rank - 1, inner = of_rows ? rank - 1 : rank - 2;
  for (uint32_t i = 0; i + 2 < rank; i++)
    if (layout->order[i] != i) return false;
  return layout->order[rank - 2] == outer && layout->order[rank - 1] == inner && layout->block_extent > 0 &&
         layout->block_axis == outer;
}
