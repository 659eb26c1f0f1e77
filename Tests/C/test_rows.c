/* Windows of rows: every op that takes them runs whole, and in stripes whose rows lie in maps or in rings. All bytes are equal, and no
 * instruction writes beside its window. */
#define _POSIX_C_SOURCE 200809L
#include "rescaled.h"

#include "ingot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OUTPUTS 8

/* An op on images, whose inputs among `images` have rows. */
typedef struct {
  opcase c; /* `expected` has the result's type alone */
  uint32_t images;
  int64_t kernel, stride, dilation, begin; /* of rows */
  bool transposed;
  int pads; /* where of the attributes the pads of rows stand; negative: nowhere */
  bool resamples;
  double scale; /* of rows, as INGOT_COORDINATES_* */
  int coordinates;
} row_case;

typedef struct {
  int64_t first, end;
} row_range;

static int64_t rows_of(builder_type type) { return type.dims[type.rank - 2]; }
static int64_t floor_of(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* The row of `height` that a row of the result lies at. */
static double resampled(const row_case *r, int64_t row, int64_t height) {
  const int64_t out = rows_of(r->c.expected.type);
  if (r->coordinates == INGOT_COORDINATES_ASYMMETRIC) return (double)row / r->scale;
  if (r->coordinates == INGOT_COORDINATES_ALIGN_CORNERS) return out == 1 ? 0 : (double)row * (double)(height - 1) / (double)(out - 1);
  if (r->coordinates == INGOT_COORDINATES_PYTORCH_HALF_PIXEL && out == 1) return 0;
  return ((double)row + 0.5) / r->scale - 0.5;
}

/* The rows of `height` that rows of the result depend on. */
static row_range needed(const row_case *r, row_range y, int64_t height) {
  const int64_t reach = (r->kernel - 1) * r->dilation;
  row_range x = {y.first * r->stride - r->begin, (y.end - 1) * r->stride - r->begin + reach + 1};
  if (r->transposed) {
    x.first = floor_of(y.first + r->begin - reach + r->stride - 1, r->stride), x.end = floor_of(y.end - 1 + r->begin, r->stride) + 1;
    if (x.first > 0 && y.first + r->begin < x.first * r->stride) x.first--;
  }
  if (r->resamples)
    x.first = (int64_t)floor(resampled(r, y.first, height)) - 1, x.end = (int64_t)floor(resampled(r, y.end - 1, height)) + 3;
  x.first = least(most(x.first, 0), height - 1);
  x.end = most(least(x.end, height), x.first + 1);
  return x;
}

/* The pads of a stripe, or where it lies. */
static void set_pads(const row_case *r, row_range y, row_range x, uint64_t *attributes) {
  if (r->resamples) {
    const uint64_t place[4] = {(uint64_t)rows_of(r->c.inputs[0].type), (uint64_t)x.first, (uint64_t)rows_of(r->c.expected.type), (uint64_t)y.first};
    memcpy(attributes + 5, place, sizeof place);
  }
  if (r->pads < 0) return;
  const int64_t reach = (r->kernel - 1) * r->dilation + 1, in = x.end - x.first, out = y.end - y.first;
  const int64_t begin = r->transposed ? r->begin + y.first - x.first * r->stride : x.first - (y.first * r->stride - r->begin);
  const int64_t end = r->transposed ? r->stride * (in - 1) + reach - begin - out : (out - 1) * r->stride + reach - begin - in;
  attributes[r->pads] = (uint64_t)begin, attributes[r->pads + 1] = (uint64_t)end;
}

/* Some rows of a tensor's buffer, which holds rings of `image` rows. */
static uint32_t add_window(builder *b, uint32_t of, builder_type type, int64_t image, int64_t first, int64_t rows) {
  const uint32_t index = b->program.tensor_count++;
  ingot_tensor *tensor = &b->tensors[index];
  *tensor = (ingot_tensor){.buffer = b->tensors[of].buffer, .element = type.element, .rank = type.rank, .name = 4,
                           .image_rows = (uint32_t)image, .first_row = (uint32_t)(first % image)};
  for (uint32_t i = 0; i < type.rank; i++) tensor->dims[i] = i + 2 == type.rank ? rows : type.dims[i];
  return index;
}

static builder_type with_rows(builder_type type, int64_t rows) {
  type.dims[type.rank - 2] = rows;
  return type;
}

static uint32_t add_constant(builder *b, const array *x) {
  if (x->values == NULL) return INGOT_NONE;
  void *data = calloc(1, type_bytes(x->type) + 1);
  array_encode(x, data);
  const uint32_t index = add_weight(b, x->type, data, 0, false);
  free(data);
  return index;
}

static void add_op(builder *b, const row_case *r, uint32_t result, const uint32_t *inputs, const uint64_t *attributes) {
  add_instruction(b, r->c.opcode, &result, 1, inputs, r->c.input_count);
  add_attributes(b, attributes, r->c.attribute_count * sizeof *attributes);
}

static builder *whole_program(const row_case *r) {
  builder *b = builder_create();
  uint32_t inputs[CASE_MAX_INPUTS];
  for (uint32_t i = 0; i < r->c.input_count; i++)
    if (r->images >> i & 1) inputs[i] = add_input(b, r->c.inputs[i].type, "x");
  const uint32_t y = add_output(b, r->c.expected.type, "y");
  for (uint32_t i = 0; i < r->c.input_count; i++)
    if (!(r->images >> i & 1)) inputs[i] = add_constant(b, &r->c.inputs[i]);
  add_op(b, r, y, inputs, r->c.attributes);
  return b;
}

/* How the stripes of a case lie. */
typedef struct {
  int64_t heights[64];
  int count;
  int64_t rings[CASE_MAX_INPUTS]; /* rows of an input's ring; 0: it is read where it lies */
  int64_t result_ring, result_first;
  bool dense_result; /* the op writes rows that are no window, which are copied to where they belong */
} stripes;

static stripes random_stripes(const row_case *r, uint64_t *seed) {
  stripes s = {.result_first = random_below(seed, 50), .dense_result = random_below(seed, 4) == 0};
  const int64_t rows = rows_of(r->c.expected.type), tallest = 1 + random_below(seed, most(1, rows));
  for (int64_t done = 0; done < rows; done += s.heights[s.count++]) {
    s.heights[s.count] = least(rows - done, 1 + random_below(seed, tallest));
    if (s.count == 6) s.heights[s.count] = rows - done;
  }
  for (uint32_t i = 0; i < r->c.input_count; i++) {
    if (!(r->images >> i & 1) || random_below(seed, 3) == 0) continue;
    int64_t first = 0;
    for (int n = 0; n < s.count; first += s.heights[n++]) {
      const row_range x = needed(r, (row_range){first, first + s.heights[n]}, rows_of(r->c.inputs[i].type));
      s.rings[i] = most(s.rings[i], x.end - x.first);
    }
    s.rings[i] += random_below(seed, 3);
  }
  for (int n = 0; n < s.count; n++) s.result_ring = most(s.result_ring, s.heights[n]);
  s.result_ring = random_below(seed, 2) ? 0 : s.result_ring + random_below(seed, 3);
  return s;
}

/* Rings are outputs too, so that a test sees what is written there. */
static builder *striped_program(const row_case *r, const stripes *s) {
  builder *b = builder_create();
  uint32_t whole[CASE_MAX_INPUTS], ring[CASE_MAX_INPUTS], inputs[CASE_MAX_INPUTS];
  const builder_type type = r->c.expected.type;
  for (uint32_t i = 0; i < r->c.input_count; i++)
    if (r->images >> i & 1) whole[i] = add_input(b, r->c.inputs[i].type, "x");
  const uint32_t y = add_output(b, type, "y");
  for (uint32_t i = 0; i < r->c.input_count; i++)
    if (s->rings[i] != 0) ring[i] = add_output(b, with_rows(r->c.inputs[i].type, s->rings[i]), "ring");
  const uint32_t y_ring = s->result_ring == 0 ? 0 : add_output(b, with_rows(type, s->result_ring), "result");
  for (uint32_t i = 0; i < r->c.input_count; i++)
    if (!(r->images >> i & 1)) inputs[i] = add_constant(b, &r->c.inputs[i]);
  row_range done[CASE_MAX_INPUTS] = {{0, 0}}, rows = {0, 0};
  for (int n = 0; n < s->count; n++, rows.first = rows.end) {
    rows.end = rows.first + s->heights[n];
    uint64_t attributes[176];
    memcpy(attributes, r->c.attributes, sizeof attributes);
    for (uint32_t i = 0; i < r->c.input_count; i++) {
      if (!(r->images >> i & 1)) continue;
      const builder_type x_type = r->c.inputs[i].type;
      const row_range x = needed(r, rows, rows_of(x_type));
      set_pads(r, rows, x, attributes);
      if (s->rings[i] == 0) {
        inputs[i] = add_window(b, whole[i], x_type, rows_of(x_type), x.first, x.end - x.first);
        continue;
      }
      /* What the stripe before left is there. */
      const int64_t first = most(x.first, done[i].end);
      if (first < x.end) {
        const uint32_t from = add_window(b, whole[i], x_type, rows_of(x_type), first, x.end - first);
        const uint32_t to = add_window(b, ring[i], x_type, s->rings[i], first, x.end - first);
        add_instruction(b, INGOT_OP_COPY, &to, 1, &from, 1);
        done[i].end = x.end;
      }
      inputs[i] = add_window(b, ring[i], x_type, s->rings[i], x.first, x.end - x.first);
    }
    const uint32_t target = add_window(b, y, type, rows_of(type), rows.first, s->heights[n]);
    if (s->result_ring == 0 && !s->dense_result) {
      add_op(b, r, target, inputs, attributes);
      continue;
    }
    const uint32_t result = s->dense_result ? add_intermediate(b, with_rows(type, s->heights[n]), 0)
                                            : add_window(b, y_ring, type, s->result_ring, s->result_first + rows.first, s->heights[n]);
    add_op(b, r, result, inputs, attributes);
    add_instruction(b, INGOT_OP_COPY, &target, 1, &result, 1);
  }
  return b;
}

/* Outputs as they were before an instruction. */
typedef struct {
  const builder *b;
  uint32_t count;
  size_t bytes[MAX_OUTPUTS];
  uint8_t *data[MAX_OUTPUTS], *before[MAX_OUTPUTS], *mask[MAX_OUTPUTS];
  const char *name;
  int64_t beside; /* bytes that an instruction wrote beside its window */
} watch;

static void mask_window(const watch *w, const ingot_tensor *t) {
  const ingot_buffer *buffer = &w->b->buffers[t->buffer];
  if (buffer->kind != INGOT_BUFFER_OUTPUT) return;
  const int64_t bytes = (int64_t)ingot_element_bytes(t->element) * t->dims[t->rank - 1], image = t->image_rows;
  int64_t planes = 1;
  for (uint32_t i = 0; i + 2 < t->rank; i++) planes *= t->dims[i];
  for (int64_t p = 0; p < planes; p++)
    for (int64_t row = 0; row < t->dims[t->rank - 2]; row++)
      memset(w->mask[buffer->index] + (p * image + (t->first_row + row) % image) * bytes, 1, (size_t)bytes);
}

static void look(void *context, const ingot_op_event *event) {
  watch *w = context;
  const ingot_instruction *instruction = &w->b->instructions[event->instruction];
  for (uint32_t i = 0; i < w->count; i++) memset(w->mask[i], 0, w->bytes[i]);
  mask_window(w, &w->b->tensors[w->b->operands[instruction->first_operand]]);
  for (uint32_t i = 0; i < w->count; i++) {
    for (size_t at = 0; at < w->bytes[i]; at++) w->beside += !w->mask[i][at] && w->data[i][at] != w->before[i][at];
    memcpy(w->before[i], w->data[i], w->bytes[i]);
  }
}

static void *of_bytes(size_t bytes) {
  void *memory = NULL;
  return posix_memalign(&memory, 64, bytes + (bytes == 0)) == 0 ? memory : NULL;
}

/* Runs a program; the first output is the caller's, of exactly its length. */
static bool run_program(const row_case *r, const builder *b, uint64_t isa, uint32_t threads, uint8_t *y, watch *w) {
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  char message[512];
  ingot_bundle *bundle;
  ingot_session *session;
  bool good = check(ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message) == INGOT_OK, "%s: %s", r->c.name, message);
  const ingot_session_options options = {.threads = threads, .isa = isa};
  if (good && check(ingot_session_create(bundle, &options, NULL, &session, message, sizeof message) == INGOT_OK, "%s: %s", r->c.name, message)) {
    *w = (watch){.b = b, .count = ingot_output_count(bundle, 0), .name = r->c.name};
    for (uint32_t i = 0, input = 0; i < r->c.input_count; i++)
      if (r->images >> i & 1) array_encode(&r->c.inputs[i], ingot_input_data(session, input++));
    for (uint32_t i = 0; i < w->count; i++) {
      w->bytes[i] = ingot_output(bundle, 0, i)->bytes;
      w->data[i] = i == 0 ? y : of_bytes(w->bytes[i]), w->before[i] = of_bytes(w->bytes[i]), w->mask[i] = of_bytes(w->bytes[i]);
      memset(w->data[i], 0x5a + (int)i, w->bytes[i]);
      memcpy(w->before[i], w->data[i], w->bytes[i]);
      ingot_bind_output(session, i, w->data[i], w->bytes[i]);
    }
    if (b->tensors[b->operands[0]].image_rows != 0) ingot_set_op_hook(session, look, w);
    good = check(ingot_run(session) == INGOT_OK, "%s: %s", r->c.name, ingot_session_message(session));
    for (uint32_t i = 0; i < w->count; i++) {
      if (i > 0) free(w->data[i]);
      free(w->before[i]), free(w->mask[i]);
    }
    ingot_session_destroy(session);
  }
  ingot_close(bundle);
  free(file);
  return good;
}

