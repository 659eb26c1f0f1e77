/* Every rule of the format that a program can break: one breach each, with right digests. */
#include "rules.h"

#include <math.h>
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

#define HUGE_INT ((int64_t)1 << 62)

static void structure(void) {
  const uint32_t op = INGOT_OP_ELEMENTWISE;
  RULE(op, "there are 17 memories", for (uint32_t m = 1; m < 17; m++) b->memories[m] = b->memories[0]; b->program.memory_count = 17);
  RULE(op, "memory 0 has a name outside", b->memories[0].name = 1000);
  RULE(op, "memory 0 has a name outside", b->memories[0].name_bytes = 0xFFFFFFFF);
  RULE(op, "memory 0 has", b->memories[0].bytes = ((uint64_t)1 << 48) + 1);
  RULE(op, "memory 1 has", b->memories[1] = b->memories[0]; b->memories[1].bytes = UINT64_MAX; b->program.memory_count = 2);
  RULE(op, "lies in memory 0 of 0", b->program.memory_count = 0);
  RULE(op, "buffer 2 lies in memory 1 of 1", b->buffers[2].memory = 1);
  RULE(op, "in a memory of 0", b->buffers[2].memory = 1; b->memories[1].name = 4; b->program.memory_count = 2);
  RULE(op, "in a memory of", b->memories[0].bytes = 64);
  RULE(op, "a reserved field", b->buffers[2].reserved = 1);
  RULE(op, "unknown kind", b->buffers[2].kind = 9);
  RULE(op, "no multiple of 64", b->buffers[2].offset += 4);
  RULE(op, "in a memory of", b->buffers[2].bytes = UINT64_MAX);
  RULE(op, "in a memory of", b->buffers[2].offset = UINT64_MAX - 63);
  RULE(op, "has index 1", b->buffers[2].index = 1);
  RULE(op, "is weight 0 of 0", b->buffers[2].kind = INGOT_BUFFER_WEIGHT);
  RULE(INGOT_OP_MATMUL, "its weight has", b->buffers[3].bytes = 1000);
  RULE(INGOT_OP_MATMUL, "its weight has", b->buffers[3].offset = 64);
  RULE(INGOT_OP_MATMUL, "of memory 1, its weight has", b->buffers[3].memory = 1);
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
  RULE(op, "it has 0 inputs, expected 1 to 8", i->input_count = 0);
  RULE(op, "absent", b->operands[1] = INGOT_NONE);
  RULE(op, "lies in chunk", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].chunk = 7);
  RULE(op, "in a chunk of", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].offset = 64);
  RULE(op, "in a chunk of", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].offset = UINT64_MAX - 63);
  RULE(op, "do not fit its shape", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].bytes = 3);
  RULE(op, "outside the table's names", static const float one = 0; add_weight(b, (builder_type){INGOT_F32, 0, {0}}, &one, 0, false); b->weights[0].name_bytes = 1);
}

/* Of tensor 2, an intermediate of shape [1, 3, 2, 4] or so. */
static void row_windows(void) {
  const uint32_t op = INGOT_OP_ELEMENTWISE;
  RULE(op, "tensor 2 is dense, but has a first row, 1", t[2].first_row = 1);
  RULE(op, "tensor 0, an input or output, is a window", t[0].image_rows = (uint32_t)t[0].dims[2]);
  RULE(op, "tensor 1, an input or output, is a window", t[1].image_rows = (uint32_t)t[1].dims[2]);
  RULE(op, "a window of 2 rows from 0 on in an image of 1", t[2].dims[2] = 2; t[2].image_rows = 1);
  RULE(op, "in an image of 3", t[2].dims[2] = 2; t[2].image_rows = 3; t[2].first_row = 3);
  RULE(op, "in an image of 4294967295", t[2].image_rows = t[2].first_row = UINT32_MAX);
  RULE(op, "which is out of range", t[2].dims[1] = (int64_t)1 << 20; t[2].image_rows = UINT32_MAX);
  RULE(op, "which is out of range", t[2].dims[1] = 0; t[2].dims[3] = (int64_t)1 << 40; t[2].image_rows = UINT32_MAX);
  RULE(op, "in a buffer of", t[2].image_rows = (uint32_t)t[2].dims[2] + 1);
  RULE(op, "in a buffer of", t[2].dims[2]--; t[2].image_rows = (uint32_t)t[2].dims[2] + 1; t[2].offset = 4);
  RULE(op, "tensor 2 has rank 1 and layout 0", t[2].rank = 1; t[2].image_rows = 4; memset(t[2].dims + 1, 0, sizeof t[2].dims - 8));
  RULE(op, "tensor 2 has rank 4 and layout 1", set_layout(b, 2, (const uint8_t[]){0, 2, 1, 3}, 0, 0); t[2].image_rows = (uint32_t)t[2].dims[2]);
  RULE(INGOT_OP_MATMUL, "tensor 3, of a weight, is a window", t[3].image_rows = (uint32_t)t[3].dims[t[3].rank - 2]);
  RULE(op, "longer than the input or output", b->buffers[0].bytes += 128; t[2] = t[0]; t[2].dims[2] = 1; t[2].image_rows = (uint32_t)t[0].dims[2] + 1);
  RULE(INGOT_OP_SOFTMAX, "operand 0, tensor 2, is a window of rows, which this does not take", b->operands[0] = 2; t[2].image_rows = (uint32_t)t[2].dims[2]);
}

