/* Outputs whose extents only a run tells: the rules of their table, and what a run gave. */
#include "internal.h"

#include <string.h>

/* Tensor of an output. */
static const ingot_tensor *output_tensor(const ingot_function_view *view, uint32_t output) {
  return &view->tensors[view->header->input_count + output];
}

ingot_status ingot_check_sizes(const ingot_checker *c) {
  const ingot_program *header = c->view->header;
  for (uint32_t i = 0; i < header->size_count; i++) {
    const ingot_output_size *size = &c->view->sizes[i], *previous = i == 0 ? NULL : size - 1;
    INGOT_REQUIRE(c, size->reserved == 0 && size->output < header->output_count && size->size_output < header->output_count,
                  "output size %u is of output %u by output %u of %u", i, size->output, size->size_output, header->output_count);
    INGOT_REQUIRE(c, size->axis < output_tensor(c->view, size->output)->rank, "output size %u is of axis %u of rank %u", i,
                  size->axis, output_tensor(c->view, size->output)->rank);
    const ingot_tensor *holder = output_tensor(c->view, size->size_output);
    INGOT_REQUIRE(c, holder->element == INGOT_I64 && holder->rank == 0,
                  "output size %u is held by element %u of rank %u, expected one i64", i, holder->element, holder->rank);
    INGOT_REQUIRE(c, previous == NULL || previous->output < size->output ||
                         (previous->output == size->output && previous->axis < size->axis),
                  "output size %u does not come after the one before it", i);
  }
  return INGOT_OK;
}

void ingot_reset_extents(ingot_session *session) {
  for (uint32_t i = 0; i < session->view->header->size_count; i++) {
    const ingot_output_size *size = &session->view->sizes[i];
    session->extents[i] = output_tensor(session->view, size->output)->dims[size->axis];
  }
}

void ingot_take_extents(ingot_session *session) {
  for (uint32_t i = 0; i < session->view->header->size_count; i++) {
    const ingot_output_size *size = &session->view->sizes[i];
    const int64_t bound = output_tensor(session->view, size->output)->dims[size->axis];
    int64_t extent;
    memcpy(&extent, ingot_output_data(session, size->size_output), sizeof extent);
    session->extents[i] = extent < 0 ? 0 : extent > bound ? bound : extent;
  }
}

ingot_status ingot_output_dims(ingot_session *session, uint32_t index, int64_t dims[8]) {
  const ingot_function_view *view = session->view;
  const ingot_report report = {session->message, sizeof session->message, NULL};
  session->message[0] = 0;
  if (index >= view->header->output_count)
    return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "output %u of %u", index, view->header->output_count);
  memcpy(dims, output_tensor(view, index)->dims, sizeof output_tensor(view, index)->dims);
  for (uint32_t i = 0; i < view->header->size_count; i++) {
    if (view->sizes[i].output == index) dims[view->sizes[i].axis] = session->extents[i];
  }
  return INGOT_OK;
}