/* Runs the case whole and in stripes on every instruction set; frees its arrays. */
static void run_rows(row_case *r, uint64_t seed) {
  const size_t bytes = type_bytes(r->c.expected.type);
  builder *whole = whole_program(r);
  for (uint32_t k = 0; k < case_isa_count; k++) {
    if (!isa_is_there(case_isas[k])) continue;
    uint8_t *expected = of_bytes(bytes), *y = of_bytes(bytes);
    const stripes s = random_stripes(r, &seed);
    builder *striped = striped_program(r, &s);
    watch w;
    if (run_program(r, whole, case_isas[k], 1, expected, &w) && run_program(r, striped, case_isas[k], 1 + k % 2, y, &w)) {
      size_t same = 0;
      while (same < bytes && y[same] == expected[same]) same++;
      check(same == bytes, "%s in %d stripes on isa %llu: byte %zu of %zu differs", r->c.name, s.count, (unsigned long long)case_isas[k], same, bytes);
      check(w.beside == 0, "%s in %d stripes on isa %llu: %lld bytes are written beside windows", r->c.name, s.count,
            (unsigned long long)case_isas[k], (long long)w.beside);
    }
    builder_destroy(striped);
    free(expected), free(y);
  }
  builder_destroy(whole);
  for (uint32_t i = 0; i < r->c.input_count; i++) array_destroy(&r->c.inputs[i]);
}

