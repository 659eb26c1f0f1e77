/* Positions of the largest elements of windows. */
#include "internal.h"

kernel_work kernel_arg_pool_work(const void *arguments) {
  const kernel_arg_pool *p = arguments;
  return (kernel_work){p->planes * p->out[0], 0};
}

static float arg_pool_load(const kernel_arg_pool *p, int64_t index) {
  return kernel_is_float(p->element) ? kernel_load_float(p->x, p->element, index)
                                     : (float)kernel_load_integer(p->x, p->element, index);
}

/* The window at one position of a plane: only the taps that lie inside are visited. */
static int64_t arg_pool_window(const kernel_arg_pool *p, int64_t plane, const int64_t position[3]) {
  int64_t origin[3], first[3], end[3], best = -1;
  float most = 0;
  for (int axis = 0; axis < 3; axis++) {
    origin[axis] = position[axis] * p->stride[axis] - p->begin[axis];
    kernel_valid_range(origin[axis], p->dilation[axis], p->in[axis], p->kernel[axis], &first[axis], &end[axis]);
  }
  for (int64_t a = first[0]; a < end[0]; a++) {
    for (int64_t b = first[1]; b < end[1]; b++) {
      const int64_t d = origin[0] + a * p->dilation[0], h = origin[1] + b * p->dilation[1];
      const int64_t row = ((plane * p->in[0] + d) * p->in[1] + h) * p->in[2] + origin[2];
      for (int64_t c = first[2]; c < end[2]; c++) {
        const int64_t index = row + c * p->dilation[2];
        const float x = arg_pool_load(p, index);
        if (best < 0 || x > most || (x != x && most == most)) most = x, best = index;
      }
    }
  }
  return best;
}

void kernel_arg_pool_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_arg_pool *p = arguments;
  (void)scratch;
  for (int64_t item = begin; item < end; item++) {
    int64_t *y = p->y + item * p->out[1] * p->out[2];
    for (int64_t h = 0; h < p->out[1]; h++) {
      for (int64_t w = 0; w < p->out[2]; w++)
        *y++ = arg_pool_window(p, item / p->out[0], (const int64_t[3]){item % p->out[0], h, w});
    }
  }
}
