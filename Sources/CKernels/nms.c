/* Boxes of high score that overlap little. */
#include "internal.h"

kernel_work kernel_nms_work(const void *arguments) {
  const kernel_nms *p = arguments;
  return (kernel_work){1, 2 * (size_t)p->n * sizeof(int64_t)};
}

typedef struct {
  float low[2], high[2];
} nms_box;

static nms_box nms_load(const kernel_nms *p, int64_t image, int64_t box) {
  float c[4];
  for (int k = 0; k < 4; k++) c[k] = kernel_load_float(p->boxes, p->box_element, (image * p->n + box) * 4 + k);
  nms_box loaded;
  for (int k = 0; k < 2; k++) {
    const float half = c[k + 2] / 2;
    const int swapped = !(c[k] < c[k + 2]);
    loaded.low[k] = p->centered ? c[k] - half : c[swapped ? k + 2 : k];
    loaded.high[k] = p->centered ? c[k] + half : c[swapped ? k : k + 2];
  }
  return loaded;
}

static float nms_area(nms_box box) { return (box.high[0] - box.low[0]) * (box.high[1] - box.low[1]); }

/* Intersection / union; -1 when there is none, or a box has no area. Comparisons are such that NaN gives -1. */
static float nms_overlap(nms_box a, nms_box b) {
  float side[2];
  for (int k = 0; k < 2; k++) {
    const float low = a.low[k] > b.low[k] ? a.low[k] : b.low[k], high = a.high[k] < b.high[k] ? a.high[k] : b.high[k];
    if (!(high > low)) return -1;
    side[k] = high - low;
  }
  const float area_a = nms_area(a), area_b = nms_area(b), common = side[0] * side[1], both = area_a + area_b - common;
  return area_a > 0 && area_b > 0 && common > 0 && both > 0 ? common / both : -1;
}

typedef struct {
  const kernel_nms *p;
  int64_t start; /* of the class' scores */
} nms_class;

static int nms_before(const void *context, int64_t a, int64_t b) {
  const nms_class *c = context;
  return kernel_load_float(c->p->scores, c->p->score_element, c->start + a) >
         kernel_load_float(c->p->scores, c->p->score_element, c->start + b);
}

/* Boxes whose score is above the threshold, in order of their numbers. */
static int64_t nms_candidates(const kernel_nms *p, int64_t start, int64_t *order) {
  int64_t count = 0;
  for (int64_t i = 0; i < p->n; i++) {
    const float score = kernel_load_float(p->scores, p->score_element, start + i);
    if (score > p->score || (score == p->score && score == -INFINITY)) order[count++] = i;
  }
  return count;
}

/* Whether a box overlaps one of the `count` selected ones. */
static int nms_covered(const kernel_nms *p, int64_t image, int64_t box, const int64_t *selected, int64_t count) {
  const nms_box candidate = nms_load(p, image, box);
  for (int64_t i = 0; i < count; i++) {
    if (nms_overlap(candidate, nms_load(p, image, selected[3 * i + 2])) > p->overlap) return 1;
  }
  return 0;
}

/* Selects boxes of one class; returns how many. */
static int64_t nms_select(const kernel_nms *p, int64_t image, int64_t class, int64_t *selected, int64_t *scratch) {
  const nms_class context = {p, (image * p->classes + class) * p->n};
  const int64_t candidates = nms_candidates(p, context.start, scratch);
  kernel_sort(scratch, scratch + p->n, candidates, nms_before, &context);
  int64_t count = 0;
  for (int64_t i = 0; i < candidates && count < p->most; i++) {
    if (nms_covered(p, image, scratch[i], selected, count)) continue;
    int64_t *row = selected + 3 * count++;
    row[0] = image, row[1] = class, row[2] = scratch[i];
  }
  return count;
}

void kernel_nms_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_nms *p = arguments;
  if (begin == end) return;
  int64_t count = 0;
  for (int64_t image = 0; p->most > 0 && image < p->images; image++) {
    for (int64_t class = 0; class < p->classes; class++)
      count += nms_select(p, image, class, p->selected + 3 * count, scratch);
  }
  const int64_t room = p->images * p->classes * p->most;
  for (int64_t i = 3 * count; i < 3 * room; i++) p->selected[i] = 0;
  *p->count = count;
}