/* An image of rank 4, sometimes 5, sometimes of one column. */
static builder_type random_image(uint64_t *seed, uint8_t element, int channels) {
  const int rank = random_below(seed, 5) == 0 ? 5 : 4;
  builder_type type = {.element = element, .rank = (uint8_t)rank, .dims = {1 + random_below(seed, 2), channels}};
  type.dims[2] = 1 + random_below(seed, 3);
  type.dims[rank - 2] = 1 + random_below(seed, 24);
  type.dims[rank - 1] = random_below(seed, 6) == 0 ? 1 : 1 + random_below(seed, random_below(seed, 4) == 0 ? 300 : 40);
  return type;
}

/* A window over rows and columns: its attributes but for those of an outer axis. Sets the extents of the result. */
typedef struct {
  int64_t kernel[3], stride[3], dilation[3], begin[3], end[3];
} row_window;
static row_window random_window(uint64_t *seed, const builder_type *x, bool transposed, builder_type *y) {
  row_window w;
  const int axes = x->rank - 2;
  const bool pointwise = random_below(seed, 4) == 0;
  for (int axis = 0; axis < axes; axis++) {
    w.kernel[axis] = pointwise ? 1 : 1 + random_below(seed, 5);
    w.stride[axis] = pointwise && random_below(seed, 3) ? 1 : 1 + random_below(seed, 3);
    w.dilation[axis] = 1 + random_below(seed, 3) / 2;
    const int64_t in = x->dims[2 + axis], reach = (w.kernel[axis] - 1) * w.dilation[axis];
    w.begin[axis] = reach == 0 ? 0 : random_below(seed, reach + 1), w.end[axis] = reach == 0 ? 0 : random_below(seed, reach + 1);
    if (transposed) {
      const int64_t whole = (in - 1) * w.stride[axis] + reach + 1;
      if (w.begin[axis] + w.end[axis] >= whole) w.begin[axis] = w.end[axis] = 0;
      y->dims[2 + axis] = whole - w.begin[axis] - w.end[axis];
      continue;
    }
    if (in + w.begin[axis] + w.end[axis] <= reach) w.begin[axis] = w.end[axis] = reach;
    y->dims[2 + axis] = (in + w.begin[axis] + w.end[axis] - reach - 1) / w.stride[axis] + 1;
  }
  return w;
}
static void set_rows(row_case *r, const row_window *w, int axes) {
  const int rows = axes - 2;
  r->kernel = w->kernel[rows], r->stride = w->stride[rows], r->dilation = w->dilation[rows], r->begin = w->begin[rows];
}

