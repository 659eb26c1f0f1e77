/* The instruction loop. */
#define _POSIX_C_SOURCE 200809L
#include "opcode.h"

#include <string.h>
#include <time.h>

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static ingot_status check_indices(ingot_session *session, const ingot_instruction *instruction, const ingot_task *task) {
  const ingot_facts *facts = ingot_facts_of(instruction);
  if (facts->indices == NULL) return INGOT_OK;
  const ingot_indices indices = facts->indices(&task->arguments);
  const int64_t wrong = kernel_wrong_index(indices.values, indices.element, indices.count, indices.extent);
  if (wrong < 0) return INGOT_OK;
  const ingot_report report = {session->message, sizeof session->message, NULL};
  const long long index = indices.element == INGOT_I64 ? (long long)((const int64_t *)indices.values)[wrong]
                                                       : ((const int32_t *)indices.values)[wrong];
  return ingot_fail(&report, INGOT_ERROR_INDEX, "%s '%.*s': index %lld at position %lld, expected -%lld to %lld",
                    ingot_opcode_text(instruction->opcode), (int)(instruction->name_bytes < 100 ? instruction->name_bytes : 100),
                    session->view->strings + instruction->name, index, (long long)wrong, (long long)indices.extent,
                    (long long)indices.extent - 1);
}

static ingot_status stopped(ingot_session *session, const ingot_instruction *instruction) {
  const ingot_report report = {session->message, sizeof session->message, NULL};
  return ingot_fail(&report, INGOT_STOPPED, "the run was stopped at %s '%.*s'", ingot_opcode_text(instruction->opcode),
                    (int)(instruction->name_bytes < 100 ? instruction->name_bytes : 100),
                    session->view->strings + instruction->name);
}

static ingot_status run_instruction(ingot_session *session, const ingot_instruction *instruction, int64_t step) {
  if (ingot_stops(&session->stopper)) return stopped(session, instruction);
  const uint32_t parts = ingot_task_count(session->view, instruction);
  for (uint32_t part = 0; part < parts; part++) {
    ingot_task task;
    if (!ingot_prepare(session->table, session->view, instruction, part, step, session->places, &task)) continue;
    const ingot_status status = check_indices(session, instruction, &task);
    if (status != INGOT_OK) return status;
    if (!ingot_pool_run(session->pool, &task, &session->stopper)) return stopped(session, instruction);
  }
  return INGOT_OK;
}

/* Runs one instruction and tells the hook. */
static ingot_status run_timed(ingot_session *session, uint32_t i, int64_t step) {
  const ingot_function_view *view = session->view;
  const ingot_instruction *instruction = &view->instructions[i];
  const uint64_t start = session->hook == NULL ? 0 : nanoseconds();
  const ingot_status status = run_instruction(session, instruction, step);
  if (status == INGOT_OK && session->hook != NULL) {
    const ingot_op_event event = {i, ingot_opcode_text(instruction->opcode), view->strings + instruction->name,
                                  instruction->name_bytes, nanoseconds() - start};
    session->hook(session->hook_context, &event);
  }
  return status;
}

ingot_status ingot_run(ingot_session *session) {
  const ingot_function_view *view = session->view;
  session->message[0] = 0;
  ingot_loop loops[INGOT_MAX_LOOP_DEPTH];
  uint32_t depth = 0, next = 0;
  while (next < view->header->instruction_count) {
    if (view->instructions[next].opcode == INGOT_OP_LOOP) {
      loops[depth++] = ingot_loop_at(view, next++);
      continue;
    }
    const ingot_status status = run_timed(session, next, depth == 0 ? 0 : loops[depth - 1].step);
    if (status != INGOT_OK) return status;
    next++;
    /* Several loops may end at one instruction. */
    while (depth > 0 && next == loops[depth - 1].end) {
      if (++loops[depth - 1].step < loops[depth - 1].count) {
        next = loops[depth - 1].first;
        break;
      }
      depth--;
    }
  }
  ingot_take_extents(session);
  return INGOT_OK;
}

void *ingot_result_data(ingot_session *session, uint32_t instruction, uint32_t result, ingot_tensor_info *info) {
  const ingot_function_view *view = session->view;
  if (instruction >= view->header->instruction_count || result >= view->instructions[instruction].result_count) return NULL;
  const ingot_tensor *tensor = ingot_operand(view, &view->instructions[instruction], result);
  if (tensor->image_rows != 0) return NULL;
  if (info != NULL) {
    *info = (ingot_tensor_info){.name = view->strings + tensor->name, .name_bytes = tensor->name_bytes,
                                .element = tensor->element, .rank = tensor->rank,
                                .bytes = (size_t)ingot_tensor_bytes(tensor)};
    memcpy(info->dims, tensor->dims, sizeof info->dims);
  }
  return (char *)session->places[tensor->buffer] + tensor->offset;
}
