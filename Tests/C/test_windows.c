/* Convolution, transposed convolution, pooling and resampling against sums over every window. */
#include "opcase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int spatial;
  int64_t batch, group, inputs, outputs; /* channels */
  int64_t in[3], kernel[3], stride[3], dilation[3], begin[3], end[3], extra[3];
} window;

static int64_t product(const int64_t *dims, int rank) {
  int64_t count = 1;
  for (int i = 0; i < rank; i++) count *= dims[i];
  return count;
}

static void unravel(int64_t index, const int64_t *dims, int rank, int64_t *place) {
  for (int i = rank; i-- > 0; index /= dims[i]) place[i] = index % dims[i];
}

static builder_type planes(uint8_t element, int64_t batch, int64_t channels, const int64_t *extents, int spatial) {
  builder_type type = {.element = element, .rank = (uint8_t)(2 + spatial), .dims = {batch, channels}};
  for (int s = 0; s < spatial; s++) type.dims[2 + s] = extents[s];
  return type;
}

static double activation(uint32_t function, double x) {
  return function == INGOT_FN_RELU ? fmax(x, 0) : function == INGOT_FN_GELU ? 0.5 * x * (1 + erf(x / sqrt(2))) : x;
}

static void window_attributes(opcase *c, const window *w) {
  for (int s = 0; s < w->spatial; s++) CASE_ATTRIBUTES(c, ingot_window, w->stride[s], w->dilation[s], w->begin[s], w->end[s]);
}

static void pool_attributes(opcase *c, const window *w) {
  for (int s = 0; s < w->spatial; s++)
    CASE_ATTRIBUTES(c, ingot_pool_window, w->kernel[s], w->stride[s], w->dilation[s], w->begin[s], w->end[s]);
}

static void convolution_case(const window *w, bool transposed, uint8_t x_element, uint8_t w_element, uint8_t y_element,
                             uint32_t function, uint64_t seed) {
  opcase c = {.name = transposed ? "conv_transpose" : "conv", .opcode = transposed ? INGOT_OP_CONV_TRANSPOSE : INGOT_OP_CONV,
              .input_count = 3, .tolerance = 4e-6};
  int64_t out[3];
  for (int s = 0; s < w->spatial; s++) {
    const int64_t reach = w->dilation[s] * (w->kernel[s] - 1) + 1, pads = w->begin[s] + w->end[s];
    out[s] = transposed ? w->stride[s] * (w->in[s] - 1) + reach - pads + w->extra[s]
                        : (w->in[s] + pads - reach) / w->stride[s] + 1;
  }
  c.inputs[0] = array_random(planes(x_element, w->batch, w->inputs, w->in, w->spatial), &seed, -1, 1);
  c.inputs[1] = array_random(transposed ? planes(w_element, w->inputs, w->outputs / w->group, w->kernel, w->spatial)
                                        : planes(w_element, w->outputs, w->inputs / w->group, w->kernel, w->spatial),
                             &seed, -1, 1);
  if (seed % 3 != 0) c.inputs[2] = array_random(type_of(w_element, 1, (int)w->outputs), &seed, -1, 1);
  c.expected = array_create(planes(y_element, w->batch, w->outputs, out, w->spatial));
  const int64_t in_count = product(w->in, w->spatial), out_count = product(out, w->spatial);
  const int64_t taps = product(w->kernel, w->spatial), ins = w->inputs / w->group, outs = w->outputs / w->group;
  for (int64_t n = 0; n < w->batch; n++) {
    for (int64_t o = 0; o < w->outputs; o++) {
      double *y = c.expected.values + (n * w->outputs + o) * out_count;
      for (int64_t i = 0; i < ins; i++) {
        const int64_t channel = o / outs * ins + i;
        const double *x = c.inputs[0].values + (n * w->inputs + channel) * in_count;
        const double *weight = c.inputs[1].values +
                               (transposed ? channel * outs + o % outs : o * ins + i) * taps;
        for (int64_t p = 0; p < (transposed ? in_count : out_count); p++) {
          for (int64_t t = 0; t < taps; t++) {
            int64_t place[3], tap[3], other = 0;
            unravel(p, transposed ? w->in : out, w->spatial, place);
            unravel(t, w->kernel, w->spatial, tap);
            bool inside = true;
            for (int s = 0; s < w->spatial; s++) {
              const int64_t at = place[s] * w->stride[s] - w->begin[s] + tap[s] * w->dilation[s];
              const int64_t extent = transposed ? out[s] : w->in[s];
              inside = inside && at >= 0 && at < extent;
              other = other * extent + at;
            }
            if (inside && transposed) y[other] += x[p] * weight[t];
            if (inside && !transposed) y[p] += x[other] * weight[t];
          }
        }
      }
      for (int64_t p = 0; p < out_count; p++)
        y[p] = activation(function, y[p] + (c.inputs[2].values == NULL ? 0 : c.inputs[2].values[o]));
    }
  }
  CASE_ATTRIBUTES(&c, ingot_conv_attributes, .group = w->group, .activation = {.function = function});
  window_attributes(&c, w);
  opcase_run(&c);
}

