/* Loops: their rules, each broken once, and programs that run them. */
#define _GNU_SOURCE
#include "rules.h"

#include <stdlib.h>

static uint32_t add_loop(builder *b, int64_t count, int64_t length) {
  const uint32_t loop = add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0);
  ATTRIBUTES(b, ingot_loop_attributes, count, length);
  return loop;
}

static void add_copy(builder *b, uint32_t y, uint32_t x) { add_instruction(b, INGOT_OP_COPY, &y, 1, &x, 1); }

/* y <- a + b */
static void add_sum(builder *b, uint32_t y, uint32_t first, uint32_t second) {
  const uint32_t inputs[2] = {first, second};
  add_instruction(b, INGOT_OP_ELEMENTWISE, &y, 1, inputs, 2);
  ATTRIBUTES(b, ingot_step, .function = INGOT_FN_ADD, .domain = INGOT_F32, .a = 0, .b = 1);
}

static void add_take(builder *b, uint32_t y, uint32_t x) { add_instruction(b, INGOT_OP_TAKE, &y, 1, &x, 1); }
static void add_put(builder *b, uint32_t y, uint32_t x) { add_instruction(b, INGOT_OP_PUT, &y, 1, &x, 1); }

static const builder_type row = {INGOT_F32, 1, {4}};
static const float ones[4] = {1, 1, 1, 1}, zeros[4];

static void heads(void) {
  const uint32_t op = INGOT_OP_LOOP;
  RULE(op, "count is 0, expected 1 to 65536", HEAD(loop)->count = 0);
  RULE(op, "count is 65537, expected 1 to 65536", HEAD(loop)->count = 65537);
  RULE(op, "count is -1, expected 1 to 65536", HEAD(loop)->count = -1);
  RULE(op, "length is 0", HEAD(loop)->length = 0);
  RULE(op, "the next 6 instructions, expected 1 to 5", HEAD(loop)->length = 6);
  RULE(op, "length is -1", HEAD(loop)->length = -1);
  RULE(op, "length is 0", HEAD(loop)[1].length = 0);
  RULE(op, "the next 4 instructions, expected 1 to 3", HEAD(loop)[1].length = 4);
  /* The outer loop ends inside the inner one, or right behind its head. */
  RULE(op, "instruction 2, loop 'node': it repeats the next 2 instructions, expected 1 to 1", HEAD(loop)->length = 3);
  RULE(op, "the next 2 instructions, expected 1 to 0", HEAD(loop)->length = 2);
  RULE(op, "it has 1 results, expected 0", i->result_count = 1);
  RULE(op, "it has 1 inputs, expected 0", i->input_count = 1);
  RULE(op, "it has 1 words of attributes, expected 2", i->attribute_count = 1);
  RULE(op, "it has 3 words of attributes, expected 2", i->attribute_count = 3);
  RULE(op, "has a name outside the strings", i->name = 999);
}

static void parts(uint32_t op) {
  /* The tensor of all parts, and that of one. */
  const int whole = op == INGOT_OP_TAKE ? 0 : 1, part = 1 - whole;
  RULE(op, "it stands outside a loop", i[0] = i[1]; b->program.instruction_count = 1);
  RULE(op, "instruction 2", b->instructions[b->program.instruction_count++] = i[1]);
  RULE(op, "it has 3 parts, its loop has 2 steps", HEAD(loop)->count = 2);
  RULE(op, "it has 3 parts, its loop has 4 steps", HEAD(loop)->count = 4);
  RULE(op, "tensors of rank 2 and 2 meet", t[part].rank = 2; t[part].dims[1] = 1);
  RULE(op, "tensors of rank 1 and 1 meet", t[whole].rank = 1; t[whole].dims[1] = 0);
  RULE(op, "tensors of rank 0 and 1 meet", t[whole].rank = 0; t[whole].dims[0] = t[whole].dims[1] = 0);
  RULE(op, "extents 4 and 3 meet at axis 0", t[part].dims[0] = 3);
  RULE(op, "extents 3 and 4 meet at axis 0", t[whole].dims[1] = 3);
  RULE(op, "elements f32 and i32 meet, expected the same", t[part].element = INGOT_I32);
  RULE(op, "2 inputs, expected 1", i[1].input_count = 2; b->operands[2] = 0; b->program.operand_count = 3);
  RULE(op, "attributes, expected 0", i[1].attribute_count = 1; i[1].first_attribute = 0);
  RULE(op, "results, expected 1", i[1].result_count = 2; i[1].input_count = 0; b->operands[1] = 2);
  RULE(op, "absent", b->operands[1] = INGOT_NONE);
  RULE(op, "would overwrite an input", b->operands[0] = 0);
  RULE(op, "overlaps operand 1", b->buffers[1].offset = b->buffers[0].offset);
  /* Nothing is written, so that nothing overlaps. */
  ACCEPTED(op, t[0].dims[t[0].rank - 1] = t[1].dims[t[1].rank - 1] = 0; b->buffers[1].offset = b->buffers[0].offset);
}