static builder_type weight_type(uint8_t element, const row_window *w, int axes, int64_t outer, int64_t inner) {
  builder_type type = {.element = element, .rank = (uint8_t)(2 + axes), .dims = {outer, inner}};
  for (int axis = 0; axis < axes; axis++) type.dims[2 + axis] = w->kernel[axis];
  return type;
}

/* Groups and channels; often one input for each output. */
static void random_groups(uint64_t *seed, int64_t *group, int64_t *inputs, int64_t *outputs) {
  *group = random_below(seed, 2) ? 1 : 1 + random_below(seed, 5);
  *inputs = *group * (random_below(seed, 2) ? 1 : 1 + random_below(seed, 9));
  *outputs = *group * (1 + random_below(seed, 14));
}

static void integer_convolutions(bool transposed, int count) {
  uint64_t seed = transposed ? 5 : 3;
  for (int n = 0; n < count; n++) {
    int64_t group, inputs, outputs;
    random_groups(&seed, &group, &inputs, &outputs);
    const uint8_t from = quantized_elements[n % 3], to = quantized_elements[n / 3 % 4], of_w = from == INGOT_U8 && n % 2 ? INGOT_U8 : INGOT_I8;
    const builder_type x = random_image(&seed, from, (int)inputs);
    builder_type y = x;
    const int axes = x.rank - 2;
    const row_window w = random_window(&seed, &x, transposed, &y);
    y.dims[1] = outputs, y.element = to;
    row_case r = {.c = {.name = transposed ? "conv_transpose_integer" : "conv_integer", .input_count = 4,
                        .opcode = transposed ? INGOT_OP_CONV_TRANSPOSE_INTEGER : INGOT_OP_CONV_INTEGER, .expected = {y, NULL}},
                  .images = 1, .transposed = transposed};
    set_rows(&r, &w, axes);
    r.c.inputs[0] = any_integers(x, &seed);
    r.c.inputs[1] = any_integers(transposed ? weight_type(of_w, &w, axes, inputs, outputs / group) : weight_type(of_w, &w, axes, outputs, inputs / group), &seed);
    r.c.inputs[2] = any_integers(type_of(from, 0), &seed);
    r.c.inputs[3] = any_integers(n % 4 == 0 ? type_of(of_w, 1, (int)outputs) : type_of(of_w, 0), &seed);
    if (n % 3 != 0) r.c.inputs[r.c.input_count++] = array_random(type_of(INGOT_I32, 1, (int)outputs), &seed, -1e6, 1e6);
    add_parameters(&r.c, &seed, (int)outputs, n % 2 == 0, true, to);
    CASE_ATTRIBUTES(&r.c, ingot_conv_integer_attributes, .group = group, .rounding = INGOT_RESCALE_HALF_UP, .least = INT32_MIN, .most = INT32_MAX);
    for (int axis = 0; axis < axes; axis++) {
      if (axis + 2 == axes) r.pads = (int)r.c.attribute_count + 2;
      CASE_ATTRIBUTES(&r.c, ingot_window, w.stride[axis], w.dilation[axis], w.begin[axis], w.end[axis]);
    }
    run_rows(&r, random_next(&seed));
  }
}

