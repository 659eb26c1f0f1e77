/* Every rule of the format that a program can break: one breach each, with right digests. */
#include "rules.h"

#include <stdlib.h>

ingot_status try_it(builder *b, char message[512]) {
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  ingot_bundle *bundle;
  message[0] = 0;
  const ingot_status status = ingot_open_memory(file, bytes, NULL, &bundle, message, 512);
  if (status == INGOT_OK) {
    ingot_session *session;
    if (ingot_session_create(bundle, NULL, NULL, &session, message, 512) == INGOT_OK) ingot_run(session);
    ingot_session_destroy(session);
  }
  ingot_close(bundle);
  free(file);
  builder_destroy(b);
  return status;
}

#define HUGE_INT ((uint64_t)1 << 62)

static void structure(void) {
  const uint32_t op = INGOT_OP_ELEMENTWISE;
  RULE(op, "arena", b->program.arena_bytes = (uint64_t)1 << 60);
  RULE(op, "in an arena of", b->program.arena_bytes = 64);
  RULE(op, "unknown kind", b->buffers[2].kind = 9);
  RULE(op, "no multiple of 64", b->buffers[2].offset += 4);
  RULE(op, "in an arena of", b->buffers[2].bytes = UINT64_MAX);
  RULE(op, "in an arena of", b->buffers[2].offset = UINT64_MAX - 63);
  RULE(op, "has index 1", b->buffers[2].index = 1);
  RULE(op, "is weight 0 of 0", b->buffers[2].kind = INGOT_BUFFER_WEIGHT);
  RULE(INGOT_OP_MATMUL, "its weight has", b->buffers[3].bytes = 1000);
  RULE(INGOT_OP_MATMUL, "its weight has", b->buffers[3].offset = 64);
  RULE(op, "tensor 2 has", t[2].element = 0);
  RULE(op, "tensor 2 has", t[2].element = 10);
  RULE(op, "tensor 2 has", t[2].rank = 9);
  RULE(op, "tensor 2 has", t[2].dims[0] = -1);
  RULE(op, "tensor 2 has", t[2].dims[5] = 1);
  RULE(op, "tensor 2 has", t[2].dims[0] = INT64_MAX);
  RULE(op, "tensor 2 has", t[2].dims[0] = INT64_C(1) << 40; t[2].dims[1] = INT64_C(1) << 40; t[2].dims[2] = 0);
  RULE(op, "lies in buffer", t[2].buffer = 3);
  RULE(op, "in a buffer of", t[2].dims[0] = 2);
  RULE(op, "in a buffer of", t[2].offset = 4);
  RULE(op, "in a buffer of", t[2].offset = UINT64_MAX - 3);
  RULE(op, "no multiple of its element", t[2].dims[0] = 0; t[2].offset = 2);
  RULE(op, "outside the strings", t[2].name = 1000);
  RULE(op, "outside the strings", t[2].name_bytes = 0xFFFFFFFF);
  RULE(op, "outside the strings", t[2].reserved = 1);
  RULE(op, "outside the strings", b->program.name = 999);
  RULE(op, "outside the strings", i->name = 999);
  RULE(op, "inputs and outputs", b->program.input_count = 0xFFFFFFFF);
  RULE(op, "input and output buffers", b->buffers[2].kind = INGOT_BUFFER_INPUT);
  RULE(op, "expected less than 0", b->program.input_count = 0);
  RULE(op, "not the start of its own buffer", t[0].buffer = 1);
  RULE(op, "not the start of its own buffer", b->buffers[0].bytes = 64 * 9; t[0].dims[3] = 5; t[0].offset = 4);
  RULE(op, "longer than the input or output", t[2].buffer = 1; t[1].dims[3] = 5; t[0].dims[3] = 5);
  RULE(op, "the opcode is", i->opcode = 999);
  RULE(op, "the opcode is", i->opcode = 0);
  RULE(op, "the opcode is", i->reserved = 1);
  RULE(op, "operands from", i->first_operand = 1);
  RULE(op, "operands from", i->input_count = 0xFFFF);
  RULE(op, "attributes from", i->first_attribute = 1);
  RULE(op, "attributes from", i->attribute_count = 0xFFFFFFFF);
  RULE(op, "operand 1 is tensor", b->operands[1] = 3);
  RULE(op, "operand 0 is tensor", b->operands[0] = INGOT_NONE);
  RULE(op, "overwrite an input", b->operands[0] = 0);
  RULE(INGOT_OP_MATMUL, "overwrite a weight", b->operands[0] = 3);
  RULE(op, "results, expected 1", i->result_count = 0; i->input_count = 2);
  RULE(op, "results, expected 1", i->result_count = 2; i->input_count = 0; b->operands[1] = 2);
  RULE(op, "no input", i->input_count = 0);
  RULE(op, "absent", b->operands[1] = INGOT_NONE);
  RULE(op, "lies in chunk", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].chunk = 7);
  RULE(op, "in a chunk of", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].offset = 64);
  RULE(op, "in a chunk of", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].offset = UINT64_MAX - 63);
  RULE(op, "do not fit its shape", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].bytes = 3);
  RULE(op, "outside the table's names", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].name_bytes = 1);
}

