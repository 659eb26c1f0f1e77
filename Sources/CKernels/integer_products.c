/* Matrix products and convolutions of 8-bit integers less their zero points, exact in int32; with bias and rescaling. */
#include "rescaling.h"

#define INTEGER_ROWS 8
#define INTEGER_COLUMNS RESCALING_BLOCK

/* n elements less their zero points; `zeros` holds one, or one for each element. */
static void integer_widen(const void *x, uint32_t element, int64_t index, int64_t n, const void *zeros, int64_t first_zero,
                          int per_element, int32_t *y) {
  const int32_t zero = (int32_t)kernel_load_integer(zeros, element, per_element ? 0 : first_zero);
  if (element == INGOT_I8) {
    for (int64_t i = 0; i < n; i++) y[i] = ((const int8_t *)x)[index + i] - zero;
  } else {
    for (int64_t i = 0; i < n; i++) y[i] = ((const uint8_t *)x)[index + i] - zero;
  }
  for (int64_t i = 0; i < n && per_element; i++) y[i] += zero - (int32_t)kernel_load_integer(zeros, element, first_zero + i);
}

/* sums += factor * x. Unsigned, so that overflow wraps. */
static void integer_accumulate(uint32_t *sums, int32_t factor, const int32_t *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) sums[i] += (uint32_t)(factor * x[i]);
}

/* Results of sums, at most RESCALING_BLOCK, of one channel (`step` 0) or of neighbouring ones, from element `first` of y on. */
static void integer_store(const kernel_rescaling *r, const int32_t *bias, const uint32_t *sums, int64_t n, int64_t channel,
                          int64_t step, void *y, int64_t first) {
  int32_t values[RESCALING_BLOCK];
  for (int64_t i = 0; i < n; i++) values[i] = (int32_t)(sums[i] + (bias != NULL ? (uint32_t)bias[channel + i * step] : 0));
  if (r->multiplier == NULL) memcpy((int32_t *)y + first, values, (size_t)n * sizeof *values);
  else rescale_block(r, values, n, channel, step, y, first);
}

static int64_t matmul_integer_batches(const kernel_matmul_integer *p) {
  int64_t count = 1;
  for (uint32_t i = 0; i < p->batch_rank; i++) count *= p->batch[i];
  return count;
}

kernel_work kernel_matmul_integer_work(const void *arguments) {
  const kernel_matmul_integer *p = arguments;
  return (kernel_work){matmul_integer_batches(p) * kernel_ceil_divide(p->m, INTEGER_ROWS) *
                           kernel_ceil_divide(p->n, INTEGER_COLUMNS),
                       0};
}

void kernel_matmul_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_matmul_integer *p = arguments;
  (void)scratch;
  const int64_t across = kernel_ceil_divide(p->n, INTEGER_COLUMNS), down = kernel_ceil_divide(p->m, INTEGER_ROWS);
  uint32_t sums[INTEGER_ROWS][INTEGER_COLUMNS];
  int32_t b[INTEGER_COLUMNS];
  for (int64_t item = begin; item < end; item++) {
    const int64_t batch = item / (across * down), m0 = item / across % down * INTEGER_ROWS, n0 = item % across * INTEGER_COLUMNS;
    const int64_t rows = kernel_least(INTEGER_ROWS, p->m - m0), columns = kernel_least(INTEGER_COLUMNS, p->n - n0);
    int64_t rest = batch, a_batch = 0, b_batch = 0;
    for (uint32_t i = p->batch_rank; i-- > 0; rest /= p->batch[i]) {
      a_batch += rest % p->batch[i] * p->a_batch[i];
      b_batch += rest % p->batch[i] * p->b_batch[i];
    }
    memset(sums, 0, sizeof sums);
    for (int64_t k = 0; k < p->k; k++) {
      integer_widen(p->b, p->b_element, b_batch + k * p->n + n0, columns, p->b_zero, p->b_zero_per_column ? n0 : 0,
                    p->b_zero_per_column, b);
      for (int64_t r = 0; r < rows; r++) {
        const int64_t zero = kernel_load_integer(p->a_zero, p->a_element, p->a_zero_per_row ? m0 + r : 0);
        const int64_t a = kernel_load_integer(p->a, p->a_element, a_batch + (m0 + r) * p->k + k) - zero;
        integer_accumulate(sums[r], (int32_t)a, b, columns);
      }
    }
    for (int64_t r = 0; r < rows; r++)
      integer_store(&p->rescaling, p->bias, sums[r], columns, n0, 1, p->y, (batch * p->m + m0 + r) * p->n + n0);
  }
}

