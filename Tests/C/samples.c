/* Small valid programs, one for an opcode: what the validator tests break and the fuzzer starts from. */
#include "builder.h"

const uint32_t sample_opcodes[] = {
#define OPCODE_NUMBER(NAME, number, name, FIELDS, EACH, TAIL, work) number,
    INGOT_OPCODES(OPCODE_NUMBER)
#undef OPCODE_NUMBER
};
const uint32_t sample_opcode_count = sizeof sample_opcodes / sizeof *sample_opcodes;

/* LOOP: a loop over the parts of x with a loop over their rows inside, which put them together again.
 * TAKE, PUT: a loop with that alone. */
static builder *sample_loop(uint32_t opcode) {
  builder *b = builder_create();
  const builder_type cube = {INGOT_F32, 3, {3, 2, 4}}, matrix = {INGOT_F32, 2, {3, 4}}, row = {INGOT_F32, 1, {4}};
  const builder_type part = {INGOT_F32, 2, {2, 4}};
  const bool takes = opcode != INGOT_OP_PUT, puts = opcode != INGOT_OP_TAKE, nests = opcode == INGOT_OP_LOOP;
  const uint32_t x = add_input(b, nests ? cube : takes ? matrix : row, "x");
  const uint32_t y = add_output(b, nests ? cube : puts ? matrix : row, "y");
  const uint32_t middle = add_intermediate(b, nests ? part : matrix, 0);
  add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0);
  ATTRIBUTES(b, ingot_loop_attributes, .count = 3, .length = nests ? 5 : 1);
  if (!nests) {
    add_instruction(b, opcode, &y, 1, &x, 1);
    return b;
  }
  const uint32_t whole = add_intermediate(b, part, 0), line = add_intermediate(b, row, 0);
  add_instruction(b, INGOT_OP_TAKE, &middle, 1, &x, 1);
  add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0);
  ATTRIBUTES(b, ingot_loop_attributes, .count = 2, .length = 2);
  add_instruction(b, INGOT_OP_TAKE, &line, 1, &middle, 1);
  add_instruction(b, INGOT_OP_PUT, &whole, 1, &line, 1);
  add_instruction(b, INGOT_OP_PUT, &y, 1, &whole, 1);
  return b;
}

/* REPACK: into channels last and back. */
static builder *sample_repack(void) {
  builder *b = builder_create();
  const builder_type image = {INGOT_F32, 4, {1, 4, 6, 6}};
  const uint32_t x = add_input(b, image, "x"), y = add_output(b, image, "y"), middle = add_intermediate(b, image, 0);
  set_layout(b, middle, (const uint8_t[]){0, 2, 3, 1}, 0, 0);
  add_instruction(b, INGOT_OP_REPACK, &middle, 1, &x, 1);
  add_instruction(b, INGOT_OP_REPACK, &y, 1, &middle, 1);
  return b;
}

builder *sample_stored(void) {
  static const uint8_t bytes[256] = {0x12, 0x9f, 0x70};
  static const float scales[16] = {0.5f, 0.25f, 1, 2, 3, 4, 5, 6};
  builder *b = builder_create();
  const builder_type image = {INGOT_F32, 4, {1, 2, 3, 8}}, small = {INGOT_F32, 4, {1, 2, 3, 4}};
  const uint32_t x = add_input(b, image, "x"), y = add_output(b, (builder_type){INGOT_F32, 4, {1, 4, 2, 2}}, "y");
  const uint32_t middle = add_intermediate(b, small, 0);
  uint32_t inputs[5] = {x, add_weight(b, (builder_type){INGOT_U8, 2, {4, 4}}, bytes, 0, false), INGOT_NONE};
  inputs[3] = add_weight(b, (builder_type){INGOT_F32, 2, {4, 2}}, scales, 0, false);
  inputs[4] = add_weight(b, (builder_type){INGOT_U8, 2, {4, 2}}, bytes, 0, false);
  add_instruction(b, INGOT_OP_MATMUL, &middle, 1, inputs, 5);
  ATTRIBUTES(b, ingot_matmul_attributes, .transpose_b = 1, .bits = 4, .block = 4);
  inputs[0] = middle;
  inputs[1] = add_weight(b, (builder_type){INGOT_I8, 4, {4, 2, 2, 3}}, bytes, 0, false);
  inputs[3] = add_weight(b, (builder_type){INGOT_F32, 1, {4}}, scales, 0, false);
  inputs[4] = add_weight(b, (builder_type){INGOT_I8, 1, {4}}, bytes, 0, false);
  add_instruction(b, INGOT_OP_CONV, &y, 1, inputs, 5);
  ATTRIBUTES(b, ingot_conv_attributes, .group = 1, .bits = 8);
  for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_window, .stride = 1, .dilation = 1);
  return b;
}