/* What ops ask of windows that they take. */
static void ops_on_windows(void) {
  RULE(INGOT_OP_RESCALE, "parameters for each row", t[2].element = t[1].element; t[2].image_rows = (uint32_t)t[2].dims[2]; b->operands[0] = 2;
       HEAD(rescale)->axis = 2);
  RULE(INGOT_OP_COPY, "expected the same last two extents", t[2].image_rows = (uint32_t)t[2].dims[2]; b->operands[0] = 2; t[3] = t[0];
       t[3].dims[2] *= 2; t[3].dims[1] /= 2; b->operands[1] = 3; b->program.tensor_count = 4);
  RULE(INGOT_OP_CONCAT, "axis is 2, expected less than 2", t[3] = t[1]; t[3].dims[1] = t[0].dims[1]; t[3].dims[2] = 2 * t[0].dims[2];
       t[3].image_rows = (uint32_t)t[3].dims[2]; b->operands[0] = 3; b->program.tensor_count = 4; HEAD(concat)->axis = 2);
  RULE(INGOT_OP_POOL, "it has one spatial axis", t[3] = t[1]; t[2].rank = t[3].rank = 3; t[2].dims[3] = t[3].dims[3] = 0;
       t[2].image_rows = (uint32_t)t[2].dims[1]; b->operands[0] = 3; b->operands[1] = 2; b->program.tensor_count = 4; i->attribute_count -= 5);
  RULE(INGOT_OP_RESIZE, "rows of a stripe, but not of the image", HEAD(resize)->in_first = 1);
  RULE(INGOT_OP_RESIZE, "rows of a stripe, but not of the image", HEAD(resize)->out_rows = 9);
  RULE(INGOT_OP_RESIZE, "rows from 0 on of 1,", HEAD(resize)->in_rows = 1);
  RULE(INGOT_OP_RESIZE, "from 1 on of 30,", HEAD(resize)->in_rows = 30; HEAD(resize)->in_first = 1; HEAD(resize)->out_rows = 1);
  RULE(INGOT_OP_RESIZE, "in_rows is -1", HEAD(resize)->in_rows = -1);
  ACCEPTED(INGOT_OP_RESIZE, HEAD(resize)->in_rows = 30; HEAD(resize)->in_first = 1; HEAD(resize)->out_rows = 50; HEAD(resize)->out_first = 30);
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

/* Result and input of a program become windows of the intermediate's memory, whose planes have twice the rows. */
static void share_ring(builder *b, uint32_t result_row, uint32_t input_row) {
  ingot_tensor *t = b->tensors;
  b->buffers[t[2].buffer].bytes *= 2;
  b->memories[0].bytes += b->buffers[t[2].buffer].bytes;
  for (uint32_t k = 0; k < 2; k++) {
    t[3 + k] = t[2];
    t[3 + k].image_rows = (uint32_t)(2 * t[2].dims[t[2].rank - 2]);
    t[3 + k].first_row = k == 0 ? result_row : input_row;
    b->operands[k] = 3 + k;
  }
  b->program.tensor_count = 5;
}

/* Who takes windows, as result and first input; all others refuse them. */
static void takers_of_windows(void) {
  static const uint32_t takers[] = {INGOT_OP_ELEMENTWISE, INGOT_OP_COPY, INGOT_OP_CONV_INTEGER, INGOT_OP_CONV_TRANSPOSE_INTEGER,
                                    INGOT_OP_CONV, INGOT_OP_CONV_TRANSPOSE,
                                    INGOT_OP_ADD_INTEGER, INGOT_OP_MUL_INTEGER, INGOT_OP_LOOKUP, INGOT_OP_RESCALE, INGOT_OP_POOL,
                                    INGOT_OP_POOL_INTEGER, INGOT_OP_RESIZE, INGOT_OP_CONCAT};
  for (uint32_t o = 0; o < sample_opcode_count; o++) {
    const uint32_t opcode = sample_opcodes[o];
    bool takes = false;
    for (unsigned i = 0; i < sizeof takers / sizeof *takers; i++) takes |= takers[i] == opcode;
    builder *b = sample_windows(opcode);
    if (b == NULL) continue;
    const bool are_windows = b->tensors[b->operands[0]].image_rows != 0 || b->tensors[b->operands[1]].image_rows != 0;
    char message[512];
    const ingot_status status = try_it(b, message);
    if (!are_windows || takes) check(status == INGOT_OK, "%s with windows: %s", ingot_opcode_text(opcode), message);
    else check(status == INGOT_ERROR_INVALID && strstr(message, "a window of rows") != NULL, "%s with windows: status %d, '%s'",
               ingot_opcode_text(opcode), status, message);
  }
}

static void overlaps_of_windows(void) {
  const uint32_t rows = 6;
  for (uint32_t first = 0; first < 2 * rows; first++) {
    ACCEPTED(INGOT_OP_COPY, share_ring(b, first, (first + rows) % (2 * rows)));
    RULE(INGOT_OP_COPY, "overlaps operand 1", share_ring(b, first, (first + 1) % (2 * rows)));
    RULE(INGOT_OP_COPY, "overlaps operand 1", share_ring(b, (first + 1) % (2 * rows), first));
    RULE(INGOT_OP_COPY, "overlaps operand 1", share_ring(b, first, first));
    ACCEPTED(INGOT_OP_ELEMENTWISE, share_ring(b, first, first));
    RULE(INGOT_OP_ELEMENTWISE, "overlaps operand 1", share_ring(b, first, (first + rows + 1) % (2 * rows)));
  }
  /* Of images of other rows all memory counts, and of one plane behind the other none. */
  RULE(INGOT_OP_ELEMENTWISE, "overlaps operand 1", share_ring(b, 0, rows); t[4].image_rows--);
  RULE(INGOT_OP_ELEMENTWISE, "overlaps operand 1", share_ring(b, 0, rows); t[4].image_rows = t[4].first_row = 0);
  ACCEPTED(INGOT_OP_ELEMENTWISE, share_ring(b, 0, 0); t[4].offset = ingot_element_bytes(t[4].element) * t[4].image_rows * (uint64_t)t[4].dims[3];
           t[3].dims[1] = t[4].dims[1] = 1);
  RULE(INGOT_OP_ELEMENTWISE, "overlaps operand 1", share_ring(b, 0, 0); t[4].offset = ingot_element_bytes(t[4].element) * t[4].image_rows * (uint64_t)t[4].dims[3];
       t[4].dims[1]--; t[3].dims[1]--);
}

static void compute(void) {
  uint32_t op = INGOT_OP_ELEMENTWISE;
  RULE(op, "it has 0 words of attributes, expected 0 and 1 to 24 times 7", i->attribute_count = 0);
  RULE(op, "it has 175 words of attributes", i->attribute_count = b->program.attribute_count = 25 * 7);
  RULE(op, "it has 27 words of attributes", i->attribute_count = 27);
  RULE(op, "it has 0 words of attributes, expected 0 and 1 to 24 times 7", i->attribute_count = 0);
  RULE(op, "has function 0", ENTRIES(step)[0].function = 0);
  RULE(op, "has function 63", ENTRIES(step)[0].function = 63);
  RULE(op, "has function", ENTRIES(step)[0].function = ((uint64_t)1 << 32) + INGOT_FN_ADD);
  RULE(op, "step 0 has function 83, which domain f32 does not have", ENTRIES(step)[0].function = INGOT_FN_BIT_AND);
  RULE(op, "step 1 has function 49, which domain f32 does not have", ENTRIES(step)[1].function = INGOT_FN_TO_F32);
  RULE(op, "step 2 has function 9, which domain i64 does not have", ENTRIES(step)[2].function = INGOT_FN_EXP; ENTRIES(step)[2].b = 0);
  RULE(op, "step 3 has function 54, which domain i64 does not have", ENTRIES(step)[3].function = INGOT_FN_TO_I64);
  /* Each step computes in one of two domains, reads registers of it alone, and no input is in both. */
  RULE(op, "step 0 has domain 0", ENTRIES(step)[0].domain = 0);
  RULE(op, "step 0 has domain 2", ENTRIES(step)[0].domain = INGOT_F16);
  RULE(op, "step 0 has domain 7", ENTRIES(step)[0].domain = INGOT_I32);
  RULE(op, "step 0 has domain", ENTRIES(step)[0].domain = ((uint64_t)1 << 32) + INGOT_F32);
  RULE(op, "step 1 computes in domain f32 and reads register 1, which holds i64", ENTRIES(step)[0].domain = INGOT_I64);
  RULE(op, "step 1 computes in domain i64 and reads register 1, which holds f32", ENTRIES(step)[1].domain = INGOT_I64);
  RULE(op, "step 2 computes in domain i64 and reads register 2, which holds f32", ENTRIES(step)[1].function = INGOT_FN_TO_BOOL);
  RULE(op, "step 2 computes in domain i64 and reads register 1, which holds f32", ENTRIES(step)[2].b = 1);
  RULE(op, "step 2 computes in domain i64 and reads register 0, which holds f32", ENTRIES(step)[2].a = 0);
  RULE(op, "step 3 computes in domain f32 and reads register 3, which holds i64", ENTRIES(step)[3].function = INGOT_FN_NEG; ENTRIES(step)[3].domain = INGOT_F32);
  ACCEPTED(op, ENTRIES(step)[3].function = INGOT_FN_NEG);
  ACCEPTED(op, ENTRIES(step)[3].function = INGOT_FN_NEG; ENTRIES(step)[3].domain = INGOT_F32; ENTRIES(step)[3].a = 0);
  RULE(op, "reads register 1", ENTRIES(step)[0].a = 1);
  RULE(op, "reads register", ENTRIES(step)[0].b = -1);
  RULE(op, "reads register 1", ENTRIES(step)[0].c = 1);
  RULE(op, "does not broadcast", t[0].dims[1] = 3; t[0].dims[0] = 1);
  RULE(op, "does not broadcast", t[1].dims[3] = 5);
  op = INGOT_OP_MATMUL;
  ACCEPTED(op, i->input_count = 2);
  ACCEPTED(op, b->operands[3] = INGOT_NONE);
  RULE(op, "inputs, expected 2 to 5", i->input_count = 1);
  RULE(op, "transpose_a is 2", HEAD(matmul)->transpose_a = 2);
  RULE(op, "transpose_b is -1", HEAD(matmul)->transpose_b = -1);
  RULE(op, "activation", HEAD(matmul)->activation.function = INGOT_FN_ADD);
  RULE(op, "activation", HEAD(matmul)->activation.function = INGOT_FN_BIT_NOT);
  RULE(op, "activation", HEAD(matmul)->activation.function = INGOT_FN_TO_F32);
  RULE(op, "activation", HEAD(matmul)->activation.function = INGOT_FN_TO_I32);
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
    RULE(op, "attributes, expected 14", i->attribute_count = 11);
    RULE(op, "group is 0", HEAD(conv)->group = 0);
    RULE(op, "groups", HEAD(conv)->group = 3);
    RULE(op, transposed ? "the result has batch" : "the weight does not fit", HEAD(conv)->group = 2);
    RULE(op, "stride of spatial axis 0 is 0", TAIL(conv, window)[0].stride = 0);
    RULE(op, "stride of spatial axis 1 is 4611686018427387904", TAIL(conv, window)[1].stride = HUGE_INT);
    RULE(op, "dilation of spatial axis 0 is 0", TAIL(conv, window)[0].dilation = 0);
    RULE(op, "dilation of spatial axis 1 is -1", TAIL(conv, window)[1].dilation = -1);
    RULE(op, "begin of spatial axis 0 is 4611686018427387904", TAIL(conv, window)[0].begin = HUGE_INT);
    RULE(op, "end of spatial axis 0 is -4611686018427387905", TAIL(conv, window)[0].end = -1 - HUGE_INT);
    RULE(op, "spatial axis 0 has extent", TAIL(conv, window)[0].stride = 3);
    RULE(op, "spatial axis 1 has extent", TAIL(conv, window)[1].begin = 5);
    RULE(op, "activation", HEAD(conv)->activation.function = 200);
    RULE(op, "the bias", t[4].dims[0] = 3);
    RULE(op, "ranks are", t[3].rank = 3; t[3].dims[3] = 0);
    RULE(op, "expected f32, f16 or bf16", t[3].element = INGOT_I32);
    RULE(op, "the result has batch", t[1].dims[1] = 3);
    RULE(op, "kernel 0", t[3].dims[2] = 0);
  }
  uint32_t op = INGOT_OP_POOL;
  RULE(op, "kind is 3", HEAD(pool)->kind = 3);
  RULE(op, "kernel of spatial axis 0 is 0", TAIL(pool, pool_window)[0].kernel = 0);
  RULE(op, "stride of spatial axis 0 is 0", TAIL(pool, pool_window)[0].stride = 0);
  RULE(op, "begin of spatial axis 0 is -1", TAIL(pool, pool_window)[0].begin = -1);
  RULE(op, "spatial axis 0", TAIL(pool, pool_window)[0].stride = 1);
  RULE(op, "expected the same float", t[0].element = t[1].element = INGOT_I32);
  RULE(op, "expected the same float", HEAD(pool)->kind = INGOT_POOL_AVERAGE; t[0].element = t[1].element = INGOT_I8);
  RULE(op, "channels change", t[1].dims[1] = 3);
  RULE(op, "extents are 0", t[0].dims[2] = 0; TAIL(pool, pool_window)[0].end = 6);
  op = INGOT_OP_ARG_POOL;
  ACCEPTED(op, t[0].element = INGOT_U8);
  RULE(op, "kernel of spatial axis 0 is 0", ENTRIES(pool_window)[0].kernel = 0);
  RULE(op, "dilation of spatial axis 1 is 0", ENTRIES(pool_window)[1].dilation = 0);
  RULE(op, "end of spatial axis 1 is -1", ENTRIES(pool_window)[1].end = -1);
  RULE(op, "spatial axis 1", ENTRIES(pool_window)[1].stride = 1);
  RULE(op, "and i64", t[1].element = INGOT_I32);
  RULE(op, "and i64", t[0].element = INGOT_I32);
  RULE(op, "channels change", t[1].dims[1] = 3);
  RULE(op, "attributes, expected 10", i->attribute_count = 9);
  op = INGOT_OP_RESIZE;
  RULE(op, "mode is 3", HEAD(resize)->mode = 3);
  RULE(op, "coordinates is 4", HEAD(resize)->coordinates = 4);
  RULE(op, "rounding is 4", HEAD(resize)->rounding = 4);
  RULE(op, "exclude_outside is 2", HEAD(resize)->exclude_outside = 2);
  RULE(op, "scale of spatial axis 0 is 0", TAIL(resize, resize_axis)[0].scale = 0);
  RULE(op, "scale of spatial axis 1 is nan", TAIL(resize, resize_axis)[1].scale = NAN);
  RULE(op, "extents are 0", t[0].dims[2] = 0);
  RULE(op, "attributes, expected 11", i->attribute_count = 6);
}

