/* Integer products of every instruction set and extension against their definition, element by element in int64. */
#define _POSIX_C_SOURCE 200809L
#include "opcase.h"

#include "kernels.h"
#include "variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide_integer;

static const uint8_t result_elements[] = {INGOT_I8, INGOT_U8, INGOT_I16, INGOT_I32};

static int64_t lowest(uint8_t element) {
  return element == INGOT_I8 ? INT8_MIN : element == INGOT_I16 ? INT16_MIN : element == INGOT_I32 ? INT32_MIN : 0;
}
static int64_t highest(uint8_t element) {
  return element == INGOT_I8 ? INT8_MAX : element == INGOT_U8 ? UINT8_MAX : element == INGOT_I16 ? INT16_MAX : INT32_MAX;
}
static int64_t bytes_of(uint8_t element) { return element == INGOT_I32 ? 4 : element == INGOT_I16 ? 2 : 1; }
static int64_t load(const void *x, uint8_t element, int64_t i) {
  switch (element) {
    case INGOT_I8: return ((const int8_t *)x)[i];
    case INGOT_U8: return ((const uint8_t *)x)[i];
    case INGOT_I16: return ((const int16_t *)x)[i];
    default: return ((const int32_t *)x)[i];
  }
}

/* Memory of exactly this length, so that the address sanitizer sees the first byte beyond; random, often at its ends. */
static void *random_integers(uint64_t *seed, uint8_t element, int64_t count) {
  const int64_t bytes = bytes_of(element);
  uint8_t *memory = malloc((size_t)(count * bytes) + (count == 0));
  const bool extreme = random_below(seed, 4) == 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t value = extreme && random_below(seed, 8) != 0 ? (random_below(seed, 2) ? highest(element) : lowest(element))
                                                          : lowest(element) + (int64_t)(random_next(seed) % (uint64_t)(highest(element) - lowest(element) + 1));
    memcpy(memory + i * bytes, &value, (size_t)bytes);
  }
  return memory;
}

/* What follows the sums, of `channels`. */
typedef struct {
  int32_t *bias, *multiplier;
  int8_t *shift;
  void *zero;
  kernel_rescaling rescaling;
} epilogue;

static epilogue random_epilogue(uint64_t *seed, int64_t channels) {
  epilogue e = {.rescaling = {.y_element = INGOT_I32}};
  if (random_below(seed, 2)) e.bias = random_integers(seed, INGOT_I32, channels);
  if (random_below(seed, 4) == 0) return e;
  const uint8_t element = result_elements[random_below(seed, 4)];
  const bool usual = random_below(seed, 3) != 0, per_channel = random_below(seed, 2);
  const int64_t count = per_channel ? channels : 1;
  e.multiplier = random_integers(seed, INGOT_I32, count), e.shift = random_integers(seed, INGOT_I8, count);
  for (int64_t i = 0; i < count && usual; i++) {
    e.multiplier[i] = (int32_t)((1 << 30) + random_below(seed, 1 << 30)), e.shift[i] = (int8_t)(32 + random_below(seed, 12));
    if (random_below(seed, 3) == 0) e.multiplier[i] = 1 << 30; /* ties */
  }
  e.zero = random_integers(seed, element, 1);
  e.rescaling = (kernel_rescaling){.multiplier = e.multiplier, .shift = e.shift, .zero = e.zero, .per_channel = per_channel,
                                   .rounding = (uint8_t)random_below(seed, 3), .y_element = element, .least = lowest(element),
                                   .most = highest(element)};
  if (random_below(seed, 2)) e.rescaling.least = lowest(element) / 2 + 3, e.rescaling.most = highest(element) / 3;
  return e;
}

static void free_epilogue(epilogue *e) { free(e->bias), free(e->multiplier), free(e->shift), free(e->zero); }

