/* Regions of an image resampled to one size: every bin of a region takes the average, or the largest, of samples
 * between four elements.
 *
 * A region can be any number of times as large as the image. Samples beyond the image are 0, so they are counted and
 * not visited; those inside are at most two for each element along an axis, as they never lie closer than half of one
 * unless there is one in a bin, or their number is fixed. */
#include "internal.h"

#define ROI_CHANNELS 16

/* A region along one axis, in elements of the image: bins, and samples within a bin. */
typedef struct {
  double start, bin, step;
  int64_t samples;
} roi_axis;

/* A sample between two elements. */
typedef struct {
  int64_t low, high;
  float low_weight, high_weight;
} roi_tap;

kernel_work kernel_roi_align_work(const void *arguments) {
  const kernel_roi_align *p = arguments;
  return (kernel_work){p->rois_count * kernel_ceil_divide(p->channels, ROI_CHANNELS), 0};
}

/* A coordinate of the image, limited so that nothing computed from it overflows. */
static float roi_coordinate(const kernel_roi_align *p, int64_t index) {
  const float scaled = kernel_load_float(p->rois, p->roi_element, index) * p->scale;
  const float x = scaled - (p->half_pixel ? 0.5f : 0);
  return x > -0x1p30f ? fminf(x, 0x1p30f) : -0x1p30f;
}

static roi_axis roi_axis_between(const kernel_roi_align *p, float start, float end, int64_t bins) {
  float size = end - start;
  if (!p->half_pixel) size = fmaxf(size, 1);
  const float bin = size / (float)bins;
  roi_axis axis = {start, bin, 0, p->sampling_ratio > 0 ? p->sampling_ratio : (int64_t)ceilf(bin)};
  if (axis.samples > 0) axis.step = axis.bin / (double)axis.samples;
  return axis;
}

/* A range that holds all samples of a bin within an element of the image, and few others. */
static void roi_reach(const roi_axis *axis, double origin, int64_t extent, int64_t *first, int64_t *end) {
  *first = 0, *end = axis->samples;
  if (axis->step <= 0) return;
  const double samples = (double)axis->samples;
  const double low = (-1 - origin) / axis->step - 2, high = ((double)extent - origin) / axis->step + 2;
  *first = (int64_t)fmin(fmax(low, 0), samples);
  *end = (int64_t)fmin(fmax(high, 0), samples);
}

/* False when the sample lies beyond the image by more than an element. */
static int roi_tap_at(double x, int64_t extent, roi_tap *tap) {
  if (x < -1 || x > (double)extent) return 0;
  const double inside = fmin(fmax(x, 0), (double)(extent - 1));
  const int64_t low = (int64_t)inside;
  const float weight = (float)(inside - (double)low);
  *tap = (roi_tap){low, kernel_least(low + 1, extent - 1), 1 - weight, weight};
  return 1;
}

/* NaN wins. */
static float roi_most(float a, float b) { return b > a || b != b ? b : a; }

/* One sample of `count` planes: added to, or compared with, what stands in y. */
static void roi_sample(const kernel_roi_align *p, int64_t plane, int64_t count, const roi_tap *h, const roi_tap *w, float *y) {
  const int64_t low = h->low * p->in[1], high = h->high * p->in[1], size = p->in[0] * p->in[1];
  const int64_t at[4] = {low + w->low, low + w->high, high + w->low, high + w->high};
  const float weight[4] = {h->low_weight * w->low_weight, h->low_weight * w->high_weight, h->high_weight * w->low_weight,
                           h->high_weight * w->high_weight};
  for (int64_t c = 0; c < count; c++) {
    float v[4];
    for (int i = 0; i < 4; i++) v[i] = weight[i] * kernel_load_float(p->x, p->element, (plane + c) * size + at[i]);
    if (p->most) y[c] = roi_most(y[c], roi_most(roi_most(v[0], v[1]), roi_most(v[2], v[3])));
    else y[c] += (v[0] + v[1]) + (v[2] + v[3]);
  }
}

/* One bin of `count` planes. Rows are summed by themselves, so that rounding errors of many samples stay small. */
static void roi_bin(const kernel_roi_align *p, int64_t plane, int64_t count, const roi_axis axes[2], const int64_t bin[2], float *y) {
  const double origin[2] = {axes[0].start + (double)bin[0] * axes[0].bin, axes[1].start + (double)bin[1] * axes[1].bin};
  const double all = (double)kernel_most(axes[0].samples, 0) * (double)kernel_most(axes[1].samples, 0);
  int64_t first[2], end[2];
  double visited = 0;
  for (int i = 0; i < 2; i++) roi_reach(&axes[i], origin[i], p->in[i], &first[i], &end[i]);
  for (int64_t c = 0; c < count; c++) y[c] = p->most && all > 0 ? -INFINITY : 0;
  for (int64_t i = first[0]; i < end[0]; i++) {
    roi_tap h, w;
    float row[ROI_CHANNELS] = {0};
    if (!roi_tap_at(origin[0] + ((double)i + 0.5) * axes[0].step, p->in[0], &h)) continue;
    for (int64_t j = first[1]; j < end[1]; j++) {
      if (!roi_tap_at(origin[1] + ((double)j + 0.5) * axes[1].step, p->in[1], &w)) continue;
      roi_sample(p, plane, count, &h, &w, p->most ? y : row);
      visited++;
    }
    if (!p->most)
      for (int64_t c = 0; c < count; c++) y[c] += row[c];
  }
  for (int64_t c = 0; c < count; c++) {
    if (p->most) y[c] = visited < all ? roi_most(y[c], 0) : y[c];
    else if (all > 0) y[c] /= (float)all;
  }
}

void kernel_roi_align_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_roi_align *p = arguments;
  (void)scratch;
  const int64_t groups = kernel_ceil_divide(p->channels, ROI_CHANNELS), bins = p->out[0] * p->out[1];
  for (int64_t item = begin; item < end; item++) {
    const int64_t roi = item / groups, channel = item % groups * ROI_CHANNELS;
    const int64_t count = kernel_least(ROI_CHANNELS, p->channels - channel);
    int64_t image = kernel_load_integer(p->indices, p->index_element, roi);
    if (image < 0) image += p->batch;
    float corner[4];
    for (int i = 0; i < 4; i++) corner[i] = roi_coordinate(p, roi * 4 + i);
    const roi_axis axes[2] = {roi_axis_between(p, corner[1], corner[3], p->out[0]),
                              roi_axis_between(p, corner[0], corner[2], p->out[1])};
    for (int64_t bin = 0; bin < bins; bin++) {
      float y[ROI_CHANNELS];
      roi_bin(p, image * p->channels + channel, count, axes, (const int64_t[2]){bin / p->out[1], bin % p->out[1]}, y);
      for (int64_t c = 0; c < count; c++)
        kernel_store_float(p->y, p->element, (roi * p->channels + channel + c) * bins + bin, y[c]);
    }
  }
}
