/* Arguments of the kernels that compute: elementwise, matrix product, windows, resampling. */
#include "prepare.h"

void ingot_prepare_elementwise(const ingot_preparation *p, kernel_elementwise *arguments) {
  *arguments = (kernel_elementwise){.y = prepared_address(p, p->y), .y_element = p->y->element,
                                    .inputs = p->instruction->input_count, .steps = (uint32_t)p->attributes[0],
                                    .rank = p->y->rank};
  for (uint32_t i = 0; i < p->y->rank; i++) arguments->dims[i] = p->y->dims[i];
  for (uint32_t k = 0; k < arguments->inputs; k++) {
    const ingot_tensor *x = prepared_input(p, k);
    arguments->x[k] = prepared_address(p, x);
    arguments->x_element[k] = x->element;
    int64_t stride = 1;
    for (uint32_t i = 1; i <= x->rank; i++) {
      const int64_t extent = x->dims[x->rank - i];
      arguments->strides[k][p->y->rank - i] = extent == 1 ? 0 : stride;
      stride *= extent;
    }
  }
  for (uint32_t s = 0; s < arguments->steps; s++) {
    const uint64_t *words = p->attributes + 1 + INGOT_STEP_WORDS * s;
    const uint32_t function = (uint32_t)words[0], domain = (uint32_t)words[1];
    arguments->step[s] = (kernel_step){function, (uint8_t)domain, (uint8_t)ingot_function_result(function, domain),
                                       (uint32_t)words[2], (uint32_t)words[3], (uint32_t)words[4], ingot_real(words[5]),
                                       ingot_real(words[6]), ingot_integer(words[5]), ingot_integer(words[6])};
    for (unsigned k = 0; k < ingot_function_arity(function); k++)
      if (words[2 + k] < arguments->inputs) arguments->x_domain[words[2 + k]] = (uint8_t)domain;
  }
  kernel_elementwise_merge(arguments);
}

void ingot_prepare_matmul(const ingot_preparation *p, kernel_matmul *arguments) {
  const ingot_tensor *a = prepared_input(p, 0), *b = prepared_input(p, 1), *bias = prepared_input(p, 2), *y = p->y;
  const bool transpose_a = p->attributes[0] != 0, transpose_b = p->attributes[1] != 0;
  const int64_t a_width = a->dims[a->rank - 1], b_width = b->dims[b->rank - 1];
  *arguments = (kernel_matmul){
      .a = prepared_address(p, a), .b = prepared_address(p, b), .bias = prepared_address(p, bias),
      .y = prepared_address(p, y), .a_element = a->element, .b_element = b->element,
      .bias_element = prepared_element(bias), .y_element = y->element, .bias_per_row = bias != NULL && bias->rank == 2,
      .m = y->dims[y->rank - 2], .n = y->dims[y->rank - 1], .k = a->dims[a->rank - (transpose_a ? 2 : 1)],
      .a_row = transpose_a ? 1 : a_width, .a_column = transpose_a ? a_width : 1,
      .b_row = transpose_b ? 1 : b_width, .b_column = transpose_b ? b_width : 1,
      .activation = prepared_activation(p, 2)};
  const uint32_t batch_rank = y->rank - 2u;
  int64_t a_stride = a_width * a->dims[a->rank - 2], b_stride = b_width * b->dims[b->rank - 2], rows = 1;
  arguments->batch_rank = batch_rank;
  for (uint32_t i = 1; i <= batch_rank; i++) {
    const uint32_t axis = batch_rank - i;
    const int64_t left = i + 2 <= a->rank ? a->dims[a->rank - 2 - i] : 1;
    const int64_t right = i + 2 <= b->rank ? b->dims[b->rank - 2 - i] : 1;
    arguments->batch[axis] = y->dims[axis];
    arguments->a_batch[axis] = left == 1 ? 0 : a_stride;
    arguments->b_batch[axis] = right == 1 ? 0 : b_stride;
    a_stride *= left;
    b_stride *= right;
    rows *= left;
  }
  /* Batches of a against one b are rows of a single product. */
  const bool one_b = b_stride == b_width * b->dims[b->rank - 2];
  if (one_b && !transpose_a && !arguments->bias_per_row && rows * y->dims[y->rank - 2] * arguments->n == ingot_tensor_count(y)) {
    arguments->m *= rows;
    arguments->batch_rank = 0;
  }
}