static void overlaps(void) {
  /* An elementwise result may be its input's own place, and nothing else may. */
  ACCEPTED(INGOT_OP_ELEMENTWISE, b->operands[0] = 2; b->operands[1] = 2);
  RULE(INGOT_OP_SOFTMAX, "overlaps operand 1", b->operands[0] = 2; b->operands[1] = 2);
  ACCEPTED(INGOT_OP_COPY, b->operands[0] = 2; b->operands[1] = 2);
  ACCEPTED(INGOT_OP_ELEMENTWISE, b->buffers[1].offset = b->buffers[0].offset);
  RULE(INGOT_OP_ELEMENTWISE, "overlaps operand 1", b->buffers[1].offset = b->buffers[0].offset + 64);
  RULE(INGOT_OP_ELEMENTWISE, "overlaps operand 1", b->operands[0] = 2; b->operands[1] = 2; t[3] = t[2]; t[3].dims[1] = 1;
       b->program.tensor_count = 4; b->operands[1] = 3);
  RULE(INGOT_OP_MATMUL, "overlaps operand 1", b->buffers[1].offset = b->buffers[0].offset);
  ACCEPTED(INGOT_OP_COPY, b->buffers[1].offset = b->buffers[0].offset + 64);
}

static void compute(void) {
  uint32_t op = INGOT_OP_ELEMENTWISE;
  RULE(op, "number of steps", a[0] = 0);
  RULE(op, "number of steps", a[0] = 25);
  RULE(op, "attributes, expected 36", a[0] = 5);
  RULE(op, "attributes, expected at least 1", i->attribute_count = 0);
  RULE(op, "has function 0", a[1] = 0);
  RULE(op, "has function 63", a[1] = 63);
  RULE(op, "has function", a[1] = ((uint64_t)1 << 32) + INGOT_FN_ADD);
  RULE(op, "has function 83, which domain 1 does not have", a[1] = INGOT_FN_BIT_AND);
  RULE(op, "has function 49, which domain 1 does not have", a[8] = INGOT_FN_TO_F32);
  RULE(op, "has function 9, which domain 8 does not have", a[15] = INGOT_FN_EXP; a[18] = 0);
  RULE(op, "has function 54, which domain 8 does not have", a[22] = INGOT_FN_TO_I64);
  /* Each step computes in one of two domains, reads registers of it alone, and no input is in both. */
  RULE(op, "step 0 has domain 0", a[2] = 0);
  RULE(op, "step 0 has domain 2", a[2] = INGOT_F16);
  RULE(op, "step 0 has domain 7", a[2] = INGOT_I32);
  RULE(op, "step 0 has domain", a[2] = ((uint64_t)1 << 32) + INGOT_F32);
  RULE(op, "step 1 computes in domain 1 and reads register 1, which holds 8", a[2] = INGOT_I64);
  RULE(op, "step 1 computes in domain 8 and reads register 1, which holds 1", a[9] = INGOT_I64);
  RULE(op, "step 2 computes in domain 8 and reads register 2, which holds 1", a[8] = INGOT_FN_TO_BOOL);
  RULE(op, "step 2 computes in domain 8 and reads register 1, which holds 1", a[18] = 1);
  RULE(op, "step 2 computes in domain 8 and reads register 0, which holds 1", a[17] = 0);
  RULE(op, "step 3 computes in domain 1 and reads register 3, which holds 8", a[22] = INGOT_FN_NEG; a[23] = INGOT_F32);
  ACCEPTED(op, a[22] = INGOT_FN_NEG);
  ACCEPTED(op, a[22] = INGOT_FN_NEG; a[23] = INGOT_F32; a[24] = 0);
  RULE(op, "reads register 1", a[3] = 1);
  RULE(op, "reads register", a[4] = UINT64_MAX);
  RULE(op, "reads register 1", a[5] = 1);
  RULE(op, "does not broadcast", t[0].dims[1] = 3; t[0].dims[0] = 1);
  RULE(op, "does not broadcast", t[1].dims[3] = 5);
  op = INGOT_OP_MATMUL;
  ACCEPTED(op, i->input_count = 2);
  ACCEPTED(op, b->operands[3] = INGOT_NONE);
  RULE(op, "inputs, expected 2 to 3", i->input_count = 1);
  RULE(op, "transpose_a is 2", a[0] = 2);
  RULE(op, "transpose_b is -1", a[1] = UINT64_MAX);
  RULE(op, "activation", a[2] = INGOT_FN_ADD);
  RULE(op, "activation", a[2] = INGOT_FN_BIT_NOT);
  RULE(op, "activation", a[2] = INGOT_FN_TO_F32);
  RULE(op, "activation", a[2] = INGOT_FN_TO_I32);
  RULE(op, "expected f32, f16 or bf16", t[0].element = INGOT_I32);
  RULE(op, "expected at least 2", t[0].rank = 1; t[0].dims[1] = 0);
  RULE(op, "inner extents", t[0].dims[1] = 3);
  RULE(op, "the result is", t[1].dims[0] = 3);
  RULE(op, "the result has rank", t[1].rank = 3; t[1].dims[2] = 1);
  RULE(op, "do not broadcast", t[1].rank = 3; t[1].dims[2] = 2; t[1].dims[0] = 2; t[1].dims[1] = 4; t[0].rank = 3; t[0].dims[2] = 4;
       t[0].dims[1] = 4; t[0].dims[0] = 1; t[1].dims[2] = 2; t[3].dims[1] = 2; t[3].rank = 2; t[3].dims[0] = 4; t[4].dims[0] = 2);
  RULE(op, "the bias", t[4].dims[0] = 3);
}