static const uint8_t float_elements[3] = {INGOT_F32, INGOT_F16, INGOT_BF16};

static window random_window(uint64_t *seed, bool transposed) {
  window w = {.spatial = 1 + (int)random_below(seed, 3), .batch = 1 + random_below(seed, 2)};
  w.group = random_below(seed, 3) == 0 ? 1 + random_below(seed, 4) : 1;
  w.inputs = w.group * (1 + random_below(seed, 9));
  w.outputs = w.group * (1 + random_below(seed, 30));
  if (random_below(seed, 4) == 0) w.group = w.inputs = 1 + random_below(seed, 7), w.outputs = w.inputs * (1 + random_below(seed, 2));
  for (int s = 0; s < w.spatial; s++) {
    w.in[s] = 1 + random_below(seed, w.spatial == 1 ? 300 : w.spatial == 2 ? 21 : 7);
    w.kernel[s] = 1 + random_below(seed, w.spatial == 3 ? 3 : 5);
    w.stride[s] = 1 + random_below(seed, 3);
    w.dilation[s] = 1 + random_below(seed, 2);
    const int64_t reach = w.dilation[s] * (w.kernel[s] - 1);
    w.begin[s] = random_below(seed, reach + 2);
    w.end[s] = random_below(seed, reach + 2);
    if (transposed) {
      const int64_t room = w.stride[s] * (w.in[s] - 1) + reach;
      if (w.begin[s] + w.end[s] > room) w.begin[s] = w.end[s] = 0;
      w.extra[s] = random_below(seed, w.stride[s] > w.dilation[s] ? w.stride[s] : w.dilation[s]);
    } else if (w.in[s] + w.begin[s] + w.end[s] < reach + 1) {
      w.end[s] += reach + 1 - w.in[s];
    }
  }
  return w;
}

