/* Header, section table and sections: layout and digests. Everything but raw weight chunks is copied or unpacked, so that what
 * was checked is what is used later, whatever happens to the file. */
#include "internal.h"

#include <string.h>

static bool is_zero(const uint8_t *data, uint64_t bytes) {
  for (uint64_t i = 0; i < bytes; i++)
    if (data[i] != 0) return false;
  return true;
}

const char *ingot_section_text(uint32_t kind) {
  switch (kind) {
    case INGOT_SECTION_MANIFEST: return "manifest";
    case INGOT_SECTION_PROGRAM: return "program";
    case INGOT_SECTION_WEIGHT_TABLE: return "weight table";
    case INGOT_SECTION_WEIGHT_CHUNK: return "weight chunk";
    default: return "origins";
  }
}

static ingot_status read_header(ingot_bundle *bundle, ingot_file_header *header, const ingot_report *report) {
  if (bundle->bytes < sizeof *header || memcmp(bundle->data, INGOT_MAGIC, INGOT_MAGIC_BYTES) != 0)
    return ingot_fail(report, INGOT_ERROR_NOT_A_BUNDLE, "is not an .ingot bundle: the magic is missing");
  memcpy(header, bundle->data, sizeof *header);
  if (header->version != INGOT_FORMAT_VERSION)
    return ingot_fail(report, INGOT_ERROR_VERSION,
                      "has format version %u, this library reads version %u; use a matching library, or compile the model again",
                      header->version, INGOT_FORMAT_VERSION);
  if (header->file_bytes != bundle->bytes)
    return ingot_fail(report, INGOT_ERROR_DAMAGED, "has %llu bytes, its header says %llu; the file was cut or extended",
                      (unsigned long long)bundle->bytes, (unsigned long long)header->file_bytes);
  if (header->section_table != sizeof *header || header->section_count > INGOT_MAX_SECTIONS ||
      (bundle->bytes - sizeof *header) / sizeof(ingot_section) < header->section_count)
    return ingot_fail(report, INGOT_ERROR_DAMAGED, "has a section table of %u entries at %llu, which does not fit the file",
                      header->section_count, (unsigned long long)header->section_table);
  return INGOT_OK;
}

static ingot_status check_header_digest(const ingot_bundle *bundle, ingot_file_header header,
                                        const ingot_report *report) {
  uint8_t found[32], expected[32];
  memcpy(expected, header.digest, sizeof expected);
  memset(header.digest, 0, sizeof header.digest);
  ingot_sha256 hash;
  ingot_sha256_begin(&hash);
  ingot_sha256_add(&hash, &header, sizeof header);
  ingot_sha256_add(&hash, bundle->sections, (size_t)bundle->section_count * sizeof(ingot_section));
  ingot_sha256_end(&hash, found);
  if (memcmp(found, expected, sizeof found) != 0)
    return ingot_fail(report, INGOT_ERROR_DAMAGED, "is damaged: header or section table do not match their digest");
  return INGOT_OK;
}

/* Whether its planes are none, or possible ones. */
static bool has_planes(const ingot_section *section) {
  if (section->planes == 0) return true;
  return section->kind == INGOT_SECTION_WEIGHT_CHUNK && (section->planes == 2 || section->planes == 4) &&
         section->raw_bytes % section->planes == 0;
}

/* Places, gaps and order of the sections. */
static ingot_status check_layout(ingot_bundle *bundle, const ingot_report *report) {
  uint64_t end = sizeof(ingot_file_header) + (uint64_t)bundle->section_count * sizeof(ingot_section);
  uint32_t counts[INGOT_SECTION_ORIGINS + 1] = {0};
  uint32_t previous_kind = 0;
  for (uint32_t i = 0; i < bundle->section_count; i++) {
    const ingot_section *section = &bundle->sections[i];
    if (section->kind < INGOT_SECTION_MANIFEST || section->kind > INGOT_SECTION_ORIGINS)
      return ingot_fail(report, INGOT_ERROR_INVALID, "section %u has the unknown kind %u", i, section->kind);
    if (section->kind < previous_kind || section->index != counts[section->kind])
      return ingot_fail(report, INGOT_ERROR_INVALID,
                        "section %u is %s %u; expected manifest, programs, weight table, chunks, origins, each in index order", i,
                        ingot_section_text(section->kind), section->index);
    previous_kind = section->kind;
    counts[section->kind]++;
    const uint64_t alignment = section->kind == INGOT_SECTION_WEIGHT_CHUNK && section->compression == INGOT_RAW
                                   ? INGOT_MAPPED_ALIGNMENT
                                   : INGOT_SECTION_ALIGNMENT;
    if (section->offset < end || section->offset > bundle->bytes || section->offset % alignment != 0 ||
        section->stored_bytes > bundle->bytes - section->offset)
      return ingot_fail(report, INGOT_ERROR_INVALID,
                        "section %u (%s) lies at %llu with %llu bytes; expected a multiple of %llu, at %llu or later, in the file", i,
                        ingot_section_text(section->kind), (unsigned long long)section->offset,
                        (unsigned long long)section->stored_bytes, (unsigned long long)alignment, (unsigned long long)end);
    const bool raw = section->compression == INGOT_RAW && section->raw_bytes == section->stored_bytes && section->planes == 0;
    if (!raw && section->compression != INGOT_ZSTD)
      return ingot_fail(report, INGOT_ERROR_INVALID, "section %u (%s) has compression %u and %llu bytes, stored as %llu", i,
                        ingot_section_text(section->kind), section->compression, (unsigned long long)section->raw_bytes,
                        (unsigned long long)section->stored_bytes);
    if (!has_planes(section))
      return ingot_fail(report, INGOT_ERROR_INVALID,
                        "section %u (%s) has %llu bytes in %u planes; expected none, or 2 or 4 of a weight chunk, of one length", i,
                        ingot_section_text(section->kind), (unsigned long long)section->raw_bytes, section->planes);
    if (!is_zero(bundle->data + end, section->offset - end))
      return ingot_fail(report, INGOT_ERROR_DAMAGED, "is damaged: the gap before section %u is not zero", i);
    end = section->offset + section->stored_bytes;
  }
  if (!is_zero(bundle->data + end, bundle->bytes - end))
    return ingot_fail(report, INGOT_ERROR_DAMAGED, "is damaged: the bytes after the last section are not zero");
  if (counts[INGOT_SECTION_MANIFEST] != 1 || counts[INGOT_SECTION_PROGRAM] == 0 ||
      counts[INGOT_SECTION_WEIGHT_TABLE] != 1)
    return ingot_fail(report, INGOT_ERROR_INVALID,
                      "has %u manifests, %u programs, %u weight tables; expected one, at least one, one",
                      counts[INGOT_SECTION_MANIFEST], counts[INGOT_SECTION_PROGRAM], counts[INGOT_SECTION_WEIGHT_TABLE]);
  bundle->function_count = counts[INGOT_SECTION_PROGRAM];
  bundle->chunk_count = counts[INGOT_SECTION_WEIGHT_CHUNK];
  bundle->origins_count = counts[INGOT_SECTION_ORIGINS];
  if (bundle->origins_count != 0 && bundle->origins_count != bundle->function_count)
    return ingot_fail(report, INGOT_ERROR_INVALID, "has origins of %u functions; expected none, or those of all %u",
                      bundle->origins_count, bundle->function_count);
  bundle->first_chunk = bundle->section_count - bundle->origins_count - bundle->chunk_count;
  return INGOT_OK;
}