static void windows(void) {
  for (int transposed = 0; transposed < 2; transposed++) {
    const uint32_t op = transposed ? INGOT_OP_CONV_TRANSPOSE : INGOT_OP_CONV;
    ACCEPTED(op, i->input_count = 2);
    RULE(op, "attributes, expected 12", i->attribute_count = 11);
    RULE(op, "group is 0", a[0] = 0);
    RULE(op, "groups", a[0] = 3);
    RULE(op, transposed ? "the result has batch" : "the weight does not fit", a[0] = 2);
    RULE(op, "a stride is 0", a[1] = 0);
    RULE(op, "a stride", a[2] = HUGE_INT);
    RULE(op, "a dilation is 0", a[3] = 0);
    RULE(op, "a dilation", a[4] = (uint64_t)-1);
    RULE(op, "a begin pad", a[5] = HUGE_INT);
    RULE(op, "an end pad", a[7] = (uint64_t)-1 - HUGE_INT);
    RULE(op, "spatial axis 0 has extent", a[1] = 3);
    RULE(op, "spatial axis 1 has extent", a[6] = 5);
    RULE(op, "activation", a[9] = 200);
    RULE(op, "the bias", t[4].dims[0] = 3);
    RULE(op, "ranks are", t[3].rank = 3; t[3].dims[3] = 0);
    RULE(op, "expected f32, f16 or bf16", t[3].element = INGOT_I32);
    RULE(op, "the result has batch", t[1].dims[1] = 3);
    RULE(op, "kernel 0", t[3].dims[2] = 0);
  }
  uint32_t op = INGOT_OP_POOL;
  RULE(op, "kind is 3", a[0] = 3);
  RULE(op, "a kernel extent is 0", a[1] = 0);
  RULE(op, "a stride", a[3] = 0);
  RULE(op, "pads are -1", a[7] = (uint64_t)-1);
  RULE(op, "spatial axis 0", a[3] = 1);
  RULE(op, "expected the same float", t[0].element = t[1].element = INGOT_I32);
  RULE(op, "expected the same float", a[0] = 1; t[0].element = t[1].element = INGOT_I8);
  RULE(op, "channels change", t[1].dims[1] = 3);
  RULE(op, "extents are 0", t[0].dims[2] = 0; a[9] = 6);
  op = INGOT_OP_ARG_POOL;
  ACCEPTED(op, t[0].element = INGOT_U8);
  RULE(op, "a kernel extent is 0", a[0] = 0);
  RULE(op, "a dilation", a[5] = 0);
  RULE(op, "pads are 0 and -1", a[9] = (uint64_t)-1);
  RULE(op, "spatial axis 1", a[3] = 1);
  RULE(op, "and i64", t[1].element = INGOT_I32);
  RULE(op, "and i64", t[0].element = INGOT_I32);
  RULE(op, "channels change", t[1].dims[1] = 3);
  RULE(op, "attributes, expected 10", i->attribute_count = 9);
  op = INGOT_OP_RESIZE;
  RULE(op, "mode is 3", a[0] = 3);
  RULE(op, "coordinates is 4", a[1] = 4);
  RULE(op, "rounding is 4", a[2] = 4);
  RULE(op, "exclude_outside is 2", a[4] = 2);
  RULE(op, "scale 0", a[5] = real_bits(0));
  RULE(op, "scale 1", a[6] = 0x7ff8000000000000);
  RULE(op, "extents are 0", t[0].dims[2] = 0);
  RULE(op, "attributes, expected 7", i->attribute_count = 6);
}