static void convolutions(void) {
  uint64_t seed = 11;
  for (int i = 0; i < 90; i++) {
    const bool transposed = i % 3 == 2;
    const window w = random_window(&seed, transposed);
    const uint32_t functions[3] = {0, INGOT_FN_RELU, INGOT_FN_GELU};
    const bool mixed = i % 2 == 1;
    convolution_case(&w, transposed, float_elements[mixed ? i % 3 : 0], float_elements[mixed ? i / 3 % 3 : 0],
                     float_elements[mixed ? i / 9 % 3 : 0], functions[i % 3], random_next(&seed));
  }
  /* Those that networks have: 1x1, more k than one stretch, 3x3 with stride 1 and 2, depthwise 3 to 7. */
  const window common[] = {
      {2, 1, 1, 37, 61, {14, 14}, {1, 1}, {1, 1}, {1, 1}, {0}, {0}, {0}},
      {2, 1, 1, 500, 250, {7, 7}, {1, 1}, {1, 1}, {1, 1}, {0}, {0}, {0}},
      {2, 1, 1, 60, 23, {13, 17}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}},
      {2, 1, 1, 3, 16, {33, 33}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {0}},
      {2, 1, 20, 20, 20, {56, 56}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}},
      {2, 1, 20, 20, 20, {31, 29}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {0}},
      {2, 2, 9, 9, 18, {19, 23}, {5, 5}, {1, 1}, {1, 1}, {2, 2}, {2, 2}, {0}},
      {2, 1, 9, 9, 9, {19, 23}, {7, 7}, {1, 1}, {2, 2}, {6, 6}, {6, 6}, {0}},
      {2, 1, 3, 3, 3, {9, 300}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}},
      {2, 1, 3, 3, 3, {100, 300}, {3, 3}, {1, 3}, {1, 1}, {1, 1}, {1, 1}, {0}},
      {2, 1, 1, 8, 8, {9, 9}, {3, 3}, {1, 1}, {1, 1}, {-1, 1}, {2, -2}, {0}},
      {2, 1, 4, 4, 4, {9, 9}, {3, 3}, {1, 1}, {1, 1}, {-1, 1}, {2, -2}, {0}},
      /* Axes along which nothing happens come last, or seem to. */
      {2, 2, 1, 5, 7, {90, 1}, {5, 1}, {2, 1}, {1, 1}, {2, 0}, {2, 0}, {0}},
      {2, 1, 4, 4, 4, {90, 1}, {3, 1}, {1, 3}, {2, 1}, {2, 0}, {2, 0}, {0}},
      {3, 1, 1, 3, 4, {1, 40, 1}, {1, 3, 1}, {1, 2, 2}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}, {0}},
      {3, 1, 1, 3, 4, {20, 1, 1}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0}, {1, 0, 0}, {0}},
      {2, 1, 1, 3, 4, {9, 1}, {3, 1}, {1, 2}, {1, 1}, {1, 1}, {1, 0}, {0}},
      {2, 1, 1, 3, 4, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {0}},
  };
  for (unsigned i = 0; i < sizeof common / sizeof *common; i++) {
    convolution_case(&common[i], false, INGOT_F32, INGOT_F32, INGOT_F32, i % 2 == 0 ? INGOT_FN_RELU : 0, i);
    convolution_case(&common[i], false, INGOT_F32, INGOT_F16, INGOT_F32, 0, i + 1);
  }
  const window upsampling = {2, 1, 1, 200, 50, {7, 9}, {4, 4}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {0}};
  convolution_case(&upsampling, true, INGOT_F32, INGOT_F32, INGOT_F32, 0, 1);
  const window upright = {2, 1, 1, 6, 5, {17, 1}, {4, 1}, {2, 1}, {1, 1}, {1, 0}, {1, 0}, {0}};
  convolution_case(&upright, true, INGOT_F32, INGOT_F32, INGOT_F32, 0, 1);
}

static void pool_case(const window *w, int kind, uint8_t element, const int64_t *ceil_extra, uint64_t seed) {
  opcase c = {.name = "pool", .opcode = INGOT_OP_POOL, .input_count = 1, .tolerance = 1e-6};
  int64_t out[3];
  for (int s = 0; s < w->spatial; s++) {
    const int64_t room = w->in[s] + w->begin[s] + w->end[s] - w->dilation[s] * (w->kernel[s] - 1) - 1;
    out[s] = room < 0 ? 0 : room / w->stride[s] + 1;
    if (ceil_extra[s] != 0 && out[s] * w->stride[s] < w->in[s] + w->begin[s]) out[s]++;
  }
  c.inputs[0] = array_random(planes(element, w->batch, w->inputs, w->in, w->spatial), &seed, element == INGOT_U8 ? 0 : -100, 100);
  c.expected = array_create(planes(element, w->batch, w->inputs, out, w->spatial));
  const int64_t in_count = product(w->in, w->spatial), out_count = product(out, w->spatial);
  for (int64_t y = 0; y < w->batch * w->inputs * out_count; y++) {
    int64_t place[3];
    unravel(y % out_count, out, w->spatial, place);
    double sum = 0, most = element == INGOT_I8 ? -128 : element == INGOT_U8 ? 0 : -INFINITY, count = 0;
    for (int64_t t = 0; t < product(w->kernel, w->spatial); t++) {
      int64_t tap[3], at = 0;
      bool inside = true, padded = true;
      unravel(t, w->kernel, w->spatial, tap);
      for (int s = 0; s < w->spatial; s++) {
        const int64_t i = place[s] * w->stride[s] - w->begin[s] + tap[s] * w->dilation[s];
        inside = inside && i >= 0 && i < w->in[s];
        padded = padded && i >= -w->begin[s] && i < w->in[s] + w->end[s];
        at = at * w->in[s] + i;
      }
      if (kind == INGOT_POOL_AVERAGE_PADDED ? padded : inside) count++;
      if (!inside) continue;
      const double x = c.inputs[0].values[y / out_count * in_count + at];
      sum += x;
      most = fmax(most, x);
    }
    c.expected.values[y] = kind == INGOT_POOL_MAX ? most : count == 0 ? 0 : sum / count;
  }
  CASE_ATTRIBUTES(&c, ingot_pool_attributes, kind);
  pool_attributes(&c, w);
  opcase_run(&c);
}

