/* CONCAT: rules and kernel arguments. */
#include "../rows.h"

static ingot_status check_concat(const ingot_op *op) {
  const ingot_concat_attributes *concat = op->attributes;
  const ingot_tensor *y = op->y;
  CHECK(ingot_expect_all_inputs(op));
  int64_t extent = 0;
  for (uint32_t k = 0; k < op->inputs; k++) {
    const ingot_tensor *x = ingot_input_operand(op->c->view, op->instruction, k);
    CHECK(ingot_expect_same_element(op, x));
    REQUIRE(op, x->rank == y->rank, "input %u has rank %u, expected %u", k, x->rank, y->rank);
    for (uint32_t i = 0; i < y->rank; i++) {
      REQUIRE(op, i == concat->axis || x->dims[i] == y->dims[i], "input %u has extent %lld at axis %u, expected %lld", k,
              (long long)x->dims[i], i, (long long)y->dims[i]);
    }
    extent += x->dims[concat->axis];
  }
  REQUIRE(op, extent == y->dims[concat->axis], "the inputs add up to extent %lld, the result has %lld", (long long)extent,
          (long long)y->dims[concat->axis]);
  REQUIRE(op, concat->axis + 2 < y->rank || !ingot_has_windows(op->c->view, op->instruction),
          "axis is %lld, expected less than %d for windows of rows", (long long)concat->axis, y->rank - 2);
  return INGOT_OK;
}

/* One for each input, or for each part of its rows and the result's. */
static uint32_t concat_tasks(const ingot_function_view *view, const ingot_instruction *instruction) {
  return instruction->input_count * (ingot_has_windows(view, instruction) ? INGOT_PAIR_PARTS : 1u);
}

/* Planes of an input's rows. */
static int prepare_planes(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_concat_attributes *concat = p->attributes;
  const uint32_t axis = (uint32_t)concat->axis, k = p->part / INGOT_PAIR_PARTS, planes = p->y->rank - 2u;
  const ingot_tensor *y = p->y, *x = prepared_input(p, k);
  const ingot_rows rows = ingot_pair_rows(x, y, p->part % INGOT_PAIR_PARTS);
  const int64_t row_bytes = y->dims[planes + 1] * (int64_t)ingot_element_bytes(y->element), y_pitch = ingot_image_rows(y) * row_bytes;
  int64_t before = 0;
  for (uint32_t i = 0; i < k; i++) before += prepared_input(p, i)->dims[axis];
  before *= prepared_product(y, axis + 1, planes);
  const int64_t group = prepared_product(x, axis, planes);
  arguments->interleave = (kernel_interleave){
      .x = ingot_row_address(p, x, rows), .y = (char *)ingot_row_address(p, y, rows) + before * y_pitch, .rows = prepared_product(x, 0, planes),
      .bytes = rows.count * row_bytes, .x_pitch = ingot_image_rows(x) * row_bytes, .y_pitch = y_pitch, .group = group,
      .y_skip = (prepared_product(y, axis, planes) - group) * y_pitch};
  return KERNEL_interleave;
}

static int prepare_concat(const ingot_preparation *p, ingot_arguments *arguments) {
  if (ingot_has_windows(p->view, p->instruction)) return prepare_planes(p, arguments);
  const ingot_concat_attributes *concat = p->attributes;
  const uint32_t axis = (uint32_t)concat->axis;
  const ingot_tensor *y = p->y, *x = prepared_input(p, p->part);
  const int64_t piece = prepared_product(y, axis + 1, y->rank) * (int64_t)ingot_element_bytes(y->element);
  int64_t before = 0;
  for (uint32_t k = 0; k < p->part; k++) before += prepared_input(p, k)->dims[axis];
  arguments->interleave = (kernel_interleave){.x = prepared_address(p, x), .y = (char *)prepared_address(p, y) + before * piece,
                                              .x_pitch = x->dims[axis] * piece,
                                              .rows = prepared_product(y, 0, axis), .bytes = x->dims[axis] * piece,
                                              .y_pitch = y->dims[axis] * piece};
  return KERNEL_interleave;
}

const ingot_facts ingot_concat_facts = {
    .results = 1, .required = 1, .most = INGOT_MAX_OPERANDS, .check = check_concat,
    .windows = INGOT_WINDOW_ALL, .tasks = concat_tasks,
    .prepare = prepare_concat};
