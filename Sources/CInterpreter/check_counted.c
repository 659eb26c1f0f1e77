/* Rules of opcodes that find what is there and count it. */
#include "check_opcode.h"

static ingot_status expect_integers(const ingot_op *op) {
  for (uint32_t r = 0; r < op->instruction->result_count; r++)
    REQUIRE(op, result(op, r)->element == INGOT_I64, "result %u has element %u, expected i64", r, result(op, r)->element);
  const uint32_t last = op->instruction->result_count - 1u;
  REQUIRE(op, result(op, last)->rank == 0, "the count has rank %u, expected 0", result(op, last)->rank);
  return INGOT_OK;
}

ingot_status ingot_check_nonzero(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 0));
  CHECK(expect_integers(op));
  REQUIRE(op, op->x[0]->rank == 1, "the input has rank %u, expected 1", op->x[0]->rank);
  return ingot_expect_same_shape(op, op->x[0], op->y);
}

ingot_status ingot_check_unique(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 1));
  CHECK(ingot_expect_range(op, 0, 0, 1, "sorted"));
  CHECK(expect_integers(op));
  REQUIRE(op, op->x[0]->rank == 2, "the input has rank %u, expected 2", op->x[0]->rank);
  const int64_t rows = op->x[0]->dims[0];
  CHECK(ingot_expect_vector(op, op->y, rows, "positions"));
  CHECK(ingot_expect_vector(op, result(op, 1), rows, "inverse"));
  return ingot_expect_vector(op, result(op, 2), rows, "counts");
}

ingot_status ingot_check_nms(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 2, 2));
  CHECK(ingot_expect_attributes(op, 4));
  CHECK(ingot_expect_range(op, 0, 0, 1, "center_point_box"));
  CHECK(ingot_expect_range(op, 1, 0, INT64_MAX, "the most boxes of a class"));
  CHECK(expect_integers(op));
  const ingot_tensor *boxes = op->x[0], *scores = op->x[1], *y = op->y;
  REQUIRE(op, is_float(boxes) && is_float(scores), "elements are %u and %u, expected f32, f16 or bf16", boxes->element,
          scores->element);
  REQUIRE(op, boxes->rank == 3 && scores->rank == 3 && boxes->dims[2] == 4 && boxes->dims[0] == scores->dims[0] &&
                  boxes->dims[1] == scores->dims[2],
          "boxes have rank %u and scores rank %u, expected [images, n, 4] and [images, classes, n]", boxes->rank, scores->rank);
  const int64_t n = scores->dims[2], most = attribute(op, 1) < n ? attribute(op, 1) : n;
  const int64_t room = most == 0 ? 0 : scores->dims[0] * scores->dims[1] * most;
  REQUIRE(op, y->rank == 2 && y->dims[0] == room && y->dims[1] == 3, "the result has rank %u and first extent %lld, expected [%lld, 3]",
          y->rank, (long long)y->dims[0], (long long)room);
  return INGOT_OK;
}