static void axes(void) {
  uint32_t op = INGOT_OP_REDUCE;
  RULE(op, "kind is 10", HEAD(reduce)->kind = 10);
  RULE(op, "axes is the mask 16, which names axes beyond rank 4", HEAD(reduce)->axes = 16);
  RULE(op, "expected 24", HEAD(reduce)->axes = 9);
  RULE(op, "do not go with kind", t[0].element = t[1].element = INGOT_I32; HEAD(reduce)->kind = INGOT_REDUCE_L1);
  RULE(op, "do not go with kind", t[0].element = INGOT_I8);
  op = INGOT_OP_ARG_REDUCE;
  RULE(op, "order is 2, expected 0 to 1: largest, smallest", HEAD(arg_reduce)->order = 2);
  RULE(op, "axis is 4", HEAD(arg_reduce)->axis = 4);
  RULE(op, "last is 2", HEAD(arg_reduce)->last = 2);
  RULE(op, "expected i64 or i32", t[1].element = INGOT_F32);
  RULE(op, "expected 36", t[1].dims[2] = 5);
  RULE(op, "the axis has extent 0", t[0].dims[1] = 0);
  op = INGOT_OP_SOFTMAX;
  RULE(op, "axis is -1", HEAD(softmax)->axis = -1);
  RULE(op, "axis is 4", HEAD(softmax)->axis = 4);
  RULE(op, "log is 2", HEAD(softmax)->log = 2);
  RULE(op, "expected the same", t[1].dims[3] = 5);
  RULE(op, "expected f32, f16 or bf16", t[0].element = INGOT_I32);
  RULE(op, "inputs, expected 1", i->input_count = 0; i->input_count = 1; b->operands[2] = 0; b->program.operand_count = 3; i->input_count = 2);
  op = INGOT_OP_NORMALIZE;
  RULE(op, "kind is 4, expected 0 to 1: layer, rms", HEAD(normalize)->kind = 4);
  RULE(op, "axis is 5, expected 0 to 4", HEAD(normalize)->axis = 5);
  RULE(op, "scale or bias has rank 1, expected 2", HEAD(normalize)->axis = 2);
  RULE(op, "scale or bias has extent 3 at axis 0, expected 6", t[3].dims[0] = 3);
  op = INGOT_OP_GROUP_NORM;
  RULE(op, "groups is 0", HEAD(group_norm)->groups = 0);
  RULE(op, "4 channels do not split into 3 groups", HEAD(group_norm)->groups = 3);
  RULE(op, "scale has rank 1 and first extent 3", t[3].dims[0] = 3);
  op = INGOT_OP_LP_NORM;
  RULE(op, "axis is 4", HEAD(lp_norm)->axis = 4);
  RULE(op, "order is 3, expected 1 to 2", HEAD(lp_norm)->order = 3);
  op = INGOT_OP_CUMSUM;
  RULE(op, "axis is 4", HEAD(cumsum)->axis = 4);
  RULE(op, "exclusive is 2", HEAD(cumsum)->exclusive = 2);
  RULE(op, "reverse is 2", HEAD(cumsum)->reverse = 2);
  RULE(op, "elements are", t[0].element = t[1].element = INGOT_I8);
  RULE(op, "expected the same", t[1].dims[3] = 5);
}

