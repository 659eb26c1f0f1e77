/* Stands in for zstd where it is not to be had (cross builds under test): frames that hold their bytes as they are. */
#include <string.h>
#include <zstd.h>

size_t ZSTD_compressBound(size_t bytes) { return bytes + 8; }
unsigned ZSTD_isError(size_t code) { return code > (size_t)-100; }
const char *ZSTD_getErrorName(size_t code) { return ZSTD_isError(code) ? "not a stub frame" : "no error"; }

size_t ZSTD_compress(void *target, size_t capacity, const void *source, size_t bytes, int level) {
  (void)capacity;
  (void)level;
  const unsigned long long size = bytes;
  memcpy(target, &size, sizeof size);
  memcpy((char *)target + sizeof size, source, bytes);
  return sizeof size + bytes;
}

unsigned long long ZSTD_getFrameContentSize(const void *source, size_t bytes) {
  unsigned long long size = 0;
  if (bytes < sizeof size) return ZSTD_CONTENTSIZE_ERROR;
  memcpy(&size, source, sizeof size);
  return size;
}

size_t ZSTD_findFrameCompressedSize(const void *source, size_t bytes) {
  const unsigned long long size = ZSTD_getFrameContentSize(source, bytes);
  return bytes < sizeof size || size > bytes - sizeof size ? (size_t)-20 : sizeof size + (size_t)size;
}

ZSTD_DCtx *ZSTD_createDCtx(void) {
  static char context;
  return (ZSTD_DCtx *)(void *)&context;
}
size_t ZSTD_freeDCtx(ZSTD_DCtx *context) {
  (void)context;
  return 0;
}

size_t ZSTD_decompressDCtx(ZSTD_DCtx *context, void *target, size_t capacity, const void *source, size_t bytes) {
  (void)context;
  const unsigned long long size = ZSTD_getFrameContentSize(source, bytes);
  if (size > capacity || size != bytes - sizeof size) return (size_t)-20;
  memcpy(target, (const char *)source + sizeof size, (size_t)size);
  return (size_t)size;
}