static const uint8_t float_elements[] = {INGOT_F32, INGOT_F16, INGOT_BF16};

static const uint32_t functions[] = {0, INGOT_FN_RELU, INGOT_FN_SILU};

static void convolutions(bool transposed, int count) {
  uint64_t seed = transposed ? 25 : 23;
  for (int n = 0; n < count; n++) {
    int64_t group, inputs, outputs;
    random_groups(&seed, &group, &inputs, &outputs);
    if (n % 6 == 0) group = 1, inputs = 1 + random_below(&seed, 500), outputs = 1 + random_below(&seed, 60);
    const bool mixed = n % 2 == 0;
    const uint8_t from = float_elements[mixed ? n % 3 : 0], of_w = float_elements[mixed ? n / 3 % 3 : 0], to = float_elements[mixed ? n / 9 % 3 : 0];
    builder_type x = random_image(&seed, from, (int)inputs);
    if (!transposed) x = type_of(from, 4, (int)x.dims[0], (int)x.dims[1], (int)x.dims[x.rank - 2], (int)x.dims[x.rank - 1]);
    builder_type y = x;
    const int axes = x.rank - 2;
    const row_window w = random_window(&seed, &x, transposed, &y);
    y.dims[1] = outputs, y.element = to;
    row_case r = {.c = {.name = transposed ? "conv_transpose" : "conv", .opcode = transposed ? INGOT_OP_CONV_TRANSPOSE : INGOT_OP_CONV,
                        .input_count = 3, .expected = {y, NULL}}, .images = 1, .transposed = transposed};
    set_rows(&r, &w, axes);
    r.c.inputs[0] = array_random(x, &seed, -1, 1);
    r.c.inputs[1] = array_random(transposed ? weight_type(of_w, &w, axes, inputs, outputs / group) : weight_type(of_w, &w, axes, outputs, inputs / group), &seed, -1, 1);
    if (n % 3 != 1) r.c.inputs[2] = array_random(type_of(INGOT_F32, 1, (int)outputs), &seed, -1, 1);
    CASE_ATTRIBUTES(&r.c, ingot_conv_attributes, .group = group, .activation = {.function = functions[n % 3]});
    for (int axis = 0; axis < axes; axis++) {
      if (axis + 2 == axes) r.pads = (int)r.c.attribute_count + 2;
      CASE_ATTRIBUTES(&r.c, ingot_window, w.stride[axis], w.dilation[axis], w.begin[axis], w.end[axis]);
    }
    run_rows(&r, random_next(&seed));
  }
}