/* The result that a sum becomes. */
static int64_t finished(const epilogue *e, uint8_t factor, int64_t sum, int64_t channel) {
  if (e->bias != NULL) sum += e->bias[channel];
  int32_t v = (int32_t)(uint32_t)(uint64_t)sum;
  if (factor == INGOT_I16) v = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
  const kernel_rescaling *r = &e->rescaling;
  if (r->multiplier == NULL) return v;
  const int64_t index = r->per_channel ? channel : 0, m = r->multiplier[index];
  const int shift = r->shift[index] < 0 ? 0 : r->shift[index] > 62 ? 62 : r->shift[index];
  wide_integer scaled = (wide_integer)v * m;
  if (r->rounding == INGOT_RESCALE_TWO_ROUNDINGS && shift > 31) scaled += v < 0 ? -(1 << 30) : 1 << 30;
  const wide_integer unit = (wide_integer)1 << shift;
  wide_integer rounded = (scaled * 2 + unit) >> (shift + 1);
  if (r->rounding == INGOT_RESCALE_HALF_EVEN && shift > 0 && ((scaled * 2 + unit) & (2 * unit - 1)) == 0) rounded &= ~(wide_integer)1;
  const wide_integer y = rounded + load(r->zero, r->y_element, 0);
  return (int64_t)(y < r->least ? r->least : y > r->most ? r->most : y);
}

/* Variant `index`, and one more that only tests have; NULL past the last. */
static const kernel_table *variant(unsigned index) {
  if (kernel_variant(index) != NULL) return kernel_variant(index);
  return index > 0 && kernel_variant(index - 1) != NULL ? avx_vnni_by_avx512() : NULL;
}

/* Runs a kernel in two parts on every variant, into memory of exact length. */
static void compare(int kernel, void *arguments, void **y, const epilogue *e, const int64_t *expected, int64_t count, const char *what) {
  const uint8_t element = e->rescaling.y_element;
  const int64_t bytes = count * bytes_of(element);
  for (unsigned i = 0; variant(i) != NULL; i++) {
    const kernel_table *table = variant(i);
    if (!isa_is_there(table->feature)) continue;
    *y = malloc((size_t)bytes + (bytes == 0));
    memset(*y, 0x5a, (size_t)bytes);
    const kernel_entry entry = kernel_find(table, kernel);
    const kernel_work work = entry.work(arguments);
    void *scratch = NULL;
    if (posix_memalign(&scratch, 64, work.scratch_bytes + (work.scratch_bytes == 0)) != 0) return;
    entry.run(arguments, 0, work.items / 2, scratch);
    entry.run(arguments, work.items / 2, work.items, scratch);
    int64_t wrong = 0;
    while (wrong < count && load(*y, element, wrong) == expected[wrong]) wrong++;
    check(wrong == count, "%s on %s: element %lld is %lld, expected %lld", what, table->name, (long long)wrong,
          wrong < count ? (long long)load(*y, element, wrong) : 0, wrong < count ? (long long)expected[wrong] : 0);
    free(scratch);
    free(*y);
  }
}

/* Element types of the factors. */
static void random_factors(uint64_t *seed, uint8_t *a, uint8_t *b) {
  *a = result_elements[random_below(seed, 3)];
  *b = *a == INGOT_I16 ? INGOT_I8 : result_elements[random_below(seed, 2)];
}

/* The bytes of a matrix with `group` rows at a time in one, column by column. */
static void *in_groups(const void *b, int64_t rows, int64_t columns, int64_t group) {
  uint8_t *y = malloc((size_t)(rows * columns) + (rows * columns == 0)), *target = y;
  for (int64_t first = 0; first < rows; first += group)
    for (int64_t column = 0; column < columns; column++)
      for (int64_t row = first; row < first + group && row < rows; row++) *target++ = ((const uint8_t *)b)[row * columns + column];
  return y;
}

