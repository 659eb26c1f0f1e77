/* Sessions: one block holds the session, its tables, the program's memories and every thread's scratch. */
#include "internal.h"

#include <string.h>

#define BLOCK_ALIGNMENT 64

typedef struct {
  const ingot_function_view *view;
  const kernel_table *table;
  uint32_t threads;
  uint64_t places, interface, extents, pool, table_of_memories, scratch, scratch_bytes, total;
  uint64_t memories[INGOT_MAX_MEMORIES];
} session_layout;

static uint64_t reserve(uint64_t *end, uint64_t bytes) {
  const uint64_t start = ingot_round_up(*end, BLOCK_ALIGNMENT);
  *end = start + bytes;
  return start;
}

/* Scratch that the hungriest instruction needs for one thread. */
static uint64_t scratch_of(const ingot_function_view *view, const kernel_table *table) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < view->header->instruction_count; i++) {
    const uint32_t parts = ingot_task_count(view, &view->instructions[i]);
    for (uint32_t part = 0; part < parts; part++) {
      ingot_task task;
      if (ingot_prepare(table, view, &view->instructions[i], part, 0, NULL, &task) && task.work.scratch_bytes > most)
        most = task.work.scratch_bytes;
    }
  }
  return ingot_round_up(most, BLOCK_ALIGNMENT);
}

static ingot_status plan(const ingot_bundle *bundle, const ingot_session_options *options, session_layout *layout,
                         const ingot_report *report) {
  const ingot_session_options defaults = {0};
  if (options == NULL) options = &defaults;
  if (options->function >= bundle->function_count)
    return ingot_fail(report, INGOT_ERROR_ARGUMENT, "function %u was asked for, the bundle has %u", options->function,
                      bundle->function_count);
  if (options->threads > INGOT_MAX_THREADS)
    return ingot_fail(report, INGOT_ERROR_ARGUMENT, "%u threads were asked for, the limit is %u", options->threads, INGOT_MAX_THREADS);
  const uint64_t allowed = options->isa == 0 ? UINT32_MAX : options->isa;
  layout->view = &bundle->functions[options->function];
  layout->table = kernel_select((uint32_t)(ingot_cpu_features() & allowed));
  layout->threads = options->threads == 0 ? 1 : options->threads;
  const ingot_program *header = layout->view->header;

  uint64_t end = sizeof(ingot_session);
  layout->places = reserve(&end, (uint64_t)header->buffer_count * sizeof(void *));
  layout->interface = reserve(&end, ((uint64_t)header->input_count + header->output_count) * sizeof(uint32_t));
  layout->extents = reserve(&end, (uint64_t)header->size_count * sizeof(int64_t));
  layout->pool = reserve(&end, ingot_pool_bytes());
  layout->table_of_memories = reserve(&end, (uint64_t)header->memory_count * sizeof(uint8_t *));
  for (uint32_t i = 0; i < header->memory_count; i++) layout->memories[i] = reserve(&end, layout->view->memories[i].bytes);
  layout->scratch_bytes = scratch_of(layout->view, layout->table);
  layout->scratch = reserve(&end, layout->scratch_bytes * layout->threads);
  layout->total = ingot_round_up(end, BLOCK_ALIGNMENT);
  return INGOT_OK;
}

_Static_assert(KERNEL_FEATURE_PORTABLE == INGOT_ISA_PORTABLE && KERNEL_FEATURE_AVX2 == INGOT_ISA_AVX2 &&
                   KERNEL_FEATURE_AVX512 == INGOT_ISA_AVX512 && KERNEL_FEATURE_NEON == INGOT_ISA_NEON &&
                   KERNEL_FEATURE_AVX_VNNI == INGOT_ISA_AVX_VNNI && KERNEL_FEATURE_AVX512_VNNI == INGOT_ISA_AVX512_VNNI &&
                   KERNEL_FEATURE_DOTPROD == INGOT_ISA_DOTPROD && KERNEL_FEATURE_I8MM == INGOT_ISA_I8MM,
               "the mask of the options is the mask of the kernels");

size_t ingot_session_bytes(const ingot_bundle *bundle, const ingot_session_options *options) {
  const ingot_report silent = {NULL, 0, NULL};
  session_layout layout;
  if (bundle == NULL || plan(bundle, options, &layout, &silent) != INGOT_OK || layout.total > SIZE_MAX) return 0;
  return (size_t)layout.total;
}

/* Where a buffer that is no weight lies unless the caller binds it. */
static void *own_place(const ingot_session *session, const ingot_buffer *buffer) {
  return session->memories[buffer->memory] + buffer->offset;
}

static void place_buffers(ingot_session *session) {
  const ingot_function_view *view = session->view;
  for (uint32_t i = 0; i < view->header->buffer_count; i++) {
    const ingot_buffer *buffer = &view->buffers[i];
    session->places[i] = buffer->kind == INGOT_BUFFER_WEIGHT
                             ? (void *)(uintptr_t)ingot_weight_data(session->bundle, buffer->index)
                             : own_place(session, buffer);
  }
  for (uint32_t i = 0; i < view->header->input_count + view->header->output_count; i++)
    session->interface_buffers[i] = view->tensors[i].buffer;
}

