/* RECURRENT_INTEGER: rules and kernel arguments. */
#include "../rescaling.h"

static const ingot_rescaling plain = {.rounding = INGOT_RESCALE_HALF_UP, .least = INT32_MIN, .most = INT32_MAX};

static bool is_lstm(const ingot_recurrent_integer_attributes *layer) { return layer->kind == INGOT_RECURRENT_LSTM; }

static uint32_t recurrent_integer_results(const void *attributes) { return is_lstm(attributes) ? 3 : 2; }

/* Where inputs stand. */
typedef struct {
  uint32_t h0, c0, tables, narrowing, peepholes, lengths, count; /* c0, peepholes, lengths: as if they were there */
} places;
static places places_of(const ingot_recurrent_integer_attributes *layer) {
  places at = {.h0 = 5, .c0 = 6};
  at.tables = at.h0 + 1 + is_lstm(layer);
  at.narrowing = at.tables + 1;
  at.peepholes = at.narrowing + 3;
  at.lengths = at.peepholes + (layer->peepholes ? 3 : 0);
  at.count = at.lengths + (layer->lengths ? 1 : 0);
  return at;
}

typedef struct {
  uint8_t element;
  uint32_t rank;
  int64_t dims[4];
} form;

static ingot_status expect_form(const ingot_op *op, const ingot_tensor *tensor, form wanted, const char *what) {
  REQUIRE(op, tensor->element == wanted.element, "%s has element %s, expected %s", what, ingot_element_text(tensor->element),
          ingot_element_text(wanted.element));
  REQUIRE(op, tensor->rank == wanted.rank, "%s has rank %u, expected %u", what, tensor->rank, wanted.rank);
  for (uint32_t i = 0; i < wanted.rank; i++)
    REQUIRE(op, tensor->dims[i] == wanted.dims[i], "%s has extent %lld at axis %u, expected %lld", what, (long long)tensor->dims[i], i,
            (long long)wanted.dims[i]);
  return INGOT_OK;
}
static ingot_status expect_input(const ingot_op *op, uint32_t input, form wanted, const char *what) {
  return expect_form(op, ingot_input_operand(op->c->view, op->instruction, input), wanted, what);
}

static ingot_status check_recurrent_integer(const ingot_op *op) {
  const ingot_recurrent_integer_attributes *layer = op->attributes;
  const places at = places_of(layer);
  REQUIRE(op, is_lstm(layer) || (!layer->peepholes && !layer->input_forget), "only an LSTM has peepholes or couples its gates");
  REQUIRE(op, op->inputs == at.count, "it has %u inputs, expected %u", op->inputs, at.count);
  for (uint32_t i = 0; i < at.count; i++)
    REQUIRE(op, ingot_input_operand(op->c->view, op->instruction, i) != NULL, "input %u is absent", i);
  const ingot_tensor *gates = op->x[0], *r = op->x[1];
  REQUIRE(op, gates->rank == 3 && r->rank == 3 && gates->dims[0] >= 1, "gates have rank %u and %lld steps, weights rank %u",
          gates->rank, (long long)gates->dims[0], r->rank);
  const int64_t directions = layer->direction == INGOT_DIRECTION_BIDIRECTIONAL ? 2 : 1;
  const int64_t gate_count = is_lstm(layer) ? 4 : layer->kind == INGOT_RECURRENT_GRU ? 3 : 1;
  const int64_t functions = is_lstm(layer) ? 3 : layer->kind == INGOT_RECURRENT_GRU ? 2 : 1;
  const int64_t steps = gates->dims[0], batch = gates->dims[1], hidden = r->dims[2];
  REQUIRE(op, hidden <= INGOT_MAX_EXTENT, "there are %lld hidden units", (long long)hidden);
  const int64_t width = gate_count * hidden;
  const form state = {INGOT_I16, 3, {directions, batch, hidden}}, multiplier = {INGOT_I32, 0, {0}}, byte = {INGOT_I8, 0, {0}};
  CHECK(expect_input(op, 0, (form){INGOT_I16, 3, {steps, batch, directions * width}}, "the gates"));
  CHECK(expect_input(op, 1, (form){INGOT_I8, 3, {directions, width, hidden}}, "the weights"));
  CHECK(expect_input(op, 2, (form){INGOT_I32, 2, {directions, width}}, "the bias"));
  CHECK(expect_input(op, 3, (form){INGOT_I32, 2, {directions, width}}, "the multiplier"));
  CHECK(expect_input(op, 4, (form){INGOT_I8, 2, {directions, width}}, "the shift"));
  CHECK(expect_input(op, at.h0, state, "the initial state"));
  if (is_lstm(layer)) CHECK(expect_input(op, at.c0, state, "the initial cell state"));
  CHECK(expect_input(op, at.tables, (form){INGOT_I16, 2, {functions, 513}}, "the tables"));
  CHECK(expect_input(op, at.narrowing, multiplier, "the multiplier of the state"));
  CHECK(expect_input(op, at.narrowing + 1, byte, "the shift of the state"));
  CHECK(expect_input(op, at.narrowing + 2, byte, "the zero point of the state"));
  if (layer->peepholes) {
    CHECK(expect_input(op, at.peepholes, (form){INGOT_I16, 2, {directions, 3 * hidden}}, "the peepholes"));
    CHECK(expect_input(op, at.peepholes + 1, multiplier, "the multiplier of the peepholes"));
    CHECK(expect_input(op, at.peepholes + 2, byte, "the shift of the peepholes"));
  }
  if (layer->lengths) CHECK(expect_input(op, at.lengths, (form){INGOT_I32, 1, {batch}}, "the lengths"));
  CHECK(expect_form(op, op->y, (form){INGOT_I16, 4, {steps, directions, batch, hidden}}, "the result"));
  for (uint32_t i = 1; i < op->instruction->result_count; i++) CHECK(expect_form(op, result(op, i), state, "a last state"));
  return INGOT_OK;
}

