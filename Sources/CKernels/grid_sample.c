/* Samples at the points of a grid: taps along each axis, then their products for every channel. */
#include "internal.h"

#define GRID_SAMPLE_POINTS 64

typedef struct {
  int64_t index;
  float weight;
} grid_tap;

kernel_work kernel_grid_sample_work(const void *arguments) {
  const kernel_grid_sample *p = arguments;
  return (kernel_work){p->batch * kernel_ceil_divide(p->points, GRID_SAMPLE_POINTS), 0};
}

static double grid_reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  if (x >= low && x <= high) return x;
  const double distance = x < low ? low - x : x - high, turns = floor(distance / range), rest = distance - turns * range;
  return (x < low) == (fmod(turns, 2) == 0) ? low + rest : high - rest;
}

static float grid_cubic(float distance) {
  const float d = fabsf(distance), a = -0.75f;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

/* Adds what stands at an index that may lie outside; nothing for a zero. */
static void grid_add(const kernel_grid_sample *p, int64_t index, float weight, int64_t extent, double low, double high,
                     grid_tap *taps, int *count) {
  if (p->padding == INGOT_GRID_ZEROS && (index < 0 || index >= extent)) return;
  if (p->padding == INGOT_GRID_REFLECTION) index = (int64_t)grid_reflect((double)index, low, high);
  taps[(*count)++] = (grid_tap){kernel_least(kernel_most(index, 0), extent - 1), weight};
}

static int grid_taps(const kernel_grid_sample *p, float coordinate, int64_t extent, grid_tap taps[4]) {
  const float length = (float)extent;
  const double low = p->align_corners ? 0 : -0.5, high = p->align_corners ? (double)extent - 1 : (double)extent - 0.5;
  float x = p->align_corners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2;
  x = x > -0x1p30f ? fminf(x, 0x1p30f) : -0x1p30f;
  if (p->mode == INGOT_INTERPOLATION_NEAREST) x = rintf(x);
  if (x < low || x > high) {
    if (p->padding == INGOT_GRID_BORDER) x = fminf(fmaxf(x, 0), length - 1);
    if (p->padding == INGOT_GRID_REFLECTION) x = (float)grid_reflect(x, low, high);
  }
  int count = 0;
  if (p->mode == INGOT_INTERPOLATION_NEAREST) {
    grid_add(p, (int64_t)x, 1, extent, low, high, taps, &count);
    return count;
  }
  const float base = floorf(x), fraction = x - base;
  const int64_t first = (int64_t)base;
  if (p->mode == INGOT_INTERPOLATION_LINEAR) {
    grid_add(p, first, 1 - fraction, extent, low, high, taps, &count);
    grid_add(p, first + 1, fraction, extent, low, high, taps, &count);
  } else {
    for (int k = -1; k <= 2; k++) grid_add(p, first + k, grid_cubic(fraction - (float)k), extent, low, high, taps, &count);
  }
  return count;
}

/* Products of the taps of all axes; absent axes lead, and hold one element. */
static int grid_samples(const kernel_grid_sample *p, int64_t point, grid_tap samples[64]) {
  grid_tap taps[3][4] = {{{0, 1}}, {{0, 1}}, {{0, 1}}};
  int counts[3] = {1, 1, 1}, count = 0;
  for (uint32_t axis = 3 - p->spatial; axis < 3; axis++) {
    const int64_t at = point * p->spatial + (2 - axis);
    counts[axis] = grid_taps(p, kernel_load_float(p->grid, p->grid_element, at), p->in[axis], taps[axis]);
  }
  for (int i = 0; i < counts[0]; i++) {
    for (int j = 0; j < counts[1]; j++) {
      for (int k = 0; k < counts[2]; k++) {
        const float weight = taps[0][i].weight * taps[1][j].weight;
        samples[count++] = (grid_tap){(taps[0][i].index * p->in[1] + taps[1][j].index) * p->in[2] + taps[2][k].index,
                                      weight * taps[2][k].weight};
      }
    }
  }
  return count;
}

void kernel_grid_sample_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_grid_sample *p = arguments;
  (void)scratch;
  const int64_t groups = kernel_ceil_divide(p->points, GRID_SAMPLE_POINTS), size = p->in[0] * p->in[1] * p->in[2];
  grid_tap samples[64];
  for (int64_t item = begin; item < end; item++) {
    const int64_t n = item / groups, first = item % groups * GRID_SAMPLE_POINTS;
    for (int64_t point = first; point < kernel_least(first + GRID_SAMPLE_POINTS, p->points); point++) {
      const int count = grid_samples(p, n * p->points + point, samples);
      for (int64_t plane = n * p->channels; plane < (n + 1) * p->channels; plane++) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
          const float product = samples[i].weight * kernel_load_float(p->x, p->element, plane * size + samples[i].index);
          sum += product;
        }
        kernel_store_float(p->y, p->element, plane * p->points + point, sum);
      }
    }
  }
}
