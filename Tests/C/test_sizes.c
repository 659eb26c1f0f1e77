/* Outputs whose extents only a run tells. */
#include "builder.h"
#include "check.h"
#include "ingot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ingot_session *open_session(builder *b, ingot_bundle **bundle, uint8_t **file) {
  char message[256];
  uint64_t bytes;
  ingot_session *session = NULL;
  *file = build(b, &bytes);
  builder_destroy(b);
  check(ingot_open_memory(*file, bytes, NULL, bundle, message, sizeof message) == INGOT_OK, "%s", message);
  check(ingot_session_create(*bundle, NULL, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
  return session;
}

static void expect_dims(ingot_session *session, uint32_t output, int64_t first, int64_t second) {
  int64_t dims[8];
  check(ingot_output_dims(session, output, dims) == INGOT_OK, "extents of output %u", output);
  check(dims[0] == first && dims[1] == second && dims[2] == 0 && dims[7] == 0, "extents %lld, %lld of output %u, expected %lld, %lld",
        (long long)dims[0], (long long)dims[1], output, (long long)first, (long long)second);
}

/* Extents are whatever the data says, here the caller's, within the bounds. */
static void any_extents(void) {
  builder *b = builder_create();
  const builder_type matrix = {INGOT_F32, 2, {4, 6}}, integer = {INGOT_I64, 0, {0}};
  const uint32_t x = add_input(b, matrix, "x"), m = add_input(b, integer, "m"), n = add_input(b, integer, "n");
  const uint32_t y = add_output(b, matrix, "y"), m_out = add_output(b, integer, "m.out"), n_out = add_output(b, integer, "n.out");
  add_output_size(b, y, 0, m_out);
  add_output_size(b, y, 1, n_out);
  add_instruction(b, INGOT_OP_COPY, &y, 1, &x, 1);
  add_instruction(b, INGOT_OP_COPY, &m_out, 1, &m, 1);
  add_instruction(b, INGOT_OP_COPY, &n_out, 1, &n, 1);
  ingot_bundle *bundle;
  uint8_t *file;
  ingot_session *session = open_session(b, &bundle, &file);
  expect_dims(session, 0, 4, 6);
  const int64_t given[6][2] = {{2, 3}, {0, 6}, {-1, 7}, {INT64_MIN, INT64_MAX}, {4, 0}, {5, 1}};
  const int64_t expected[6][2] = {{2, 3}, {0, 6}, {0, 6}, {0, 6}, {4, 0}, {4, 1}};
  for (int i = 0; i < 6; i++) {
    float *values = ingot_input_data(session, 0);
    for (int k = 0; k < 24; k++) values[k] = (float)k;
    memcpy(ingot_input_data(session, 1), &given[i][0], sizeof(int64_t));
    memcpy(ingot_input_data(session, 2), &given[i][1], sizeof(int64_t));
    check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
    expect_dims(session, 0, expected[i][0], expected[i][1]);
    expect_dims(session, 1, 0, 0);
    check(((const float *)ingot_output_data(session, 0))[1 * 6 + 2] == 8, "memory is not laid out for the bounds");
  }
  /* What a run gave stays when the memory of a size is another one. */
  int64_t *elsewhere = aligned_alloc(64, 64);
  *elsewhere = 1;
  check(ingot_bind_output(session, 1, elsewhere, sizeof *elsewhere) == INGOT_OK, "binding a size");
  expect_dims(session, 0, 4, 1);
  check(ingot_run(session) == INGOT_OK && ingot_output_data(session, 1) == elsewhere, "%s", ingot_session_message(session));
  expect_dims(session, 0, *elsewhere < 0 ? 0 : *elsewhere > 4 ? 4 : *elsewhere, 1);
  int64_t dims[8];
  check(ingot_output_dims(session, 3, dims) == INGOT_ERROR_ARGUMENT && ingot_session_message(session)[0] != 0, "output 3 of 3");
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(elsewhere);
  free(file);
}

/* Positions of what is not 0, also when there is nothing, and when there is no room for anything. */
static void nonzero(void) {
  for (int empty = 0; empty < 2; empty++) {
    builder *b = sample_program(INGOT_OP_NONZERO);
    if (empty) b->tensors[0].dims[0] = b->tensors[1].dims[0] = 0;
    ingot_bundle *bundle;
    uint8_t *file;
    ingot_session *session = open_session(b, &bundle, &file);
    const float values[2][4] = {{0, 2, 0, -1}, {0, 0, -0.0f, 0}};
    for (int i = 0; i < 2; i++) {
      const int64_t found = empty || i == 1 ? 0 : 2;
      if (!empty) memcpy(ingot_input_data(session, 0), values[i], sizeof values[i]);
      *(int64_t *)(uintptr_t)ingot_output_data(session, 1) = 77;
      check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
      expect_dims(session, 0, found, 0);
      check(*(const int64_t *)ingot_output_data(session, 1) == found, "the count is not %lld", (long long)found);
      const int64_t *positions = ingot_output_data(session, 0);
      check(found == 0 || (positions[0] == 1 && positions[1] == 3 && positions[2] == 0), "the positions are wrong");
    }
    ingot_session_destroy(session);
    ingot_close(bundle);
    free(file);
  }
}

static void expect_integers(ingot_session *session, const int64_t *expected, int count) {
  const int64_t *found = ingot_output_data(session, 0);
  for (int i = 0; i < count; i++)
    check(found[i] == expected[i], "integer %d is %lld, expected %lld", i, (long long)found[i], (long long)expected[i]);
}

/* Rows 0 and 1 are equal, row 2 is the least. */
static void unique(void) {
  const float rows[16] = {1, 0, NAN, 4, 1, -0.0f, NAN, 4, 1, 0, 3, 9, 2, -1, -1, -1};
  const int64_t positions[2][4] = {{0, 2, 3, 0}, {2, 0, 3, 0}};
  for (int sorted = 0; sorted < 2; sorted++) {
    builder *b = sample_program(INGOT_OP_UNIQUE);
    ((ingot_unique_attributes *)(void *)b->attributes)->sorted = sorted;
    ingot_bundle *bundle;
    uint8_t *file;
    ingot_session *session = open_session(b, &bundle, &file);
    memcpy(ingot_input_data(session, 0), rows, sizeof rows);
    check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
    expect_dims(session, 0, 3, 0);
    expect_integers(session, positions[sorted], 4);
    ingot_session_destroy(session);
    ingot_close(bundle);
    free(file);
  }
}

/* The sample's scores are 0.5, 0.5, 0.9, 0 and 0.2 in the first class, 0.3 for the first box in the second, above 0.1. */
static void nms(void) {
  float boxes[40] = {0, 0, 1, 1, 0, 0, 1.1f, 1, 6, 6, 5, 5, 0, 0, 0, 0, 9, 9, 10, 10};
  const int64_t selected[2][12] = {{0, 0, 2, 0, 0, 0, 0, 0, 4, 0, 1, 0}, {0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0}};
  for (int apart = 0; apart < 2; apart++) {
    if (apart) boxes[4] = 8, boxes[6] = 9;
    builder *b = sample_program(INGOT_OP_NMS);
    ((ingot_nms_attributes *)(void *)b->attributes)->max_output_boxes_per_class = 3;
    b->tensors[1].dims[0] = 18;
    b->buffers[1].bytes = 18 * 3 * sizeof(int64_t);
    b->buffers[1].offset = extend_memory(b, 0, 448);
    ingot_bundle *bundle;
    uint8_t *file;
    ingot_session *session = open_session(b, &bundle, &file);
    memcpy(ingot_input_data(session, 0), boxes, sizeof boxes);
    check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
    expect_dims(session, 0, 4, 3);
    expect_integers(session, selected[apart], 12);
    ingot_session_destroy(session);
    ingot_close(bundle);
    free(file);
  }
}

void test_sizes(void) {
  any_extents();
  nonzero();
  unique();
  nms();
}
