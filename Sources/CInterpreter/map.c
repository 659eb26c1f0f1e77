/* Files are mapped, so that raw weights are read from where they lie, or read whole. */
/* For madvise, which POSIX lacks. */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static ingot_status refuse_kind(mode_t mode, const ingot_report *report) {
  const char *kind = S_ISDIR(mode) ? "folder" : S_ISFIFO(mode) ? "FIFO" : S_ISSOCK(mode) ? "socket" : "device";
  return ingot_fail(report, INGOT_ERROR_IO, "is a %s, not a regular file; pass the path of an .ingot file", kind);
}

/* Opens a regular file that has room for a bundle's header. */
static ingot_status open_regular(const char *path, int *file, size_t *bytes, const ingot_report *report) {
  if (*path == 0) return ingot_fail(report, INGOT_ERROR_IO, "the path is empty; pass the path of an .ingot file");
  struct stat facts;
  /* Before it is opened, which could wait for ever at a FIFO, or set a device in motion. */
  if (stat(path, &facts) != 0) return ingot_fail(report, INGOT_ERROR_IO, "can't be opened: %s", strerror(errno));
  if (!S_ISREG(facts.st_mode)) return refuse_kind(facts.st_mode, report);
  const int opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (opened < 0) return ingot_fail(report, INGOT_ERROR_IO, "can't be opened: %s", strerror(errno));
  ingot_status status = INGOT_OK;
  if (fstat(opened, &facts) != 0) {
    status = ingot_fail(report, INGOT_ERROR_IO, "can't be read: %s", strerror(errno));
  } else if (!S_ISREG(facts.st_mode)) {
    status = refuse_kind(facts.st_mode, report);
  } else if ((uint64_t)facts.st_size < sizeof(ingot_file_header)) {
    status = ingot_fail(report, INGOT_ERROR_NOT_A_BUNDLE, "has %lld bytes, fewer than a bundle's header",
                        (long long)facts.st_size);
  }
  if (status != INGOT_OK) {
    close(opened);
    return status;
  }
  *file = opened;
  *bytes = (size_t)facts.st_size;
  return INGOT_OK;
}

ingot_status ingot_map(const char *path, const uint8_t **data, size_t *bytes, const ingot_report *report) {
  int file;
  ingot_status status = open_regular(path, &file, bytes, report);
  if (status != INGOT_OK) return status;
  void *memory = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, file, 0);
  if (memory == MAP_FAILED) status = ingot_fail(report, INGOT_ERROR_IO, "can't be mapped: %s", strerror(errno));
  *data = memory;
  close(file);
  return status;
}

static ingot_status read_all(int file, uint8_t *memory, size_t bytes, const ingot_report *report) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t count = read(file, memory + done, bytes - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ingot_fail(report, INGOT_ERROR_IO, "can't be read: %s", strerror(errno));
    if (count == 0)
      return ingot_fail(report, INGOT_ERROR_IO, "was cut to %llu of %llu bytes while it was read", (unsigned long long)done,
                        (unsigned long long)bytes);
    done += (size_t)count;
  }
  return INGOT_OK;
}

ingot_status ingot_read(const char *path, const ingot_allocator *allocator, const uint8_t **data, size_t *bytes,
                        const ingot_report *report) {
  int file;
  ingot_status status = open_regular(path, &file, bytes, report);
  if (status != INGOT_OK) return status;
  uint8_t *memory = ingot_allocate(allocator, *bytes);
  if (memory == NULL) {
    status = ingot_fail(report, INGOT_ERROR_MEMORY, "a copy needs %llu bytes, which the allocator refused",
                        (unsigned long long)*bytes);
  } else {
    status = read_all(file, memory, *bytes, report);
    if (status != INGOT_OK) ingot_release(allocator, memory, *bytes);
  }
  *data = memory;
  close(file);
  return status;
}

void ingot_unmap(const uint8_t *data, size_t bytes) { munmap((void *)(uintptr_t)data, bytes); }

/* Small ranges are not worth a call. */
#define EVICTED_BYTES (1u << 20)

void ingot_evict(const uint8_t *data, uint64_t bytes) {
  if (bytes < EVICTED_BYTES) return;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)data;
  /* Only whole pages: neighbours may be in use. */
  const uintptr_t first = (start + page - 1) / page * page, end = (start + (uintptr_t)bytes) / page * page;
  if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
}
