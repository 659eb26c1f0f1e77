/* RECURRENT: rules and kernel arguments. */
#include "../opcode.h"

static bool is_lstm(const ingot_recurrent_attributes *layer) { return layer->kind == INGOT_RECURRENT_LSTM; }

static uint32_t recurrent_results(const void *attributes) { return is_lstm(attributes) ? 3 : 2; }

/* A float tensor with these extents. */
static ingot_status expect_state(const ingot_op *op, const ingot_tensor *tensor, uint32_t rank, const int64_t *dims,
                                 const char *what) {
  REQUIRE(op, is_float(tensor), "%s has element %s, expected f32, f16 or bf16", what, ingot_element_text(tensor->element));
  REQUIRE(op, tensor->rank == rank, "%s has rank %u, expected %u", what, tensor->rank, rank);
  for (uint32_t i = 0; i < rank; i++) {
    REQUIRE(op, tensor->dims[i] == dims[i], "%s has extent %lld at axis %u, expected %lld", what, (long long)tensor->dims[i], i,
            (long long)dims[i]);
  }
  return INGOT_OK;
}

static ingot_status check_attributes(const ingot_op *op, const ingot_recurrent_attributes *layer) {
  REQUIRE(op, layer->clip >= 0, "clip is %g, expected 0 or more", layer->clip);
  REQUIRE(op, is_lstm(layer) || (!layer->peepholes && !layer->input_forget), "only an LSTM has peepholes or couples its gates");
  const uint32_t inputs = 4u + is_lstm(layer) + (layer->peepholes != 0) + (layer->lengths != 0);
  REQUIRE(op, op->inputs == inputs, "it has %u inputs, expected %u", op->inputs, inputs);
  return ingot_expect_all_inputs(op);
}

static ingot_status check_recurrent(const ingot_op *op) {
  const ingot_recurrent_attributes *layer = op->attributes;
  CHECK(check_attributes(op, layer));
  const ingot_tensor *gates = op->x[0], *r = op->x[1];
  REQUIRE(op, gates->rank == 3 && r->rank == 3 && gates->dims[0] >= 1, "gates have rank %u and %lld steps, weights rank %u",
          gates->rank, (long long)gates->dims[0], r->rank);
  const int64_t directions = layer->direction == INGOT_DIRECTION_BIDIRECTIONAL ? 2 : 1;
  const int64_t gate_count = is_lstm(layer) ? 4 : layer->kind == INGOT_RECURRENT_GRU ? 3 : 1;
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
  if (is_lstm(layer)) CHECK(expect_state(op, op->x[4], 3, state, "the initial cell state"));
  if (layer->peepholes) CHECK(expect_state(op, op->x[5], 2, peephole, "the peepholes"));
  if (layer->lengths) {
    const ingot_tensor *last = op->x[op->inputs - 1];
    REQUIRE(op, last->element == INGOT_I32, "the lengths have element %s, expected i32", ingot_element_text(last->element));
    CHECK(ingot_expect_vector(op, last, batch, "the lengths"));
  }
  CHECK(expect_state(op, op->y, 4, y_dims, "the result"));
  for (uint32_t i = 1; i < op->instruction->result_count; i++)
    CHECK(expect_state(op, result(op, i), 3, state, "a last state"));
  for (uint32_t i = 0; i < op->instruction->result_count; i++)
    REQUIRE(op, result(op, i)->element == gates->element, "the results and the gates have different elements");
  return INGOT_OK;
}

static int prepare_recurrent(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_recurrent_attributes *layer = p->attributes;
  const bool lstm = is_lstm(layer);
  const ingot_tensor *gates = prepared_input(p, 0), *r = prepared_input(p, 1), *bias = prepared_input(p, 2);
  const ingot_tensor *h0 = prepared_input(p, 3), *c0 = lstm ? prepared_input(p, 4) : NULL;
  const ingot_tensor *peephole = layer->peepholes ? prepared_input(p, 5) : NULL;
  const ingot_tensor *lengths = layer->lengths ? prepared_input(p, p->instruction->input_count - 1u) : NULL;
  arguments->recurrent = (kernel_recurrent){
      .gates = prepared_address(p, gates), .r = prepared_address(p, r), .bias = prepared_address(p, bias),
      .h0 = prepared_address(p, h0), .c0 = prepared_address(p, c0), .peepholes = prepared_address(p, peephole),
      .lengths = prepared_address(p, lengths), .y = prepared_address(p, p->y), .h = prepared_address(p, prepared_result(p, 1)),
      .c = lstm ? prepared_address(p, prepared_result(p, 2)) : NULL, .element = gates->element, .r_element = r->element,
      .bias_element = bias->element, .h0_element = h0->element, .c0_element = prepared_element(c0),
      .peephole_element = prepared_element(peephole), .kind = (uint8_t)layer->kind, .direction = (uint8_t)layer->direction,
      .linear_before_reset = (uint8_t)layer->linear_before_reset, .input_forget = (uint8_t)layer->input_forget,
      .clip = (float)layer->clip, .steps = gates->dims[0], .batch = gates->dims[1], .directions = r->dims[0],
      .hidden = r->dims[2], .f = prepared_activation(layer->f), .g = prepared_activation(layer->g),
      .h_activation = prepared_activation(layer->h)};
  return KERNEL_recurrent;
}

const ingot_facts ingot_recurrent_facts = {
    .required = 4, .most = 7, .results_of = recurrent_results, .check = check_recurrent,
    .prepare = prepare_recurrent};
