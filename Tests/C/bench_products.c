/* How fast integer products and convolutions are beside those of floats: multiply-adds per second of one thread for shapes of
 * known networks, the best of some runs, in the time of this thread alone.
 *   bench_products [VARIANT [TEXT]]    such as avx2, or best for the newest that the CPU has; shapes whose text contains TEXT */
#define _POSIX_C_SOURCE 200809L
#include "kernels.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint32_t ingot_cpu_features(void);

typedef struct {
  const char *network;
  int64_t inputs, outputs, side, kernel, stride, group; /* a convolution, or with side 0 */
  int64_t m, k, n;                                      /* a matrix product */
} shape;

static const shape shapes[] = {
    {.network = "MobileNetV2", .inputs = 3, .outputs = 32, .side = 224, .kernel = 3, .stride = 2, .group = 1},
    {.network = "MobileNetV2", .inputs = 16, .outputs = 96, .side = 112, .kernel = 1, .stride = 1, .group = 1},
    {.network = "MobileNetV2", .inputs = 96, .outputs = 96, .side = 112, .kernel = 3, .stride = 2, .group = 96},
    {.network = "MobileNetV2", .inputs = 144, .outputs = 144, .side = 56, .kernel = 3, .stride = 1, .group = 144},
    {.network = "MobileNetV2", .inputs = 144, .outputs = 24, .side = 56, .kernel = 1, .stride = 1, .group = 1},
    {.network = "MobileNetV2", .inputs = 192, .outputs = 32, .side = 28, .kernel = 1, .stride = 1, .group = 1},
    {.network = "MobileNetV2", .inputs = 576, .outputs = 576, .side = 14, .kernel = 3, .stride = 1, .group = 576},
    {.network = "MobileNetV2", .inputs = 96, .outputs = 576, .side = 14, .kernel = 1, .stride = 1, .group = 1},
    {.network = "MobileNetV2", .inputs = 960, .outputs = 960, .side = 7, .kernel = 3, .stride = 1, .group = 960},
    {.network = "MobileNetV2", .inputs = 320, .outputs = 1280, .side = 7, .kernel = 1, .stride = 1, .group = 1},
    {.network = "ResNet-50", .inputs = 3, .outputs = 64, .side = 224, .kernel = 7, .stride = 2, .group = 1},
    {.network = "ResNet-50", .inputs = 64, .outputs = 64, .side = 56, .kernel = 3, .stride = 1, .group = 1},
    {.network = "ResNet-50", .inputs = 256, .outputs = 64, .side = 56, .kernel = 1, .stride = 1, .group = 1},
    {.network = "ResNet-50", .inputs = 128, .outputs = 128, .side = 28, .kernel = 3, .stride = 1, .group = 1},
    {.network = "ResNet-50", .inputs = 256, .outputs = 512, .side = 56, .kernel = 1, .stride = 2, .group = 1},
    {.network = "ResNet-50", .inputs = 1024, .outputs = 256, .side = 14, .kernel = 1, .stride = 1, .group = 1},
    {.network = "ResNet-50", .inputs = 512, .outputs = 512, .side = 7, .kernel = 3, .stride = 1, .group = 1},
    {.network = "EfficientNet", .inputs = 240, .outputs = 240, .side = 28, .kernel = 5, .stride = 1, .group = 240},
    {.network = "EfficientNet", .inputs = 672, .outputs = 672, .side = 14, .kernel = 5, .stride = 2, .group = 672},
    {.network = "EfficientNet", .inputs = 672, .outputs = 28, .side = 1, .kernel = 1, .stride = 1, .group = 1},
    {.network = "EfficientFormerV2", .inputs = 32, .outputs = 128, .side = 56, .kernel = 1, .stride = 1, .group = 1},
    {.network = "EfficientFormerV2", .inputs = 224, .outputs = 896, .side = 7, .kernel = 1, .stride = 1, .group = 1},
    {.network = "EfficientFormerV2", .m = 49, .k = 32, .n = 49},
    {.network = "MiniLM", .m = 128, .k = 384, .n = 384},
    {.network = "MiniLM", .m = 128, .k = 384, .n = 1536},
    {.network = "MiniLM", .m = 128, .k = 1536, .n = 384},
    {.network = "MiniLM attention", .m = 128, .k = 32, .n = 128},
    {.network = "MiniLM attention", .m = 128, .k = 128, .n = 32},
    {.network = "classifier", .m = 1, .k = 1280, .n = 1000},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *random_bytes(size_t count) {
  uint8_t *memory = NULL;
  static uint32_t state = 1;
  if (posix_memalign((void **)(void *)&memory, 64, count + 64) != 0) exit(1);
  for (size_t i = 0; i < count; i++) memory[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
  return memory;
}
static float *ones(int64_t count) {
  float *memory = random_bytes((size_t)count * sizeof *memory);
  for (int64_t i = 0; i < count; i++) memory[i] = 1;
  return memory;
}

/* Seconds of one run, the least of about a fifth of a second's worth. */
static double best(const kernel_entry entry, const void *arguments) {
  const kernel_work work = entry.work(arguments);
  void *scratch = random_bytes(work.scratch_bytes);
  double least = 1e9, begin = now();
  do {
    const double start = now();
    entry.run(arguments, 0, work.items, scratch);
    const double seconds = now() - start;
    if (seconds < least) least = seconds;
  } while (now() - begin < 0.2);
  free(scratch);
  return least;
}

typedef struct {
  double floats, integers, wide; /* seconds */
} times;

typedef struct {
  int32_t *multiplier;
  int8_t *shift, *zero;
  kernel_rescaling rescaling;
} epilogue;

static epilogue to_bytes(int64_t channels) {
  epilogue e = {.multiplier = malloc((size_t)channels * 4), .shift = malloc((size_t)channels), .zero = calloc(1, 1)};
  for (int64_t i = 0; i < channels; i++) e.multiplier[i] = (1 << 30) + (int32_t)i, e.shift[i] = 41;
  e.rescaling = (kernel_rescaling){.multiplier = e.multiplier, .shift = e.shift, .zero = e.zero, .per_channel = 1,
                                   .y_element = INGOT_I8, .least = -128, .most = 127};
  return e;
}
static void free_epilogue(epilogue e) { free(e.multiplier), free(e.shift), free(e.zero); }

static times convolution(const kernel_table *table, const shape *s) {
  const int64_t out = (s->side + s->kernel / 2 * 2 - s->kernel) / s->stride + 1, per_group = s->inputs / s->group;
  const int64_t x_count = s->inputs * s->side * s->side, y_count = s->outputs * out * out, w_count = s->outputs * per_group * s->kernel * s->kernel;
  float *x = ones(x_count), *w = ones(w_count), *y = ones(y_count), *bias = ones(s->outputs);
  kernel_convolution f = {.x = x, .w = w, .y = y, .bias = bias, .x_element = INGOT_F32, .w_element = INGOT_F32, .bias_element = INGOT_F32,
                          .y_element = INGOT_F32, .batch = 1, .group = s->group, .inputs = s->inputs, .outputs = s->outputs,
                          .in = {1, s->side, s->side}, .kernel = {1, s->kernel, s->kernel}, .out = {1, out, out},
                          .stride = {1, s->stride, s->stride}, .dilation = {1, 1, 1}, .begin = {0, s->kernel / 2, s->kernel / 2},
                          .activation = {.function = INGOT_FN_RELU}};
  const bool depthwise = kernel_depthwise_fits(&f);
  if (!depthwise && s->outputs >= 12) f.w_panel = 12;
  times t = {.floats = best(kernel_find(table, depthwise ? KERNEL_depthwise : KERNEL_convolution), &f)};
  void *bytes = random_bytes((size_t)x_count * 2), *weights = random_bytes((size_t)w_count), *result = random_bytes((size_t)y_count);
  const int16_t x_zero[1] = {3};
  const int8_t w_zero = 0;
  epilogue e = to_bytes(s->outputs);
  int32_t *sums = calloc((size_t)s->outputs, sizeof *sums);
  kernel_conv_integer i = {.x = bytes, .w = weights, .y = result, .bias = sums, .x_zero = x_zero, .w_zero = &w_zero, .x_element = INGOT_I8,
                           .w_element = INGOT_I8, .batch = 1, .group = s->group, .inputs = s->inputs, .outputs = s->outputs,
                           .rescaling = e.rescaling};
  memcpy(i.in, f.in, sizeof i.in), memcpy(i.kernel, f.kernel, sizeof i.kernel), memcpy(i.out, f.out, sizeof i.out);
  memcpy(i.stride, f.stride, sizeof i.stride), memcpy(i.dilation, f.dilation, sizeof i.dilation), memcpy(i.begin, f.begin, sizeof i.begin);
  const kernel_entry entry = kernel_find(table, kernel_depthwise_integer_fits(&i) ? KERNEL_depthwise_integer : KERNEL_conv_integer);
  t.integers = best(entry, &i);
  i.x_element = INGOT_I16;
  t.wide = best(entry, &i);
  free(x), free(w), free(y), free(bias), free(bytes), free(weights), free(result), free(sums), free_epilogue(e);
  return t;
}

static times product(const kernel_table *table, const shape *s) {
  float *a = ones(s->m * s->k), *b = ones(s->k * s->n), *y = ones(s->m * s->n);
  kernel_matmul f = {.a = a, .b = b, .y = y, .a_element = INGOT_F32, .b_element = INGOT_F32, .y_element = INGOT_F32, .m = s->m, .n = s->n,
                     .k = s->k, .a_row = s->k, .a_column = 1, .b_row = s->n, .b_column = 1, .b_panel = s->m >= 5 ? 32 : 0};
  times t = {.floats = best(kernel_find(table, KERNEL_matmul), &f)};
  void *bytes = random_bytes((size_t)(s->m * s->k) * 2), *weights = random_bytes((size_t)(s->k * s->n)), *result = random_bytes((size_t)(s->m * s->n));
  const int16_t a_zero[1] = {3};
  const int8_t b_zero = 0;
  epilogue e = to_bytes(s->n);
  kernel_matmul_integer i = {.a = bytes, .b = weights, .y = result, .a_zero = a_zero, .b_zero = &b_zero, .a_element = INGOT_I8,
                             .b_element = INGOT_I8, .m = s->m, .n = s->n, .k = s->k, .b_group = 4, .rescaling = e.rescaling};
  t.integers = best(kernel_find(table, KERNEL_matmul_integer), &i);
  i.a_element = INGOT_I16;
  t.wide = best(kernel_find(table, KERNEL_matmul_integer), &i);
  free(a), free(b), free(y), free(bytes), free(weights), free(result), free_epilogue(e);
  return t;
}

int main(int count, char **words) {
  const kernel_table *table = kernel_select(ingot_cpu_features());
  for (unsigned i = 0; count > 1 && kernel_variant(i) != NULL; i++)
    if (strcmp(kernel_variant(i)->name, words[1]) == 0) table = kernel_variant(i);
  printf("%s, one thread, G multiply-adds per second\n%-18s %-34s %7s %7s %7s %7s %7s\n", table->name, "network", "shape", "f32", "i8",
         "i8/f32", "i16", "i16/f32");
  for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
    const shape *s = &shapes[n];
    char text[64];
    double work;
    if (s->side > 0) {
      const int64_t out = (s->side - 1) / s->stride + 1;
      work = (double)(s->outputs * out * out * s->inputs / s->group * s->kernel * s->kernel);
      snprintf(text, sizeof text, "%lld x %lld, %lld to %lld, stride %lld%s", (long long)s->kernel, (long long)s->side, (long long)s->inputs,
               (long long)s->outputs, (long long)s->stride, s->group > 1 ? ", depthwise" : "");
    } else {
      work = (double)(s->m * s->k * s->n);
      snprintf(text, sizeof text, "[%lld, %lld] x [%lld, %lld]", (long long)s->m, (long long)s->k, (long long)s->k, (long long)s->n);
    }
    if (count > 2 && strstr(text, words[2]) == NULL) continue;
    const times t = s->side > 0 ? convolution(table, s) : product(table, s);
    printf("%-18s %-34s %7.1f %7.1f %6.2fx %7.1f %6.2fx\n", s->network, text, work / t.floats * 1e-9, work / t.integers * 1e-9,
           t.floats / t.integers, work / t.wide * 1e-9, t.floats / t.wide);
  }
  return 0;
}
