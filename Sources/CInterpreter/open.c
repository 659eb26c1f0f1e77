/* Opening, closing and describing bundles. */
#include "internal.h"

#include <string.h>

static ingot_status read_bundle(ingot_bundle *bundle, const ingot_report *report) {
  ingot_status status = ingot_read_sections(bundle, report);
  if (status != INGOT_OK) return status;
  status = ingot_unpack_sections(bundle, report);
  if (status != INGOT_OK) return status;
  bundle->manifest = (const char *)bundle->blocks[0].data;
  bundle->manifest_bytes = (size_t)bundle->blocks[0].bytes;
  status = ingot_read_weight_table(bundle, report);
  if (status != INGOT_OK) return status;
  const uint64_t bytes = (uint64_t)bundle->function_count * sizeof *bundle->functions;
  bundle->functions = ingot_allocate(&bundle->allocator, bytes);
  if (bundle->functions == NULL)
    return ingot_fail(report, INGOT_ERROR_MEMORY, "%u functions need memory that the allocator refused", bundle->function_count);
  memset(bundle->functions, 0, (size_t)bytes);
  for (uint32_t i = 0; i < bundle->function_count && status == INGOT_OK; i++)
    status = ingot_read_function(bundle, i, &bundle->blocks[1 + i], report);
  if (status == INGOT_OK) status = ingot_check_origins(bundle, report);
  return status == INGOT_OK ? ingot_check_manifest(bundle, report) : status;
}

/* Gives a bundle's file back, wherever it lies. */
static void release_file(ingot_residence residence, const ingot_allocator *allocator, const uint8_t *data, size_t bytes) {
  switch (residence) {
    case INGOT_BORROWED: break;
    case INGOT_MAPPED: ingot_unmap(data, bytes); break;
    case INGOT_COPIED: ingot_release(allocator, (void *)(uintptr_t)data, bytes); break;
  }
}

/* A copy of the file is kept as long as something is used in it. */
static void release_spent_copy(ingot_bundle *bundle) {
  if (bundle->residence != INGOT_COPIED) return;
  for (uint32_t i = 0; i < bundle->section_count; i++)
    if (bundle->blocks[i].memory == NULL && bundle->blocks[i].bytes != 0) return;
  release_file(bundle->residence, &bundle->allocator, bundle->data, bundle->bytes);
  bundle->data = NULL;
}

static ingot_status open_data(const uint8_t *data, size_t bytes, ingot_residence residence, const ingot_allocator *allocator,
                              ingot_bundle **result, const ingot_report *report) {
  const ingot_allocator memory = *allocator;
  ingot_bundle *bundle = ingot_allocate(&memory, sizeof *bundle);
  if (bundle == NULL) {
    release_file(residence, &memory, data, bytes);
    return ingot_fail(report, INGOT_ERROR_MEMORY, "the allocator refused %llu bytes", (unsigned long long)sizeof *bundle);
  }
  memset(bundle, 0, sizeof *bundle);
  bundle->allocator = memory;
  bundle->data = data;
  bundle->bytes = bytes;
  bundle->residence = residence;
  const ingot_status status = read_bundle(bundle, report);
  if (status != INGOT_OK) {
    ingot_close(bundle);
    return status;
  }
  release_spent_copy(bundle);
  *result = bundle;
  return INGOT_OK;
}

/* What both ways to open ask of their arguments; `source` is the path or the memory. */
static ingot_status check_arguments(const void *source, const char *what, uint32_t flags, ingot_bundle **bundle,
                                    const ingot_report *report) {
  if (report->text != NULL && report->bytes > 0) report->text[0] = 0;
  if (bundle == NULL) return ingot_fail(report, INGOT_ERROR_ARGUMENT, "there is no place for the bundle");
  *bundle = NULL;
  if (source == NULL) return ingot_fail(report, INGOT_ERROR_ARGUMENT, "the %s is NULL", what);
  if ((flags & ~INGOT_OPEN_COPY) != 0)
    return ingot_fail(report, INGOT_ERROR_ARGUMENT, "flags are %#x, known are %#x", flags, INGOT_OPEN_COPY);
  return INGOT_OK;
}

ingot_status ingot_open_file_with(const char *path, uint32_t flags, const ingot_allocator *allocator, ingot_bundle **bundle,
                                  char *message, size_t message_bytes) {
  const ingot_report report = {message, message_bytes, path};
  ingot_status status = check_arguments(path, "path", flags, bundle, &report);
  if (status != INGOT_OK) return status;
  const ingot_allocator memory = ingot_allocator_or_default(allocator);
  const bool copies = (flags & INGOT_OPEN_COPY) != 0;
  const uint8_t *data = NULL;
  size_t bytes = 0;
  status = copies ? ingot_read(path, &memory, &data, &bytes, &report) : ingot_map(path, &data, &bytes, &report);
  return status == INGOT_OK ? open_data(data, bytes, copies ? INGOT_COPIED : INGOT_MAPPED, &memory, bundle, &report) : status;
}

