/* Compressed sections, unpacked into the allocator's memory. */
#include "internal.h"

#include <string.h>
#ifdef INGOT_NO_ZSTD

ingot_status ingot_unpack_sections(ingot_bundle *bundle, const ingot_report *report) {
  for (uint32_t i = 0; i < bundle->section_count; i++) {
    const ingot_section *section = &bundle->sections[i];
    if (section->compression != INGOT_RAW)
      return ingot_fail(report, INGOT_ERROR_UNSUPPORTED,
                        "section %u (%s) is compressed with zstd, which this library was built without (INGOT_NO_ZSTD); "
                        "compile the model with --compression none", i, ingot_section_text(section->kind));
  }
  return INGOT_OK;
}

#else
#include <zstd.h>

/* A compressed section and how far its frames were passed. It has blocks of as many elements, and a frame for every byte of an
 * element; a section without planes is one block of bytes. */
typedef struct {
  const ingot_section *section;
  const uint8_t *at;
  uint64_t left; /* stored bytes */
  uint64_t done; /* bytes of the contents in blocks that were passed */
} frames;

typedef struct {
  const uint8_t *data;
  size_t stored;
} frame;

static frames frames_of(const ingot_bundle *bundle, uint32_t section) {
  const ingot_section *s = &bundle->sections[section];
  return (frames){s, bundle->data + s->offset, s->stored_bytes, 0};
}

static uint32_t element_bytes(const ingot_section *section) { return section->planes == 0 ? 1 : section->planes; }

/* Of the next block. */
static uint64_t element_count(const frames *f) {
  const uint64_t rest = (f->section->raw_bytes - f->done) / element_bytes(f->section);
  return f->section->planes == 0 || rest < INGOT_PLANE_BYTES ? rest : INGOT_PLANE_BYTES;
}

/* The next frame, of `bytes` bytes when unpacked. */
static ingot_status next_frame(frames *f, uint64_t bytes, frame *next, const ingot_report *report) {
  *next = (frame){f->at, ZSTD_findFrameCompressedSize(f->at, (size_t)f->left)};
  if (ZSTD_getFrameContentSize(f->at, (size_t)f->left) != bytes || ZSTD_isError(next->stored) || next->stored > f->left)
    return ingot_fail(report, INGOT_ERROR_INVALID, "%s %u has no zstd frame of %llu bytes at byte %llu",
                      ingot_section_text(f->section->kind), f->section->index, (unsigned long long)bytes,
                      (unsigned long long)(f->section->stored_bytes - f->left));
  f->at += next->stored;
  f->left -= next->stored;
  return INGOT_OK;
}

/* Passes the next block, and unpacks it to `to` unless that is NULL: one plane after the other. */
static ingot_status next_block(frames *f, ZSTD_DCtx *unpacker, uint8_t *to, const ingot_report *report) {
  const uint64_t count = element_count(f);
  for (uint32_t i = 0; i < element_bytes(f->section); i++) {
    frame next;
    const ingot_status status = next_frame(f, count, &next, report);
    if (status != INGOT_OK) return status;
    if (to == NULL) continue;
    const size_t written = ZSTD_decompressDCtx(unpacker, to + i * count, (size_t)count, next.data, next.stored);
    if (ZSTD_isError(written) || written != count)
      return ingot_fail(report, INGOT_ERROR_INVALID, "%s %u can't be unpacked: %s", ingot_section_text(f->section->kind),
                        f->section->index, ZSTD_isError(written) ? ZSTD_getErrorName(written) : "its size is not the declared one");
  }
  f->done += count * element_bytes(f->section);
  return INGOT_OK;
}

/* Element i has its byte p at planes[p * count + i]. */
static void join_two(const uint8_t *planes, size_t count, uint8_t *to) {
  const uint8_t *low = planes, *high = planes + count;
  for (size_t i = 0; i < count; i++) {
    const uint16_t element = (uint16_t)(low[i] | high[i] << 8);
    memcpy(to + 2 * i, &element, sizeof element);
  }
}