static void axes(void) {
  uint32_t op = INGOT_OP_REDUCE;
  RULE(op, "kind is 10", a[0] = 10);
  RULE(op, "axis mask", a[1] = 16);
  RULE(op, "expected 24", a[1] = 9);
  RULE(op, "do not go with kind", t[0].element = t[1].element = INGOT_I32; a[0] = 5);
  RULE(op, "do not go with kind", t[0].element = INGOT_I8);
  op = INGOT_OP_ARG_REDUCE;
  RULE(op, "kind is 2", a[0] = 2);
  RULE(op, "axis is 4", a[1] = 4);
  RULE(op, "last is 2", a[2] = 2);
  RULE(op, "expected i64 or i32", t[1].element = INGOT_F32);
  RULE(op, "expected 36", t[1].dims[2] = 5);
  RULE(op, "the axis has extent 0", t[0].dims[1] = 0);
  op = INGOT_OP_SOFTMAX;
  RULE(op, "axis is -1", a[0] = UINT64_MAX);
  RULE(op, "axis is 4", a[0] = 4);
  RULE(op, "log is 2", a[1] = 2);
  RULE(op, "expected the same", t[1].dims[3] = 5);
  RULE(op, "expected f32, f16 or bf16", t[0].element = INGOT_I32);
  RULE(op, "inputs, expected 1", i->input_count = 0; i->input_count = 1; b->operands[2] = 0; b->program.operand_count = 3; i->input_count = 2);
  op = INGOT_OP_NORMALIZE;
  RULE(op, "kind is 4", a[0] = 4);
  RULE(op, "the group count", a[1] = 0);
  RULE(op, "do not split", a[1] = 3);
  RULE(op, "scale", t[3].dims[0] = 3);
  RULE(op, "first normalized axis", a[0] = 0; a[1] = 5);
  RULE(op, "scale or bias", a[0] = 0; a[1] = 3);
  RULE(op, "takes no scale", a[0] = 3);
  RULE(op, "axis and order", a[0] = 3; a[1] = 8);
  op = INGOT_OP_CUMSUM;
  RULE(op, "axis is 4", a[0] = 4);
  RULE(op, "exclusive is 2", a[1] = 2);
  RULE(op, "reverse is 2", a[2] = 2);
  RULE(op, "elements are", t[0].element = t[1].element = INGOT_I8);
  RULE(op, "expected the same", t[1].dims[3] = 5);
}

