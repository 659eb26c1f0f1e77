/* Arguments of the kernels that find what is there and count it. */
#include "prepare.h"

void ingot_prepare_nonzero(const ingot_preparation *p, kernel_nonzero *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  *arguments = (kernel_nonzero){.x = prepared_address(p, x), .positions = prepared_address(p, p->y),
                                .count = prepared_address(p, prepared_result(p, 1)), .element = x->element, .n = x->dims[0]};
}

void ingot_prepare_unique(const ingot_preparation *p, kernel_unique *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  *arguments = (kernel_unique){
      .x = prepared_address(p, x), .positions = prepared_address(p, p->y), .inverse = prepared_address(p, prepared_result(p, 1)),
      .counts = prepared_address(p, prepared_result(p, 2)), .count = prepared_address(p, prepared_result(p, 3)),
      .element = x->element, .sorted = p->attributes[0] == 1, .rows = x->dims[0], .columns = x->dims[1]};
}

void ingot_prepare_nms(const ingot_preparation *p, kernel_nms *arguments) {
  const ingot_tensor *boxes = prepared_input(p, 0), *scores = prepared_input(p, 1);
  const int64_t n = scores->dims[2], most = prepared_integer(p, 1);
  *arguments = (kernel_nms){
      .boxes = prepared_address(p, boxes), .scores = prepared_address(p, scores), .selected = prepared_address(p, p->y),
      .count = prepared_address(p, prepared_result(p, 1)), .box_element = boxes->element, .score_element = scores->element,
      .centered = p->attributes[0] == 1, .overlap = (float)ingot_real(p->attributes[2]), .score = (float)ingot_real(p->attributes[3]),
      .images = scores->dims[0], .classes = scores->dims[1], .n = n, .most = most < n ? most : n};
}