builder *sample_palettes(void) {
  static const uint8_t bytes[48] = {0x12, 0x9f, 0x70};
  static const float numbers[64] = {0.5f, 0.25f, 1, 2, 3, 4, 5, 6};
  static const uint16_t halves[64] = {0x3c00};
  builder *b = builder_create();
  const builder_type image = {INGOT_F32, 4, {1, 2, 3, 8}}, small = {INGOT_F32, 4, {1, 2, 3, 4}};
  const uint32_t x = add_input(b, image, "x"), y = add_output(b, (builder_type){INGOT_F32, 4, {1, 4, 2, 2}}, "y");
  const uint32_t middle = add_intermediate(b, small, 0);
  uint32_t inputs[4] = {x, add_weight(b, (builder_type){INGOT_U8, 2, {4, 3}}, bytes, 0, false), INGOT_NONE};
  inputs[3] = add_weight(b, (builder_type){INGOT_F32, 2, {2, 8}}, numbers, 0, false);
  add_instruction(b, INGOT_OP_MATMUL, &middle, 1, inputs, 4);
  ATTRIBUTES(b, ingot_matmul_attributes, .transpose_b = 1, .bits = 3, .block = 2);
  inputs[0] = middle;
  inputs[1] = add_weight(b, (builder_type){INGOT_U8, 4, {4, 2, 2, 3}}, bytes, 0, false);
  inputs[3] = add_weight(b, (builder_type){INGOT_F16, 1, {64}}, halves, 0, false);
  add_instruction(b, INGOT_OP_CONV, &y, 1, inputs, 4);
  ATTRIBUTES(b, ingot_conv_attributes, .group = 1, .bits = 6);
  for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_window, .stride = 1, .dilation = 1);
  return b;
}

