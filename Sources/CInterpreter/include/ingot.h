/* ingot.h: open an .ingot bundle and run it.
 *
 *   ingot_bundle *bundle;
 *   ingot_session *session;
 *   if (ingot_open_file("net.ingot", NULL, &bundle, message, sizeof message) != INGOT_OK) ...
 *   if (ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message) != INGOT_OK) ...
 *   memcpy(ingot_input_data(session, 0), pixels, ingot_input(bundle, 0, 0)->bytes);
 *   if (ingot_run(session) != INGOT_OK) puts(ingot_session_message(session));
 *   const float *scores = ingot_output_data(session, 0);
 *   ingot_session_destroy(session);
 *   ingot_close(bundle);
 *
 * A bundle is immutable once open: any number of sessions on any threads may share it, and it must outlive them.
 * A session is used by one thread at a time. After ingot_session_create, ingot_run allocates nothing. Nothing
 * here prints, aborts or keeps global state.
 */
#ifndef INGOT_H
#define INGOT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ingot_bundle ingot_bundle;
typedef struct ingot_session ingot_session;

typedef enum {
  INGOT_OK = 0,
  INGOT_ERROR_IO = 1,          /* the file can't be opened, read or mapped */
  INGOT_ERROR_MEMORY = 2,      /* the allocator returned NULL, or the caller's memory is too small */
  INGOT_ERROR_NOT_A_BUNDLE = 3,/* the magic is missing */
  INGOT_ERROR_VERSION = 4,     /* written by a newer (or unknown) version of the format */
  INGOT_ERROR_DAMAGED = 5,     /* truncated, or a digest does not match */
  INGOT_ERROR_INVALID = 6,     /* digests match, but a program breaks a rule of the format */
  INGOT_ERROR_ARGUMENT = 7,    /* the caller passed something out of range */
  INGOT_ERROR_INDEX = 8,       /* a gather index lies outside its axis (found while running) */
  INGOT_ERROR_THREAD = 9       /* a worker thread could not be started */
} ingot_status;

/* Short English name of a status, never NULL. */
const char *ingot_status_text(ingot_status status);

/* Memory comes from here, malloc and free when NULL is passed. `allocate` returns memory aligned to 64 bytes or NULL. */
typedef struct {
  void *context;
  void *(*allocate)(void *context, size_t bytes);
  void (*release)(void *context, void *memory, size_t bytes);
} ingot_allocator;

/* Opens a bundle from a file (mapped) or from memory (not copied; must outlive the bundle). Everything is checked
 * before it returns. On failure *bundle is NULL and `message` (may be NULL) says what was found and what was expected. */
ingot_status ingot_open_file(const char *path, const ingot_allocator *allocator, ingot_bundle **bundle,
                             char *message, size_t message_bytes);
ingot_status ingot_open_memory(const void *data, size_t bytes, const ingot_allocator *allocator,
                               ingot_bundle **bundle, char *message, size_t message_bytes);
void ingot_close(ingot_bundle *bundle);

typedef struct {
  const char *name; /* not terminated: name_bytes long */
  size_t name_bytes;
  uint32_t element; /* 1 f32, 2 f16, 3 bf16, 4 i8, 5 u8, 6 i16, 7 i32, 8 i64, 9 bool */
  uint32_t rank;
  int64_t dims[8]; /* of an output whose size only a run tells: the bounds, see ingot_output_dims */
  size_t bytes;
} ingot_tensor_info;

/* Text of the manifest (JSON, UTF-8, not terminated). */
const char *ingot_manifest(const ingot_bundle *bundle, size_t *bytes);
uint32_t ingot_function_count(const ingot_bundle *bundle);
/* Index of the function with this name, or -1. */
int32_t ingot_find_function(const ingot_bundle *bundle, const char *name);
const char *ingot_function_name(const ingot_bundle *bundle, uint32_t function, size_t *bytes);
uint32_t ingot_input_count(const ingot_bundle *bundle, uint32_t function);
uint32_t ingot_output_count(const ingot_bundle *bundle, uint32_t function);
/* NULL when out of range. The information lives as long as the bundle. */
const ingot_tensor_info *ingot_input(const ingot_bundle *bundle, uint32_t function, uint32_t index);
const ingot_tensor_info *ingot_output(const ingot_bundle *bundle, uint32_t function, uint32_t index);
uint32_t ingot_instruction_count(const ingot_bundle *bundle, uint32_t function);