/* The inner loop counts, not the outer. */
static void nested_parts(void) {
  const uint32_t op = INGOT_OP_LOOP;
  RULE(op, "instruction 3, take 'node': it has 2 parts, its loop has 3 steps", HEAD(loop)[1].count = 3);
  RULE(op, "instruction 5, put 'node': it has 3 parts, its loop has 4 steps", t[0].dims[0] = HEAD(loop)->count = 4; t[1].dims[0] = 3;
       b->buffers[0].bytes = 128; b->buffers[0].offset = extend_memory(b, 0, 128));
  RULE(op, "instruction 5, put 'node': it stands outside a loop", HEAD(loop)->length = 4);
}

static builder *nest(uint32_t depth, uint64_t count, uint32_t sums) {
  builder *b = builder_create();
  const uint32_t y = add_output(b, row, "y"), one = add_weight(b, row, ones, 0, false), zero = add_weight(b, row, zeros, 0, false);
  add_copy(b, y, zero);
  for (uint32_t d = 0; d < depth; d++) add_loop(b, count, depth - 1 - d + sums);
  for (uint32_t s = 0; s < sums; s++) add_sum(b, y, y, one);
  return b;
}

/* Builds, destroys the builder and opens. */
static ingot_status open_it(builder *b, uint8_t **file, ingot_bundle **bundle, char message[512]) {
  uint64_t bytes;
  *file = build(b, &bytes);
  builder_destroy(b);
  return ingot_open_memory(*file, bytes, NULL, bundle, message, 512);
}

static void limits(void) {
  static const struct {
    uint32_t depth;
    uint64_t count;
    uint32_t sums;
    const char *text;
  } cases[] = {
      {INGOT_MAX_LOOP_DEPTH, 1, 1, NULL},
      {INGOT_MAX_LOOP_DEPTH + 1, 1, 1, "it lies in 8 other loops, expected less than 8"},
      {2, 8192, 1, "more than 67108864 instructions"}, /* the copy before them is one too many */
      {2, 8191, 1, NULL},
      {2, 8191, 2, "more than 67108864 instructions"},
      {2, 8193, 1, "repeat instructions 67125249 times"},
      {INGOT_MAX_LOOP_DEPTH, INGOT_MAX_LOOP_COUNT, 1, "repeat instructions 4294967296 times"},
  };
  for (unsigned n = 0; n < sizeof cases / sizeof *cases; n++) {
    char message[512] = "";
    uint8_t *file;
    ingot_bundle *bundle;
    const ingot_status status = open_it(nest(cases[n].depth, cases[n].count, cases[n].sums), &file, &bundle, message);
    const bool expected = cases[n].text == NULL ? status == INGOT_OK : status == INGOT_ERROR_INVALID && strstr(message, cases[n].text);
    check(expected, "nest %u: status %d, '%s'", n, status, message);
    ingot_close(bundle);
    free(file);
  }
}