ingot_status ingot_open_memory_with(const void *data, size_t bytes, uint32_t flags, const ingot_allocator *allocator,
                                    ingot_bundle **bundle, char *message, size_t message_bytes) {
  const ingot_report report = {message, message_bytes, NULL};
  const ingot_status status = check_arguments(data, "bundle's memory", flags, bundle, &report);
  if (status != INGOT_OK) return status;
  const ingot_allocator memory = ingot_allocator_or_default(allocator);
  if ((flags & INGOT_OPEN_COPY) == 0) return open_data(data, bytes, INGOT_BORROWED, &memory, bundle, &report);
  uint8_t *copy = ingot_allocate(&memory, bytes);
  if (copy == NULL)
    return ingot_fail(&report, INGOT_ERROR_MEMORY, "a copy needs %llu bytes, which the allocator refused", (unsigned long long)bytes);
  memcpy(copy, data, bytes);
  return open_data(copy, bytes, INGOT_COPIED, &memory, bundle, &report);
}

ingot_status ingot_open_file(const char *path, const ingot_allocator *allocator, ingot_bundle **bundle, char *message,
                             size_t message_bytes) {
  return ingot_open_file_with(path, 0, allocator, bundle, message, message_bytes);
}

ingot_status ingot_open_memory(const void *data, size_t bytes, const ingot_allocator *allocator, ingot_bundle **bundle,
                               char *message, size_t message_bytes) {
  return ingot_open_memory_with(data, bytes, 0, allocator, bundle, message, message_bytes);
}

void ingot_close(ingot_bundle *bundle) {
  if (bundle == NULL) return;
  const ingot_allocator memory = bundle->allocator;
  for (uint32_t i = 0; bundle->functions != NULL && i < bundle->function_count; i++) {
    const ingot_function_view *view = &bundle->functions[i];
    if (view->interface == NULL) continue;
    ingot_release(&memory, view->interface,
                  ((uint64_t)view->header->input_count + view->header->output_count) * sizeof *view->interface);
  }
  ingot_release(&memory, bundle->functions, (uint64_t)bundle->function_count * sizeof *bundle->functions);
  for (uint32_t i = 0; bundle->blocks != NULL && i < bundle->section_count; i++)
    ingot_release(&memory, bundle->blocks[i].memory, bundle->blocks[i].memory_bytes);
  ingot_release(&memory, bundle->blocks, (uint64_t)bundle->section_count * sizeof *bundle->blocks);
  ingot_release(&memory, bundle->sections, (uint64_t)bundle->section_count * sizeof *bundle->sections);
  if (bundle->data != NULL) release_file(bundle->residence, &memory, bundle->data, bundle->bytes);
  ingot_release(&memory, bundle, sizeof *bundle);
}

const char *ingot_manifest(const ingot_bundle *bundle, size_t *bytes) {
  if (bytes != NULL) *bytes = bundle->manifest_bytes;
  return bundle->manifest;
}

uint32_t ingot_function_count(const ingot_bundle *bundle) { return bundle->function_count; }

const char *ingot_function_name(const ingot_bundle *bundle, uint32_t function, size_t *bytes) {
  if (function >= bundle->function_count) return NULL;
  const ingot_function_view *view = &bundle->functions[function];
  if (bytes != NULL) *bytes = view->header->name_bytes;
  return view->strings + view->header->name;
}

int32_t ingot_find_function(const ingot_bundle *bundle, const char *name) {
  for (uint32_t i = 0; name != NULL && i < bundle->function_count; i++) {
    size_t bytes;
    const char *candidate = ingot_function_name(bundle, i, &bytes);
    if (strlen(name) == bytes && memcmp(candidate, name, bytes) == 0) return (int32_t)i;
  }
  return -1;
}

uint32_t ingot_input_count(const ingot_bundle *bundle, uint32_t function) {
  return function < bundle->function_count ? bundle->functions[function].header->input_count : 0;
}

uint32_t ingot_output_count(const ingot_bundle *bundle, uint32_t function) {
  return function < bundle->function_count ? bundle->functions[function].header->output_count : 0;
}

const ingot_tensor_info *ingot_input(const ingot_bundle *bundle, uint32_t function, uint32_t index) {
  return index < ingot_input_count(bundle, function) ? &bundle->functions[function].interface[index] : NULL;
}

const ingot_tensor_info *ingot_output(const ingot_bundle *bundle, uint32_t function, uint32_t index) {
  if (index >= ingot_output_count(bundle, function)) return NULL;
  const ingot_function_view *view = &bundle->functions[function];
  return &view->interface[view->header->input_count + index];
}

/* Which of `count` tensors has this name. */
static int32_t find_tensor(const ingot_tensor_info *tensors, uint32_t count, const char *name) {
  const size_t bytes = name == NULL ? 0 : strlen(name);
  for (uint32_t i = 0; name != NULL && i < count; i++)
    if (tensors[i].name_bytes == bytes && memcmp(tensors[i].name, name, bytes) == 0) return (int32_t)i;
  return -1;
}

int32_t ingot_input_index(const ingot_bundle *bundle, uint32_t function, const char *name) {
  const uint32_t count = ingot_input_count(bundle, function);
  return count == 0 ? -1 : find_tensor(ingot_input(bundle, function, 0), count, name);
}

int32_t ingot_output_index(const ingot_bundle *bundle, uint32_t function, const char *name) {
  const uint32_t count = ingot_output_count(bundle, function);
  return count == 0 ? -1 : find_tensor(ingot_output(bundle, function, 0), count, name);
}

uint64_t ingot_multiply_adds(const ingot_bundle *bundle, uint32_t function) {
  return function < bundle->function_count ? bundle->functions[function].multiply_adds : 0;
}

uint32_t ingot_instruction_count(const ingot_bundle *bundle, uint32_t function) {
  return function < bundle->function_count ? bundle->functions[function].header->instruction_count : 0;
}