static void join_four(const uint8_t *planes, size_t count, uint8_t *to) {
  const uint8_t *first = planes, *second = first + count, *third = second + count, *fourth = third + count;
  for (size_t i = 0; i < count; i++) {
    const uint32_t element = (uint32_t)first[i] | (uint32_t)second[i] << 8 | (uint32_t)third[i] << 16 | (uint32_t)fourth[i] << 24;
    memcpy(to + 4 * i, &element, sizeof element);
  }
}

/* The frames must be what the section says, before memory is asked for. Tells whether there are any, and any in planes. */
static ingot_status check_frames(const ingot_bundle *bundle, bool *any, bool *any_planes, const ingot_report *report) {
  const uint64_t limit = ingot_max_unpacked_bytes(bundle->bytes);
  uint64_t total = 0;
  for (uint32_t i = 0; i < bundle->section_count; i++) {
    frames f = frames_of(bundle, i);
    if (f.section->compression == INGOT_RAW) continue;
    /* A file of few bytes must not claim memory without bound. */
    if (f.section->raw_bytes > INGOT_MAX_BYTES || (total += f.section->raw_bytes) > limit)
      return ingot_fail(report, INGOT_ERROR_INVALID,
                        "sections up to %u (%s) unpack to more than %llu bytes, the limit for a file of this size", i,
                        ingot_section_text(f.section->kind), (unsigned long long)limit);
    do {
      const ingot_status status = next_block(&f, NULL, NULL, report);
      if (status != INGOT_OK) return status;
    } while (f.done < f.section->raw_bytes);
    if (f.left != 0)
      return ingot_fail(report, INGOT_ERROR_INVALID, "%s %u has %llu bytes after its last zstd frame",
                        ingot_section_text(f.section->kind), f.section->index, (unsigned long long)f.left);
    *any = true;
    *any_planes |= f.section->planes != 0;
  }
  return INGOT_OK;
}

/* `planes` has room for those of a block. */
static ingot_status unpack(ingot_bundle *bundle, uint32_t index, ZSTD_DCtx *unpacker, uint8_t *planes, const ingot_report *report) {
  const ingot_section *section = &bundle->sections[index];
  ingot_block *block = &bundle->blocks[index];
  ingot_status status = ingot_allocate_block(bundle, index, section->raw_bytes, report);
  if (status != INGOT_OK) return status;
  frames f = frames_of(bundle, index);
  do {
    uint8_t *to = (uint8_t *)block->memory + f.done;
    const size_t count = (size_t)element_count(&f);
    status = next_block(&f, unpacker, section->planes == 0 ? to : planes, report);
    if (status != INGOT_OK) return status;
    if (section->planes == 2) join_two(planes, count, to);
    if (section->planes == 4) join_four(planes, count, to);
  } while (f.done < section->raw_bytes);
  if (bundle->residence == INGOT_MAPPED) ingot_evict(block->data, section->stored_bytes);
  block->data = block->memory;
  block->bytes = section->raw_bytes;
  return INGOT_OK;
}

ingot_status ingot_unpack_sections(ingot_bundle *bundle, const ingot_report *report) {
  bool any = false, any_planes = false;
  ingot_status status = check_frames(bundle, &any, &any_planes, report);
  if (status != INGOT_OK || !any) return status;
  const uint64_t plane_bytes = any_planes ? 4 * INGOT_PLANE_BYTES : 0;
  ZSTD_DCtx *unpacker = ZSTD_createDCtx();
  uint8_t *planes = ingot_allocate(&bundle->allocator, plane_bytes);
  if (unpacker == NULL || planes == NULL)
    status = ingot_fail(report, INGOT_ERROR_MEMORY, "to unpack sections needs memory that the allocator refused");
  for (uint32_t i = 0; status == INGOT_OK && i < bundle->section_count; i++)
    if (bundle->sections[i].compression != INGOT_RAW) status = unpack(bundle, i, unpacker, planes, report);
  ingot_release(&bundle->allocator, planes, plane_bytes);
  ZSTD_freeDCtx(unpacker);
  return status;
}
#endif
