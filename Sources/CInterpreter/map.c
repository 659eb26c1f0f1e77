/* Files are mapped, so that raw weights are read from where they lie. */
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

ingot_status ingot_map(const char *path, const uint8_t **data, size_t *bytes, const ingot_report *report) {
  if (*path == 0) return ingot_fail(report, INGOT_ERROR_IO, "the path is empty; pass the path of an .ingot file");
  struct stat facts;
  /* Before it is opened, which could wait for ever at a FIFO, or set a device in motion. */
  if (stat(path, &facts) != 0) return ingot_fail(report, INGOT_ERROR_IO, "can't be opened: %s", strerror(errno));
  if (!S_ISREG(facts.st_mode)) return refuse_kind(facts.st_mode, report);
  const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return ingot_fail(report, INGOT_ERROR_IO, "can't be opened: %s", strerror(errno));
  ingot_status status = INGOT_OK;
  if (fstat(file, &facts) != 0) {
    status = ingot_fail(report, INGOT_ERROR_IO, "can't be read: %s", strerror(errno));
  } else if (!S_ISREG(facts.st_mode)) {
    status = refuse_kind(facts.st_mode, report);
  } else if ((uint64_t)facts.st_size < sizeof(ingot_file_header)) {
    status = ingot_fail(report, INGOT_ERROR_NOT_A_BUNDLE, "has %lld bytes, fewer than a bundle's header",
                        (long long)facts.st_size);
  } else {
    void *memory = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED) {
      status = ingot_fail(report, INGOT_ERROR_IO, "can't be mapped: %s", strerror(errno));
    } else {
      *data = memory;
      *bytes = (size_t)facts.st_size;
    }
  }
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