static void add_sample_attributes(builder *b, uint32_t opcode) {
  switch (opcode) {
    case INGOT_OP_ELEMENTWISE:
      ATTRIBUTES(b, ingot_step, .function = INGOT_FN_ADD, .domain = INGOT_F32, .a = 0, .b = 0);
      ATTRIBUTES(b, ingot_step, .function = INGOT_FN_TO_I8, .domain = INGOT_F32, .a = 1);
      ATTRIBUTES(b, ingot_step, .function = INGOT_FN_BIT_AND, .domain = INGOT_I64, .a = 2, .b = 2);
      ATTRIBUTES(b, ingot_step, .function = INGOT_FN_TO_F32, .domain = INGOT_I64, .a = 3);
      break;
    case INGOT_OP_MATMUL: ATTRIBUTES(b, ingot_matmul_attributes, .transpose_a = 0); break;
    case INGOT_OP_CONV:
    case INGOT_OP_CONV_TRANSPOSE:
      ATTRIBUTES(b, ingot_conv_attributes, .group = 1);
      for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_window, .stride = 2, .dilation = 1, .begin = 1, .end = 1);
      break;
    case INGOT_OP_CONV_INTEGER:
    case INGOT_OP_CONV_TRANSPOSE_INTEGER:
      ATTRIBUTES(b, ingot_conv_integer_attributes, .group = 1, .least = INT32_MIN, .most = INT32_MAX);
      for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_window, .stride = 2, .dilation = 1, .begin = 1, .end = 1);
      break;
    case INGOT_OP_MATMUL_INTEGER:
      ATTRIBUTES(b, ingot_rescaling, .rounding = INGOT_RESCALE_HALF_EVEN, .least = -90, .most = 90);
      break;
    case INGOT_OP_RESCALE:
      ATTRIBUTES(b, ingot_rescale_attributes, .axis = 1, .rounding = INGOT_RESCALE_TWO_ROUNDINGS, .most = 200);
      break;
    case INGOT_OP_LOOKUP:
    case INGOT_OP_ADD_INTEGER:
    case INGOT_OP_MUL_INTEGER:
      ATTRIBUTES(b, ingot_rescale_attributes, .axis = 1, .rounding = INGOT_RESCALE_HALF_UP, .least = -100, .most = 100);
      break;
    case INGOT_OP_REDUCE_INTEGER: ATTRIBUTES(b, ingot_reduce_integer_attributes, .axes = 1 | 4 | 8, .least = -90, .most = 90); break;
    case INGOT_OP_SOFTMAX_INTEGER: ATTRIBUTES(b, ingot_softmax_integer_attributes, .axis = 1); break;
    case INGOT_OP_NORM_INTEGER: ATTRIBUTES(b, ingot_norm_integer_attributes, .groups = 2, .epsilon = 1, .least = -90, .most = 90); break;
    case INGOT_OP_POOL_INTEGER:
      ATTRIBUTES(b, ingot_pool_integer_attributes, .kind = INGOT_POOL_AVERAGE, .least = -90, .most = 90);
      for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_pool_window, .kernel = 2, .stride = 2, .dilation = 1);
      break;
    case INGOT_OP_POOL: ATTRIBUTES(b, ingot_pool_attributes, .kind = INGOT_POOL_MAX); /* fall through */
    case INGOT_OP_ARG_POOL:
      for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_pool_window, .kernel = 2, .stride = 2, .dilation = 1);
      break;
    case INGOT_OP_REDUCE: ATTRIBUTES(b, ingot_reduce_attributes, .kind = INGOT_REDUCE_SUM, .axes = 1 | 4 | 8); break;
    case INGOT_OP_ARG_REDUCE: ATTRIBUTES(b, ingot_arg_reduce_attributes, .axis = 1); break;
    case INGOT_OP_SOFTMAX: ATTRIBUTES(b, ingot_softmax_attributes, .axis = 0); break;
    case INGOT_OP_NORMALIZE: ATTRIBUTES(b, ingot_normalize_attributes, .kind = INGOT_NORM_LAYER, .axis = 3); break;
    case INGOT_OP_GROUP_NORM: ATTRIBUTES(b, ingot_group_norm_attributes, .groups = 2); break;
    case INGOT_OP_LP_NORM: ATTRIBUTES(b, ingot_lp_norm_attributes, .axis = 1, .order = 2); break;
    case INGOT_OP_TRANSPOSE:
      for (int i = 0; i < 4; i++) ATTRIBUTES(b, ingot_transpose_axis, .permutation = (const int64_t[]){0, 1, 3, 2}[i]);
      break;
    case INGOT_OP_CONCAT: ATTRIBUTES(b, ingot_concat_attributes, .axis = 1); break;
    case INGOT_OP_SLICE:
      for (int i = 0; i < 3; i++) ATTRIBUTES(b, ingot_slice_axis, .start = 0, .step = 1);
      ATTRIBUTES(b, ingot_slice_axis, .start = 5, .step = -2);
      break;
    case INGOT_OP_PAD:
      ATTRIBUTES(b, ingot_pad_attributes, .mode = INGOT_PAD_REFLECT);
      for (int i = 0; i < 4; i++) ATTRIBUTES(b, ingot_pad_axis, .begin = i == 3 ? 2 : 0);
      break;
    case INGOT_OP_UNPACK: ATTRIBUTES(b, ingot_unpack_attributes, .axis = 3, .bits = 4); break;
    case INGOT_OP_PALETTE: ATTRIBUTES(b, ingot_palette_attributes, .axis = 3, .bits = 3); break;
    case INGOT_OP_GATHER: ATTRIBUTES(b, ingot_gather_attributes, .axis = 2); break;
    case INGOT_OP_SCATTER: ATTRIBUTES(b, ingot_scatter_attributes, .reduction = INGOT_SCATTER_ADD); break;
    case INGOT_OP_RESIZE:
      ATTRIBUTES(b, ingot_resize_attributes, .mode = INGOT_INTERPOLATION_NEAREST);
      for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_resize_axis, .scale = 2);
      break;
    case INGOT_OP_CUMSUM: ATTRIBUTES(b, ingot_cumsum_attributes, .axis = 0); break;
    case INGOT_OP_GRID_SAMPLE:
      ATTRIBUTES(b, ingot_grid_sample_attributes, .mode = INGOT_INTERPOLATION_CUBIC, .padding = INGOT_GRID_REFLECTION);
      break;
    case INGOT_OP_ROI_ALIGN: ATTRIBUTES(b, ingot_roi_align_attributes, .spatial_scale = 0.5); break;
    case INGOT_OP_RECURRENT:
      ATTRIBUTES(b, ingot_recurrent_attributes, .kind = INGOT_RECURRENT_GRU, .linear_before_reset = 1, .lengths = 1,
                 .f = {.function = INGOT_FN_SIGMOID}, .g = {.function = INGOT_FN_TANH}, .h = {.function = INGOT_FN_TANH});
      break;
    case INGOT_OP_RECURRENT_INTEGER:
      ATTRIBUTES(b, ingot_recurrent_integer_attributes, .kind = INGOT_RECURRENT_GRU, .linear_before_reset = 1, .lengths = 1, .gate_shift = 1);
      break;
    case INGOT_OP_TOP_K: ATTRIBUTES(b, ingot_top_k_attributes, .axis = 1); break;
    case INGOT_OP_UNIQUE: ATTRIBUTES(b, ingot_unique_attributes, .sorted = 1); break;
    case INGOT_OP_NMS:
      ATTRIBUTES(b, ingot_nms_attributes, .max_output_boxes_per_class = 2, .iou_threshold = 0.5, .score_threshold = 0.1);
      break;
    default: break;
  }
}

