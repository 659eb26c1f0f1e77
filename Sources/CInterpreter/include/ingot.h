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
 *
 * Files that others may change: ingot_open_file maps the file, and uncompressed weights stay there. Their digests are
 * checked while it opens, not later: whoever writes to the file afterwards changes results without an error, and whoever
 * cuts it short ends the process by SIGBUS. Replace a bundle by renaming another file onto it, which is safe, or open it
 * with INGOT_OPEN_COPY.
 *
 * Bundles from strangers: whatever a bundle holds, opening and running it stays within its own memory. It may still ask
 * for much: see ingot_session_bytes and ingot_multiply_adds for what a run takes, ingot_set_stop_hook to end one.
 */
#ifndef INGOT_H
#define INGOT_H

#include "ingot_elements.h"

#include <stddef.h>
#include <stdint.h>

#define INGOT_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif
/* A shared library exports what stands here and nothing else. */
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* INGOT_VERSION of the library that runs, which may be another than that of this header. Never NULL. */
const char *ingot_version(void);

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
  INGOT_ERROR_THREAD = 9,      /* a worker thread could not be started */
  INGOT_ERROR_UNSUPPORTED = 10,/* the bundle is compressed, and this library was built with INGOT_NO_ZSTD */
  INGOT_STOPPED = 11           /* the stop hook ended the run */
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

/* Read the file, or copy the memory, into memory of the allocator: what becomes of it while the bundle opens and afterwards
 * can neither change a result nor end the process. Takes the bundle's size in memory, less once all weights are unpacked. */
#define INGOT_OPEN_COPY 1u

/* The same with flags, INGOT_OPEN_*. Unknown ones are refused. */
ingot_status ingot_open_file_with(const char *path, uint32_t flags, const ingot_allocator *allocator,
                                  ingot_bundle **bundle, char *message, size_t message_bytes);
ingot_status ingot_open_memory_with(const void *data, size_t bytes, uint32_t flags, const ingot_allocator *allocator,
                                    ingot_bundle **bundle, char *message, size_t message_bytes);
void ingot_close(ingot_bundle *bundle);

typedef struct {
  const char *name; /* UTF-8, terminated; lives as long as the bundle */
  size_t name_bytes;/* without the terminator */
  ingot_element element;
  uint32_t rank;
  int64_t dims[8]; /* of an output whose size only a run tells: the bounds, see ingot_output_dims */
  size_t bytes;
} ingot_tensor_info;

/* Text of the manifest: JSON, UTF-8, terminated. *bytes (may be NULL) is its length without the terminator. */
const char *ingot_manifest(const ingot_bundle *bundle, size_t *bytes);
uint32_t ingot_function_count(const ingot_bundle *bundle);
/* Index of the function with this name, or -1. */
int32_t ingot_find_function(const ingot_bundle *bundle, const char *name);
/* Terminated, and lives as long as the bundle; NULL when out of range. `bytes` may be NULL. */
const char *ingot_function_name(const ingot_bundle *bundle, uint32_t function, size_t *bytes);
uint32_t ingot_input_count(const ingot_bundle *bundle, uint32_t function);
uint32_t ingot_output_count(const ingot_bundle *bundle, uint32_t function);
/* NULL when out of range. The information lives as long as the bundle. */
const ingot_tensor_info *ingot_input(const ingot_bundle *bundle, uint32_t function, uint32_t index);
const ingot_tensor_info *ingot_output(const ingot_bundle *bundle, uint32_t function, uint32_t index);
/* Index of the function's input or output with this name, or -1. */
int32_t ingot_input_index(const ingot_bundle *bundle, uint32_t function, const char *name);
int32_t ingot_output_index(const ingot_bundle *bundle, uint32_t function, const char *name);
uint32_t ingot_instruction_count(const ingot_bundle *bundle, uint32_t function);
/* Multiply-adds that a run makes in convolutions, matrix products and recurrent layers, each as often as loops repeat it.
 * Counted from the program, and held against the manifest when the bundle opens; 0 when out of range. */
uint64_t ingot_multiply_adds(const ingot_bundle *bundle, uint32_t function);

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
#define INGOT_ISA_AVX_VNNI 16u     /* with AVX2 for what it has nothing for */
#define INGOT_ISA_AVX512_VNNI 32u  /* with AVX512 */
#define INGOT_ISA_DOTPROD 64u      /* with NEON */
#define INGOT_ISA_I8MM 128u        /* with NEON */

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

/* A run asks this whether to stop: before every instruction, as often as loops repeat it, and within an instruction as often
 * as it hands out work, which is many times for large products and convolutions. Nonzero stops the run, which returns
 * INGOT_STOPPED once other threads have finished what they had begun; outputs then mean nothing. The session stays as usable
 * as before: fill the inputs again and run. NULL, as at first, never stops.
 * The hook is called on the thread that called ingot_run and must not use the session. To stop from another thread, let
 * `context` be an atomic flag of yours that the hook reads; for a limit of time, let it read a clock. Results do not depend on a
 * hook that lets the run finish. */
typedef int (*ingot_stop_hook)(void *context);
void ingot_set_stop_hook(ingot_session *session, ingot_stop_hook hook, void *context);

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
  const char *name;   /* the node's name, terminated */
  size_t name_bytes;
  uint64_t nanoseconds;
} ingot_op_event;
/* Called on the calling thread after every instruction, as often as loops repeat it, but not for the loops themselves;
 * NULL switches timing off. */
typedef void (*ingot_op_hook)(void *context, const ingot_op_event *event);
void ingot_set_op_hook(ingot_session *session, ingot_op_hook hook, void *context);
/* Contents of an instruction's results, for comparing layer by layer: valid inside the hook only. What the hook writes there is
 * what the instructions after it read. Returns NULL when out of range, and of a result whose rows lie in a ring, a window of the
 * format; *info is filled when not NULL. */
void *ingot_result_data(ingot_session *session, uint32_t instruction, uint32_t result, ingot_tensor_info *info);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