/* Runs function 0 once on fresh memory and compares the output. */
static void expect_output(builder *b, const char *what, uint32_t output, const float *expected, size_t count) {
  char message[512] = "";
  uint8_t *file;
  ingot_bundle *bundle;
  ingot_session *session = NULL;
  ingot_status status = open_it(b, &file, &bundle, message);
  if (status == INGOT_OK) status = ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message);
  /* Twice, since a run must leave nothing behind that the next one trips over. */
  for (int run = 0; run < 2 && status == INGOT_OK; run++) {
    status = ingot_run(session);
    const float *found = ingot_output_data(session, output);
    check(memcmp(found, expected, count * sizeof(float)) == 0, "%s gives %g .. %g, expected %g .. %g", what, found[0], found[count - 1],
          expected[0], expected[count - 1]);
  }
  check(status == INGOT_OK, "%s: status %d, '%s'", what, status, message);
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(file);
}

/* Loops that end at one instruction, and every depth. */
static void counting(void) {
  for (uint32_t depth = 1; depth <= INGOT_MAX_LOOP_DEPTH; depth++) {
    float expected[4];
    for (int i = 0; i < 4; i++) expected[i] = (float)((1u << depth) * 3);
    expect_output(nest(depth, 2, 3), "a nest", 0, expected, 4);
  }
}

/* Fibonacci: a, b = b, a + b, which swap through a third place; two loops in a row, the second once. */
static void swapping(void) {
  builder *b = builder_create();
  const uint32_t y = add_output(b, row, "y"), one = add_weight(b, row, ones, 0, false), zero = add_weight(b, row, zeros, 0, false);
  const uint32_t first = add_intermediate(b, row, 0), next = add_intermediate(b, row, 0);
  add_copy(b, first, zero);
  add_copy(b, y, one);
  for (int n = 0; n < 2; n++) {
    add_loop(b, n == 0 ? 9 : 1, 3);
    add_sum(b, next, first, y);
    add_copy(b, first, y);
    add_copy(b, y, next);
  }
  const float expected[4] = {89, 89, 89, 89};
  expect_output(b, "Fibonacci", 0, expected, 4);
}

enum { OUTER = 3, INNER = 2, CELLS = OUTER * INNER * 4 };

/* y[i, j] = the sum of all rows of x up to [i, j]; last = that of all. */
static builder *running_sums(void) {
  builder *b = builder_create();
  const builder_type cube = {INGOT_F32, 3, {OUTER, INNER, 4}}, part = {INGOT_F32, 2, {INNER, 4}};
  const uint32_t x = add_input(b, cube, "x"), y = add_output(b, cube, "y"), last = add_output(b, row, "last");
  const uint32_t of_x = add_intermediate(b, part, 0), of_y = add_intermediate(b, part, 0), line = add_intermediate(b, row, 0);
  const uint32_t sum = add_intermediate(b, row, 0);
  add_copy(b, sum, add_weight(b, row, zeros, 0, true));
  add_loop(b, OUTER, 6);
  add_take(b, of_x, x);
  add_loop(b, INNER, 3);
  add_take(b, line, of_x);
  add_sum(b, sum, sum, line);
  add_put(b, of_y, sum);
  add_put(b, y, of_y);
  add_copy(b, last, sum);
  return b;
}

typedef struct {
  ingot_session *session;
  uint32_t events;
  uint32_t order[64];
  float lines[16]; /* the first number of what instruction 4, the inner TAKE, gave */
  uint32_t line_count;
} record;

static void note(void *context, const ingot_op_event *event) {
  record *r = context;
  if (r->events < 64) r->order[r->events++] = event->instruction;
  ingot_tensor_info info;
  const float *result = ingot_result_data(r->session, event->instruction, 0, &info);
  if (event->instruction == 4 && r->line_count < 16) r->lines[r->line_count++] = result[0];
}