/* Of integers, rescaled or the largest, and of floats. */
static void pools(void) {
  uint64_t seed = 7;
  for (int n = 0; n < 90; n++) {
    const bool floats = n % 4 == 3, largest = floats || n % 3 == 0;
    const uint8_t from = floats ? float_elements[n % 3] : quantized_elements[n % 3], to = largest ? from : quantized_elements[n / 3 % 4];
    const builder_type x = random_image(&seed, from, 1 + (int)random_below(&seed, 5));
    builder_type y = x;
    y.element = to;
    const int axes = x.rank - 2;
    const row_window w = random_window(&seed, &x, false, &y);
    const int64_t kind = largest && (!floats || n % 5 == 0) ? INGOT_POOL_MAX : n % 2 ? INGOT_POOL_AVERAGE : INGOT_POOL_AVERAGE_PADDED;
    row_case r = {.c = {.name = largest ? "pool" : "pool_integer", .opcode = largest ? INGOT_OP_POOL : INGOT_OP_POOL_INTEGER,
                        .input_count = 1, .expected = {y, NULL}}, .images = 1};
    set_rows(&r, &w, axes);
    r.c.inputs[0] = floats ? array_random(x, &seed, -1, 1) : any_integers(x, &seed);
    int taps = 1;
    for (int axis = 0; axis < axes; axis++) taps *= (int)w.kernel[axis];
    r.c.attributes[0] = (uint64_t)kind, r.c.attribute_count = largest ? 1 : 4;
    if (!largest) {
      r.c.inputs[r.c.input_count++] = any_integers(type_of(from, 0), &seed);
      add_parameters(&r.c, &seed, taps, true, true, to);
      set_rescaling(r.c.attributes + 1, n);
    }
    for (int axis = 0; axis < axes; axis++) {
      if (axis + 2 == axes) r.pads = (int)r.c.attribute_count + 3;
      CASE_ATTRIBUTES(&r.c, ingot_pool_window, w.kernel[axis], w.stride[axis], w.dilation[axis], w.begin[axis], w.end[axis]);
    }
    run_rows(&r, random_next(&seed));
  }
}

/* Row by row. */
static row_case element_case(const char *name, uint32_t opcode, builder_type y, uint32_t images) {
  return (row_case){.c = {.name = name, .opcode = opcode, .expected = {y, NULL}}, .images = images, .kernel = 1, .stride = 1, .dilation = 1, .pads = -1};
}
static uint64_t channel_axis(const builder_type *y, uint64_t *seed) { return random_below(seed, 4) == 0 ? y->rank - 1u : 1; }

static void integer_elements(void) {
  uint64_t seed = 9;
  for (int n = 0; n < 80; n++) {
    const bool looks_up = n % 2 == 0;
    const uint8_t from = quantized_elements[n % 3], entry = from == INGOT_I16 ? INGOT_I16 : quantized_elements[n / 3 % 4];
    const bool plain = looks_up && n % 5 == 0;
    const uint8_t to = plain ? entry : quantized_elements[n / 2 % 4];
    builder_type x = random_image(&seed, from, 1 + (int)random_below(&seed, 7)), y = x;
    y.element = to;
    row_case r = element_case(looks_up ? "lookup" : "rescale", looks_up ? INGOT_OP_LOOKUP : INGOT_OP_RESCALE, y, 1);
    r.c.inputs[0] = any_integers(x, &seed);
    r.c.inputs[1] = any_integers(looks_up ? type_of(entry, 1, from == INGOT_I16 ? 513 : 256) : type_of(from, 0), &seed);
    r.c.input_count = 2;
    const uint64_t axis = channel_axis(&y, &seed);
    r.c.attributes[0] = axis, r.c.attribute_count = 4;
    set_rescaling(r.c.attributes + 1, plain ? 0 : n);
    if (plain) r.c.attributes[1] = INGOT_RESCALE_HALF_UP, r.c.attributes[2] = (uint64_t)(int64_t)INT32_MIN, r.c.attributes[3] = INT32_MAX;
    else add_parameters(&r.c, &seed, (int)y.dims[axis], n % 3 != 0, true, to);
    run_rows(&r, random_next(&seed));
  }
}

