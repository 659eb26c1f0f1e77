/* Opening, closing and describing bundles. */
#include "internal.h"

#include <string.h>

static ingot_status read_bundle(ingot_bundle *bundle, const ingot_report *report) {
  ingot_status status = ingot_read_sections(bundle, report);
  if (status != INGOT_OK) return status;
  bundle->manifest = (const char *)bundle->blocks[0].data;
  bundle->manifest_bytes = (size_t)bundle->blocks[0].bytes;
  status = ingot_unpack_chunks(bundle, report);
  if (status != INGOT_OK) return status;
  status = ingot_read_weight_table(bundle, report);
  if (status != INGOT_OK) return status;
  const uint64_t bytes = (uint64_t)bundle->function_count * sizeof *bundle->functions;
  bundle->functions = ingot_allocate(&bundle->allocator, bytes);
  if (bundle->functions == NULL)
    return ingot_fail(report, INGOT_ERROR_MEMORY, "%u functions need memory that the allocator refused", bundle->function_count);
  memset(bundle->functions, 0, (size_t)bytes);
  for (uint32_t i = 0; i < bundle->function_count && status == INGOT_OK; i++)
    status = ingot_read_function(bundle, i, &bundle->blocks[1 + i], report);
  return status;
}

static ingot_status open_data(const uint8_t *data, size_t bytes, bool mapped, const ingot_allocator *allocator,
                              ingot_bundle **result, const ingot_report *report) {
  const ingot_allocator memory = ingot_allocator_or_default(allocator);
  ingot_bundle *bundle = ingot_allocate(&memory, sizeof *bundle);
  if (bundle == NULL) {
    if (mapped) ingot_unmap(data, bytes);
    return ingot_fail(report, INGOT_ERROR_MEMORY, "the allocator refused %llu bytes", (unsigned long long)sizeof *bundle);
  }
  memset(bundle, 0, sizeof *bundle);
  bundle->allocator = memory;
  bundle->data = data;
  bundle->bytes = bytes;
  bundle->mapped = mapped;
  const ingot_status status = read_bundle(bundle, report);
  if (status != INGOT_OK) {
    ingot_close(bundle);
    return status;
  }
  *result = bundle;
  return INGOT_OK;
}

ingot_status ingot_open_file(const char *path, const ingot_allocator *allocator, ingot_bundle **bundle, char *message,
                             size_t message_bytes) {
  const ingot_report report = {message, message_bytes, path};
  if (message != NULL && message_bytes > 0) message[0] = 0;
  if (bundle == NULL) return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "there is no place for the bundle");
  *bundle = NULL;
  if (path == NULL) return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "the path is NULL");
  const uint8_t *data = NULL;
  size_t bytes = 0;
  const ingot_status status = ingot_map(path, &data, &bytes, &report);
  return status == INGOT_OK ? open_data(data, bytes, true, allocator, bundle, &report) : status;
}

ingot_status ingot_open_memory(const void *data, size_t bytes, const ingot_allocator *allocator, ingot_bundle **bundle,
                               char *message, size_t message_bytes) {
  const ingot_report report = {message, message_bytes, NULL};
  if (message != NULL && message_bytes > 0) message[0] = 0;
  if (bundle == NULL) return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "there is no place for the bundle");
  *bundle = NULL;
  if (data == NULL) return ingot_fail(&report, INGOT_ERROR_ARGUMENT, "the bundle's memory is NULL");
  return open_data(data, bytes, false, allocator, bundle, &report);
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
  if (bundle->mapped) ingot_unmap(bundle->data, bundle->bytes);
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
  for (uint32_t i = 0; i < bundle->function_count; i++) {
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

uint32_t ingot_instruction_count(const ingot_bundle *bundle, uint32_t function) {
  return function < bundle->function_count ? bundle->functions[function].header->instruction_count : 0;
}