/* Positions of the first largest elements, of coarse values so that there are equal ones. */
static void arg_pool_case(const window *w, uint8_t element, uint64_t seed) {
  opcase c = {.name = "arg_pool", .opcode = INGOT_OP_ARG_POOL, .input_count = 1};
  int64_t out[3];
  for (int s = 0; s < w->spatial; s++)
    out[s] = (w->in[s] + w->begin[s] + w->end[s] - w->dilation[s] * (w->kernel[s] - 1) - 1) / w->stride[s] + 1;
  c.inputs[0] = array_random(planes(element, w->batch, w->inputs, w->in, w->spatial), &seed, element == INGOT_U8 ? 0 : -4, 4);
  c.expected = array_create(planes(INGOT_I64, w->batch, w->inputs, out, w->spatial));
  double *x = c.inputs[0].values;
  for (int64_t i = 0; i < type_count(c.inputs[0].type); i++) {
    x[i] = trunc(x[i]);
    if (element == INGOT_F32 && random_below(&seed, 9) == 0) x[i] = random_below(&seed, 2) == 0 ? NAN : -INFINITY;
  }
  const int64_t out_count = product(out, w->spatial);
  for (int64_t y = 0; y < w->batch * w->inputs * out_count; y++) {
    int64_t place[3], best = -1;
    unravel(y % out_count, out, w->spatial, place);
    for (int64_t t = 0; t < product(w->kernel, w->spatial); t++) {
      int64_t tap[3], at = y / out_count;
      bool inside = true;
      unravel(t, w->kernel, w->spatial, tap);
      for (int s = 0; s < w->spatial; s++) {
        const int64_t i = place[s] * w->stride[s] - w->begin[s] + tap[s] * w->dilation[s];
        inside = inside && i >= 0 && i < w->in[s];
        at = at * w->in[s] + i;
      }
      if (inside && (best < 0 || x[at] > x[best] || (isnan(x[at]) && !isnan(x[best])))) best = at;
    }
    c.expected.values[y] = (double)best;
  }
  pool_attributes(&c, w);
  opcase_run(&c);
}

static void pools(void) {
  uint64_t seed = 3;
  for (int i = 0; i < 50; i++) {
    window w = random_window(&seed, false);
    const int64_t ceil_extra[3] = {random_below(&seed, 2), random_below(&seed, 2), random_below(&seed, 2)};
    const int kind = (int)random_below(&seed, 3);
    const uint8_t elements[5] = {INGOT_F32, INGOT_F16, INGOT_BF16, INGOT_I8, INGOT_U8};
    pool_case(&w, kind, elements[i % (kind == INGOT_POOL_MAX ? 5 : 3)], ceil_extra, random_next(&seed));
    arg_pool_case(&w, elements[i % 5], random_next(&seed));
  }
}

static double cubic_weight(double t, double a) {
  t = fabs(t);
  return t <= 1 ? (a + 2) * t * t * t - (a + 3) * t * t + 1 : t < 2 ? a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a : 0;
}

