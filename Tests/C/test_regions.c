/* Regions of images resampled, against every sample taken one by one; regions that no image holds; wrong indices. */
#include "opcase.h"

#include "ingot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t floats[3] = {INGOT_F32, INGOT_F16, INGOT_BF16};

typedef struct {
  bool most, half_pixel;
  int ratio; /* 0 for an adaptive one */
  double scale;
  int images, channels, in[2], regions, out[2];
} regions;

/* Element (h, w) of a plane, as ONNX's RoiAlign reads it between elements; `corners` gets the four weighted ones. */
static double between(const double *plane, const int in[2], const double at[2], double corners[4]) {
  double sum = 0;
  for (int i = 0; i < 4; i++) {
    double weight = 1;
    int64_t index = 0;
    for (int axis = 0; axis < 2; axis++) {
      const double x = fmin(fmax(at[axis], 0), in[axis] - 1), low = floor(x);
      const bool upper = axis == 0 ? i / 2 : i % 2;
      weight *= upper ? x - low : 1 - (x - low);
      index = index * in[axis] + (int64_t)fmin(low + upper, in[axis] - 1);
    }
    corners[i] = at[0] < -1 || at[0] > in[0] || at[1] < -1 || at[1] > in[1] ? 0 : weight * plane[index];
    sum += corners[i];
  }
  return sum;
}

static double bin_of(const regions *r, const double *plane, const double *corners, const int bin[2]) {
  double start[2], size[2], sum = 0, most = -INFINITY;
  int samples[2];
  for (int axis = 0; axis < 2; axis++) {
    /* x1, y1, x2, y2; in fp32, which decides how many samples there are. */
    const float offset = r->half_pixel ? 0.5f : 0, scale = (float)r->scale;
    const float low = (float)corners[1 - axis] * scale - offset, high = (float)corners[3 - axis] * scale - offset;
    float extent = high - low;
    if (!r->half_pixel) extent = fmaxf(extent, 1);
    start[axis] = low, size[axis] = extent / (float)r->out[axis];
    samples[axis] = r->ratio > 0 ? r->ratio : (int)ceil(size[axis]);
    if (samples[axis] <= 0) return 0;
  }
  for (int i = 0; i < samples[0]; i++) {
    for (int j = 0; j < samples[1]; j++) {
      double four[4];
      const int sample[2] = {i, j};
      double at[2];
      for (int axis = 0; axis < 2; axis++)
        at[axis] = start[axis] + bin[axis] * size[axis] + (sample[axis] + 0.5) * size[axis] / samples[axis];
      sum += between(plane, r->in, at, four);
      for (int k = 0; k < 4; k++) most = fmax(most, four[k]);
    }
  }
  return r->most ? most : sum / ((double)samples[0] * samples[1]);
}

static void run_case(const regions *r, uint8_t element, uint8_t roi_element, double low, double high, uint64_t seed) {
  opcase c = {.name = "roi_align", .opcode = INGOT_OP_ROI_ALIGN, .input_count = 3, .tolerance = 4e-6};
  c.inputs[0] = array_random(type_of(element, 4, r->images, r->channels, r->in[0], r->in[1]), &seed, -1, 1);
  c.inputs[1] = array_random(type_of(roi_element, 2, r->regions, 4), &seed, low, high);
  c.inputs[2] = array_create(type_of(seed % 2 ? INGOT_I32 : INGOT_I64, 1, r->regions));
  c.expected = array_create(type_of(element, 4, r->regions, r->channels, r->out[0], r->out[1]));
  double *y = c.expected.values;
  for (int n = 0; n < r->regions; n++) {
    const int index = (int)random_below(&seed, 2 * r->images) - r->images, image = index < 0 ? index + r->images : index;
    c.inputs[2].values[n] = index;
    for (int channel = 0; channel < r->channels; channel++) {
      const double *plane = c.inputs[0].values + (image * r->channels + channel) * r->in[0] * r->in[1];
      for (int h = 0; h < r->out[0]; h++)
        for (int w = 0; w < r->out[1]; w++) *y++ = bin_of(r, plane, c.inputs[1].values + 4 * n, (const int[2]){h, w});
    }
  }
  CASE_ATTRIBUTES(&c, ingot_roi_align_attributes, .mode = r->most ? INGOT_ROI_MAX : INGOT_ROI_AVG,
                  .coordinates = r->half_pixel ? INGOT_ROI_COORDINATES_HALF_PIXEL : INGOT_ROI_COORDINATES_OUTPUT_HALF_PIXEL,
                  .sampling_ratio = r->ratio, .spatial_scale = r->scale);
  opcase_run(&c);
}