static void products(int count) {
  uint64_t seed = 41;
  static const int64_t extents[] = {1, 2, 3, 4, 5, 11, 12, 13, 16, 31, 32, 33, 50, 100, 150, 260, 300};
  for (int n = 0; n < count; n++) {
    const int64_t batches = n % 5 == 0 ? 2 : 1;
    const int64_t m = n % 5 == 1 ? 1 : extents[random_below(&seed, 15)], columns = extents[random_below(&seed, 17)];
    const int64_t k = n % 11 == 0 ? 0 : n % 3 == 0 ? 380 + random_below(&seed, 900) : random_below(&seed, 70);
    uint8_t a_element, b_element;
    random_factors(&seed, &a_element, &b_element);
    const bool by_row = random_below(&seed, 3) == 0, by_column = random_below(&seed, 3) == 0, plain = random_below(&seed, 2);
    void *a = random_integers(&seed, a_element, batches * m * k), *b = random_integers(&seed, b_element, k * columns);
    void *a_zero = random_integers(&seed, a_element, by_row ? m : 1), *b_zero = random_integers(&seed, b_element, by_column ? columns : 1);
    if (plain) memset(b_zero, 0, (size_t)((by_column ? columns : 1) * bytes_of(b_element)));
    epilogue e = random_epilogue(&seed, columns);
    kernel_matmul_integer p = {.a = a, .b = b, .a_zero = a_zero, .b_zero = b_zero, .bias = e.bias, .a_element = a_element,
                               .b_element = b_element, .a_zero_per_row = by_row, .b_zero_per_column = by_column, .m = m,
                               .n = columns, .k = k, .batch_rank = 1, .batch = {batches}, .a_batch = {m * k}, .rescaling = e.rescaling};
    int64_t *expected = malloc((size_t)(batches * m * columns) * sizeof *expected);
    for (int64_t i = 0; i < batches * m; i++) {
      for (int64_t j = 0; j < columns; j++) {
        int64_t sum = 0;
        for (int64_t h = 0; h < k; h++)
          sum += (load(a, a_element, i * k + h) - load(a_zero, a_element, by_row ? i % m : 0)) *
                 (load(b, b_element, h * columns + j) - load(b_zero, b_element, by_column ? j : 0));
        expected[i * columns + j] = finished(&e, a_element, sum, j);
      }
    }
    char what[128];
    snprintf(what, sizeof what, "matmul_integer %d, %lld x %lld x %lld of elements %u and %u", n, (long long)m, (long long)k, (long long)columns,
             a_element, b_element);
    compare(KERNEL_matmul_integer, &p, &p.y, &e, expected, batches * m * columns, what);
    p.b_group = n % 4 == 0 ? 1 + random_below(&seed, 9) : 4;
    p.b = in_groups(b, k, columns, p.b_group);
    compare(KERNEL_matmul_integer, &p, &p.y, &e, expected, batches * m * columns, what);
    free((void *)(uintptr_t)p.b);
    free(a), free(b), free(a_zero), free(b_zero), free(expected), free_epilogue(&e);
  }
}

/* Adds the products of one element of x, which lies at `place` on each axis, with what it meets; nothing outside of y. */
static void scatter(const kernel_conv_integer *p, bool transposed, int64_t image, int64_t output, int64_t *sums) {
  const int64_t inputs = p->inputs / p->group, outputs = p->outputs / p->group, first = output / outputs * inputs;
  const int64_t taps = p->kernel[0] * p->kernel[1] * p->kernel[2], plane = p->in[0] * p->in[1] * p->in[2];
  const int64_t zero = load(p->x_zero, p->x_element, 0), w_zero = load(p->w_zero, p->w_element, p->w_zero_per_output ? output : 0);
  for (int64_t position = 0; position < p->out[0] * p->out[1] * p->out[2]; position++) {
    const int64_t o[3] = {position / p->out[2] / p->out[1], position / p->out[2] % p->out[1], position % p->out[2]};
    for (int64_t tap = 0; tap < taps; tap++) {
      const int64_t t[3] = {tap / p->kernel[2] / p->kernel[1], tap / p->kernel[2] % p->kernel[1], tap % p->kernel[2]};
      int64_t index = 0;
      bool inside = true;
      for (int axis = 0; axis < 3; axis++) {
        int64_t place = transposed ? o[axis] + p->begin[axis] - t[axis] * p->dilation[axis]
                                   : o[axis] * p->stride[axis] - p->begin[axis] + t[axis] * p->dilation[axis];
        if (transposed) inside &= place >= 0 && place % p->stride[axis] == 0, place /= p->stride[axis];
        inside &= place >= 0 && place < p->in[axis];
        index = index * p->in[axis] + place;
      }
      for (int64_t c = 0; c < inputs && inside; c++) {
        const int64_t weight = transposed ? ((first + c) * outputs + output % outputs) * taps + tap : (output * inputs + c) * taps + tap;
        sums[position] += (load(p->x, p->x_element, (image * p->inputs + first + c) * plane + index) - zero) *
                          (load(p->w, p->w_element, weight) - w_zero);
      }
    }
  }
}

