/* How much a mutant could compute, so that the fuzzer leaves alone what would take minutes. */
#include "builder.h"

#include <string.h>

/* Where the parts of a program section begin. */
typedef struct {
  ingot_program header;
  const uint8_t *tensors, *instructions, *attributes;
} parts;

static parts split(const uint8_t *section) {
  parts p;
  memcpy(&p.header, section, sizeof p.header);
  const uint64_t operand_words = (uint64_t)p.header.operand_count + p.header.operand_count % 2;
  p.tensors = section + sizeof p.header + (uint64_t)p.header.memory_count * sizeof(ingot_memory) + (uint64_t)p.header.buffer_count * sizeof(ingot_buffer);
  const uint8_t *sizes = p.tensors + (uint64_t)p.header.tensor_count * sizeof(ingot_tensor);
  p.instructions = sizes + (uint64_t)p.header.size_count * sizeof(ingot_output_size);
  p.attributes = p.instructions + (uint64_t)p.header.instruction_count * sizeof(ingot_instruction) +
                 operand_words * sizeof(uint32_t);
  return p;
}

/* Product of the two largest tensors' elements: no kernel call but a product or a convolution takes more. */
static double largest_product(const parts *p) {
  double largest[2] = {1, 1};
  for (uint32_t i = 0; i < p->header.tensor_count; i++) {
    ingot_tensor tensor;
    memcpy(&tensor, p->tensors + i * sizeof tensor, sizeof tensor);
    double count = 1;
    for (uint32_t d = 0; d < tensor.rank; d++) count *= (double)(tensor.dims[d] > 0 ? tensor.dims[d] : 1);
    if (count > largest[0]) {
      largest[1] = largest[0];
      largest[0] = count;
    } else if (count > largest[1]) {
      largest[1] = count;
    }
  }
  return largest[0] * largest[1];
}

/* As if every loop repeated the whole program. */
static double repeats(const parts *p) {
  double product = 1;
  for (uint32_t i = 0; i < p->header.instruction_count; i++) {
    ingot_instruction instruction;
    ingot_loop_attributes loop;
    memcpy(&instruction, p->instructions + i * sizeof instruction, sizeof instruction);
    if (instruction.opcode != INGOT_OP_LOOP) continue;
    memcpy(&loop, p->attributes + instruction.first_attribute * sizeof(uint64_t), sizeof loop);
    product *= (double)loop.count;
  }
  return product;
}

double work_bound(const uint8_t *file) {
  ingot_file_header header;
  memcpy(&header, file, sizeof header);
  double work = 0;
  for (uint32_t s = 0; s < header.section_count; s++) {
    ingot_section section;
    memcpy(&section, file + sizeof header + s * sizeof section, sizeof section);
    if (section.kind != INGOT_SECTION_PROGRAM) continue;
    const parts p = split(file + section.offset);
    work += p.header.instruction_count * largest_product(&p) * repeats(&p);
  }
  return work;
}
