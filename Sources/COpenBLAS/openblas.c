#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include "openblas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* cblas_sgemm; the enums of cblas.h are ints. */
typedef void product(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                     const float *b, int ldb, float beta, float *c, int ldc);
/* LAPACK's spotrf and spotri: the Cholesky factor of a matrix, and the inverse of one that is given by it. */
typedef void factorization(const char *triangle, const int *n, float *a, const int *pitch, int *info);
/* openblas_get_num_threads and openblas_set_num_threads. */
typedef int thread_count(void);
typedef void thread_limit(int count);
enum { ROW_MAJOR = 101, AS_IT_STANDS = 111, TRANSPOSED = 112 };

static product *multiply;
static factorization *factor, *invert;
static thread_count *threads_now;
static thread_limit *limit_to;
static char problem[512];

/* What the library maps itself, and for each of its threads: a buffer and a stack. */
#define LIBRARY_BYTES ((size_t)64 << 20)
#define THREAD_BYTES ((size_t)(128 + 8) << 20)

static bool has_room(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  munmap(memory, bytes);
  return true;
}

/* Allows as many threads as there is room for, the library's own number at most. */
static bool limit_threads(void) {
  const char *variable = "OPENBLAS_NUM_THREADS";
  const char *given = getenv(variable);
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  long threads = given == NULL ? 0 : strtol(given, NULL, 10);
  if (threads < 1 || threads > processors) threads = processors < 1 ? 1 : processors;
  long room = threads;
  while (room > 0 && !has_room(LIBRARY_BYTES + (size_t)room * THREAD_BYTES)) room--;
  if (room == 0) {
    snprintf(problem, sizeof problem, "matrix products need %zu MiB of address space, which the system refuses",
             (LIBRARY_BYTES + THREAD_BYTES) >> 20);
    return false;
  }
  char text[24];
  snprintf(text, sizeof text, "%ld", room);
  return room == threads || setenv(variable, text, 1) == 0;
}

static void load(void) {
  static const char *const names[] = {
#ifdef __APPLE__
    "libopenblas.dylib",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
#else
    "libopenblas.so.0",
    "libopenblas.so.3",
    "libopenblas.so",
#endif
  };
  if (!limit_threads()) return;
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && library == NULL; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL && i == 0) snprintf(problem, sizeof problem, "OpenBLAS can't be loaded: %s", dlerror());
  }
  if (library == NULL) return;
  /* A function comes as an object; POSIX lets it pass through one of its own kind. */
  *(void **)&multiply = dlsym(library, "cblas_sgemm");
  *(void **)&factor = dlsym(library, "spotrf_");
  *(void **)&invert = dlsym(library, "spotri_");
  *(void **)&threads_now = dlsym(library, "openblas_get_num_threads");
  *(void **)&limit_to = dlsym(library, "openblas_set_num_threads");
  snprintf(problem, sizeof problem, "%s", multiply == NULL ? "OpenBLAS has no cblas_sgemm" : "");
}

static bool is_loaded(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return multiply != NULL;
}

bool openblas_multiply(bool transpose_a, bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b,
                       int ldb, float *c, int ldc) {
  if (!is_loaded()) return false;
  multiply(ROW_MAJOR, transpose_a ? TRANSPOSED : AS_IT_STANDS, transpose_b ? TRANSPOSED : AS_IT_STANDS, m, n, k, 1, a, lda, b,
           ldb, 0, c, ldc);
  return true;
}

/* LAPACK counts by columns: its lower triangle is the upper one by rows. */
bool openblas_inverse_factor(int n, float *a) {
  if (!is_loaded() || factor == NULL || invert == NULL) return false;
  int info = 0;
  factor("L", &n, a, &n, &info);
  if (info != 0) return false;
  invert("L", &n, a, &n, &info);
  if (info != 0) return false;
  factor("L", &n, a, &n, &info);
  return info == 0;
}

int openblas_use_threads(int count) {
  if (!is_loaded() || threads_now == NULL || limit_to == NULL || count < 1) return 0;
  const int before = threads_now();
  limit_to(count);
  return before;
}

const char *openblas_problem(void) { return is_loaded() ? "" : problem; }