/* Weights behind x of ops on quantized integers; returns how many inputs there are. */
static uint32_t add_sample_integers(builder *b, uint32_t opcode, uint32_t *inputs, uint32_t count) {
  static const int32_t multipliers[4] = {1 << 30, 1 << 29, -(1 << 30), 1 << 28};
  static const int8_t shifts[4] = {30, 31, 32, 33}, table[256] = {1, 2, 3};
  const builder_type bytes = {INGOT_I8, 0, {0}}, column = {INGOT_I8, 3, {4, 1, 1}}, of_channels = {INGOT_I32, 1, {4}};
  if (opcode > INGOT_OP_MUL_INTEGER) {
    const bool each = opcode == INGOT_OP_POOL_INTEGER;
    inputs[count++] = add_weight(b, bytes, table, 0, false);
    if (opcode == INGOT_OP_NORM_INTEGER) {
      inputs[count++] = add_weight(b, (builder_type){INGOT_I16, 1, {4}}, multipliers, 0, false);
      inputs[count++] = add_weight(b, of_channels, multipliers, 0, false);
    }
    inputs[count++] = add_weight(b, each ? of_channels : (builder_type){INGOT_I32, 0, {0}}, multipliers, 0, false);
    inputs[count++] = add_weight(b, each ? (builder_type){INGOT_I8, 1, {4}} : bytes, shifts, 0, false);
    inputs[count++] = add_weight(b, bytes, table, 0, false);
    return count;
  }
  if (opcode == INGOT_OP_LOOKUP) {
    inputs[count++] = add_weight(b, (builder_type){INGOT_I8, 1, {256}}, table, 0, false);
  } else {
    inputs[count++] = add_weight(b, bytes, table, 0, false);
    if (opcode == INGOT_OP_ADD_INTEGER) inputs[count++] = add_weight(b, of_channels, multipliers, 0, false);
    inputs[count++] = add_weight(b, column, shifts, 0, false);
    inputs[count++] = add_weight(b, bytes, table, 0, false);
  }
  inputs[count++] = add_weight(b, of_channels, multipliers, 0, false);
  const bool per_channel = opcode != INGOT_OP_ADD_INTEGER;
  inputs[count++] = add_weight(b, per_channel ? (builder_type){INGOT_I8, 1, {4}} : bytes, shifts, 0, false);
  inputs[count++] = add_weight(b, bytes, table, 0, false);
  return count;
}

