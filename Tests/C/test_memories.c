/* Programs of several memories: buffers of different ones never share bytes, and all of them lie in the session's block. */
#include "builder.h"
#include "check.h"
#include "ingot.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000 };

/* y = softmax(softmax(x)). x and y lie in the first memory, what is between them in the last; with several memories all of
 * them begin at 0 where one would take x's place. */
static uint8_t *twice_softmax(uint32_t memories, uint64_t *bytes) {
  builder *b = builder_create();
  const builder_type row = {INGOT_F32, 1, {COUNT}};
  const uint32_t x = add_input(b, row, "x"), y = add_output(b, row, "y"), middle = add_intermediate(b, row, 0);
  if (memories > 1) {
    b->program.memory_count = memories;
    for (uint32_t i = 1; i < memories; i++) b->memories[i] = (ingot_memory){b->memories[0].name, 0, 64};
    b->memories[0].bytes -= 4032;
    b->buffers[2].memory = memories - 1;
    b->buffers[2].offset = extend_memory(b, memories - 1, 4032) - 64;
  }
  add_instruction(b, INGOT_OP_SOFTMAX, &middle, 1, &x, 1);
  ATTRIBUTES(b, ingot_softmax_attributes, .axis = 0);
  add_instruction(b, INGOT_OP_SOFTMAX, &y, 1, &middle, 1);
  ATTRIBUTES(b, ingot_softmax_attributes, .axis = 0);
  uint8_t *file = build(b, bytes);
  builder_destroy(b);
  return file;
}

/* Runs the program in a block that is just large enough and gives its size. */
static size_t run(uint32_t memories, float result[COUNT]) {
  uint64_t bytes;
  uint8_t *file = twice_softmax(memories, &bytes);
  ingot_bundle *bundle;
  ingot_session *session;
  char message[512] = "";
  check(ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message) == INGOT_OK, "%u memories: %s", memories, message);
  ingot_session_options options = {.threads = 2};
  options.memory_bytes = ingot_session_bytes(bundle, &options);
  options.memory = aligned_alloc(64, options.memory_bytes);
  memset(options.memory, 0xFF, options.memory_bytes);
  check(ingot_session_create(bundle, &options, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
  float *x = ingot_input_data(session, 0);
  for (int i = 0; i < COUNT; i++) x[i] = (float)(i * 37 % 101) / 10;
  check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
  memcpy(result, ingot_output_data(session, 0), COUNT * sizeof(float));
  const float *middle = ingot_result_data(session, 0, 0, NULL);
  const uint8_t *start = options.memory;
  check((const uint8_t *)middle >= start && (const uint8_t *)(middle + COUNT) <= start + options.memory_bytes,
        "the result in the last of %u memories lies outside the session's block", memories);
  check(memories == 1 || x[36] == (float)(36 * 37 % 101) / 10, "a buffer of another memory overwrote the input");
  float *bound = aligned_alloc(64, 4032);
  memcpy(bound, x, COUNT * sizeof(float));
  check(ingot_bind_input(session, 0, bound, 4000) == INGOT_OK && ingot_bind_input(session, 0, NULL, 0) == INGOT_OK &&
            ingot_input_data(session, 0) == (void *)x,
        "an input that is no longer bound lies elsewhere than before");
  free(bound);
  ingot_session_destroy(session);
  free(options.memory);
  ingot_close(bundle);
  free(file);
  return options.memory_bytes;
}

void test_memories(void) {
  float one[COUNT], many[COUNT];
  const size_t least = run(1, one);
  for (uint32_t memories = 2; memories <= INGOT_MAX_MEMORIES; memories += 7) {
    const size_t bytes = run(memories, many);
    check(memcmp(one, many, sizeof one) == 0, "%u memories change the numbers", memories);
    check(bytes >= least && bytes <= least + 64 * (memories + 1), "a session with %u memories takes %zu bytes, with one %zu", memories,
          bytes, least);
  }
}