static void movement(void) {
  uint32_t op = INGOT_OP_COPY;
  RULE(op, "elements are copied", t[1].dims[3] = 5);
  RULE(op, "elements are 1 and 6", t[1].element = INGOT_I16);
  RULE(op, "bools only from bools", t[0].element = INGOT_I8; t[1].element = INGOT_BOOL);
  RULE(op, "attributes, expected 0", i->attribute_count = b->program.attribute_count = 1);
  op = INGOT_OP_TRANSPOSE;
  RULE(op, "an entry of the permutation", a[0] = 4);
  RULE(op, "appears twice", a[3] = 3; t[1].dims[3] = 6);
  RULE(op, "axis 2 has extent 5", t[1].dims[2] = 5);
  RULE(op, "attributes, expected 4", i->attribute_count = 3);
  op = INGOT_OP_CONCAT;
  RULE(op, "axis is 4", a[0] = 4);
  RULE(op, "add up to extent 8", t[1].dims[1] = 7);
  RULE(op, "expected 5", t[1].dims[3] = 5);
  RULE(op, "absent", b->operands[2] = INGOT_NONE);
  op = INGOT_OP_SLICE;
  RULE(op, "the step of axis 3 is 0", a[7] = 0);
  RULE(op, "starts at 6", a[6] = 6);
  RULE(op, "starts at -1", a[6] = UINT64_MAX);
  RULE(op, "leaves the input", a[6] = 3);
  RULE(op, "leaves the input", a[7] = (uint64_t)INT64_MIN);
  RULE(op, "leaves the input", a[6] = 0; a[7] = INT64_MAX);
  op = INGOT_OP_PAD;
  RULE(op, "mode is 4", a[0] = 4);
  RULE(op, "a begin pad", a[5] = HUGE_INT);
  RULE(op, "reflects", a[5] = (uint64_t)-3);
  RULE(op, "pads an empty axis", t[0].dims[3] = 0; a[0] = 2);
  op = INGOT_OP_GATHER;
  RULE(op, "axis is 4", a[0] = 4);
  RULE(op, "the result has extent", t[1].dims[2] = 1);
  RULE(op, "the result has rank", t[1].rank = 3; t[1].dims[3] = 0);
  RULE(op, "expected i32 or i64", t[3].element = INGOT_F32);
  op = INGOT_OP_RECURRENT;
  RULE(op, "kind is 3", a[0] = 3);
  RULE(op, "results, expected 3", a[0] = 0);
  RULE(op, "direction is 3", a[1] = 3);
  RULE(op, "a flag is 2", a[2] = 2);
  RULE(op, "only an LSTM", a[3] = 1);
  RULE(op, "only an LSTM", a[4] = 1);
  RULE(op, "inputs, expected", a[5] = 0);
  RULE(op, "clip is", a[6] = real_bits(-1));
  RULE(op, "activation", a[7] = INGOT_FN_ADD);
  RULE(op, "the gates has extent", a[1] = 2);
  RULE(op, "the weights has extent", t[3].dims[1] = 11);
  RULE(op, "the bias has extent", t[4].dims[1] = 11);
  RULE(op, "the initial state has rank", t[5].rank = 2; t[5].dims[2] = 0);
  RULE(op, "the lengths have element", t[6].element = INGOT_F32);
  RULE(op, "the result has extent", t[1].dims[0] = 4);
  RULE(op, "a last state has extent", t[7].dims[2] = 3);
  op = INGOT_OP_GRID_SAMPLE;
  RULE(op, "mode is 3", a[0] = 3);
  RULE(op, "padding is 3", a[1] = 3);
  RULE(op, "align_corners is 2", a[2] = 2);
  RULE(op, "coordinates, expected 2", t[3].dims[3] = 1);
  RULE(op, "the result is", t[1].dims[1] = 3);
  RULE(op, "the result has extent", t[1].dims[3] = 2);
  RULE(op, "spatial axis 1", t[0].dims[3] = 0);
  op = INGOT_OP_ROI_ALIGN;
  ACCEPTED(op, a[0] = 1; a[1] = 1; a[2] = INGOT_MAX_SAMPLING_RATIO);
  ACCEPTED(op, t[4].element = INGOT_I32);
  RULE(op, "mode is 2", a[0] = 2);
  RULE(op, "coordinates is 2", a[1] = 2);
  RULE(op, "sampling_ratio is 129", a[2] = INGOT_MAX_SAMPLING_RATIO + 1);
  RULE(op, "sampling_ratio is -1", a[2] = UINT64_MAX);
  RULE(op, "spatial_scale", a[3] = real_bits(-1));
  RULE(op, "spatial_scale", a[3] = 0x7ff8000000000000);
  RULE(op, "elements are", t[1].element = INGOT_F16);
  RULE(op, "elements are", t[3].element = INGOT_I32);
  RULE(op, "expected i32 or i64", t[4].element = INGOT_F32);
  RULE(op, "ranks are", t[0].rank = 3; t[0].dims[3] = 0);
  RULE(op, "regions have 3 coordinates", t[3].dims[1] = 3);
  RULE(op, "the list of indices", t[4].dims[0] = 1);
  RULE(op, "for 2 regions of 4 channels", t[1].dims[0] = 1);
  RULE(op, "for 2 regions of 4 channels", t[1].dims[1] = 3);
  RULE(op, "spatial axis 1", t[0].dims[3] = 0);
  RULE(op, "inputs, expected 3", i->input_count = 2);
  for (op = INGOT_OP_MATMUL_INTEGER; op <= INGOT_OP_CONV_INTEGER; op++) {
    RULE(op, "expected i32", t[1].element = INGOT_F32);
    RULE(op, "an operand has element", t[0].element = INGOT_BOOL);
    RULE(op, "a zero point has element", t[4].element = INGOT_I8);
    RULE(op, "a zero point has element", t[5].dims[0] = 3);
    RULE(op, "expected", t[1].dims[1] = 3);
  }
  op = INGOT_OP_TOP_K;
  RULE(op, "axis is 4", a[0] = 4);
  RULE(op, "kind is 2", a[1] = 2);
  RULE(op, "elements are", t[3].element = INGOT_F32);
  RULE(op, "expected the same", t[3].dims[1] = 1);
  RULE(op, "the result has extent", t[1].dims[3] = t[3].dims[3] = 5);
  op = INGOT_OP_SCATTER;
  RULE(op, "the reduction is 5", a[0] = 5);
  RULE(op, "elements are", t[4].element = INGOT_I32);
  RULE(op, "expected the same", t[1].dims[0] = 3);
  RULE(op, "expected i32 or i64", t[3].element = INGOT_F32);
  RULE(op, "updates have extent", t[4].dims[0] = 1);
  RULE(op, "updates have rank", t[3].rank = 0; t[3].dims[0] = 0);
}