/* The other input of a pair, which may be without an axis. */
static builder_type random_partner(uint64_t *seed, builder_type y, uint8_t element, bool *image) {
  builder_type type = y;
  type.element = element;
  const int64_t kind = random_below(seed, 6);
  *image = kind < 4;
  if (kind == 1) type.dims[1] = 1;
  if (kind == 2) type.dims[type.rank - 1] = 1;
  if (kind == 3) type.rank = y.rank - 1u, memcpy(type.dims, y.dims + 1, sizeof type.dims - sizeof *type.dims), type.dims[type.rank] = 0;
  if (kind == 4) type.dims[type.rank - 1] = type.dims[type.rank - 2] = 1;
  if (kind == 5) type = type_of(element, 0);
  return type;
}

static void integer_pairs(void) {
  uint64_t seed = 13;
  for (int n = 0; n < 90; n++) {
    const bool sums = n % 2 == 0;
    const uint8_t of_a = quantized_elements[n % 3], of_b = quantized_elements[n / 3 % 3], to = quantized_elements[n / 9 % 4];
    const builder_type a = random_image(&seed, of_a, 1 + (int)random_below(&seed, 7));
    bool image;
    const builder_type b = random_partner(&seed, a, of_b, &image);
    builder_type y = a;
    y.element = to;
    const uint32_t b_at = sums ? 3 : 2;
    row_case r = element_case(sums ? "add_integer" : "mul_integer", sums ? INGOT_OP_ADD_INTEGER : INGOT_OP_MUL_INTEGER, y, 1u | (uint32_t)image << b_at);
    const uint64_t axis = channel_axis(&y, &seed);
    r.c.attributes[0] = axis, r.c.attribute_count = 4;
    set_rescaling(r.c.attributes + 1, n);
    r.c.inputs[0] = any_integers(a, &seed), r.c.inputs[b_at] = any_integers(b, &seed);
    r.c.inputs[1] = any_integers(type_of(of_a, 0), &seed), r.c.inputs[b_at + 1] = any_integers(type_of(of_b, 0), &seed);
    if (sums) {
      const builder_type several = type_of(INGOT_I32, 1, (int)y.dims[axis]);
      r.c.inputs[2] = array_random(n % 3 == 0 ? type_of(INGOT_I32, 0) : several, &seed, -0x1p30, 0x1p31 - 1);
      r.c.inputs[5] = array_random(n % 4 == 0 ? type_of(INGOT_I32, 0) : several, &seed, -0x1p30, 0x1p31 - 1);
      r.c.inputs[6] = array_random(type_of(INGOT_I8, 0), &seed, 28, 36);
      r.c.inputs[7] = any_integers(type_of(to, 0), &seed);
      r.c.input_count = 8;
    } else {
      r.c.input_count = 4;
      add_parameters(&r.c, &seed, (int)y.dims[axis], n % 3 != 0, true, to);
    }
    run_rows(&r, random_next(&seed));
  }
}

/* a * b, then a sigmoid of it and c; of integers a sum. */
static void elements(void) {
  uint64_t seed = 19;
  static const uint8_t kinds[] = {INGOT_F32, INGOT_F16, INGOT_BF16, INGOT_F32, INGOT_I32, INGOT_I64};
  for (int n = 0; n < 80; n++) {
    const uint8_t of_a = kinds[random_below(&seed, 6)], of_b = kinds[random_below(&seed, 6)], to = kinds[n % 6];
    const builder_type a = random_image(&seed, of_a, 1 + (int)random_below(&seed, 7));
    bool image[2];
    const builder_type b = random_partner(&seed, a, of_b, &image[0]), c = random_partner(&seed, a, INGOT_F32, &image[1]);
    builder_type y = a;
    y.element = to;
    row_case r = element_case("elementwise", INGOT_OP_ELEMENTWISE, y, 1u | (uint32_t)image[0] << 1 | (uint32_t)image[1] << 2);
    const builder_type types[3] = {a, b, c};
    for (int i = 0; i < 3; i++) r.c.inputs[i] = array_random(types[i], &seed, -3, 3);
    r.c.input_count = 3;
    const int64_t domain = n % 6 < 4 ? INGOT_F32 : INGOT_I64;
    CASE_ATTRIBUTES(&r.c, ingot_step, .function = INGOT_FN_MUL, .domain = domain, .a = 0, .b = 1);
    CASE_ATTRIBUTES(&r.c, ingot_step, .function = INGOT_FN_ADD, .domain = domain, .a = 3, .b = 2);
    if (domain == INGOT_F32) CASE_ATTRIBUTES(&r.c, ingot_step, .function = INGOT_FN_SIGMOID, .domain = domain, .a = 4);
    run_rows(&r, random_next(&seed));
  }
}

