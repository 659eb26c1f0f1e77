/* The weight table, checked against the chunks. */
#include "internal.h"

#include <string.h>

bool ingot_shape_bytes(const int64_t *dims, uint32_t rank, uint32_t element, uint64_t *bytes) {
  uint64_t most = ingot_element_bytes(element);
  bool empty = false;
  if (most == 0 || rank > INGOT_MAX_RANK) return false;
  for (uint32_t i = 0; i < INGOT_MAX_RANK; i++) {
    if (i >= rank && dims[i] != 0) return false;
    if (i >= rank) continue;
    if (dims[i] < 0 || (uint64_t)dims[i] > INGOT_MAX_BYTES) return false;
    empty |= dims[i] == 0;
    if (dims[i] != 0) {
      if (most > INGOT_MAX_BYTES / (uint64_t)dims[i]) return false;
      most *= (uint64_t)dims[i];
    }
  }
  *bytes = empty ? 0 : most;
  return true;
}

static bool is_layout(const ingot_layout *layout) {
  if (layout->rank == 0 || layout->rank > INGOT_MAX_RANK || layout->reserved != 0) return false;
  uint32_t seen = 0;
  bool moved = false;
  for (uint32_t i = 0; i < INGOT_MAX_RANK; i++) {
    const uint32_t axis = layout->order[i];
    if (i >= layout->rank ? axis != 0 : axis >= layout->rank || (seen >> axis & 1) != 0) return false;
    if (i < layout->rank) seen |= 1u << axis;
    moved |= i < layout->rank && axis != i;
  }
  if (layout->block_extent == 0) return layout->block_axis == 0 && moved;
  return layout->block_axis < layout->rank && layout->block_extent <= INGOT_MAX_BLOCK;
}

static ingot_status read_layouts(ingot_bundle *bundle, const ingot_layout *layouts, uint32_t count, const ingot_report *report) {
  for (uint32_t i = 0; i < count; i++) {
    if (!is_layout(&layouts[i]))
      return ingot_fail(report, INGOT_ERROR_INVALID,
                        "layout %u is no order of 1 to %u axes other than row-major, with blocks of at most %u", i, INGOT_MAX_RANK,
                        INGOT_MAX_BLOCK);
  }
  bundle->layouts = layouts;
  bundle->layout_count = count;
  return INGOT_OK;
}

bool ingot_is_laid_out(const ingot_bundle *bundle, uint32_t layout, uint32_t rank) {
  return layout == 0 || (layout <= bundle->layout_count && bundle->layouts[layout - 1].rank == rank);
}

ingot_status ingot_read_weight_table(ingot_bundle *bundle, const ingot_report *report) {
  const ingot_block *block = &bundle->blocks[bundle->first_chunk - 1];
  ingot_weight_table table;
  if (block->bytes < sizeof table)
    return ingot_fail(report, INGOT_ERROR_INVALID, "the weight table has %llu bytes, fewer than its header",
                      (unsigned long long)block->bytes);
  memcpy(&table, block->data, sizeof table);
  if (table.layout_count > INGOT_MAX_LAYOUTS || table.reserved != 0 ||
      block->bytes != sizeof table + (uint64_t)table.layout_count * sizeof(ingot_layout) +
                          (uint64_t)table.count * sizeof(ingot_weight) + table.string_bytes)
    return ingot_fail(report, INGOT_ERROR_INVALID, "the weight table has %llu bytes, which do not fit %u layouts and %u entries",
                      (unsigned long long)block->bytes, table.layout_count, table.count);
  const ingot_layout *layouts = (const ingot_layout *)(const void *)(block->data + sizeof table);
  const ingot_status status = read_layouts(bundle, layouts, table.layout_count, report);
  if (status != INGOT_OK) return status;
  const ingot_weight *weights = (const ingot_weight *)(const void *)(layouts + table.layout_count);
  const uint8_t *strings = (const uint8_t *)(weights + table.count);
  for (uint32_t i = 0; i < table.count; i++) {
    const ingot_weight *weight = &weights[i];
    uint64_t bytes;
    if (weight->name >= table.string_bytes || weight->name_bytes >= table.string_bytes - weight->name ||
        strings[weight->name + weight->name_bytes] != 0)
      return ingot_fail(report, INGOT_ERROR_INVALID, "weight %u has a name outside the table's names", i);
    if (!ingot_shape_bytes(weight->dims, weight->rank, weight->element, &bytes) || bytes != weight->bytes)
      return ingot_fail(report, INGOT_ERROR_INVALID, "weight %u has %llu bytes, which do not fit its shape and element", i,
                        (unsigned long long)weight->bytes);
    if (!ingot_is_laid_out(bundle, weight->layout, weight->rank))
      return ingot_fail(report, INGOT_ERROR_INVALID, "weight %u has rank %u and layout %u, which is none of this rank", i,
                        weight->rank, weight->layout);
    if (weight->chunk >= bundle->chunk_count)
      return ingot_fail(report, INGOT_ERROR_INVALID, "weight %u lies in chunk %u of %u", i, weight->chunk, bundle->chunk_count);
    const uint64_t chunk_bytes = bundle->blocks[bundle->first_chunk + weight->chunk].bytes;
    if (weight->offset % INGOT_TENSOR_ALIGNMENT != 0 || weight->offset > chunk_bytes || weight->bytes > chunk_bytes - weight->offset)
      return ingot_fail(report, INGOT_ERROR_INVALID, "weight %u lies at %llu with %llu bytes in a chunk of %llu", i,
                        (unsigned long long)weight->offset, (unsigned long long)weight->bytes, (unsigned long long)chunk_bytes);
  }
  bundle->weights = weights;
  bundle->weight_count = table.count;
  return INGOT_OK;
}

const uint8_t *ingot_weight_data(const ingot_bundle *bundle, uint32_t weight) {
  const ingot_weight *entry = &bundle->weights[weight];
  return bundle->blocks[bundle->first_chunk + entry->chunk].data + entry->offset;
}
