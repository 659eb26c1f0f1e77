/* Facts of the codes. */
#include "ingot_enums.h"

size_t ingot_element_bytes(uint32_t element) {
  switch (element) {
    case INGOT_I8:
    case INGOT_U8:
    case INGOT_BOOL: return 1;
    case INGOT_F16:
    case INGOT_BF16:
    case INGOT_I16: return 2;
    case INGOT_F32:
    case INGOT_I32: return 4;
    case INGOT_I64: return 8;
    default: return 0;
  }
}

const char *ingot_element_text(uint32_t element) {
  switch (element) {
    case INGOT_F32: return "f32";
    case INGOT_F16: return "f16";
    case INGOT_BF16: return "bf16";
    case INGOT_I8: return "i8";
    case INGOT_U8: return "u8";
    case INGOT_I16: return "i16";
    case INGOT_I32: return "i32";
    case INGOT_I64: return "i64";
    case INGOT_BOOL: return "bool";
    default: return "unknown";
  }
}

/* Domains that a function has a form in. */
enum { FLOAT = 1, INTEGER = 2, BOTH = 3 };

typedef struct {
  const char *text;
  uint8_t arity, parameters, domains;
} function_facts;

static function_facts facts_of(uint32_t function) {
  switch (function) {
#define FUNCTION_FACTS(name, number, text, arity, parameters, domains) \
  case number: return (function_facts){text, arity, parameters, domains};
    INGOT_ELEMENTWISE_FUNCTIONS(FUNCTION_FACTS)
#undef FUNCTION_FACTS
    default: return (function_facts){NULL, 0, 0, 0};
  }
}

const char *ingot_function_text(uint32_t function) { return facts_of(function).text; }
unsigned ingot_function_arity(uint32_t function) { return facts_of(function).arity; }
unsigned ingot_function_parameters(uint32_t function) { return facts_of(function).parameters; }

uint32_t ingot_function_result(uint32_t function, uint32_t domain) {
  if (domain != INGOT_F32 && domain != INGOT_I64) return 0;
  if ((facts_of(function).domains & (domain == INGOT_F32 ? FLOAT : INTEGER)) == 0) return 0;
  switch (function) {
    case INGOT_FN_TO_F32: return INGOT_F32;
    case INGOT_FN_TO_I8:
    case INGOT_FN_TO_U8:
    case INGOT_FN_TO_I16:
    case INGOT_FN_TO_I32:
    case INGOT_FN_TO_I64: return INGOT_I64;
    default: return domain;
  }
}
