/* Tensors and weights in layouts: which are valid, who takes them, and what REPACK does to them. */
#include "rules.h"

#include <stdlib.h>

static const uint8_t plain[] = {0, 1, 2, 3}, last[] = {0, 2, 3, 1}, swapped[] = {1, 0};
/* Weights of the samples. */
enum { WEIGHT = 3 };

static void rules(void) {
  ACCEPTED(INGOT_OP_MATMUL, set_layout(b, WEIGHT, swapped, 1, 3));
  ACCEPTED(INGOT_OP_MATMUL, set_layout(b, WEIGHT, plain, 0, 3); HEAD(matmul)->transpose_b = 1);
  ACCEPTED(INGOT_OP_CONV, set_layout(b, WEIGHT, plain, 0, 3));
  RULE(INGOT_OP_MATMUL, "operand 2 lies in layout 0", set_layout(b, WEIGHT, plain, 0, 3));
  RULE(INGOT_OP_MATMUL, "operand 2 lies in layout 0", set_layout(b, WEIGHT, swapped, 0, 3));
  RULE(INGOT_OP_MATMUL, "operand 2 lies in layout 0", set_layout(b, WEIGHT, swapped, 0, 0));
  RULE(INGOT_OP_MATMUL, "operand 3 lies in layout 0", set_layout(b, WEIGHT + 1, plain, 0, 2));
  RULE(INGOT_OP_CONV, "operand 2 lies in layout 0", set_layout(b, WEIGHT, last, 0, 3));
  RULE(INGOT_OP_CONV, "operand 2 lies in layout 0", set_layout(b, WEIGHT, plain, 1, 3));
  RULE(INGOT_OP_CONV_TRANSPOSE, "operand 2 lies in layout 0", set_layout(b, WEIGHT, plain, 0, 3));
  /* Panels of 3 outputs would lie in two groups of 2. */
  ACCEPTED(INGOT_OP_CONV, set_layout(b, WEIGHT, plain, 0, 2); HEAD(conv)->group = 2; t[WEIGHT].dims[1] = b->weights[0].dims[1] = 2;
           b->weights[0].bytes /= 2; b->buffers[WEIGHT].bytes /= 2);
  RULE(INGOT_OP_CONV, "operand 2 lies in layout 0", set_layout(b, WEIGHT, plain, 0, 3); HEAD(conv)->group = 2;
       t[WEIGHT].dims[1] = b->weights[0].dims[1] = 2; b->weights[0].bytes /= 2; b->buffers[WEIGHT].bytes /= 2);

  RULE(INGOT_OP_MATMUL, "which is none of this rank", t[WEIGHT].layout = 1);
  RULE(INGOT_OP_REPACK, "which is none of this rank", t[2].layout = 2);
  RULE(INGOT_OP_REPACK, "which is none of this rank", t[2].rank = 3; t[2].dims[3] = 0);
  RULE(INGOT_OP_REPACK, "an input or output, has a layout", t[0].layout = 1);
  RULE(INGOT_OP_MATMUL, "not all of its weight", set_layout(b, WEIGHT, swapped, 1, 3); t[WEIGHT].layout = 0);
  RULE(INGOT_OP_MATMUL, "which is none of this rank", set_layout(b, WEIGHT, swapped, 1, 3); b->weights[0].layout = 9);
  RULE(INGOT_OP_CONV, "not all of its weight", set_layout(b, WEIGHT, plain, 0, 3); t[WEIGHT].dims[0] = 3);
  RULE(INGOT_OP_REPACK, "layout 0 is no order", b->layouts[0].order[1] = 0);
  RULE(INGOT_OP_REPACK, "layout 0 is no order", b->layouts[0].order[5] = 1);
  RULE(INGOT_OP_REPACK, "layout 0 is no order", memcpy(b->layouts[0].order, plain, 4));
  RULE(INGOT_OP_REPACK, "layout 0 is no order", b->layouts[0].block_axis = 1);
  RULE(INGOT_OP_REPACK, "layout 0 is no order", b->layouts[0].block_extent = INGOT_MAX_BLOCK + 1);
  RULE(INGOT_OP_REPACK, "layout 0 is no order", b->layouts[0].block_extent = 2; b->layouts[0].block_axis = 4);
  RULE(INGOT_OP_REPACK, "layout 0 is no order", b->layouts[0].reserved = 1);
  RULE(INGOT_OP_REPACK, "layout 0 is no order", b->layouts[0].rank = 9);
  RULE(INGOT_OP_REPACK, "element", t[2].element = INGOT_I32);
  RULE(INGOT_OP_REPACK, "extents 6 and 4 meet at axis 2", t[2].dims[2] = 4);
}

/* Runs a program of x, y and what the caller put between; y into `found`. */
static void run(builder *b, const float *x, size_t x_bytes, float *found, size_t bytes) {
  uint64_t size;
  uint8_t *file = build(b, &size);
  char message[512];
  ingot_bundle *bundle;
  ingot_session *session;
  if (check(ingot_open_memory(file, size, NULL, &bundle, message, sizeof message) == INGOT_OK, "%s", message)) {
    check(ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
    memcpy(ingot_input_data(session, 0), x, x_bytes);
    check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
    memcpy(found, ingot_output_data(session, 0), bytes);
    ingot_session_destroy(session);
    ingot_close(bundle);
  }
  free(file);
  builder_destroy(b);
}

static void repacks(void) {
  float x[144], found[144], packed[144];
  for (int i = 0; i < 144; i++) x[i] = (float)i;
  run(sample_program(INGOT_OP_REPACK), x, sizeof x, found, sizeof found);
  check(memcmp(x, found, sizeof x) == 0, "channels last and back is not what it was");
  /* Seen row by row, what the first call wrote is [1, 6, 6, 4]. */
  builder *b = sample_program(INGOT_OP_REPACK);
  const uint32_t seen = add_intermediate(b, (builder_type){INGOT_F32, 1, {144}}, 0);
  b->tensors[seen].buffer = b->tensors[2].buffer;
  b->instructions[1].opcode = INGOT_OP_COPY;
  b->operands[b->instructions[1].first_operand + 1] = seen;
  run(b, x, sizeof x, packed, sizeof packed);
  for (int i = 0; i < 144; i++)
    check(packed[i] == x[i % 4 * 36 + i / 4], "element %d of channels last is %g", i, (double)packed[i]);
}

/* y = x * w with w in panels of 3 of its 4 columns. */
static void products(void) {
  const float x[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  float found[2][16];
  for (int packed = 0; packed < 2; packed++) {
    builder *b = sample_program(INGOT_OP_MATMUL);
    float *w = (float *)(void *)b->chunks[0].data;
    for (int k = 0; k < 4; k++)
      for (int n = 0; n < 4; n++) w[!packed ? k * 4 + n : n < 3 ? k * 3 + n : 12 + k] = (float)(k * 10 + n);
    if (packed) set_layout(b, WEIGHT, swapped, 1, 3);
    run(b, x, sizeof x, found[packed], sizeof found[packed]);
  }
  check(memcmp(found[0], found[1], sizeof found[0]) == 0 && found[0][0] == 200, "a weight in panels gives another product");
}

void test_layouts(void) {
  rules();
  repacks();
  products();
}