/* CONV and CONV_TRANSPOSE: spatial axes are right-aligned among three. */
void ingot_prepare_convolution(const ingot_preparation *p, kernel_convolution *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *w = prepared_input(p, 1), *bias = prepared_input(p, 2), *y = p->y;
  const uint32_t spatial = x->rank - 2u;
  *arguments = (kernel_convolution){
      .x = prepared_address(p, x), .w = prepared_address(p, w), .bias = prepared_address(p, bias),
      .y = prepared_address(p, y), .x_element = x->element, .w_element = w->element,
      .bias_element = prepared_element(bias), .y_element = y->element, .batch = x->dims[0],
      .group = prepared_integer(p, 0), .inputs = x->dims[1], .outputs = y->dims[1],
      .activation = prepared_activation(p, 1 + 4 * spatial)};
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

void ingot_prepare_pool(const ingot_preparation *p, kernel_pool *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  const uint32_t spatial = x->rank - 2u;
  *arguments = (kernel_pool){.x = prepared_address(p, x), .y = prepared_address(p, y), .element = x->element,
                             .kind = (uint8_t)p->attributes[0], .planes = x->dims[0] * x->dims[1]};
  for (uint32_t axis = 0; axis < 3; axis++) {
    const bool present = axis + spatial >= 3;
    const uint32_t s = present ? axis + spatial - 3 : 0;
    arguments->in[axis] = present ? x->dims[2 + s] : 1;
    arguments->out[axis] = present ? y->dims[2 + s] : 1;
    arguments->kernel[axis] = present ? prepared_integer(p, 1 + s) : 1;
    arguments->stride[axis] = present ? prepared_integer(p, 1 + spatial + s) : 1;
    arguments->dilation[axis] = present ? prepared_integer(p, 1 + 2 * spatial + s) : 1;
    arguments->begin[axis] = present ? prepared_integer(p, 1 + 3 * spatial + s) : 0;
    arguments->end[axis] = present ? prepared_integer(p, 1 + 4 * spatial + s) : 0;
  }
}

void ingot_prepare_arg_pool(const ingot_preparation *p, kernel_arg_pool *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  const uint32_t spatial = x->rank - 2u;
  *arguments = (kernel_arg_pool){.x = prepared_address(p, x), .y = prepared_address(p, y), .element = x->element,
                                 .planes = x->dims[0] * x->dims[1]};
  for (uint32_t axis = 0; axis < 3; axis++) {
    const bool present = axis + spatial >= 3;
    const uint32_t s = present ? axis + spatial - 3 : 0;
    arguments->in[axis] = present ? x->dims[2 + s] : 1;
    arguments->out[axis] = present ? y->dims[2 + s] : 1;
    arguments->kernel[axis] = present ? prepared_integer(p, s) : 1;
    arguments->stride[axis] = present ? prepared_integer(p, spatial + s) : 1;
    arguments->dilation[axis] = present ? prepared_integer(p, 2 * spatial + s) : 1;
    arguments->begin[axis] = present ? prepared_integer(p, 3 * spatial + s) : 0;
  }
}

void ingot_prepare_resize(const ingot_preparation *p, kernel_resize *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  const uint32_t spatial = x->rank - 2u;
  *arguments = (kernel_resize){.x = prepared_address(p, x), .y = prepared_address(p, y), .x_element = x->element,
                               .y_element = y->element, .mode = (uint8_t)p->attributes[0],
                               .coordinates = (uint8_t)p->attributes[1], .rounding = (uint8_t)p->attributes[2],
                               .cubic = ingot_real(p->attributes[3]), .exclude_outside = (uint8_t)p->attributes[4],
                               .planes = x->dims[0] * x->dims[1]};
  for (uint32_t axis = 0; axis < 3; axis++) {
    const bool present = axis + spatial >= 3;
    const uint32_t s = present ? axis + spatial - 3 : 0;
    arguments->in[axis] = present ? x->dims[2 + s] : 1;
    arguments->out[axis] = present ? y->dims[2 + s] : 1;
    arguments->scale[axis] = present ? ingot_real(p->attributes[5 + s]) : 1;
  }
}

void ingot_prepare_grid_sample(const ingot_preparation *p, kernel_grid_sample *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *grid = prepared_input(p, 1);
  const uint32_t spatial = x->rank - 2u;
  *arguments = (kernel_grid_sample){
      .x = prepared_address(p, x), .grid = prepared_address(p, grid), .y = prepared_address(p, p->y), .element = x->element,
      .grid_element = grid->element, .mode = (uint8_t)p->attributes[0], .padding = (uint8_t)p->attributes[1],
      .align_corners = (uint8_t)p->attributes[2], .spatial = spatial, .batch = x->dims[0], .channels = x->dims[1],
      .points = prepared_product(p->y, 2, p->y->rank), .in = {1, 1, 1}};
  for (uint32_t i = 0; i < spatial; i++) arguments->in[3 - spatial + i] = x->dims[2 + i];
}

void ingot_prepare_roi_align(const ingot_preparation *p, kernel_roi_align *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *rois = prepared_input(p, 1), *indices = prepared_input(p, 2);
  *arguments = (kernel_roi_align){
      .x = prepared_address(p, x), .rois = prepared_address(p, rois), .indices = prepared_address(p, indices),
      .y = prepared_address(p, p->y), .element = x->element, .roi_element = rois->element, .index_element = indices->element,
      .most = p->attributes[0] == 1, .half_pixel = p->attributes[1] == 0, .sampling_ratio = prepared_integer(p, 2),
      .scale = (float)ingot_real(p->attributes[3]), .batch = x->dims[0], .channels = x->dims[1], .rois_count = rois->dims[0],
      .in = {x->dims[2], x->dims[3]}, .out = {p->y->dims[2], p->y->dims[3]}};
}
