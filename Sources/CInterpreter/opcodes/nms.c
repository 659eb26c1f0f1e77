/* NMS: rules and kernel arguments. */
#include "../opcode.h"

/* Boxes that are kept of a class at most. */
static int64_t most_of(const ingot_nms_attributes *nms, const ingot_tensor *scores) {
  const int64_t n = scores->dims[2], most = nms->max_output_boxes_per_class;
  return most < n ? most : n;
}

static ingot_status check_nms(const ingot_op *op) {
  const ingot_tensor *boxes = op->x[0], *scores = op->x[1], *y = op->y;
  CHECK(ingot_expect_count(op));
  REQUIRE(op, is_float(boxes) && is_float(scores), "elements are %s and %s, expected f32, f16 or bf16",
          ingot_element_text(boxes->element), ingot_element_text(scores->element));
  REQUIRE(op, boxes->rank == 3 && scores->rank == 3 && boxes->dims[2] == 4 && boxes->dims[0] == scores->dims[0] &&
                  boxes->dims[1] == scores->dims[2],
          "boxes have rank %u and scores rank %u, expected [images, n, 4] and [images, classes, n]", boxes->rank, scores->rank);
  const int64_t most = most_of(op->attributes, scores);
  const int64_t room = most == 0 ? 0 : scores->dims[0] * scores->dims[1] * most;
  REQUIRE(op, y->rank == 2 && y->dims[0] == room && y->dims[1] == 3,
          "the result has rank %u and first extent %lld, expected [%lld, 3]", y->rank, (long long)y->dims[0], (long long)room);
  return INGOT_OK;
}

static int prepare_nms(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_nms_attributes *nms = p->attributes;
  const ingot_tensor *boxes = prepared_input(p, 0), *scores = prepared_input(p, 1);
  arguments->nms = (kernel_nms){
      .boxes = prepared_address(p, boxes), .scores = prepared_address(p, scores), .selected = prepared_address(p, p->y),
      .count = prepared_address(p, prepared_result(p, 1)), .box_element = boxes->element, .score_element = scores->element,
      .centered = nms->center_point_box != 0, .overlap = (float)nms->iou_threshold, .score = (float)nms->score_threshold,
      .images = scores->dims[0], .classes = scores->dims[1], .n = scores->dims[2], .most = most_of(nms, scores)};
  return KERNEL_nms;
}

const ingot_facts ingot_nms_facts = {
    .results = 2, .required = 2, .most = 2, .counts = true, .check = check_nms, .prepare = prepare_nms};
