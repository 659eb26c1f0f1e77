/* How loops nest, and how much a run does. */
#include "check_loop.h"

ingot_status ingot_check_loop(const ingot_checker *c, ingot_nesting *nesting) {
  const ingot_program *header = c->view->header;
  const ingot_instruction *instruction = &c->view->instructions[c->instruction];
  const ingot_loop_attributes *loop = (const void *)(c->view->attributes + instruction->first_attribute);
  const uint64_t count = (uint64_t)loop->count, length = (uint64_t)loop->length;
  INGOT_REQUIRE(c, nesting->depth < INGOT_MAX_LOOP_DEPTH, "it lies in %u other loops, expected less than %u", nesting->depth,
                INGOT_MAX_LOOP_DEPTH);
  const uint32_t end = nesting->depth == 0 ? header->instruction_count : nesting->loops[nesting->depth - 1].end;
  const uint32_t room = end - (c->instruction + 1);
  INGOT_REQUIRE(c, length <= room, "it repeats the next %llu instructions, expected 1 to %u",
                (unsigned long long)length, room);
  const uint64_t executions = nesting->depth == 0 ? count : nesting->executions[nesting->depth - 1] * count;
  INGOT_REQUIRE(c, executions <= INGOT_MAX_EXECUTIONS, "it and the loops around it repeat instructions %llu times, expected at most %llu",
                (unsigned long long)executions, (unsigned long long)INGOT_MAX_EXECUTIONS);
  nesting->loops[nesting->depth] = ingot_loop_at(c->view, c->instruction);
  nesting->executions[nesting->depth] = executions;
  nesting->depth++;
  return INGOT_OK;
}

ingot_status ingot_count_work(const ingot_checker *c, ingot_nesting *nesting) {
  const uint64_t executions = nesting->depth == 0 ? 1 : nesting->executions[nesting->depth - 1];
  nesting->total += executions;
  INGOT_REQUIRE(c, nesting->total <= INGOT_MAX_EXECUTIONS, "a run executes more than %llu instructions",
                (unsigned long long)INGOT_MAX_EXECUTIONS);
  const ingot_instruction *instruction = &c->view->instructions[c->instruction];
  const ingot_tensor *operands[3] = {ingot_operand(c->view, instruction, 0), ingot_input_operand(c->view, instruction, 0),
                                     ingot_input_operand(c->view, instruction, 1)};
  const uint64_t once = ingot_call_multiply_adds(instruction->opcode, operands,
                                                 c->view->attributes + instruction->first_attribute);
  nesting->multiply_adds = ingot_saturating_sum(nesting->multiply_adds, ingot_saturating_product(once, executions));
  INGOT_REQUIRE(c, nesting->multiply_adds <= INGOT_MAX_MULTIPLY_ADDS, "a run makes more than %llu multiply-adds",
                (unsigned long long)INGOT_MAX_MULTIPLY_ADDS);
  while (nesting->depth > 0 && nesting->loops[nesting->depth - 1].end == c->instruction + 1) nesting->depth--;
  return INGOT_OK;
}
