/* Arguments of the products of small integers. */
#include "prepare.h"

void ingot_prepare_matmul_integer(const ingot_preparation *p, kernel_matmul_integer *arguments) {
  const ingot_tensor *a = prepared_input(p, 0), *b = prepared_input(p, 1), *y = p->y;
  const ingot_tensor *a_zero = prepared_input(p, 2), *b_zero = prepared_input(p, 3);
  *arguments = (kernel_matmul_integer){
      .a = prepared_address(p, a), .b = prepared_address(p, b), .a_zero = prepared_address(p, a_zero),
      .b_zero = prepared_address(p, b_zero), .y = prepared_address(p, y), .a_element = a->element, .b_element = b->element,
      .a_zero_per_row = a_zero->rank == 1, .b_zero_per_column = b_zero->rank == 1, .m = y->dims[y->rank - 2],
      .n = y->dims[y->rank - 1], .k = a->dims[a->rank - 1], .batch_rank = y->rank - 2u};
  int64_t a_stride = arguments->m * arguments->k, b_stride = arguments->k * arguments->n;
  for (uint32_t i = 1; i <= arguments->batch_rank; i++) {
    const uint32_t axis = arguments->batch_rank - i;
    const int64_t left = i + 2 <= a->rank ? a->dims[a->rank - 2 - i] : 1;
    const int64_t right = i + 2 <= b->rank ? b->dims[b->rank - 2 - i] : 1;
    arguments->batch[axis] = y->dims[axis];
    arguments->a_batch[axis] = left == 1 ? 0 : a_stride;
    arguments->b_batch[axis] = right == 1 ? 0 : b_stride;
    a_stride *= left;
    b_stride *= right;
  }
}

void ingot_prepare_conv_integer(const ingot_preparation *p, kernel_conv_integer *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *w = prepared_input(p, 1), *y = p->y;
  const ingot_tensor *x_zero = prepared_input(p, 2), *w_zero = prepared_input(p, 3);
  const uint32_t spatial = x->rank - 2u;
  *arguments = (kernel_conv_integer){
      .x = prepared_address(p, x), .w = prepared_address(p, w), .x_zero = prepared_address(p, x_zero),
      .w_zero = prepared_address(p, w_zero), .y = prepared_address(p, y), .x_element = x->element, .w_element = w->element,
      .w_zero_per_output = w_zero->rank == 1, .batch = x->dims[0], .group = prepared_integer(p, 0), .inputs = x->dims[1],
      .outputs = y->dims[1]};
  for (uint32_t axis = 0; axis < 3; axis++) {
    const bool present = axis + spatial >= 3;
    const uint32_t s = present ? axis + spatial - 3 : 0;
    arguments->in[axis] = present ? x->dims[2 + s] : 1;
    arguments->out[axis] = present ? y->dims[2 + s] : 1;
    arguments->kernel[axis] = present ? w->dims[2 + s] : 1;
    arguments->stride[axis] = present ? prepared_integer(p, 1 + s) : 1;
    arguments->dilation[axis] = present ? prepared_integer(p, 1 + spatial + s) : 1;
    arguments->begin[axis] = present ? prepared_integer(p, 1 + 2 * spatial + s) : 0;
  }
}