static void resizes(void) {
  static const uint8_t kinds[] = {INGOT_F32, INGOT_I8, INGOT_F16, INGOT_U8, INGOT_I16, INGOT_BF16};
  uint64_t seed = 29;
  for (int n = 0; n < 96; n++) {
    const builder_type x = random_image(&seed, kinds[random_below(&seed, 6)], 1 + (int)random_below(&seed, 5));
    builder_type y = x;
    double scales[3] = {1, 1, 1};
    const int axes = x.rank - 2;
    for (int axis = 0; axis < axes; axis++) {
      if (random_below(&seed, 4) != 0) y.dims[2 + axis] = n % 5 == 0 ? 2 * x.dims[2 + axis] : 1 + random_below(&seed, 40);
      scales[axis] = (double)y.dims[2 + axis] / (double)x.dims[2 + axis];
    }
    row_case r = element_case("resize", INGOT_OP_RESIZE, y, 1);
    r.resamples = true, r.scale = scales[axes - 2], r.coordinates = n / 3 % 4;
    r.c.inputs[0] = array_random(x, &seed, x.element == INGOT_U8 ? 0 : -100, 100);
    r.c.input_count = 1;
    CASE_ATTRIBUTES(&r.c, ingot_resize_attributes, .mode = n % 3, .coordinates = r.coordinates, .rounding = random_below(&seed, 4),
                    .cubic = -0.75, .exclude_outside = random_below(&seed, 2));
    for (int axis = 0; axis < axes; axis++) CASE_ATTRIBUTES(&r.c, ingot_resize_axis, .scale = scales[axis]);
    run_rows(&r, random_next(&seed));
  }
}

/* Along the axes before rows. */
static void concatenations(void) {
  static const uint8_t kinds[] = {INGOT_F32, INGOT_I8, INGOT_F16, INGOT_I64};
  uint64_t seed = 31;
  for (int n = 0; n < 40; n++) {
    const builder_type x = random_image(&seed, kinds[n % 4], 1 + (int)random_below(&seed, 5));
    const int64_t axis = random_below(&seed, x.rank - 2);
    builder_type y = x;
    row_case r = element_case("concat", INGOT_OP_CONCAT, y, 0);
    r.c.input_count = 1 + (uint32_t)random_below(&seed, 4);
    y.dims[axis] = 0;
    for (uint32_t i = 0; i < r.c.input_count; i++) {
      builder_type part = x;
      part.dims[axis] = 1 + random_below(&seed, 4);
      y.dims[axis] += part.dims[axis];
      r.c.inputs[i] = array_random(part, &seed, -100, 100);
    }
    r.images = (1u << r.c.input_count) - 1;
    r.c.expected.type = y;
    CASE_ATTRIBUTES(&r.c, ingot_concat_attributes, .axis = axis);
    run_rows(&r, random_next(&seed));
  }
}

static void copies(void) {
  static const uint8_t elements[] = {INGOT_I8, INGOT_F16, INGOT_F32, INGOT_I64, INGOT_BOOL};
  uint64_t seed = 15;
  for (int n = 0; n < 30; n++) {
    const builder_type x = random_image(&seed, elements[n % 5], 1 + (int)random_below(&seed, 5));
    row_case r = element_case("copy", INGOT_OP_COPY, x, 1);
    r.c.inputs[0] = array_random(x, &seed, -100, 100);
    r.c.input_count = 1;
    run_rows(&r, random_next(&seed));
  }
}

void test_rows(void) {
  copies();
  concatenations();
  resizes();
  integer_elements();
  integer_pairs();
  pools();
  elements();
  convolutions(false, 120);
  convolutions(true, 40);
  integer_convolutions(false, 120);
  integer_convolutions(true, 60);
}
