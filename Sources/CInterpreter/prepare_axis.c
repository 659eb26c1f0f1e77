/* Arguments of the kernels that work along axes. */
#include "prepare.h"

/* Neighbouring axes that are both kept or both reduced become one; axes of extent 1 vanish. */
void ingot_prepare_reduce(const ingot_preparation *p, kernel_reduce *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  *arguments = (kernel_reduce){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                               .y_element = p->y->element, .kind = (uint8_t)p->attributes[0]};
  int64_t stride = prepared_product(x, 0, x->rank);
  int previous = -1;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t extent = x->dims[i];
    if (extent == 1) continue;
    stride = extent == 0 ? 0 : stride / extent;
    const int reduced = (int)(p->attributes[1] >> i & 1);
    uint32_t *rank = reduced ? &arguments->reduced_rank : &arguments->kept_rank;
    int64_t *dims = reduced ? arguments->reduced : arguments->kept;
    int64_t *strides = reduced ? arguments->reduced_stride : arguments->kept_stride;
    if (previous == reduced) {
      dims[*rank - 1] *= extent;
    } else {
      dims[(*rank)++] = extent;
    }
    strides[*rank - 1] = stride;
    previous = reduced;
  }
}

void ingot_prepare_arg_reduce(const ingot_preparation *p, kernel_arg_reduce *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)p->attributes[1];
  *arguments = (kernel_arg_reduce){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                                   .y_element = p->y->element, .least = p->attributes[0] == 1,
                                   .last = p->attributes[2] == 1, .outer = prepared_product(x, 0, axis),
                                   .extent = x->dims[axis], .inner = prepared_product(x, axis + 1, x->rank)};
}

void ingot_prepare_softmax(const ingot_preparation *p, kernel_softmax *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)p->attributes[0];
  *arguments = (kernel_softmax){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                                .y_element = p->y->element, .log = p->attributes[1] == 1,
                                .outer = prepared_product(x, 0, axis), .extent = x->dims[axis],
                                .inner = prepared_product(x, axis + 1, x->rank)};
}

void ingot_prepare_normalize(const ingot_preparation *p, kernel_normalize *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *scale = prepared_input(p, 1), *bias = prepared_input(p, 2);
  const uint32_t kind = (uint32_t)p->attributes[0], parameter = (uint32_t)p->attributes[1];
  *arguments = (kernel_normalize){.x = prepared_address(p, x), .scale = prepared_address(p, scale),
                                  .bias = prepared_address(p, bias), .y = prepared_address(p, p->y),
                                  .x_element = x->element, .y_element = p->y->element,
                                  .scale_element = prepared_element(scale), .bias_element = prepared_element(bias),
                                  .kind = kind == 1 ? INGOT_NORM_RMS : INGOT_NORM_LAYER, .epsilon = ingot_real(p->attributes[2]), .inner = 1};
  if (kind <= 1) {
    arguments->outer = prepared_product(x, 0, parameter);
    arguments->extent = prepared_product(x, parameter, x->rank);
  } else if (kind == 2) {
    arguments->groups = parameter;
    arguments->outer = x->dims[0] * parameter;
    arguments->inner = prepared_product(x, 2, x->rank);
    arguments->extent = x->dims[1] / parameter * arguments->inner;
  } else {
    const uint32_t axis = parameter / 2;
    arguments->order = (uint8_t)(parameter % 2 + 1);
    arguments->outer = prepared_product(x, 0, axis);
    arguments->extent = x->dims[axis];
    arguments->inner = prepared_product(x, axis + 1, x->rank);
  }
}

void ingot_prepare_cumsum(const ingot_preparation *p, kernel_cumsum *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)p->attributes[0];
  *arguments = (kernel_cumsum){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                               .y_element = p->y->element, .exclusive = p->attributes[1] == 1,
                               .reverse = p->attributes[2] == 1, .outer = prepared_product(x, 0, axis),
                               .extent = x->dims[axis], .inner = prepared_product(x, axis + 1, x->rank)};
}

void ingot_prepare_recurrent(const ingot_preparation *p, kernel_recurrent *arguments) {
  const bool lstm = p->attributes[0] == 0, peepholes = p->attributes[4] != 0, lengths = p->attributes[5] != 0;
  const ingot_tensor *gates = prepared_input(p, 0), *r = prepared_input(p, 1), *bias = prepared_input(p, 2);
  const ingot_tensor *h0 = prepared_input(p, 3), *c0 = lstm ? prepared_input(p, 4) : NULL;
  const ingot_tensor *peephole = peepholes ? prepared_input(p, 5) : NULL;
  *arguments = (kernel_recurrent){
      .gates = prepared_address(p, gates), .r = prepared_address(p, r), .bias = prepared_address(p, bias),
      .h0 = prepared_address(p, h0), .c0 = prepared_address(p, c0), .peepholes = prepared_address(p, peephole),
      .lengths = lengths ? prepared_address(p, prepared_input(p, 4u + lstm + peepholes)) : NULL,
      .y = prepared_address(p, p->y), .h = prepared_address(p, prepared_result(p, 1)),
      .c = lstm ? prepared_address(p, prepared_result(p, 2)) : NULL, .element = gates->element, .r_element = r->element,
      .bias_element = bias->element, .h0_element = h0->element, .c0_element = prepared_element(c0),
      .peephole_element = prepared_element(peephole), .kind = (uint8_t)p->attributes[0],
      .direction = (uint8_t)p->attributes[1], .linear_before_reset = (uint8_t)p->attributes[2],
      .input_forget = (uint8_t)p->attributes[3], .clip = (float)ingot_real(p->attributes[6]), .steps = gates->dims[0],
      .batch = gates->dims[1], .directions = r->dims[0], .hidden = r->dims[2], .f = prepared_activation(p, 7),
      .g = prepared_activation(p, 10), .h_activation = prepared_activation(p, 13)};
}

void ingot_prepare_top_k(const ingot_preparation *p, kernel_top_k *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)p->attributes[0];
  *arguments = (kernel_top_k){.x = prepared_address(p, x), .values = prepared_address(p, p->y),
                              .positions = prepared_address(p, prepared_result(p, 1)), .element = x->element,
                              .least = p->attributes[1] == 1, .outer = prepared_product(x, 0, axis), .extent = x->dims[axis],
                              .inner = prepared_product(x, axis + 1, x->rank), .k = p->y->dims[axis]};
}