static void against_the_definition(void) {
  uint64_t seed = 31;
  for (int n = 0; n < 64; n++) {
    const int ratios[4] = {0, 2, 0, 3};
    regions r = {.most = n % 2 == 1, .half_pixel = n / 2 % 2 == 1, .ratio = ratios[n / 4 % 4], .scale = n % 3 == 0 ? 0.25 : 1,
                 .images = 1 + (int)random_below(&seed, 3), .channels = 1 + (int)random_below(&seed, n % 8 == 0 ? 40 : 5),
                 .in = {1 + (int)random_below(&seed, 9), 1 + (int)random_below(&seed, 12)}, .regions = (int)random_below(&seed, 6),
                 .out = {1 + (int)random_below(&seed, 4), 1 + (int)random_below(&seed, 5)}};
    /* Inside, around, and far larger than the image. */
    const double reach = n % 5 == 0 ? 300 : 14;
    run_case(&r, floats[n / 8 % 3], floats[n % 7 == 0], -reach / 3 / r.scale, reach / r.scale, random_next(&seed));
  }
}

/* Runs one region of an image of ones; returns the status and the result. */
static ingot_status one_region(const float corners[4], int64_t mode, int64_t coordinates, int64_t ratio, int64_t index, float *y,
                               char *message) {
  builder *b = builder_create();
  float ones[12];
  for (int i = 0; i < 12; i++) ones[i] = 1;
  const uint32_t output = add_output(b, type_of(INGOT_F32, 4, 1, 1, 1, 1), "y");
  const uint32_t inputs[3] = {add_weight(b, type_of(INGOT_F32, 4, 1, 1, 3, 4), ones, 0, false),
                              add_weight(b, type_of(INGOT_F32, 2, 1, 4), corners, 0, false),
                              add_weight(b, type_of(INGOT_I64, 1, 1), &index, 0, false)};
  add_instruction(b, INGOT_OP_ROI_ALIGN, &output, 1, inputs, 3);
  ATTRIBUTES(b, ingot_roi_align_attributes, mode, coordinates, ratio, 1);
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  ingot_bundle *bundle;
  ingot_session *session;
  check(ingot_open_memory(file, bytes, NULL, &bundle, message, 512) == INGOT_OK, "%s", message);
  check(ingot_session_create(bundle, NULL, NULL, &session, message, 512) == INGOT_OK, "%s", message);
  const ingot_status status = ingot_run(session);
  memcpy(y, ingot_output_data(session, 0), sizeof *y);
  strncpy(message, ingot_session_message(session), 511);
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(file);
  builder_destroy(b);
  return status;
}

/* Numbers that no image has end at once, in a finite result. */
static void impossible_regions(void) {
  const float numbers[] = {0, 1e30f, -1e30f, INFINITY, -INFINITY, NAN, 3e9f, -3e9f, 1e-40f};
  char message[512];
  float y;
  uint64_t seed = 5;
  for (int n = 0; n < 400; n++) {
    float corners[4];
    for (int i = 0; i < 4; i++) corners[i] = numbers[random_below(&seed, 9)];
    const ingot_status status = one_region(corners, (uint64_t)n % 2, (uint64_t)n / 2 % 2, n % 3 == 0 ? 128 : 0, 0, &y, message);
    check(status == INGOT_OK && y >= 0 && y <= 1, "region %g %g %g %g: %s, %g", corners[0], corners[1], corners[2], corners[3], message,
          y);
  }
  /* The whole plane of 2^31 x 2^31 elements, 12 of which are 1. */
  const float all[4] = {-INFINITY, -INFINITY, INFINITY, INFINITY};
  check(one_region(all, 0, 0, 0, 0, &y, message) == INGOT_OK && y > 0 && y < 1e-16, "the average of everything is %g", y);
  check(one_region(all, 1, 0, 0, 0, &y, message) == INGOT_OK && y == 1, "the largest of everything is %g", y);
}

static void wrong_indices(void) {
  const float corners[4] = {0, 0, 2, 2};
  char message[512];
  float y;
  check(one_region(corners, 0, 0, 0, -1, &y, message) == INGOT_OK, "%s", message);
  const int64_t wrong[4] = {1, -2, INT64_MAX, INT64_MIN};
  for (int i = 0; i < 4; i++) {
    const ingot_status status = one_region(corners, 0, 0, 0, wrong[i], &y, message);
    check(status == INGOT_ERROR_INDEX && strstr(message, "roi_align") != NULL, "index %lld: status %d, %s", (long long)wrong[i], status,
          message);
  }
}

void test_regions(void) {
  against_the_definition();
  impossible_regions();
  wrong_indices();
}
