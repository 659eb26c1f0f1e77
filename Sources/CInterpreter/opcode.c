/* From the list of opcodes to their facts, and the making of kernel calls. */
#include "opcode.h"

#define FACTS(NAME, number, name, FIELDS, EACH, TAIL, work) [number] = &ingot_##name##_facts,
static const ingot_facts *const facts[] = {INGOT_OPCODES(FACTS)};
#undef FACTS

const ingot_facts *ingot_facts_of(const ingot_instruction *instruction) { return facts[instruction->opcode]; }

uint32_t ingot_task_count(const ingot_function_view *view, const ingot_instruction *instruction) {
  const ingot_facts *of = ingot_facts_of(instruction);
  return of->prepare == NULL ? 0 : of->tasks == NULL ? 1 : of->tasks(view, instruction);
}

bool ingot_prepare(const kernel_table *table, const ingot_function_view *view, const ingot_instruction *instruction,
                   uint32_t part, int64_t step, void *const *places, ingot_task *task) {
  const ingot_facts *of = ingot_facts_of(instruction);
  if (of->prepare == NULL) return false;
  const uint64_t *attributes = view->attributes + instruction->first_attribute;
  const ingot_preparation p = {view, places, instruction, attributes,
                               attributes + ingot_opcode_schema(instruction->opcode)->head_words,
                               ingot_operand(view, instruction, 0), part, step};
  if (ingot_tensor_count(p.y) == 0 && !of->counts) return false;
  task->entry = kernel_find(table, of->prepare(&p, &task->arguments));
  task->work = task->entry.work(&task->arguments);
  return true;
}

kernel_permute ingot_prepared_permute(const ingot_preparation *p) {
  const ingot_tensor *x = prepared_input(p, 0);
  kernel_permute arguments = {.x = prepared_address(p, x), .y = prepared_address(p, p->y),
                              .element_bytes = (uint32_t)ingot_element_bytes(x->element), .rank = x->rank};
  for (uint32_t i = 0; i < x->rank; i++) arguments.dims[i] = p->y->dims[i];
  return arguments;
}