kernel_work kernel_conv_integer_work(const void *arguments) {
  const kernel_conv_integer *p = arguments;
  return (kernel_work){p->batch * p->outputs, 0};
}

/* Adds one tap's products to part of a row of the result. */
static void conv_integer_tap(const kernel_conv_integer *p, int64_t row, int32_t factor, int64_t tap, int64_t o0, int64_t count,
                             uint32_t *sums) {
  int32_t x[INTEGER_COLUMNS];
  int64_t first, end;
  const int64_t offset = tap * p->dilation[2] - p->begin[2], stride = p->stride[2];
  kernel_valid_range(offset, stride, p->in[2], p->out[2], &first, &end);
  first = kernel_most(first, o0), end = kernel_least(end, o0 + count);
  if (first >= end) return;
  const int32_t zero = (int32_t)kernel_load_integer(p->x_zero, p->x_element, 0);
  if (stride == 1) {
    integer_widen(p->x, p->x_element, row + first + offset, end - first, p->x_zero, 0, 0, x);
  } else {
    for (int64_t o = first; o < end; o++)
      x[o - first] = (int32_t)kernel_load_integer(p->x, p->x_element, row + o * stride + offset) - zero;
  }
  integer_accumulate(sums + (first - o0), factor, x, end - first);
}

static void conv_integer_row(const kernel_conv_integer *p, int64_t n, int64_t output, int64_t depth, int64_t height, int64_t o0,
                             int64_t count, uint32_t *sums) {
  const int64_t inputs = p->inputs / p->group, first_input = output / (p->outputs / p->group) * inputs;
  const int32_t zero = (int32_t)kernel_load_integer(p->w_zero, p->w_element, p->w_zero_per_output ? output : 0);
  int64_t w = output * inputs * p->kernel[0] * p->kernel[1] * p->kernel[2];
  for (int64_t c = 0; c < inputs; c++) {
    for (int64_t i = 0; i < p->kernel[0]; i++) {
      const int64_t z = depth * p->stride[0] + i * p->dilation[0] - p->begin[0];
      for (int64_t j = 0; j < p->kernel[1]; j++, w += p->kernel[2]) {
        const int64_t y = height * p->stride[1] + j * p->dilation[1] - p->begin[1];
        if (z < 0 || z >= p->in[0] || y < 0 || y >= p->in[1]) continue;
        const int64_t row = (((n * p->inputs + first_input + c) * p->in[0] + z) * p->in[1] + y) * p->in[2];
        for (int64_t k = 0; k < p->kernel[2]; k++) {
          const int32_t factor = (int32_t)kernel_load_integer(p->w, p->w_element, w + k) - zero;
          conv_integer_tap(p, row, factor, k, o0, count, sums);
        }
      }
    }
  }
}

void kernel_conv_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_conv_integer *p = arguments;
  (void)scratch;
  uint32_t sums[INTEGER_COLUMNS];
  for (int64_t plane = begin; plane < end; plane++) {
    for (int64_t line = 0; line < p->out[0] * p->out[1]; line++) {
      for (int64_t o0 = 0; o0 < p->out[2]; o0 += INTEGER_COLUMNS) {
        const int64_t count = kernel_least(INTEGER_COLUMNS, p->out[2] - o0);
        memset(sums, 0, sizeof sums);
        conv_integer_row(p, plane / p->outputs, plane % p->outputs, line / p->out[1], line % p->out[1], o0, count, sums);
        integer_store(&p->rescaling, p->bias, sums, count, plane % p->outputs, 0, p->y,
                      (plane * p->out[0] * p->out[1] + line) * p->out[2] + o0);
      }
    }
  }
}