static void counted(void) {
  uint32_t op = INGOT_OP_NONZERO;
  ACCEPTED(op, t[0].dims[0] = t[1].dims[0] = 0);
  RULE(op, "results, expected 2", i->result_count = 1; i->input_count = 2);
  RULE(op, "attributes, expected 0", i->attribute_count = b->program.attribute_count = 1);
  RULE(op, "result 0 has element", t[1].element = INGOT_F16);
  RULE(op, "the input has rank", t[0].rank = 2; t[0].dims[1] = 1);
  RULE(op, "meet at axis 0", t[0].dims[0] = 3);
  RULE(op, "shapes of rank", t[1].rank = 2; t[1].dims[1] = 1);
  op = INGOT_OP_UNIQUE;
  ACCEPTED(op, a[0] = 0);
  ACCEPTED(op, t[0].dims[1] = 0);
  RULE(op, "results, expected 4", i->result_count = 3; i->input_count = 2);
  RULE(op, "sorted is 2", a[0] = 2);
  RULE(op, "the input has rank", t[0].rank = 1; t[0].dims[1] = 0);
  RULE(op, "positions has rank", t[1].dims[0] = 3);
  RULE(op, "inverse has rank", t[4].dims[0] = 3);
  RULE(op, "counts has rank", t[5].dims[0] = 3);
  RULE(op, "result 2 has element", t[5].element = INGOT_BF16);
  op = INGOT_OP_NMS;
  ACCEPTED(op, a[0] = 1; a[2] = 0x7ff8000000000000);
  ACCEPTED(op, a[1] = INT64_MAX; t[0].dims[1] = t[4].dims[2] = 2; t[1].dims[0] = 12);
  RULE(op, "center_point_box is 2", a[0] = 2);
  RULE(op, "the most boxes of a class is -1", a[1] = UINT64_MAX);
  RULE(op, "expected [6, 3]", a[1] = 1);
  RULE(op, "expected [30, 3]", a[1] = INT64_MAX);
  RULE(op, "expected [12, 3]", t[1].dims[1] = 2);
  RULE(op, "elements are", t[4].element = INGOT_I32);
  RULE(op, "boxes have rank", t[0].dims[2] = 3);
  RULE(op, "boxes have rank", t[0].dims[1] = 4);
  RULE(op, "boxes have rank", t[4].dims[0] = 1);
}

