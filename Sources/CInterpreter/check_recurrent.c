/* Rules of recurrent layers. */
#include "check_opcode.h"

/* A float tensor with these extents. */
static ingot_status expect_state(const ingot_op *op, const ingot_tensor *tensor, uint32_t rank, const int64_t *dims,
                                 const char *what) {
  REQUIRE(op, is_float(tensor), "%s has element %u, expected f32, f16 or bf16", what, tensor->element);
  REQUIRE(op, tensor->rank == rank, "%s has rank %u, expected %u", what, tensor->rank, rank);
  for (uint32_t i = 0; i < rank; i++) {
    REQUIRE(op, tensor->dims[i] == dims[i], "%s has extent %lld at axis %u, expected %lld", what, (long long)tensor->dims[i], i,
            (long long)dims[i]);
  }
  return INGOT_OK;
}

ingot_status ingot_check_recurrent(const ingot_op *op) {
  CHECK(ingot_expect_attributes(op, 16));
  CHECK(ingot_expect_range(op, 0, 0, 2, "kind"));
  CHECK(ingot_expect_range(op, 1, 0, 2, "direction"));
  for (uint32_t i = 2; i < 6; i++) CHECK(ingot_expect_range(op, i, 0, 1, "a flag"));
  REQUIRE(op, ingot_real(op->attributes[6]) >= 0, "clip is %g, expected 0 or more", ingot_real(op->attributes[6]));
  for (uint32_t i = 7; i < 16; i += 3) CHECK(ingot_expect_activation(op, i));
  const bool lstm = attribute(op, 0) == 0, peepholes = attribute(op, 4) != 0, lengths = attribute(op, 5) != 0;
  REQUIRE(op, lstm || (!peepholes && attribute(op, 3) == 0), "only an LSTM has peepholes or couples its gates");
  const uint32_t inputs = 4u + lstm + peepholes + lengths;
  CHECK(ingot_expect_inputs(op, inputs, inputs));
  const ingot_tensor *gates = op->x[0], *r = op->x[1], *y = op->y;
  REQUIRE(op, gates->rank == 3 && r->rank == 3 && gates->dims[0] >= 1, "gates have rank %u and %lld steps, weights rank %u",
          gates->rank, (long long)gates->dims[0], r->rank);
  const int64_t directions = attribute(op, 1) == 2 ? 2 : 1, gate_count = lstm ? 4 : attribute(op, 0) == 1 ? 3 : 1;
  const int64_t steps = gates->dims[0], batch = gates->dims[1], hidden = r->dims[2];
  REQUIRE(op, hidden <= INGOT_MAX_EXTENT, "there are %lld hidden units", (long long)hidden);
  const int64_t width = gate_count * hidden;
  const int64_t gate_dims[3] = {steps, batch, directions * width}, r_dims[3] = {directions, width, hidden};
  const int64_t state[3] = {directions, batch, hidden}, bias[2] = {directions, width}, peephole[2] = {directions, 3 * hidden};
  const int64_t y_dims[4] = {steps, directions, batch, hidden};
  CHECK(expect_state(op, gates, 3, gate_dims, "the gates"));
  CHECK(expect_state(op, r, 3, r_dims, "the weights"));
  CHECK(expect_state(op, op->x[2], 2, bias, "the bias"));
  CHECK(expect_state(op, op->x[3], 3, state, "the initial state"));
  if (lstm) CHECK(expect_state(op, op->x[4], 3, state, "the initial cell state"));
  if (peepholes) CHECK(expect_state(op, op->x[5], 2, peephole, "the peepholes"));
  if (lengths) {
    const ingot_tensor *last = op->x[inputs - 1];
    REQUIRE(op, last->element == INGOT_I32, "the lengths have element %u, expected i32", last->element);
    CHECK(ingot_expect_vector(op, last, batch, "the lengths"));
  }
  CHECK(expect_state(op, y, 4, y_dims, "the result"));
  for (uint32_t i = 1; i < op->instruction->result_count; i++)
    CHECK(expect_state(op, result(op, i), 3, state, "a last state"));
  for (uint32_t i = 0; i < op->instruction->result_count; i++)
    REQUIRE(op, result(op, i)->element == gates->element, "the results and the gates have different elements");
  return INGOT_OK;
}
