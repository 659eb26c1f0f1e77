/* Fewer, longer axes before a kernel runs. */
#include "internal.h"

/* Strides of inputs are followed by y's. Returns the rank that is left. */
static uint32_t merge_axes(uint32_t rank, int64_t *dims, uint32_t inputs, int64_t (*strides)[INGOT_MAX_RANK]) {
  inputs++;
  uint32_t merged = 0;
  for (uint32_t axis = 0; axis < rank; axis++) {
    if (dims[axis] == 1) continue;
    int joins = merged > 0;
    for (uint32_t i = 0; joins && i < inputs; i++) joins = strides[i][merged - 1] == strides[i][axis] * dims[axis];
    if (joins) {
      dims[merged - 1] *= dims[axis];
    } else {
      dims[merged++] = dims[axis];
    }
    for (uint32_t i = 0; i < inputs; i++) strides[i][merged - 1] = strides[i][axis];
  }
  /* Elements that lie apart are a row each. */
  int apart = 0;
  for (uint32_t i = 0; merged > 0 && i < inputs; i++) apart |= strides[i][merged - 1] > 1;
  for (uint32_t i = 0; apart && i < inputs; i++) strides[i][merged] = 1;
  if (apart) dims[merged++] = 1;
  return merged;
}

void kernel_elementwise_merge(kernel_elementwise *p) { p->rank = merge_axes(p->rank, p->dims, p->inputs, p->strides); }
void kernel_pair_integer_merge(kernel_pair_integer *p) { p->rank = merge_axes(p->rank, p->dims, 4, p->strides); }

void kernel_permute_merge(kernel_permute *p) {
  uint32_t rank = 0;
  for (uint32_t axis = 0; axis < p->rank; axis++) {
    if (p->dims[axis] == 1) continue;
    if (rank > 0 && p->strides[rank - 1] == p->strides[axis] * p->dims[axis]) {
      p->dims[rank - 1] *= p->dims[axis];
    } else {
      p->dims[rank++] = p->dims[axis];
    }
    p->strides[rank - 1] = p->strides[axis];
  }
  p->rank = rank;
}

/* Whether a strip of rows fits the scratch of the depthwise kernels. */
static int strip_fits(const int64_t in[3], const int64_t kernel[3], const int64_t out[3], const int64_t stride[3], const int64_t dilation[3],
                      const int64_t begin[3], int64_t most_taps) {
  if (in[0] != 1 || kernel[0] != 1 || out[0] != 1 || begin[0] != 0) return 0;
  if (out[2] > 4096 || stride[1] > 64 || stride[2] > 64) return 0;
  if (kernel[1] > 64 || kernel[2] > 64 || kernel[1] * kernel[2] > most_taps) return 0;
  if (dilation[1] > 64 || dilation[2] > 64) return 0;
  const int64_t window = (kernel[1] - 1) * dilation[1] + 1;
  const int64_t pitch = (out[2] + 16 + (kernel[2] - 1) * dilation[2]) * stride[2];
  return pitch * window <= 65536;
}

int kernel_depthwise_fits(const kernel_convolution *p) {
  return p->w_panel == 0 && p->inputs == p->group && strip_fits(p->in, p->kernel, p->out, p->stride, p->dilation, p->begin, 1024);
}

int kernel_depthwise_integer_fits(const kernel_conv_integer *p) {
  return p->inputs == p->group && strip_fits(p->in, p->kernel, p->out, p->stride, p->dilation, p->begin, 255);
}
