/* One small valid program for each opcode: what the validator tests break and the fuzzer starts from. */
#include "builder.h"

#include <string.h>

const uint32_t sample_opcodes[] = {
#define OPCODE_NUMBER(name, number, text) number,
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
  const uint64_t outer[2] = {3, nests ? 5 : 1}, inner[2] = {2, 2};
  add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0, outer, 2);
  if (!nests) {
    add_instruction(b, opcode, &y, 1, &x, 1, NULL, 0);
    return b;
  }
  const uint32_t whole = add_intermediate(b, part, 0), line = add_intermediate(b, row, 0);
  add_instruction(b, INGOT_OP_TAKE, &middle, 1, &x, 1, NULL, 0);
  add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0, inner, 2);
  add_instruction(b, INGOT_OP_TAKE, &line, 1, &middle, 1, NULL, 0);
  add_instruction(b, INGOT_OP_PUT, &whole, 1, &line, 1, NULL, 0);
  add_instruction(b, INGOT_OP_PUT, &y, 1, &whole, 1, NULL, 0);
  return b;
}

builder *sample_program(uint32_t opcode) {
  if (opcode == INGOT_OP_LOOP || opcode == INGOT_OP_TAKE || opcode == INGOT_OP_PUT) return sample_loop(opcode);
  builder *b = builder_create();
  const builder_type image = {INGOT_F32, 4, {1, 4, 6, 6}}, small = {INGOT_F32, 4, {1, 4, 3, 3}};
  const builder_type kernel = {INGOT_F32, 4, {4, 4, 3, 3}}, vector = {INGOT_F32, 1, {4}}, matrix = {INGOT_F32, 2, {4, 4}};
  static const float zeros[256];
  builder_type x = image, y = image;
  uint64_t a[32] = {0};
  uint32_t count = 0, extra = 0;
  const builder_type *weights[2] = {NULL, NULL};
  switch (opcode) {
    case INGOT_OP_ELEMENTWISE: {
      const uint64_t words[] = {4, INGOT_FN_ADD, INGOT_F32, 0, 0, 0, 0, 0, INGOT_FN_TO_I8, INGOT_F32, 1, 0, 0, 0, 0,
                                INGOT_FN_BIT_AND, INGOT_I64, 2, 2, 0, 0, 0, INGOT_FN_TO_F32, INGOT_I64, 3, 0, 0, 0, 0};
      memcpy(a, words, sizeof words), count = sizeof words / sizeof *words;
      break;
    }
    case INGOT_OP_MATMUL: x = y = matrix, weights[0] = &matrix, weights[1] = &vector, count = 5; break;
    case INGOT_OP_CONV:
    case INGOT_OP_CONV_TRANSPOSE: {
      const uint64_t words[12] = {1, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0};
      memcpy(a, words, sizeof words), count = 12;
      weights[0] = &kernel, weights[1] = &vector;
      if (opcode == INGOT_OP_CONV) y = small;
      else x = small;
      break;
    }
    case INGOT_OP_POOL: {
      const uint64_t words[11] = {0, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0};
      memcpy(a, words, sizeof words), count = 11, y = small;
      break;
    }
    case INGOT_OP_ARG_POOL: {
      const uint64_t words[10] = {2, 2, 2, 2, 1, 1, 0, 0, 0, 0};
      memcpy(a, words, sizeof words), count = 10, y = small, y.element = INGOT_I64;
      break;
    }
    case INGOT_OP_REDUCE: y = vector, a[1] = 13, count = 2; break;
    case INGOT_OP_ARG_REDUCE: y = (builder_type){INGOT_I64, 3, {1, 6, 6}}, a[1] = 1, count = 3; break;
    case INGOT_OP_SOFTMAX: count = 2; break;
    case INGOT_OP_NORMALIZE: a[0] = 2, a[1] = 2, count = 3, weights[0] = weights[1] = &vector; break;
    case INGOT_OP_TRANSPOSE: a[1] = 1, a[2] = 3, a[3] = 2, count = 4; break;
    case INGOT_OP_CONCAT: y.dims[1] = 8, a[0] = 1, count = 1, extra = 1; break;
    case INGOT_OP_SLICE: y.dims[3] = 3, a[1] = a[3] = a[5] = 1, a[6] = 5, a[7] = (uint64_t)-2, count = 8; break;
    case INGOT_OP_PAD: y.dims[3] = 10, a[0] = 1, a[5] = 2, count = 6; break;
    case INGOT_OP_GATHER: y.dims[2] = 2, a[0] = 2, count = 1; break;
    case INGOT_OP_RESIZE: y.dims[2] = y.dims[3] = 12, a[5] = a[6] = real_bits(2), count = 7; break;
    case INGOT_OP_CUMSUM: count = 3; break;
    case INGOT_OP_MATMUL_INTEGER: x = y = matrix, x.element = INGOT_U8, y.element = INGOT_I32; break;
    case INGOT_OP_CONV_INTEGER: {
      const uint64_t words[9] = {1, 2, 2, 1, 1, 1, 1, 1, 1};
      memcpy(a, words, sizeof words), count = 9;
      y = small, x.element = INGOT_U8, y.element = INGOT_I32;
      break;
    }
    case INGOT_OP_GRID_SAMPLE: y = small, a[0] = 2, a[1] = 2, count = 3; break;
    case INGOT_OP_ROI_ALIGN: y = small, y.dims[0] = 2, a[3] = real_bits(0.5), count = 4; break;
    case INGOT_OP_RECURRENT:
      x = (builder_type){INGOT_F32, 3, {5, 2, 12}}, y = (builder_type){INGOT_F32, 4, {5, 1, 2, 4}};
      a[0] = 1, a[2] = 1, a[5] = 1, a[7] = INGOT_FN_SIGMOID, a[10] = a[13] = INGOT_FN_TANH, count = 16;
      break;
    case INGOT_OP_TOP_K: y.dims[1] = 2, a[0] = 1, count = 2; break;
    case INGOT_OP_NONZERO: x = y = vector, y.element = INGOT_I64; break;
    case INGOT_OP_UNIQUE: x = matrix, y = vector, y.element = INGOT_I64, a[0] = 1, count = 1; break;
    case INGOT_OP_NMS:
      x = (builder_type){INGOT_F32, 3, {2, 5, 4}}, y = (builder_type){INGOT_I64, 2, {12, 3}};
      a[1] = 2, a[2] = real_bits(0.5), a[3] = real_bits(0.1), count = 4;
      break;
    case INGOT_OP_SCATTER: x = y = matrix, a[0] = 1, count = 1; break;
    default: break;
  }
  uint32_t inputs[6] = {add_input(b, x, "x")}, inputs_count = 1;
  const uint32_t result = add_output(b, y, "y");
  const bool counts = opcode == INGOT_OP_NONZERO || opcode == INGOT_OP_UNIQUE || opcode == INGOT_OP_NMS;
  const uint32_t size = counts ? add_output(b, (builder_type){INGOT_I64, 0, {0}}, "y.size") : 0;
  if (counts) add_output_size(b, result, 0, size);
  add_intermediate(b, image, 0);
  for (int i = 0; i < 2; i++) {
    if (weights[i] != NULL) inputs[inputs_count++] = add_weight(b, *weights[i], zeros, 0, false);
  }
  if (extra) inputs[inputs_count++] = inputs[0];
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
  if (opcode == INGOT_OP_GRID_SAMPLE)
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 4, {1, 3, 3, 2}}, zeros, 0, false);
  if (opcode == INGOT_OP_ROI_ALIGN) {
    static const float corners[8] = {1, 1, 9, 10, 0, -2, 40, 3};
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_F32, 2, {2, 4}}, corners, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I64, 1, {2}}, zeros, 0, false);
  }
  if (opcode == INGOT_OP_MATMUL_INTEGER || opcode == INGOT_OP_CONV_INTEGER) {
    builder_type weight = opcode == INGOT_OP_CONV_INTEGER ? kernel : matrix;
    weight.element = INGOT_I8;
    inputs[inputs_count++] = add_weight(b, weight, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_U8, 0, {0}}, zeros, 0, false);
    inputs[inputs_count++] = add_weight(b, (builder_type){INGOT_I8, 1, {4}}, zeros, 0, false);
  }
  if (opcode == INGOT_OP_TOP_K) {
    y.element = INGOT_I64;
    results[result_count++] = add_intermediate(b, y, 0);
  }
  add_instruction(b, opcode, results, result_count, inputs, inputs_count, a, count);
  return b;
}