/* To i16 with multiplier and shift from an input on; without a zero point. */
static kernel_rescaling prepared_to_short(const ingot_preparation *p, uint32_t input, uint8_t per_channel) {
  static const int16_t none;
  return (kernel_rescaling){.multiplier = prepared_address(p, prepared_input(p, input)),
                            .shift = prepared_address(p, prepared_input(p, input + 1)), .zero = &none, .per_channel = per_channel,
                            .rounding = INGOT_RESCALE_HALF_UP, .y_element = INGOT_I16, .least = INT16_MIN, .most = INT16_MAX};
}

static int prepare_recurrent_integer(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_recurrent_integer_attributes *layer = p->attributes;
  const places at = places_of(layer);
  const bool lstm = is_lstm(layer);
  const ingot_tensor *gates = prepared_input(p, 0), *r = prepared_input(p, 1);
  kernel_rescaling narrowing = ingot_prepared_rescaling(p, plain, at.narrowing);
  narrowing.y_element = INGOT_I8, narrowing.least = INT8_MIN, narrowing.most = INT8_MAX;
  arguments->recurrent_integer = (kernel_recurrent_integer){
      .gates = prepared_address(p, gates), .r = prepared_address(p, r), .bias = prepared_address(p, prepared_input(p, 2)),
      .h0 = prepared_address(p, prepared_input(p, at.h0)), .c0 = lstm ? prepared_address(p, prepared_input(p, at.c0)) : NULL,
      .tables = prepared_address(p, prepared_input(p, at.tables)),
      .peepholes = layer->peepholes ? prepared_address(p, prepared_input(p, at.peepholes)) : NULL,
      .lengths = layer->lengths ? prepared_address(p, prepared_input(p, at.lengths)) : NULL, .y = prepared_address(p, p->y),
      .h = prepared_address(p, prepared_result(p, 1)), .c = lstm ? prepared_address(p, prepared_result(p, 2)) : NULL,
      .kind = (uint8_t)layer->kind, .direction = (uint8_t)layer->direction,
      .linear_before_reset = (uint8_t)layer->linear_before_reset, .input_forget = (uint8_t)layer->input_forget,
      .gate_shift = (uint8_t)layer->gate_shift, .cell_exponent = (uint8_t)layer->cell_exponent,
      .cell_shift = (uint8_t)layer->cell_shift, .steps = gates->dims[0], .batch = gates->dims[1], .directions = r->dims[0],
      .hidden = r->dims[2], .rows = prepared_to_short(p, 3, 1), .narrowing = narrowing};
  if (layer->peepholes) arguments->recurrent_integer.of_peepholes = prepared_to_short(p, at.peepholes + 1, 0);
  return KERNEL_recurrent_integer;
}

const ingot_facts ingot_recurrent_integer_facts = {.required = 10, .most = 15, .results_of = recurrent_integer_results,
                                                   .check = check_recurrent_integer, .prepare = prepare_recurrent_integer};