static void nested_run(void) {
  char message[512] = "";
  uint8_t *file;
  ingot_bundle *bundle;
  check(open_it(running_sums(), &file, &bundle, message) == INGOT_OK, "%s", message);
  float x[CELLS], expected[CELLS];
  for (int i = 0; i < CELLS; i++) {
    x[i] = (float)(i * 7 % 11 - 5);
    expected[i] = x[i] + (i < 4 ? 0 : expected[i - 4]);
  }
  for (uint32_t threads = 1; threads <= 3; threads++) {
    for (int bound = 0; bound < 2; bound++) {
      const ingot_session_options options = {.threads = threads};
      ingot_session *session;
      check(ingot_session_create(bundle, &options, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
      float *given = aligned_alloc(64, 128), *y = aligned_alloc(64, 128), *last = aligned_alloc(64, 64);
      if (bound) {
        ingot_bind_input(session, 0, given, sizeof x);
        ingot_bind_output(session, 0, y, sizeof x);
        ingot_bind_output(session, 1, last, sizeof ones);
      }
      const long before = allocation_count();
      for (int run = 0; run < 3; run++) {
        memcpy(ingot_input_data(session, 0), x, sizeof x);
        check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
        check(memcmp(ingot_output_data(session, 0), expected, sizeof x) == 0 &&
                  memcmp(ingot_output_data(session, 1), expected + CELLS - 4, sizeof ones) == 0,
              "running sums, %u threads, bound %d, run %d", threads, bound, run);
      }
      check(allocation_count() == before, "%ld allocations while running loops", allocation_count() - before);
      ingot_session_destroy(session);
      free(given);
      free(y);
      free(last);
    }
  }

  record r = {0};
  ingot_session_create(bundle, NULL, NULL, &r.session, NULL, 0);
  memcpy(ingot_input_data(r.session, 0), x, sizeof x);
  ingot_set_op_hook(r.session, note, &r);
  ingot_run(r.session);
  static const uint32_t step[8] = {2, 4, 5, 6, 4, 5, 6, 7};
  check(r.events == 2 + OUTER * 8 && r.order[0] == 0 && r.order[r.events - 1] == 8, "%u events", r.events);
  for (uint32_t e = 1; e + 1 < r.events; e++)
    check(r.order[e] == step[(e - 1) % 8], "event %u is of instruction %u, expected %u", e, r.order[e], step[(e - 1) % 8]);
  for (uint32_t l = 0; l < r.line_count; l++) check(r.lines[l] == x[4 * l], "line %u begins with %g", l, r.lines[l]);
  check(r.line_count == OUTER * INNER, "%u lines", r.line_count);
  check(ingot_result_data(r.session, 1, 0, NULL) == NULL, "a loop has a result");
  ingot_session_destroy(r.session);
  ingot_close(bundle);
  free(file);
}

/* An error in the second step of a loop ends the run, and the next run begins anew. */
static void failing_step(void) {
  builder *b = builder_create();
  const builder_type indices = {INGOT_I64, 2, {3, 1}}, index = {INGOT_I64, 1, {1}}, table = {INGOT_F32, 1, {4}};
  const builder_type one = {INGOT_F32, 1, {1}}, all = {INGOT_F32, 2, {3, 1}};
  static const float values[4] = {10, 11, 12, 13};
  const uint32_t x = add_input(b, indices, "x"), y = add_output(b, all, "y");
  const uint32_t at = add_intermediate(b, index, 0), found = add_intermediate(b, one, 0);
  const uint32_t gather[2] = {add_weight(b, table, values, 0, false), at};
  add_loop(b, 3, 3);
  add_take(b, at, x);
  add_instruction(b, INGOT_OP_GATHER, &found, 1, gather, 2);
  ATTRIBUTES(b, ingot_gather_attributes, 0);
  add_put(b, y, found);
  char message[512] = "";
  uint8_t *file;
  ingot_bundle *bundle;
  ingot_session *session;
  check(open_it(b, &file, &bundle, message) == INGOT_OK, "%s", message);
  check(ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
  for (int run = 0; run < 3; run++) {
    int64_t *in = ingot_input_data(session, 0);
    in[0] = 3, in[1] = run == 1 ? 4 : 1, in[2] = 0;
    const ingot_status status = ingot_run(session);
    const float *out = ingot_output_data(session, 0);
    if (run == 1) check(status == INGOT_ERROR_INDEX && strstr(ingot_session_message(session), "index 4") != NULL, "status %d", status);
    else check(status == INGOT_OK && out[0] == 13 && out[1] == 11 && out[2] == 10, "run %d: %g %g %g", run, out[0], out[1], out[2]);
  }
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(file);
}

void test_loops(void) {
  heads();
  parts(INGOT_OP_TAKE);
  parts(INGOT_OP_PUT);
  nested_parts();
  limits();
  counting();
  swapping();
  nested_run();
  failing_step();
}
