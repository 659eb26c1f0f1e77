/* Texts of errors, and memory. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ingot_version(void) { return INGOT_VERSION; }

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
    case INGOT_ERROR_UNSUPPORTED: return "not supported by this build";
    case INGOT_STOPPED: return "stopped";
  }
  return "unknown status";
}

/* The bytes of the UTF-8 character at `text` with its code point, 0 when there is none. */
static size_t decode(const unsigned char *text, uint32_t *code) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  const size_t bytes = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 : text[0] >> 3 == 30 ? 4 : 0;
  *code = bytes < 2 ? text[0] : text[0] & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; i++) {
    if (text[i] >> 6 != 2) return 0;
    *code = *code << 6 | (text[i] & 0x3f);
  }
  return *code < least[bytes] || *code >> 11 == 0x1b || *code > 0x10ffff ? 0 : bytes;
}

/* Whether a terminal would obey a character instead of showing it: controls, marks of direction, separators of lines. */
static bool is_invisible(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
         (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

/* Names out of a file stand in messages: what can't be shown becomes '?'. */
static void make_printable(char *message) {
  unsigned char *text = (unsigned char *)message;
  while (*text != 0) {
    uint32_t code;
    const size_t bytes = decode(text, &code), step = bytes == 0 ? 1 : bytes;
    if (bytes == 0 || is_invisible(code)) memset(text, '?', step);
    text += step;
  }
}

static void write_message(const ingot_report *report, const char *format, va_list values) {
  int used = 0;
  if (report->path != NULL) used = snprintf(report->text, report->bytes, "%s: ", *report->path == 0 ? "''" : report->path);
  if (used < 0 || (size_t)used >= report->bytes) return;
  vsnprintf(report->text + used, report->bytes - (size_t)used, format, values);
}

ingot_status ingot_fail(const ingot_report *report, ingot_status status, const char *format, ...) {
  if (report->text == NULL || report->bytes == 0) return status;
  va_list values;
  va_start(values, format);
  write_message(report, format, values);
  va_end(values);
  make_printable(report->text);
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
