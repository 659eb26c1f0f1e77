/* Texts of errors, and memory. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

const char *ingot_status_text(ingot_status status) {
  switch (status) {
    case INGOT_OK: return "ok";
    case INGOT_ERROR_IO: return "input or output failed";
    case INGOT_ERROR_MEMORY: return "out of memory";
    case INGOT_ERROR_NOT_A_BUNDLE: return "not a bundle";
    case INGOT_ERROR_VERSION: return "unknown version of the format";
    case INGOT_ERROR_DAMAGED: return "damaged bundle";
    case INGOT_ERROR_INVALID: return "invalid bundle";
    case INGOT_ERROR_ARGUMENT: return "argument out of range";
    case INGOT_ERROR_INDEX: return "index out of range";
    case INGOT_ERROR_THREAD: return "no thread could be started";
  }
  return "unknown status";
}

ingot_status ingot_fail(const ingot_report *report, ingot_status status, const char *format, ...) {
  if (report->text == NULL || report->bytes == 0) return status;
  int used = 0;
  if (report->path != NULL) used = snprintf(report->text, report->bytes, "%s: ", report->path);
  if (used < 0 || (size_t)used >= report->bytes) return status;
  va_list values;
  va_start(values, format);
  vsnprintf(report->text + used, report->bytes - (size_t)used, format, values);
  va_end(values);
  return status;
}

static void *default_allocate(void *context, size_t bytes) {
  (void)context;
  return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static void default_release(void *context, void *memory, size_t bytes) {
  (void)context;
  (void)bytes;
  free(memory);
}

ingot_allocator ingot_allocator_or_default(const ingot_allocator *allocator) {
  if (allocator != NULL) return *allocator;
  return (ingot_allocator){NULL, default_allocate, default_release};
}

void *ingot_allocate(const ingot_allocator *allocator, uint64_t bytes) {
  if (bytes > INGOT_MAX_BYTES || bytes > SIZE_MAX - 64) return NULL;
  return allocator->allocate(allocator->context, bytes == 0 ? 1 : (size_t)bytes);
}

void ingot_release(const ingot_allocator *allocator, void *memory, uint64_t bytes) {
  if (memory != NULL) allocator->release(allocator->context, memory, bytes == 0 ? 1 : (size_t)bytes);
}
