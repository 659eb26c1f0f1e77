/* Structures behind ingot.h and what the files of the interpreter offer each other. */
#ifndef INGOT_INTERNAL_H
#define INGOT_INTERNAL_H

#include "ingot.h"
#include "ingot_format.h"
#include "kernels.h"

#include <stdarg.h>
#include <stdbool.h>

#define INGOT_MESSAGE_BYTES 512
#define INGOT_MAX_THREADS 64
/* No tensor, memory or chunk is larger, so that sums and products of a few sizes cannot overflow. */
#define INGOT_MAX_BYTES ((uint64_t)1 << 48)

/* Where the text of an error goes. */
typedef struct {
  char *text; /* may be NULL */
  size_t bytes;
  const char *path; /* of the bundle, or NULL */
} ingot_report;

/* Writes "path: text" and returns the status. */
ingot_status ingot_fail(const ingot_report *report, ingot_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Views into one program section, each aligned for its type. */
typedef struct {
  const ingot_program *header;
  const ingot_memory *memories;
  const ingot_buffer *buffers;
  const ingot_tensor *tensors;
  const ingot_output_size *sizes;
  const ingot_instruction *instructions;
  const uint32_t *operands;
  const uint64_t *attributes;
  const char *strings;
  const ingot_layout *layouts; /* the bundle's */
  ingot_tensor_info *interface; /* inputs, then outputs */
  uint64_t multiply_adds;       /* of a run */
} ingot_function_view;

typedef struct {
  void *memory; /* NULL when the bytes are used where they lie */
  size_t memory_bytes;
  const uint8_t *data;
  uint64_t bytes;
} ingot_block;

/* Where a bundle's file lies. */
typedef enum {
  INGOT_BORROWED, /* in the caller's memory */
  INGOT_MAPPED,
  INGOT_COPIED /* in the allocator's memory */
} ingot_residence;

struct ingot_bundle {
  ingot_allocator allocator;
  ingot_residence residence;
  const uint8_t *data; /* NULL once nothing is used where it lies */
  size_t bytes;
  uint32_t section_count;
  ingot_section *sections;
  ingot_block *blocks; /* contents of section i: a copy, unpacked, or in place */
  const char *manifest;
  size_t manifest_bytes;
  uint32_t function_count;
  ingot_function_view *functions;
  uint32_t layout_count;
  const ingot_layout *layouts;
  uint32_t weight_count;
  const ingot_weight *weights;
  uint32_t first_chunk; /* section of chunk 0 */
  uint32_t chunk_count;
  uint32_t origins_count; /* sections of origins, the last ones: 0, or one a function */
};

/* Allocation through the caller's allocator. `bytes` may be 0; the result is then not NULL. */
ingot_allocator ingot_allocator_or_default(const ingot_allocator *allocator);
void *ingot_allocate(const ingot_allocator *allocator, uint64_t bytes);
void ingot_release(const ingot_allocator *allocator, void *memory, uint64_t bytes);

/* Maps a whole file for reading. */
ingot_status ingot_map(const char *path, const uint8_t **data, size_t *bytes, const ingot_report *report);
/* Reads a whole file into the allocator's memory. */
ingot_status ingot_read(const char *path, const ingot_allocator *allocator, const uint8_t **data, size_t *bytes,
                        const ingot_report *report);
void ingot_unmap(const uint8_t *data, size_t bytes);
/* Gives back the memory of a part of a mapped file, which comes again from the file when it is read. */
void ingot_evict(const uint8_t *data, uint64_t bytes);

/* Reads the section table and the contents of every section into blocks, with digests checked. Compressed ones stay as they are. */
ingot_status ingot_read_sections(ingot_bundle *bundle, const ingot_report *report);
/* Unpacks compressed sections into their blocks. */
ingot_status ingot_unpack_sections(ingot_bundle *bundle, const ingot_report *report);
/* The block's memory: `bytes` of the allocator's, and where the section is text a zero behind them. */
ingot_status ingot_allocate_block(ingot_bundle *bundle, uint32_t section, uint64_t bytes, const ingot_report *report);
const char *ingot_section_text(uint32_t kind);
ingot_status ingot_read_weight_table(ingot_bundle *bundle, const ingot_report *report);
/* Splits a program section into its parts and fills the interface. */
ingot_status ingot_read_function(ingot_bundle *bundle, uint32_t function, const ingot_block *block,
                                 const ingot_report *report);
/* Product of the extents times the element's size. False if a code or extent is out of range, or if the product
 * of the extents that are not 0 passes INGOT_MAX_BYTES. */
bool ingot_shape_bytes(const int64_t *dims, uint32_t rank, uint32_t element, uint64_t *bytes);
/* Whether a tensor's field `layout` is 0 or names a layout of its rank. */
bool ingot_is_laid_out(const ingot_bundle *bundle, uint32_t layout, uint32_t rank);
const uint8_t *ingot_weight_data(const ingot_bundle *bundle, uint32_t weight);

/* One program under validation; `instruction` is INGOT_NONE outside instructions, `loop_count` 0 outside loops. */
typedef struct {
  const ingot_report *report;
  const ingot_bundle *bundle;
  const ingot_function_view *view;
  uint32_t instruction;
  int64_t loop_count;
} ingot_checker;

/* Every rule of the format that a program can break. After INGOT_OK nothing is checked again but indices. Counts the
 * program's multiply-adds. */
ingot_status ingot_check_function(ingot_bundle *bundle, uint32_t function, const ingot_report *report);
ingot_status ingot_check_sizes(const ingot_checker *checker);
ingot_status ingot_check_overlap(const ingot_checker *checker);
ingot_status ingot_check_opcode(const ingot_checker *checker);
/* Every rule of the origins of all functions, which nothing else reads: their memory is given back. */
ingot_status ingot_check_origins(ingot_bundle *bundle, const ingot_report *report);
/* Names are handed out as they lie, so each must end with a zero byte. */
bool ingot_is_string(const ingot_function_view *view, uint32_t start, uint32_t bytes);
/* What the manifest says of the functions' work must be what their programs do. */
ingot_status ingot_check_manifest(const ingot_bundle *bundle, const ingot_report *report);
ingot_status ingot_invalid(const ingot_checker *checker, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define INGOT_REQUIRE(checker, condition, ...) \
  do { \
    if (!(condition)) return ingot_invalid(checker, __VA_ARGS__); \
  } while (0)

/* Operand k of an instruction: results first. NULL when absent. */
static inline const ingot_tensor *ingot_operand(const ingot_function_view *view, const ingot_instruction *instruction,
                                                uint32_t k) {
  const uint32_t tensor = view->operands[instruction->first_operand + k];
  return tensor == INGOT_NONE ? NULL : &view->tensors[tensor];
}
static inline const ingot_tensor *ingot_input_operand(const ingot_function_view *view,
                                                      const ingot_instruction *instruction, uint32_t k) {
  return k < instruction->input_count ? ingot_operand(view, instruction, instruction->result_count + k) : NULL;
}
/* NULL for row-major. */
static inline const ingot_layout *ingot_layout_of(const ingot_function_view *view, const ingot_tensor *tensor) {
  return tensor->layout == 0 ? NULL : &view->layouts[tensor->layout - 1];
}
static inline int64_t ingot_tensor_count(const ingot_tensor *tensor) {
  int64_t count = 1;
  for (uint32_t i = 0; i < tensor->rank; i++) count *= tensor->dims[i];
  return count;
}
static inline uint64_t ingot_tensor_bytes(const ingot_tensor *tensor) {
  return (uint64_t)ingot_tensor_count(tensor) * ingot_element_bytes(tensor->element);
}
/* Rows of the image that a tensor is a window of; of a dense one its own. The rank is at least 2. */
static inline int64_t ingot_image_rows(const ingot_tensor *tensor) {
  return tensor->image_rows != 0 ? (int64_t)tensor->image_rows : tensor->dims[tensor->rank - 2];
}
/* Bytes from a tensor's offset on in which its elements lie: those of a window's whole image. */
static inline uint64_t ingot_tensor_span(const ingot_tensor *tensor) {
  if (tensor->image_rows == 0) return ingot_tensor_bytes(tensor);
  int64_t count = (int64_t)tensor->image_rows * tensor->dims[tensor->rank - 1];
  for (uint32_t i = 0; i + 2 < tensor->rank; i++) count *= tensor->dims[i];
  return (uint64_t)count * ingot_element_bytes(tensor->element);
}
static inline uint64_t ingot_round_up(uint64_t bytes, uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/* Those of any kernel. */
typedef union {
#define ARGUMENTS(family, type) type family;
  KERNELS(ARGUMENTS)
#undef ARGUMENTS
} ingot_arguments;

/* One kernel call, ready to run. */
typedef struct {
  kernel_entry entry;
  kernel_work work;
  ingot_arguments arguments;
} ingot_task;

/* A loop under way, or under validation. */
typedef struct {
  uint32_t first, end; /* the instructions that it repeats */
  int64_t count, step;
} ingot_loop;

/* The loop at an instruction whose rules hold. */
static inline ingot_loop ingot_loop_at(const ingot_function_view *view, uint32_t instruction) {
  const ingot_loop_attributes *loop = (const void *)(view->attributes + view->instructions[instruction].first_attribute);
  return (ingot_loop){instruction + 1, instruction + 1 + (uint32_t)loop->length, loop->count, 0};
}

/* What an opcode is: opcode.h. The opcode is known. */
typedef struct ingot_facts ingot_facts;
const ingot_facts *ingot_facts_of(const ingot_instruction *instruction);
/* Kernel calls of an instruction: none for a loop, more than one for a concatenation, or where windows turn. */
uint32_t ingot_task_count(const ingot_function_view *view, const ingot_instruction *instruction);
/* Fills the task from an instruction; places[i] is the address of buffer i; NULL to ask for
 * the work alone. `step` is that of the innermost loop. False when there is nothing to compute. */
bool ingot_prepare(const kernel_table *table, const ingot_function_view *view, const ingot_instruction *instruction,
                   uint32_t part, int64_t step, void *const *places, ingot_task *task);

/* Features of this CPU that kernels know, as KERNEL_FEATURE_*. */
uint32_t ingot_cpu_features(void);

typedef struct ingot_pool ingot_pool;
size_t ingot_pool_bytes(void);
/* Starts threads - 1 workers; scratch_bytes lie for each thread at scratch. `memory` holds the pool. */
ingot_pool *ingot_pool_start(void *memory, uint32_t threads, void *scratch, size_t scratch_bytes);
void ingot_pool_stop(ingot_pool *pool);
/* Whether a run is to end; `hook` may be NULL. */
typedef struct {
  ingot_stop_hook hook;
  void *context;
} ingot_stopper;
static inline bool ingot_stops(const ingot_stopper *stopper) {
  return stopper->hook != NULL && stopper->hook(stopper->context) != 0;
}

/* Runs every item of a task on the workers and the calling thread, which asks between its items whether to stop. Returns
 * when no thread is at an item: true when all are done, false when stopped. */
bool ingot_pool_run(ingot_pool *pool, const ingot_task *task, const ingot_stopper *stopper);

/* The extents of output sizes at their bounds, and as a run left them. */
void ingot_reset_extents(ingot_session *session);
void ingot_take_extents(ingot_session *session);

struct ingot_session {
  const ingot_bundle *bundle;
  const ingot_function_view *view;
  ingot_allocator allocator;
  void *memory; /* what to release, or NULL when the caller gave it */
  size_t memory_bytes;
  const kernel_table *table;
  ingot_pool *pool;
  uint8_t **memories;
  void **places;          /* of buffers */
  uint32_t *interface_buffers; /* buffer of input i, then of output j */
  int64_t *extents;            /* of output sizes: what the last run gave, the bounds before */
  ingot_op_hook hook;
  void *hook_context;
  ingot_stopper stopper;
  char message[INGOT_MESSAGE_BYTES];
};

#endif