static void sizes(void) {
  const uint32_t op = INGOT_OP_NONZERO;
  ACCEPTED(op, b->program.size_count = 0);
  RULE(op, "a reserved field", b->program.reserved = 1);
  RULE(op, "of output 2 by output 1 of 2", b->sizes[0].output = 2);
  RULE(op, "by output 2 of 2", b->sizes[0].size_output = 2);
  RULE(op, "by output 1 of 2", b->sizes[0].reserved = 1);
  RULE(op, "of axis 1 of rank 1", b->sizes[0].axis = 1);
  RULE(op, "of axis 0 of rank 0", b->sizes[0].output = 1);
  RULE(op, "expected one i64", b->sizes[0].size_output = 0);
  RULE(op, "does not come after", b->sizes[1] = b->sizes[0]; b->program.size_count = 2);
  RULE(INGOT_OP_NMS, "does not come after", b->sizes[1] = b->sizes[0]; b->sizes[0].axis = 1; b->program.size_count = 2);
  ACCEPTED(INGOT_OP_NMS, b->sizes[1] = b->sizes[0]; b->sizes[1].axis = 1; b->program.size_count = 2);
  RULE(INGOT_OP_UNIQUE, "result 3 has element", t[2].element = INGOT_F32; b->program.size_count = 0);
}

/* Counts that do not add up to the section's length. */
static void counts(void) {
  for (uint64_t word = 0; word < 9; word++) {
    if (word == 6 || word == 7) continue; /* of inputs and of outputs, which take no room */
    builder *b = sample_program(INGOT_OP_MATMUL);
    uint64_t bytes;
    uint8_t *file = build(b, &bytes);
    ingot_section section;
    uint32_t value;
    memcpy(&section, file + sizeof(ingot_file_header) + sizeof section, sizeof section);
    for (int change = 0; change < 2; change++) {
      memcpy(&value, file + section.offset + 4 * word, sizeof value);
      value = change == 0 ? value + 2 : 0xFFFFFFFF;
      memcpy(file + section.offset + 4 * word, &value, sizeof value);
      refresh_digests(file, bytes);
      char message[512];
      ingot_bundle *bundle;
      const ingot_status status = ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message);
      check(status == INGOT_ERROR_INVALID && strstr(message, "counts ask for") != NULL, "count %d: %s", (int)word, message);
    }
    free(file);
    builder_destroy(b);
  }
}

void test_validator(void) {
  counts();
  for (uint32_t o = 0; o < sample_opcode_count; o++) ACCEPTED(sample_opcodes[o], (void)0);
  structure();
  overlaps();
  compute();
  windows();
  axes();
  movement();
  counted();
  sizes();
}
