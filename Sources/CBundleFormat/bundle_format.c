/* Tables of the format. */
#include "ingot_format.h"

const char *ingot_opcode_text(uint32_t opcode) {
  switch (opcode) {
#define INGOT_TEXT_CASE(name, number, text) \
  case number: return text;
    INGOT_OPCODES(INGOT_TEXT_CASE)
#undef INGOT_TEXT_CASE
    default: return NULL;
  }
}