ingot_status ingot_session_create(const ingot_bundle *bundle, const ingot_session_options *options,
                                  const ingot_allocator *allocator, ingot_session **result, char *message,
                                  size_t message_bytes) {
  const ingot_report report = {message, message_bytes, NULL};
  if (message != NULL && message_bytes > 0) message[0] = 0;
  if (result == NULL) return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "there is no place for the session");
  *result = NULL;
  if (bundle == NULL) return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "the bundle is NULL");
  session_layout layout;
  const ingot_status status = plan(bundle, options, &layout, &report);
  if (status != INGOT_OK) return status;
  const ingot_allocator memory = ingot_allocator_or_default(allocator);
  uint8_t *block = options == NULL ? NULL : options->memory;
  const bool given = block != NULL;
  if (given && ((uintptr_t)block % BLOCK_ALIGNMENT != 0 || options->memory_bytes < layout.total))
    return ingot_fail(&report, INGOT_ERROR_MEMORY, "the session needs %llu bytes aligned to %d, %llu bytes at %p were given",
                      (unsigned long long)layout.total, BLOCK_ALIGNMENT, (unsigned long long)options->memory_bytes,
                      (void *)block);
  if (!given) block = ingot_allocate(&memory, layout.total);
  if (block == NULL)
    return ingot_fail(&report, INGOT_ERROR_MEMORY, "the session needs %llu bytes, which the allocator refused",
                      (unsigned long long)layout.total);
  ingot_session *session = (ingot_session *)(void *)block;
  memset(session, 0, sizeof *session);
  session->bundle = bundle;
  session->view = layout.view;
  session->allocator = memory;
  session->memory = given ? NULL : block;
  session->memory_bytes = (size_t)layout.total;
  session->table = layout.table;
  session->places = (void **)(void *)(block + layout.places);
  session->interface_buffers = (uint32_t *)(void *)(block + layout.interface);
  session->extents = (int64_t *)(void *)(block + layout.extents);
  session->memories = (uint8_t **)(void *)(block + layout.table_of_memories);
  for (uint32_t i = 0; i < layout.view->header->memory_count; i++) session->memories[i] = block + layout.memories[i];
  place_buffers(session);
  ingot_reset_extents(session);
  session->pool = ingot_pool_start(block + layout.pool, layout.threads, block + layout.scratch, (size_t)layout.scratch_bytes);
  if (session->pool == NULL) {
    if (!given) ingot_release(&memory, block, layout.total);
    return ingot_fail(&report, INGOT_ERROR_THREAD, "%u worker threads could not be started", layout.threads - 1);
  }
  *result = session;
  return INGOT_OK;
}

void ingot_session_destroy(ingot_session *session) {
  if (session == NULL) return;
  ingot_pool_stop(session->pool);
  const ingot_allocator memory = session->allocator;
  ingot_release(&memory, session->memory, session->memory_bytes);
}

void *ingot_input_data(ingot_session *session, uint32_t index) {
  if (index >= session->view->header->input_count) return NULL;
  return session->places[session->interface_buffers[index]];
}

const void *ingot_output_data(ingot_session *session, uint32_t index) {
  const ingot_program *header = session->view->header;
  if (index >= header->output_count) return NULL;
  return session->places[session->interface_buffers[header->input_count + index]];
}

/* Tensor `index` of the interface lives at `data`, or in its own place for NULL. */
static ingot_status bind(ingot_session *session, uint32_t index, void *data, size_t bytes) {
  const ingot_report report = {session->message, sizeof session->message, NULL};
  const uint32_t buffer = session->interface_buffers[index];
  const size_t needed = session->view->interface[index].bytes;
  session->message[0] = 0;
  if (data == NULL) {
    session->places[buffer] = own_place(session, &session->view->buffers[buffer]);
    return INGOT_OK;
  }
  if (bytes < needed || (uintptr_t)data % INGOT_TENSOR_ALIGNMENT != 0)
    return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "'%.*s' needs %llu bytes aligned to %u, %llu bytes at %p were given",
                      (int)session->view->interface[index].name_bytes, session->view->interface[index].name,
                      (unsigned long long)needed, INGOT_TENSOR_ALIGNMENT, (unsigned long long)bytes, data);
  session->places[buffer] = data;
  return INGOT_OK;
}

ingot_status ingot_bind_input(ingot_session *session, uint32_t index, const void *data, size_t bytes) {
  const ingot_report report = {session->message, sizeof session->message, NULL};
  if (index >= session->view->header->input_count)
    return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "input %u of %u", index, session->view->header->input_count);
  return bind(session, index, (void *)(uintptr_t)data, bytes);
}

ingot_status ingot_bind_output(ingot_session *session, uint32_t index, void *data, size_t bytes) {
  const ingot_report report = {session->message, sizeof session->message, NULL};
  const ingot_program *header = session->view->header;
  if (index >= header->output_count)
    return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "output %u of %u", index, header->output_count);
  return bind(session, header->input_count + index, data, bytes);
}

const char *ingot_session_message(const ingot_session *session) { return session->message; }

void ingot_set_stop_hook(ingot_session *session, ingot_stop_hook hook, void *context) {
  session->stopper = (ingot_stopper){hook, context};
}

void ingot_set_op_hook(ingot_session *session, ingot_op_hook hook, void *context) {
  session->hook = hook;
  session->hook_context = context;
}