ingot_status ingot_allocate_block(ingot_bundle *bundle, uint32_t section, uint64_t bytes, const ingot_report *report) {
  ingot_block *block = &bundle->blocks[section];
  /* The manifest is handed out as text, so a zero byte ends it. */
  const uint64_t room = bytes + (bundle->sections[section].kind == INGOT_SECTION_MANIFEST);
  block->memory = ingot_allocate(&bundle->allocator, room);
  if (block->memory == NULL)
    return ingot_fail(report, INGOT_ERROR_MEMORY, "section %u (%s) needs %llu bytes, which the allocator refused", section,
                      ingot_section_text(bundle->sections[section].kind), (unsigned long long)bytes);
  block->memory_bytes = (size_t)room;
  memset((uint8_t *)block->memory + bytes, 0, (size_t)(room - bytes));
  return INGOT_OK;
}

/* Compressed sections are unpacked later, and raw chunks stay, unless the caller's memory is not aligned for their elements. */
static bool is_copied(const ingot_section *section, const uint8_t *data) {
  if (section->compression != INGOT_RAW) return false;
  return section->kind != INGOT_SECTION_WEIGHT_CHUNK || (uintptr_t)data % sizeof(int64_t) != 0;
}

static ingot_status read_section(ingot_bundle *bundle, uint32_t index, const ingot_report *report) {
  const ingot_section *section = &bundle->sections[index];
  ingot_block *block = &bundle->blocks[index];
  block->data = bundle->data + section->offset;
  block->bytes = section->stored_bytes;
  if (is_copied(section, block->data)) {
    const ingot_status status = ingot_allocate_block(bundle, index, section->stored_bytes, report);
    if (status != INGOT_OK) return status;
    if (section->stored_bytes != 0) memcpy(block->memory, block->data, (size_t)section->stored_bytes);
    block->data = block->memory;
  }
  uint8_t digest[32];
  ingot_sha256 hash;
  ingot_sha256_begin(&hash);
  ingot_sha256_add(&hash, block->data, (size_t)section->stored_bytes);
  ingot_sha256_end(&hash, digest);
  if (memcmp(digest, section->digest, sizeof digest) != 0)
    return ingot_fail(report, INGOT_ERROR_DAMAGED, "is damaged: section %u (%s %u) does not match its digest", index,
                      ingot_section_text(section->kind), section->index);
  /* What is not needed soon, such as raw weights of a function that is never run, stays in the file. */
  if (bundle->residence == INGOT_MAPPED) ingot_evict(bundle->data + section->offset, section->stored_bytes);
  return INGOT_OK;
}

ingot_status ingot_read_sections(ingot_bundle *bundle, const ingot_report *report) {
  ingot_file_header header;
  ingot_status status = read_header(bundle, &header, report);
  if (status != INGOT_OK) return status;
  bundle->section_count = header.section_count;
  const size_t table_bytes = (size_t)header.section_count * sizeof(ingot_section);
  const size_t block_bytes = (size_t)header.section_count * sizeof(ingot_block);
  bundle->sections = ingot_allocate(&bundle->allocator, table_bytes);
  bundle->blocks = ingot_allocate(&bundle->allocator, block_bytes);
  if (bundle->blocks != NULL) memset(bundle->blocks, 0, block_bytes);
  if (bundle->sections == NULL || bundle->blocks == NULL)
    return ingot_fail(report, INGOT_ERROR_MEMORY, "the table of %u sections needs memory that the allocator refused",
                      header.section_count);
  memcpy(bundle->sections, bundle->data + sizeof header, table_bytes);
  status = check_header_digest(bundle, header, report);
  if (status == INGOT_OK) status = check_layout(bundle, report);
  for (uint32_t i = 0; status == INGOT_OK && i < bundle->section_count; i++) status = read_section(bundle, i, report);
  return status;
}
