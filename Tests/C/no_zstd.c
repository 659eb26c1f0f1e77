/* The library as one file, built with INGOT_NO_ZSTD and linked without zstd: runs what is not compressed, refuses the rest. */
#include "builder.h"
#include "check.h"
#include "ingot.h"

#include <stdlib.h>
#include <string.h>

/* y = x + w */
static uint8_t *sum(bool packed, uint64_t *bytes) {
  builder *b = builder_create();
  const builder_type row = {INGOT_F32, 1, {4}};
  const float w[4] = {1, 2, 3, 4};
  const uint32_t x = add_input(b, row, "x"), y = add_output(b, row, "y"), inputs[2] = {x, add_weight(b, row, w, 0, packed)};
  add_instruction(b, INGOT_OP_ELEMENTWISE, &y, 1, inputs, 2);
  ATTRIBUTES(b, ingot_step, .function = INGOT_FN_ADD, .domain = INGOT_F32, .a = 0, .b = 1);
  uint8_t *file = build(b, bytes);
  builder_destroy(b);
  return file;
}

int main(void) {
  char message[512];
  uint64_t bytes;
  ingot_bundle *bundle;
  ingot_session *session;
  uint8_t *raw = sum(false, &bytes);
  check(ingot_open_memory(raw, bytes, NULL, &bundle, message, sizeof message) == INGOT_OK, "%s", message);
  check(ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
  const float x[4] = {10, 20, 30, 40};
  memcpy(ingot_input_data(session, 0), x, sizeof x);
  check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
  const float *y = ingot_output_data(session, 0);
  check(y[0] == 11 && y[1] == 22 && y[2] == 33 && y[3] == 44, "y is %g %g %g %g", y[0], y[1], y[2], y[3]);
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(raw);

  uint8_t *packed = sum(true, &bytes);
  check(ingot_open_memory(packed, bytes, NULL, &bundle, message, sizeof message) == INGOT_ERROR_UNSUPPORTED && bundle == NULL, "%s", message);
  check(strstr(message, "section 3 (weight chunk) is compressed with zstd") != NULL && strstr(message, "--compression none") != NULL, "'%s'", message);
  free(packed);
  return check_summary();
}