static void convolutions(int count, bool transposed) {
  uint64_t seed = transposed ? 47 : 43;
  for (int n = 0; n < count; n++) {
    const bool pointwise = n % 6 == 0, depthwise = n % 6 == 1 || n % 6 == 2, wide = n % 13 == 0;
    const int64_t group = depthwise ? 1 + random_below(&seed, 9) : n % 6 == 3 ? 2 : 1;
    const int64_t inputs = depthwise ? 1 : 1 + random_below(&seed, n % 4 == 0 ? 130 : 20), outputs = depthwise ? 1 + random_below(&seed, 2) : 1 + random_below(&seed, 40);
    kernel_conv_integer p = {.batch = 1 + random_below(&seed, 2), .group = group, .inputs = group * inputs, .outputs = group * outputs,
                             .w_zero_per_output = (uint8_t)random_below(&seed, 2)};
    for (int axis = 0; axis < 3; axis++) {
      const bool absent = axis == 0 ? n % 5 != 0 : axis == 1 ? n % 7 == 0 : false;
      p.kernel[axis] = absent || pointwise ? 1 : 1 + random_below(&seed, axis == 0 ? 2 : 6);
      p.stride[axis] = absent || random_below(&seed, 2) ? 1 : 1 + random_below(&seed, 3);
      p.dilation[axis] = absent || random_below(&seed, 2) ? 1 : 1 + random_below(&seed, 3);
      p.in[axis] = absent ? 1 : axis == 2 && wide ? 300 + random_below(&seed, 400) : 1 + random_below(&seed, axis == 0 ? 4 : 24);
      const int64_t reach = (p.kernel[axis] - 1) * p.dilation[axis] + 1;
      if (transposed) {
        const int64_t whole = (p.in[axis] - 1) * p.stride[axis] + reach;
        p.begin[axis] = random_below(&seed, reach), p.out[axis] = whole - p.begin[axis] + random_below(&seed, p.stride[axis]);
        if (p.out[axis] <= 0) p.begin[axis] = 0, p.out[axis] = whole;
      } else {
        if (p.in[axis] < reach) p.in[axis] = reach;
        p.begin[axis] = random_below(&seed, 3) == 0 && !pointwise ? random_below(&seed, reach + 2) : 0;
        p.out[axis] = (p.in[axis] + p.begin[axis] + (p.begin[axis] > 0 ? random_below(&seed, 2) : 0) - reach) / p.stride[axis] + 1;
      }
    }
    random_factors(&seed, &p.x_element, &p.w_element);
    const int64_t taps = p.kernel[0] * p.kernel[1] * p.kernel[2], out = p.out[0] * p.out[1] * p.out[2];
    void *x = random_integers(&seed, p.x_element, p.batch * p.inputs * p.in[0] * p.in[1] * p.in[2]);
    void *w = random_integers(&seed, p.w_element, p.outputs * inputs * taps);
    void *x_zero = random_integers(&seed, p.x_element, 1), *w_zero = random_integers(&seed, p.w_element, p.w_zero_per_output ? p.outputs : 1);
    if (random_below(&seed, 2)) memset(w_zero, 0, (size_t)(p.w_zero_per_output ? p.outputs : 1));
    epilogue e = random_epilogue(&seed, p.outputs);
    p.x = x, p.w = w, p.x_zero = x_zero, p.w_zero = w_zero, p.bias = e.bias, p.rescaling = e.rescaling;
    int64_t *expected = calloc((size_t)(p.batch * p.outputs * out), sizeof *expected);
    for (int64_t plane = 0; plane < p.batch * p.outputs; plane++) {
      scatter(&p, transposed, plane / p.outputs, plane % p.outputs, expected + plane * out);
      for (int64_t i = 0; i < out; i++)
        expected[plane * out + i] = finished(&e, p.x_element, expected[plane * out + i], plane % p.outputs);
    }
    char what[128];
    snprintf(what, sizeof what, "%s %d of elements %u and %u", transposed ? "conv_transpose_integer" : "conv_integer", n, p.x_element, p.w_element);
    compare(transposed ? KERNEL_conv_transpose_integer : KERNEL_conv_integer, &p, &p.y, &e, expected, p.batch * p.outputs * out, what);
    if (!transposed && kernel_depthwise_integer_fits(&p))
      compare(KERNEL_depthwise_integer, &p, &p.y, &e, expected, p.batch * p.outputs * out, what);
    free(x), free(w), free(x_zero), free(w_zero), free(expected), free_epilogue(&e);
  }
}

void test_integers(void) {
  products(300);
  convolutions(300, false);
  convolutions(120, true);
}