typedef struct {
  uint32_t function; /* which function of the bundle */
  uint32_t threads;  /* 0 means 1; the calling thread is one of them. At most 64. */
  uint64_t isa;      /* 0: the best this CPU has. Else a mask of INGOT_ISA_* that may be used (for tests). */
  void *memory;      /* optional memory for the whole session, aligned to 64 bytes, of at least
                        ingot_session_bytes(); NULL: from the allocator. The worker threads' stacks come on top. */
  size_t memory_bytes;
} ingot_session_options;

#define INGOT_ISA_PORTABLE 1u
#define INGOT_ISA_AVX2 2u
#define INGOT_ISA_AVX512 4u
#define INGOT_ISA_NEON 8u

/* Bytes that a session with these options needs (arena, scratch for every thread, tables); 0 if options are wrong. */
size_t ingot_session_bytes(const ingot_bundle *bundle, const ingot_session_options *options);
/* options may be NULL: function 0, one thread. */
ingot_status ingot_session_create(const ingot_bundle *bundle, const ingot_session_options *options,
                                  const ingot_allocator *allocator, ingot_session **session,
                                  char *message, size_t message_bytes);
void ingot_session_destroy(ingot_session *session);

/* The place of an input or output: in the arena, or what was bound. An input's bytes in the arena may be overwritten
 * by ingot_run, so fill it before every run. NULL when out of range. */
void *ingot_input_data(ingot_session *session, uint32_t index);
const void *ingot_output_data(ingot_session *session, uint32_t index);
/* Binds the caller's memory (aligned to 64 bytes, of the tensor's size at least), so that nothing is copied.
 * Inputs are never written. data = NULL returns to the arena. */
ingot_status ingot_bind_input(ingot_session *session, uint32_t index, const void *data, size_t bytes);
ingot_status ingot_bind_output(ingot_session *session, uint32_t index, void *data, size_t bytes);

ingot_status ingot_run(ingot_session *session);
/* The extents of an output, its rank of them, then zeros. Some outputs have a size that depends on data: boxes that were
 * found, elements that are not 0. Of these, ingot_output() tells the bounds, and memory is laid out for the bounds: element
 * [i, j] of a tensor with bounds [a, b] lies at i * b + j whatever its extents. Here are the extents that the last
 * successful run gave, each 0 to its bound (before the first run the bounds). Elements beyond them are written too, but
 * mean nothing. The extents are outputs themselves, one i64 each; the manifest says which ("sized_by"). */
ingot_status ingot_output_dims(ingot_session *session, uint32_t index, int64_t dims[8]);
/* What went wrong in the last call on this session; never NULL, "" when nothing did. */
const char *ingot_session_message(const ingot_session *session);

typedef struct {
  uint32_t instruction;
  const char *opcode; /* terminated */
  const char *name;   /* the node's name, not terminated */
  size_t name_bytes;
  uint64_t nanoseconds;
} ingot_op_event;
/* Called on the calling thread after every instruction, as often as loops repeat it, but not for the loops themselves;
 * NULL switches timing off. */
typedef void (*ingot_op_hook)(void *context, const ingot_op_event *event);
void ingot_set_op_hook(ingot_session *session, ingot_op_hook hook, void *context);
/* Contents of an instruction's results, for comparing layer by layer: valid inside the hook only.
 * Returns NULL when out of range; *info is filled when not NULL. */
const void *ingot_result_data(ingot_session *session, uint32_t instruction, uint32_t result, ingot_tensor_info *info);

#ifdef __cplusplus
}
#endif
#endif
