/* Kernel arguments of convolutions of integers. */
#include "integer_convolution.h"

#include <string.h>

kernel_conv_integer ingot_prepared_conv_integer(const ingot_preparation *p) {
  const ingot_conv_integer_attributes *conv = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *w = prepared_input(p, 1), *y = p->y;
  const ingot_tensor *x_zero = prepared_input(p, 2), *w_zero = prepared_input(p, 3);
  kernel_conv_integer arguments = {
      .x = prepared_address(p, x), .w = prepared_address(p, w), .x_zero = prepared_address(p, x_zero),
      .w_zero = prepared_address(p, w_zero), .y = prepared_address(p, y), .x_element = x->element, .w_element = w->element,
      .w_zero_per_output = w_zero->rank == 1, .batch = x->dims[0], .group = conv->group, .inputs = x->dims[1],
      .outputs = y->dims[1], .x_ring = ingot_prepared_ring(x), .y_ring = ingot_prepared_ring(y)};
  ingot_prepare_spatial(x, arguments.in);
  ingot_prepare_spatial(y, arguments.out);
  ingot_prepare_spatial(w, arguments.kernel);
  const ingot_steps steps = ingot_prepared_steps(p, x);
  memcpy(arguments.stride, steps.stride, sizeof steps.stride);
  memcpy(arguments.dilation, steps.dilation, sizeof steps.dilation);
  memcpy(arguments.begin, steps.begin, sizeof steps.begin);
  const ingot_spatial_extents extents[] = {{arguments.in, 1}, {arguments.out, 1}, {arguments.kernel, 1}, {arguments.begin, 0}, {arguments.stride, -1}, {arguments.dilation, -1}};
  if (!ingot_has_windows(p->view, p->instruction)) ingot_put_unit_axes_first(extents, 6);
  ingot_prepare_integer_epilogue(p, ingot_conv_integer_rescaling(conv), &arguments.bias, &arguments.rescaling);
  return arguments;
}