static void movement(void) {
  uint32_t op = INGOT_OP_COPY;
  RULE(op, "elements are copied", t[1].dims[3] = 5);
  RULE(op, "elements are f32 and i16, expected the same size, and bools only from bools", t[1].element = INGOT_I16);
  RULE(op, "bools only from bools", t[0].element = INGOT_I8; t[1].element = INGOT_BOOL);
  RULE(op, "attributes, expected 0", i->attribute_count = b->program.attribute_count = 1);
  op = INGOT_OP_TRANSPOSE;
  RULE(op, "permutation of axis 0 is 4", ENTRIES(transpose_axis)[0].permutation = 4);
  RULE(op, "appears twice", ENTRIES(transpose_axis)[3].permutation = 3; t[1].dims[3] = 6);
  RULE(op, "axis 2 has extent 5", t[1].dims[2] = 5);
  RULE(op, "attributes, expected 4", i->attribute_count = 3);
  op = INGOT_OP_CONCAT;
  RULE(op, "axis is 4", HEAD(concat)->axis = 4);
  RULE(op, "add up to extent 8", t[1].dims[1] = 7);
  RULE(op, "expected 5", t[1].dims[3] = 5);
  RULE(op, "absent", b->operands[2] = INGOT_NONE);
  op = INGOT_OP_SLICE;
  RULE(op, "the step of axis 3 is 0", ENTRIES(slice_axis)[3].step = 0);
  RULE(op, "starts at 6", ENTRIES(slice_axis)[3].start = 6);
  RULE(op, "starts at -1", ENTRIES(slice_axis)[3].start = -1);
  RULE(op, "leaves the input", ENTRIES(slice_axis)[3].start = 3);
  RULE(op, "leaves the input", ENTRIES(slice_axis)[3].step = INT64_MIN);
  RULE(op, "leaves the input", ENTRIES(slice_axis)[3].start = 0; ENTRIES(slice_axis)[3].step = INT64_MAX);
  op = INGOT_OP_PAD;
  RULE(op, "mode is 4", HEAD(pad)->mode = 4);
  RULE(op, "begin of axis 3 is 4611686018427387904", TAIL(pad, pad_axis)[3].begin = HUGE_INT);
  RULE(op, "reflects", TAIL(pad, pad_axis)[3].begin = -3);
  RULE(op, "pads an empty axis", t[0].dims[3] = 0; HEAD(pad)->mode = INGOT_PAD_EDGE);
  op = INGOT_OP_GATHER;
  RULE(op, "axis is 4", HEAD(gather)->axis = 4);
  RULE(op, "the result has extent", t[1].dims[2] = 1);
  RULE(op, "the result has rank", t[1].rank = 3; t[1].dims[3] = 0);
  RULE(op, "expected i32 or i64", t[3].element = INGOT_F32);
  op = INGOT_OP_RECURRENT_INTEGER;
  RULE(op, "kind is 3", HEAD(recurrent_integer)->kind = 3);
  RULE(op, "results, expected 3", HEAD(recurrent_integer)->kind = INGOT_RECURRENT_LSTM);
  RULE(op, "only an LSTM", HEAD(recurrent_integer)->input_forget = 1);
  RULE(op, "only an LSTM", HEAD(recurrent_integer)->peepholes = 1);
  RULE(op, "11 inputs, expected 10", HEAD(recurrent_integer)->lengths = 0);
  RULE(op, "gate_shift is 16, expected 0 to 15", HEAD(recurrent_integer)->gate_shift = 16);
  RULE(op, "cell_exponent is -1, expected 0 to 15", HEAD(recurrent_integer)->cell_exponent = -1);
  RULE(op, "the gates has extent", HEAD(recurrent_integer)->direction = INGOT_DIRECTION_BIDIRECTIONAL);
  RULE(op, "the gates has extent 12 at axis 2, expected 4", HEAD(recurrent_integer)->kind = INGOT_RECURRENT_RNN; HEAD(recurrent_integer)->linear_before_reset = 0);
  RULE(op, "the weights has element u8, expected i8", t[3].element = INGOT_U8);
  RULE(op, "the bias has extent 11 at axis 1, expected 12", t[4].dims[1] = 11);
  op = INGOT_OP_RECURRENT;
  RULE(op, "kind is 3", HEAD(recurrent)->kind = 3);
  RULE(op, "results, expected 3", HEAD(recurrent)->kind = INGOT_RECURRENT_LSTM);
  RULE(op, "direction is 3", HEAD(recurrent)->direction = 3);
  RULE(op, "linear_before_reset is 2", HEAD(recurrent)->linear_before_reset = 2);
  RULE(op, "only an LSTM", HEAD(recurrent)->input_forget = 1);
  RULE(op, "only an LSTM", HEAD(recurrent)->peepholes = 1);
  RULE(op, "inputs, expected", HEAD(recurrent)->lengths = 0);
  RULE(op, "clip is", HEAD(recurrent)->clip = -1);
  RULE(op, "f is 64", HEAD(recurrent)->f.function = INGOT_FN_ADD);
  RULE(op, "the gates has extent", HEAD(recurrent)->direction = INGOT_DIRECTION_BIDIRECTIONAL);
  RULE(op, "the weights has extent", t[3].dims[1] = 11);
  RULE(op, "the bias has extent", t[4].dims[1] = 11);
  RULE(op, "the initial state has rank", t[5].rank = 2; t[5].dims[2] = 0);
  RULE(op, "the lengths have element", t[6].element = INGOT_F32);
  RULE(op, "the result has extent", t[1].dims[0] = 4);
  RULE(op, "a last state has extent", t[7].dims[2] = 3);
  op = INGOT_OP_GRID_SAMPLE;
  RULE(op, "mode is 3", HEAD(grid_sample)->mode = 3);
  RULE(op, "padding is 3", HEAD(grid_sample)->padding = 3);
  RULE(op, "align_corners is 2", HEAD(grid_sample)->align_corners = 2);
  RULE(op, "coordinates, expected 2", t[3].dims[3] = 1);
  RULE(op, "the result is", t[1].dims[1] = 3);
  RULE(op, "the result has extent", t[1].dims[3] = 2);
  RULE(op, "spatial axis 1", t[0].dims[3] = 0);
  op = INGOT_OP_ROI_ALIGN;
  ACCEPTED(op, HEAD(roi_align)->mode = INGOT_ROI_MAX; HEAD(roi_align)->coordinates = INGOT_ROI_COORDINATES_OUTPUT_HALF_PIXEL; HEAD(roi_align)->sampling_ratio = INGOT_MAX_SAMPLING_RATIO);
  ACCEPTED(op, t[4].element = INGOT_I32);
  RULE(op, "mode is 2", HEAD(roi_align)->mode = 2);
  RULE(op, "coordinates is 2", HEAD(roi_align)->coordinates = 2);
  RULE(op, "sampling_ratio is 129", HEAD(roi_align)->sampling_ratio = INGOT_MAX_SAMPLING_RATIO + 1);
  RULE(op, "sampling_ratio is -1", HEAD(roi_align)->sampling_ratio = -1);
  RULE(op, "spatial_scale", HEAD(roi_align)->spatial_scale = -1);
  RULE(op, "spatial_scale", HEAD(roi_align)->spatial_scale = NAN);
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
  const uint32_t products[] = {INGOT_OP_MATMUL_INTEGER, INGOT_OP_CONV_INTEGER, INGOT_OP_CONV_TRANSPOSE_INTEGER};
  for (int p = 0; p < 3; p++) {
    op = products[p];
    RULE(op, "the result has element", t[1].element = INGOT_BOOL);
    RULE(op, "the bias is absent or not i32", t[6].element = INGOT_F32);
    RULE(op, "the bias has rank", t[6].dims[0] = 3);
    RULE(op, "the factors have elements", t[0].element = INGOT_BOOL);
    RULE(op, "the factors have elements", t[3].element = INGOT_BOOL);
    RULE(op, "a zero point has element", t[4].element = INGOT_I8);
    RULE(op, "a zero point has element", t[5].dims[0] = 3);
    RULE(op, "expected", t[1].dims[1] = 3);
  }
  op = INGOT_OP_CONV_INTEGER;
  RULE(op, "but not its inputs", HEAD(conv_integer)->rounding = INGOT_RESCALE_HALF_EVEN);
  RULE(op, "but not its inputs", HEAD(conv_integer)->least = 0);
  ACCEPTED(op, i->input_count = 4; b->program.operand_count--);
  op = INGOT_OP_MATMUL_INTEGER;
  RULE(op, "a bias if any", i->input_count = 6);
  RULE(op, "rounding is 3, expected 0 to 2: half_up, half_even, two_roundings", ENTRIES(rescaling)->rounding = 3);
  RULE(op, "limited to 128 .. 200", ENTRIES(rescaling)->least = 128; ENTRIES(rescaling)->most = 200);
  RULE(op, "limited to 91 .. 90", ENTRIES(rescaling)->least = 91);
  RULE(op, "limited to -140 .. -129", ENTRIES(rescaling)->least = -140; ENTRIES(rescaling)->most = -129);
  RULE(op, "most is 2147483648", ENTRIES(rescaling)->most = 0x80000000);
  RULE(op, "the multiplier has element", t[7].element = INGOT_F32);
  RULE(op, "the multiplier has element", t[7].dims[0] = 3);
  RULE(op, "the shift has element", t[8].element = INGOT_U8);
  RULE(op, "meet at axis 0", t[8].dims[0] = 3);
  RULE(op, "the zero point of the result", t[9].element = INGOT_U8);
  ACCEPTED(op, t[7].rank = t[8].rank = 0; t[7].dims[0] = t[8].dims[0] = 0);
  op = INGOT_OP_RESCALE;
  RULE(op, "axis is 4, expected less than 4", HEAD(rescale)->axis = 4);
  RULE(op, "the multiplier has element", HEAD(rescale)->axis = 2);
  RULE(op, "rounding is 3", HEAD(rescale)->rounding = 3);
  RULE(op, "the input has element", t[0].element = INGOT_F32);
  RULE(op, "the result has element", t[1].element = INGOT_BOOL);
  RULE(op, "the zero point of the input", t[3].element = INGOT_I8);
  RULE(op, "meet at axis 3", t[1].dims[3] = 5);
  RULE(op, "inputs, expected 5", i->input_count = 4);
  op = INGOT_OP_LOOKUP;
  ACCEPTED(op, i->input_count = 2; HEAD(rescale)->least = INT32_MIN; HEAD(rescale)->most = INT32_MAX);
  RULE(op, "has attributes of a rescaling but not its inputs", i->input_count = 2);
  RULE(op, "expected 2, then multiplier", i->input_count = 4);
  RULE(op, "elements of x and table are bool and i8", t[0].element = INGOT_BOOL);
  RULE(op, "elements of x and table are i8 and bool", t[3].element = INGOT_BOOL);
  RULE(op, "the table has rank 1 and first extent 255", t[3].dims[0] = 255);
  RULE(op, "axis is 4, expected less than 4", HEAD(rescale)->axis = 4);
  RULE(op, "the multiplier has element", HEAD(rescale)->axis = 2);
  RULE(op, "the zero point of the result", t[6].element = INGOT_U8);
  RULE(op, "meet at axis 3", t[1].dims[3] = 5);
  op = INGOT_OP_ADD_INTEGER;
  RULE(op, "a has element bool", t[0].element = INGOT_BOOL);
  RULE(op, "b has element bool", t[5].element = INGOT_BOOL);
  RULE(op, "the zero point of a has element u8", t[3].element = INGOT_U8);
  RULE(op, "the zero point of b has element u8", t[6].element = INGOT_U8);
  RULE(op, "b does not broadcast", t[5].dims[0] = 3);
  RULE(op, "the multiplier of a has element", HEAD(rescale)->axis = 3);
  RULE(op, "the multiplier of b has element", t[7].dims[0] = 3);
  RULE(op, "first extent 4, expected i32 and [] or [-1]", HEAD(rescale)->axis = 7);
  RULE(op, "the shift has element", t[8].element = INGOT_U8);
  RULE(op, "the zero point of the result", t[9].element = INGOT_U8);
  RULE(op, "limited to 128 .. 200", HEAD(rescale)->least = 128; HEAD(rescale)->most = 200);
  RULE(op, "the result has element", t[1].element = INGOT_BOOL);
  op = INGOT_OP_MUL_INTEGER;
  RULE(op, "a has element bool", t[0].element = INGOT_BOOL);
  RULE(op, "the zero point of b has element u8", t[5].element = INGOT_U8);
  RULE(op, "a does not broadcast", t[0].dims[1] = 3);
  RULE(op, "the multiplier has element", HEAD(rescale)->axis = 2);
  RULE(op, "axis is 4, expected less than 4", HEAD(rescale)->axis = 4);
  RULE(op, "meet at axis 0", t[7].dims[0] = 3);
  op = INGOT_OP_REDUCE_INTEGER;
  RULE(op, "axes is the mask 16", HEAD(reduce_integer)->axes = 16);
  RULE(op, "the input has element bool", t[0].element = INGOT_BOOL);
  RULE(op, "the result has 4 elements, expected 24", HEAD(reduce_integer)->axes = 1 | 4);
  RULE(op, "the multiplier has element", t[4].rank = 1; t[4].dims[0] = 1);
  op = INGOT_OP_POOL_INTEGER;
  RULE(op, "kind is 0, expected an average", HEAD(pool_integer)->kind = INGOT_POOL_MAX);
  RULE(op, "expected i32 and [] or [2]", TAIL(pool_integer, pool_window)->kernel = 1);
  RULE(op, "the multiplier has rank 0, expected 1", t[4].rank = 0; t[4].dims[0] = 0);
  RULE(op, "spatial axis 0 has extent 3, expected 2", TAIL(pool_integer, pool_window)->stride = 3);
  RULE(op, "the input has element bool", t[0].element = INGOT_BOOL);
  RULE(op, "the zero point of the input", t[3].element = INGOT_U8);
  op = INGOT_OP_SOFTMAX_INTEGER;
  RULE(op, "axis is 4", HEAD(softmax_integer)->axis = 4);
  RULE(op, "the input has element bool", t[0].element = INGOT_BOOL);
  RULE(op, "the zero point of the result", t[6].element = INGOT_U8);
  RULE(op, "meet at axis 3", t[1].dims[3] = 5);
  op = INGOT_OP_NORM_INTEGER;
  ACCEPTED(op, HEAD(norm_integer)->epsilon = 1e300);
  RULE(op, "kind is 2", HEAD(norm_integer)->kind = 2);
  RULE(op, "epsilon is -1", HEAD(norm_integer)->epsilon = -1);
  RULE(op, "epsilon is nan", HEAD(norm_integer)->epsilon = fabs(NAN));
  RULE(op, "channels that split into 3 groups", HEAD(norm_integer)->groups = 3);
  RULE(op, "axis is 5, expected at most 4", HEAD(norm_integer)->groups = 0; HEAD(norm_integer)->axis = 5);
  RULE(op, "the scale has rank 1, expected 2", HEAD(norm_integer)->groups = 0; HEAD(norm_integer)->axis = 2);
  RULE(op, "the scale has extent 4 at axis 0, expected 6", HEAD(norm_integer)->groups = 0; HEAD(norm_integer)->axis = 3);
  RULE(op, "the scale is absent or not i16", t[4].element = INGOT_F16);
  RULE(op, "the bias is absent or not i32", t[5].element = INGOT_F32);
  RULE(op, "the input has element bool", t[0].element = INGOT_BOOL);
  op = INGOT_OP_TOP_K;
  RULE(op, "axis is 4", HEAD(top_k)->axis = 4);
  RULE(op, "order is 2, expected 0 to 1: largest, smallest", HEAD(top_k)->order = 2);
  RULE(op, "elements are", t[3].element = INGOT_F32);
  RULE(op, "expected the same", t[3].dims[1] = 1);
  RULE(op, "the result has extent", t[1].dims[3] = t[3].dims[3] = 5);
  op = INGOT_OP_SCATTER;
  RULE(op, "reduction is 5, expected 0 to 4: none, add, mul, min, max", HEAD(scatter)->reduction = 5);
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
  ACCEPTED(op, HEAD(unique)->sorted = 0);
  ACCEPTED(op, t[0].dims[1] = 0);
  RULE(op, "results, expected 4", i->result_count = 3; i->input_count = 2);
  RULE(op, "sorted is 2", HEAD(unique)->sorted = 2);
  RULE(op, "the input has rank", t[0].rank = 1; t[0].dims[1] = 0);
  RULE(op, "positions has rank", t[1].dims[0] = 3);
  RULE(op, "inverse has rank", t[4].dims[0] = 3);
  RULE(op, "counts has rank", t[5].dims[0] = 3);
  RULE(op, "result 2 has element", t[5].element = INGOT_BF16);
  op = INGOT_OP_NMS;
  ACCEPTED(op, HEAD(nms)->center_point_box = 1; HEAD(nms)->iou_threshold = NAN);
  ACCEPTED(op, HEAD(nms)->max_output_boxes_per_class = INT64_MAX; t[0].dims[1] = t[4].dims[2] = 2; t[1].dims[0] = 12);
  RULE(op, "center_point_box is 2", HEAD(nms)->center_point_box = 2);
  RULE(op, "max_output_boxes_per_class is -1", HEAD(nms)->max_output_boxes_per_class = -1);
  RULE(op, "expected [6, 3]", HEAD(nms)->max_output_boxes_per_class = 1);
  RULE(op, "expected [30, 3]", HEAD(nms)->max_output_boxes_per_class = INT64_MAX);
  RULE(op, "expected [12, 3]", t[1].dims[1] = 2);
  RULE(op, "elements are", t[4].element = INGOT_I32);
  RULE(op, "boxes have rank", t[0].dims[2] = 3);
  RULE(op, "boxes have rank", t[0].dims[1] = 4);
  RULE(op, "boxes have rank", t[4].dims[0] = 1);
}

static void sizes(void) {
  const uint32_t op = INGOT_OP_NONZERO;
  ACCEPTED(op, b->program.size_count = 0);
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
  for (uint32_t o = 0; o < sample_opcode_count; o++) {
    builder *sample = sample_program(sample_opcodes[o]);
    if (sample == NULL) continue;
    builder_destroy(sample);
    ACCEPTED(sample_opcodes[o], (void)0);
  }
  structure();
  row_windows();
  overlaps();
  overlaps_of_windows();
  takers_of_windows();
  ops_on_windows();
  compute();
  windows();
  axes();
  movement();
  counted();
  sizes();
}