/* Weight of source i for output position o of one axis. */
static double resize_weight(int64_t o, int64_t i, int64_t in, int64_t out, double scale, int mode, int coordinates, int rounding,
                            double a, bool exclude) {
  double x = ((double)o + 0.5) / scale - 0.5;
  if (coordinates == INGOT_COORDINATES_ASYMMETRIC) x = (double)o / scale;
  if (coordinates == INGOT_COORDINATES_ALIGN_CORNERS) x = out == 1 ? 0 : (double)o * (double)(in - 1) / (double)(out - 1);
  if (coordinates == INGOT_COORDINATES_PYTORCH_HALF_PIXEL && out == 1) x = 0;
  if (mode == INGOT_INTERPOLATION_NEAREST) {
    const double nearest = rounding == INGOT_ROUNDING_ROUND_PREFER_FLOOR  ? ceil(x - 0.5)
                           : rounding == INGOT_ROUNDING_ROUND_PREFER_CEIL ? floor(x + 0.5)
                           : rounding == INGOT_ROUNDING_FLOOR             ? floor(x)
                                                                          : ceil(x);
    return i == (int64_t)fmin(fmax(nearest, 0), (double)(in - 1));
  }
  double weight = 0, total = 0;
  for (int64_t t = (int64_t)floor(x) - 1; t <= (int64_t)floor(x) + 2; t++) {
    const double w = mode == INGOT_INTERPOLATION_CUBIC ? cubic_weight(x - (double)t, a) : fmax(0, 1 - fabs(x - (double)t));
    const bool outside = t < 0 || t >= in;
    if (exclude && outside) continue;
    total += w;
    if (i == (t < 0 ? 0 : t >= in ? in - 1 : t)) weight += w;
  }
  return exclude ? weight / total : weight;
}

static void resizes(void) {
  uint64_t seed = 77;
  for (int n = 0; n < 60; n++) {
    opcase c = {.name = "resize", .opcode = INGOT_OP_RESIZE, .input_count = 1, .tolerance = 3e-6};
    const int spatial = 1 + (int)random_below(&seed, 3), mode = n % 3, coordinates = n / 3 % 4, rounding = (int)random_below(&seed, 4);
    const bool exclude = random_below(&seed, 2) == 1;
    int64_t in[3], out[3];
    double scale[3];
    for (int s = 0; s < spatial; s++) {
      in[s] = 1 + random_below(&seed, spatial == 3 ? 5 : 9);
      out[s] = 1 + random_below(&seed, spatial == 3 ? 9 : spatial == 1 ? 300 : 20);
      scale[s] = (double)out[s] / (double)in[s];
    }
    c.inputs[0] = array_random(planes(float_elements[n / 2 % 3], 2, 3, in, spatial), &seed, -1, 1);
    c.expected = array_create(planes(float_elements[n / 3 % 3], 2, 3, out, spatial));
    const int64_t in_count = product(in, spatial), out_count = product(out, spatial);
    for (int64_t o = 0; o < out_count; o++) {
      int64_t place[3], source[3];
      unravel(o, out, spatial, place);
      for (int64_t i = 0; i < in_count; i++) {
        unravel(i, in, spatial, source);
        double weight = 1;
        for (int s = 0; s < spatial; s++)
          weight *= resize_weight(place[s], source[s], in[s], out[s], scale[s], mode, coordinates, rounding, -0.75, exclude);
        for (int p = 0; p < 6 && weight != 0; p++)
          c.expected.values[p * out_count + o] += weight * c.inputs[0].values[p * in_count + i];
      }
    }
    CASE_ATTRIBUTES(&c, ingot_resize_attributes, .mode = mode, .coordinates = coordinates, .rounding = rounding, .cubic = -0.75,
                    .exclude_outside = exclude);
    for (int s = 0; s < spatial; s++) CASE_ATTRIBUTES(&c, ingot_resize_axis, scale[s]);
    opcase_run(&c);
  }
}

void test_windows(void) {
  convolutions();
  pools();
  resizes();
}
