/* Files are mapped, so that raw weights are read from where they lie. */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

ingot_status ingot_map(const char *path, const uint8_t **data, size_t *bytes, const ingot_report *report) {
  const int file = open(path, O_RDONLY);
  if (file < 0) return ingot_fail(report, INGOT_ERROR_IO, "can't be opened: %s", strerror(errno));
  struct stat facts;
  ingot_status status = INGOT_OK;
  if (fstat(file, &facts) != 0) {
    status = ingot_fail(report, INGOT_ERROR_IO, "can't be read: %s", strerror(errno));
  } else if (!S_ISREG(facts.st_mode)) {
    status = ingot_fail(report, INGOT_ERROR_IO, "is not a regular file; pass the path of an .ingot file");
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
