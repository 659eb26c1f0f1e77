/* What an opcode is to the interpreter: the facts, rules and kernel arguments that opcodes/NAME.c gives, and what these files
 * share. The table of all is made from INGOT_OPCODES. */
#ifndef INGOT_OPCODE_H
#define INGOT_OPCODE_H

#include "internal.h"

/* An instruction under validation. Inputs are within their limits, attributes follow their schema. */
typedef struct {
  const ingot_checker *c;
  const ingot_instruction *instruction;
  const void *attributes;  /* the opcode's struct */
  const void *tail;        /* behind it */
  uint32_t tail_count;
  const ingot_tensor *y;   /* the first result; NULL when there is none */
  const ingot_tensor *x[INGOT_MAX_ELEMENTWISE_INPUTS]; /* the first inputs; NULL when absent */
  uint32_t inputs;
} ingot_op;

/* Bits of all inputs. */
#define INGOT_ALL_INPUTS ((1u << INGOT_MAX_ELEMENTWISE_INPUTS) - 1)

/* A checked instruction whose kernel call is made. */
typedef struct {
  const ingot_function_view *view;
  void *const *places; /* addresses of buffers; NULL to ask for the work alone */
  const ingot_instruction *instruction;
  const void *attributes, *tail;
  const ingot_tensor *y;
  uint32_t part; /* of the opcode's tasks */
  int64_t step;  /* of the innermost loop */
} ingot_preparation;

/* Indices of a kernel call, which are data: the one thing that only a run can check. */
typedef struct {
  const void *values;
  uint32_t element;
  int64_t count, extent;
} ingot_indices;

struct ingot_facts {
  uint32_t results;
  uint32_t required, most; /* inputs: those that must be there, and how many may be listed */
  uint32_t in_place; /* bit i: the result may lie where input i does, whose elements are as many, as large, and in the same places */
  bool aliases;      /* results and inputs may share memory in any way */
  bool counts; /* the last result is a count, which is written even when there is nothing to count */
  /* How many results valid attributes ask for; NULL: `results`. */
  uint32_t (*results_of)(const void *attributes);
  /* Rules that the schema does not state; NULL: none. */
  ingot_status (*check)(const ingot_op *op);
  /* Whether an operand (results first) may lie in a layout; NULL: all are row-major. */
  bool (*takes)(const ingot_op *op, uint32_t operand, const ingot_layout *layout);
  uint32_t windows; /* operands that may be windows, as rows.h has them */
  /* Kernel calls of an instruction; NULL: one. */
  uint32_t (*tasks)(const ingot_function_view *view, const ingot_instruction *instruction);
  /* Fills the arguments of a kernel and names it, KERNEL_*; NULL: it calls none. */
  int (*prepare)(const ingot_preparation *p, ingot_arguments *arguments);
  /* NULL: there are none. */
  ingot_indices (*indices)(const ingot_arguments *arguments);
};

#define DECLARE_FACTS(NAME, number, name, FIELDS, EACH, TAIL, work) extern const ingot_facts ingot_##name##_facts;
INGOT_OPCODES(DECLARE_FACTS)
#undef DECLARE_FACTS

#define REQUIRE(op, condition, ...) INGOT_REQUIRE((op)->c, condition, __VA_ARGS__)
/* Returns from the caller when a rule is broken. */
#define CHECK(call) \
  do { \
    const ingot_status status_of_call = (call); \
    if (status_of_call != INGOT_OK) return status_of_call; \
  } while (0)

static inline bool is_float(const ingot_tensor *tensor) {
  return tensor->element == INGOT_F32 || tensor->element == INGOT_F16 || tensor->element == INGOT_BF16;
}

/* Result r; NULL past the last. */
static inline const ingot_tensor *result(const ingot_op *op, uint32_t r) {
  return r < op->instruction->result_count ? ingot_operand(op->c->view, op->instruction, r) : NULL;
}

/* Whether x's shape broadcasts to y's. */
bool ingot_broadcasts(const ingot_tensor *x, const ingot_tensor *y);
/* How far apart the elements of x, a window or not, lie for each axis of y, 0 where x repeats. */
void ingot_prepare_broadcast(const ingot_tensor *x, const ingot_tensor *y, int64_t strides[INGOT_MAX_RANK]);
/* No listed input is absent. */
ingot_status ingot_expect_all_inputs(const ingot_op *op);
/* Every present operand is a float tensor. */
ingot_status ingot_expect_floats(const ingot_op *op);
ingot_status ingot_expect_same_element(const ingot_op *op, const ingot_tensor *x);
ingot_status ingot_expect_same_shape(const ingot_op *op, const ingot_tensor *a, const ingot_tensor *b);
ingot_status ingot_expect_vector(const ingot_op *op, const ingot_tensor *tensor, int64_t extent, const char *what);
ingot_status ingot_expect_indices(const ingot_op *op, const ingot_tensor *indices);
/* Every result is i64, and the last has rank 0. */
ingot_status ingot_expect_count(const ingot_op *op);
/* `whole` holds one `part` for each step of the innermost loop. */
ingot_status ingot_expect_parts(const ingot_op *op, const ingot_tensor *whole, const ingot_tensor *part);

static inline const ingot_tensor *prepared_input(const ingot_preparation *p, uint32_t k) {
  return ingot_input_operand(p->view, p->instruction, k);
}
static inline const ingot_tensor *prepared_result(const ingot_preparation *p, uint32_t r) {
  return ingot_operand(p->view, p->instruction, r);
}
/* Address of a tensor; NULL for an absent one. Without places, some address that is not to be used. */
static inline void *prepared_address(const ingot_preparation *p, const ingot_tensor *tensor) {
  if (tensor == NULL) return NULL;
  const uintptr_t base = p->places == NULL ? INGOT_TENSOR_ALIGNMENT : (uintptr_t)p->places[tensor->buffer];
  return (void *)(base + (uintptr_t)tensor->offset);
}
/* Elements of a block of a tensor's layout; 0 when it has none. */
static inline int64_t prepared_block(const ingot_preparation *p, const ingot_tensor *tensor) {
  const ingot_layout *layout = ingot_layout_of(p->view, tensor);
  return layout == NULL ? 0 : layout->block_extent;
}
static inline uint8_t prepared_element(const ingot_tensor *tensor) { return tensor == NULL ? INGOT_F32 : tensor->element; }
/* Product of the extents [first, end). */
static inline int64_t prepared_product(const ingot_tensor *tensor, uint32_t first, uint32_t end) {
  int64_t product = 1;
  for (uint32_t i = first; i < end; i++) product *= tensor->dims[i];
  return product;
}
static inline kernel_activation prepared_activation(ingot_activation activation) {
  return (kernel_activation){(uint32_t)activation.function, (float)activation.p0, (float)activation.p1};
}
/* The result has as many elements as the axes that are not reduced. */
ingot_status ingot_expect_reduced(const ingot_op *op, int64_t axes);
/* Neighbouring axes that are both kept or both reduced become one; axes of extent 1 vanish. */
kernel_axes ingot_prepared_axes(const ingot_tensor *x, int64_t reduced);
/* Moves x's elements to y as they are. */
kernel_permute ingot_prepared_permute(const ingot_preparation *p);

#endif