builder *sample_program(uint32_t opcode) {
  if (opcode == INGOT_OP_LOOP || opcode == INGOT_OP_TAKE || opcode == INGOT_OP_PUT) return sample_loop(opcode);
  if (opcode == INGOT_OP_REPACK) return sample_repack();
  builder *b = builder_create();
  const builder_type image = {INGOT_F32, 4, {1, 4, 6, 6}}, small = {INGOT_F32, 4, {1, 4, 3, 3}}, line = {INGOT_F32, 1, {6}};
  const builder_type kernel = {INGOT_F32, 4, {4, 4, 3, 3}}, vector = {INGOT_F32, 1, {4}}, matrix = {INGOT_F32, 2, {4, 4}};
  static const float zeros[768];
  builder_type x = image, y = image;
  const builder_type *weights[2] = {NULL, NULL};
  switch (opcode) {
    case INGOT_OP_MATMUL: x = y = matrix, weights[0] = &matrix, weights[1] = &vector; break;
    case INGOT_OP_CONV: y = small, weights[0] = &kernel, weights[1] = &vector; break;
    case INGOT_OP_CONV_TRANSPOSE: x = small, weights[0] = &kernel, weights[1] = &vector; break;
    case INGOT_OP_POOL: y = small; break;
    case INGOT_OP_ARG_POOL: y = small, y.element = INGOT_I64; break;
    case INGOT_OP_REDUCE: y = vector; break;
    case INGOT_OP_ARG_REDUCE: y = (builder_type){INGOT_I64, 3, {1, 6, 6}}; break;
    case INGOT_OP_NORMALIZE: weights[0] = weights[1] = &line; break;
    case INGOT_OP_GROUP_NORM: weights[0] = weights[1] = &vector; break;
    case INGOT_OP_CONCAT: y.dims[1] = 8; break;
    case INGOT_OP_SLICE: y.dims[3] = 3; break;
    case INGOT_OP_PAD: y.dims[3] = 10; break;
    case INGOT_OP_GATHER: y.dims[2] = 2; break;
    case INGOT_OP_UNPACK: x.element = y.element = INGOT_U8, y.dims[3] = 12; break;
    case INGOT_OP_PALETTE: x.element = INGOT_U8, y.dims[3] = 16; break;
    case INGOT_OP_RESIZE: y.dims[2] = y.dims[3] = 12; break;
    case INGOT_OP_MATMUL_INTEGER: x = y = matrix, x.element = INGOT_U8, y.element = INGOT_I8; break;
    case INGOT_OP_RESCALE: x.element = INGOT_I32, y.element = INGOT_U8; break;
    case INGOT_OP_LOOKUP:
    case INGOT_OP_ADD_INTEGER:
    case INGOT_OP_MUL_INTEGER:
    case INGOT_OP_SOFTMAX_INTEGER:
    case INGOT_OP_NORM_INTEGER: x.element = INGOT_I8, y.element = INGOT_I8; break;
    case INGOT_OP_REDUCE_INTEGER: y = vector, x.element = INGOT_I8, y.element = INGOT_I8; break;
    case INGOT_OP_POOL_INTEGER: y = small, x.element = INGOT_I8, y.element = INGOT_I8; break;
    case INGOT_OP_CONV_INTEGER: y = small, x.element = INGOT_U8, y.element = INGOT_I32; break;
    case INGOT_OP_CONV_TRANSPOSE_INTEGER: x = small, x.element = INGOT_I16, y.element = INGOT_I32; break;
    case INGOT_OP_GRID_SAMPLE: y = small; break;
    case INGOT_OP_ROI_ALIGN: y = small, y.dims[0] = 2; break;
    case INGOT_OP_RECURRENT: x = (builder_type){INGOT_F32, 3, {5, 2, 12}}, y = (builder_type){INGOT_F32, 4, {5, 1, 2, 4}}; break;
    case INGOT_OP_RECURRENT_INTEGER: x = (builder_type){INGOT_I16, 3, {5, 2, 12}}, y = (builder_type){INGOT_I16, 4, {5, 1, 2, 4}}; break;
    case INGOT_OP_TOP_K: y.dims[1] = 2; break;
    case INGOT_OP_NONZERO: x = y = vector, y.element = INGOT_I64; break;
    case INGOT_OP_UNIQUE: x = matrix, y = vector, y.element = INGOT_I64; break;
    case INGOT_OP_NMS: x = (builder_type){INGOT_F32, 3, {2, 5, 4}}, y = (builder_type){INGOT_I64, 2, {12, 3}}; break;
    case INGOT_OP_SCATTER: x = y = matrix; break;
    case INGOT_OP_COPY:
    case INGOT_OP_ELEMENTWISE:
    case INGOT_OP_SOFTMAX:
    case INGOT_OP_LP_NORM:
    case INGOT_OP_TRANSPOSE:
    case INGOT_OP_CUMSUM: break;
    default: builder_destroy(b); return NULL;
  }
  uint32_t inputs[16] = {add_input(b, x, "x")}, inputs_count = 1;
  const uint32_t result = add_output(b, y, "y");
  const bool counts = opcode == INGOT_OP_NONZERO || opcode == INGOT_OP_UNIQUE || opcode == INGOT_OP_NMS;
  const uint32_t size = counts ? add_output(b, (builder_type){INGOT_I64, 0, {0}}, "y.size") : 0;
  if (counts) add_output_size(b, result, 0, size);
  add_intermediate(b, image, 0);
  for (int i = 0; i < 2; i++) {
    if (weights[i] != NULL) inputs[inputs_count++] = add_weight(b, *weights[i], zeros, 0, false);
  }
  if (opcode == INGOT_OP_PALETTE) inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 1, {8}}, zeros, 0, false);
  if (opcode == INGOT_OP_CONCAT) inputs[inputs_count++] = inputs[0];
  if (opcode == INGOT_OP_GATHER) inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I64, 1, {2}}, zeros, 0, false);
  if (opcode == INGOT_OP_SCATTER) {
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I64, 1, {2}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 2, {2, 4}}, zeros, 0, false);
  }
  if (opcode == INGOT_OP_NMS) {
    static const float scores[30] = {0.5f, 0.5f, 0.9f, 0, 0.2f, 0.3f};
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 3, {2, 3, 5}}, scores, 0, false);
  }
  uint32_t results[4] = {result}, result_count = 1;
  if (opcode == INGOT_OP_UNIQUE) {
    results[result_count++] = add_intermediate(b, y, 0);
    results[result_count++] = add_intermediate(b, y, 0);
  }
  if (counts) results[result_count++] = size;
  if (opcode == INGOT_OP_RECURRENT) {
    const builder_type state = {INGOT_F32, 3, {1, 2, 4}};
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 3, {1, 12, 4}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 2, {1, 12}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, state, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I32, 1, {2}}, zeros, 0, false);
    results[result_count++] = add_intermediate(b, state, 0);
  }
  if (opcode == INGOT_OP_RECURRENT_INTEGER) {
    const builder_type state = {INGOT_I16, 3, {1, 2, 4}}, rows = {INGOT_I32, 2, {1, 12}};
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I8, 3, {1, 12, 4}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, rows, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, rows, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I8, 2, {1, 12}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, state, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I16, 2, {2, 513}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I32, 0, {0}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I8, 0, {0}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I8, 0, {0}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I32, 1, {2}}, zeros, 0, false);
    results[result_count++] = add_intermediate(b, state, 0);
  }
  if (opcode == INGOT_OP_GRID_SAMPLE)
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 4, {1, 3, 3, 2}}, zeros, 0, false);
  if (opcode == INGOT_OP_ROI_ALIGN) {
    static const float corners[8] = {1, 1, 9, 10, 0, -2, 40, 3};
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 2, {2, 4}}, corners, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I64, 1, {2}}, zeros, 0, false);
  }
  if (opcode == INGOT_OP_MATMUL_INTEGER || opcode == INGOT_OP_CONV_INTEGER || opcode == INGOT_OP_CONV_TRANSPOSE_INTEGER) {
    builder_type weight = opcode == INGOT_OP_MATMUL_INTEGER ? matrix : kernel;
    weight.element = INGOT_I8;
    inputs[inputs_count++] = add_weight(b, weight, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){x.element, 0, {0}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I8, 1, {4}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I32, 1, {4}}, zeros, 0, false);
  }
  if (opcode == INGOT_OP_RESCALE)
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I32, 0, {0}}, zeros, 0, false);
  if (opcode == INGOT_OP_RESCALE || opcode == INGOT_OP_MATMUL_INTEGER) {
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I32, 1, {4}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I8, 1, {4}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){y.element, 0, {0}}, zeros, 0, false);
  }
  if (opcode >= INGOT_OP_LOOKUP && opcode <= INGOT_OP_NORM_INTEGER)
    inputs_count = add_sample_integers(b, opcode, inputs, inputs_count);
  if (opcode == INGOT_OP_TOP_K) {
    y.element = INGOT_I64;
    results[result_count++] = add_intermediate(b, y, 0);
  }
  add_instruction(b, opcode, results, result_count, inputs, inputs_count);
  add_sample_attributes(b, opcode);
  return b;
}

builder *sample_windows(uint32_t opcode) {
  builder *b = sample_program(opcode);
  for (uint32_t k = 0; b != NULL && k < 2; k++) {
    const uint32_t index = b->program.tensor_count;
    const ingot_tensor *whole = &b->tensors[b->operands[k]];
    if (whole->rank < 2 || whole->layout != 0) continue;
    b->tensors[index] = *whole;
    b->tensors[index].image_rows = (uint32_t)whole->dims[whole->rank - 2];
    b->tensors[index].first_row = b->tensors[index].image_rows > 1;
    b->operands[k] = index;
    b->program.tensor_count++;
  }
  return b;
}
