/* Worker threads of one session. Items are handed out one at a time; who computes which does not change the result.
 * Workers watch for work a short while before they sleep, as the next kernel usually follows at once. */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define WATCH_ROUNDS 2000
#define WORKER_STACK_BYTES (512 * 1024)

typedef struct {
  ingot_pool *pool;
  pthread_t thread;
  void *scratch;
} worker;

struct ingot_pool {
  pthread_mutex_t mutex;
  pthread_cond_t wake, done;
  atomic_uint generation; /* of the task below; changes when there is a new one */
  atomic_uint pending;    /* workers still on it */
  atomic_llong next;      /* item */
  unsigned sleeping;      /* guarded by mutex, as stop is */
  bool stop;
  const ingot_task *task;
  void *scratch; /* of the calling thread */
  uint32_t workers;
  worker worker[INGOT_MAX_THREADS - 1];
};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Takes items until there are no more. */
static void run_items(ingot_pool *pool, const ingot_task *task, void *scratch) {
  for (;;) {
    const int64_t item = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (item >= task->work.items) return;
    task->entry.run(&task->arguments, item, item + 1, scratch);
  }
}

/* Waits for a generation other than `seen`; false when the pool stops. */
static bool await_task(ingot_pool *pool, unsigned *seen) {
  for (int round = 0; round < WATCH_ROUNDS; round++) {
    if (atomic_load_explicit(&pool->generation, memory_order_acquire) != *seen) break;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load_explicit(&pool->generation, memory_order_relaxed) == *seen && !pool->stop) {
    pool->sleeping++;
    pthread_cond_wait(&pool->wake, &pool->mutex);
    pool->sleeping--;
  }
  *seen = atomic_load_explicit(&pool->generation, memory_order_relaxed);
  const bool running = !pool->stop;
  pthread_mutex_unlock(&pool->mutex);
  return running;
}

static void *serve(void *context) {
  const worker *self = context;
  ingot_pool *pool = self->pool;
  unsigned seen = 0;
  while (await_task(pool, &seen)) {
    run_items(pool, pool->task, self->scratch);
    if (atomic_fetch_sub_explicit(&pool->pending, 1, memory_order_acq_rel) == 1) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->done);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
  return NULL;
}

size_t ingot_pool_bytes(void) { return sizeof(ingot_pool); }

ingot_pool *ingot_pool_start(void *memory, uint32_t threads, void *scratch, size_t scratch_bytes) {
  ingot_pool *pool = memory;
  memset(pool, 0, sizeof *pool);
  pool->scratch = scratch;
  atomic_init(&pool->generation, 0);
  atomic_init(&pool->pending, 0);
  atomic_init(&pool->next, 0);
  if (pthread_mutex_init(&pool->mutex, NULL) != 0) return NULL;
  pthread_cond_init(&pool->wake, NULL);
  pthread_cond_init(&pool->done, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
  bool started = true;
  for (uint32_t i = 0; started && i + 1 < threads; i++) {
    worker *self = &pool->worker[i];
    *self = (worker){.pool = pool, .scratch = (char *)scratch + (i + 1) * scratch_bytes};
    started = pthread_create(&self->thread, &attributes, serve, self) == 0;
    if (started) pool->workers++;
  }
  pthread_attr_destroy(&attributes);
  if (started) return pool;
  ingot_pool_stop(pool);
  return NULL;
}

void ingot_pool_stop(ingot_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  pool->stop = true;
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  /* A worker that is still watching sees the stop when it takes the mutex. */
  for (uint32_t i = 0; i < pool->workers; i++) pthread_join(pool->worker[i].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_cond_destroy(&pool->done);
  pthread_mutex_destroy(&pool->mutex);
}

/* As run_items, but gives up when stopped: nobody finds an item any more. */
static bool run_items_unless_stopped(ingot_pool *pool, const ingot_task *task, const ingot_stopper *stopper) {
  if (stopper->hook == NULL) {
    run_items(pool, task, pool->scratch);
    return true;
  }
  for (;;) {
    const int64_t item = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
    if (item >= task->work.items) return true;
    task->entry.run(&task->arguments, item, item + 1, pool->scratch);
    if (!ingot_stops(stopper)) continue;
    atomic_store_explicit(&pool->next, task->work.items, memory_order_relaxed);
    return false;
  }
}

bool ingot_pool_run(ingot_pool *pool, const ingot_task *task, const ingot_stopper *stopper) {
  if (task->work.items <= 1 || (pool->workers == 0 && stopper->hook == NULL)) {
    task->entry.run(&task->arguments, 0, task->work.items, pool->scratch);
    return true;
  }
  if (pool->workers == 0) {
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    return run_items_unless_stopped(pool, task, stopper);
  }
  pool->task = task;
  atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
  atomic_store_explicit(&pool->pending, pool->workers, memory_order_relaxed);
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
  if (pool->sleeping > 0) pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  const bool finished = run_items_unless_stopped(pool, task, stopper);
  for (int round = 0; round < WATCH_ROUNDS; round++) {
    if (atomic_load_explicit(&pool->pending, memory_order_acquire) == 0) return finished;
    pause_briefly();
  }
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load_explicit(&pool->pending, memory_order_acquire) != 0) pthread_cond_wait(&pool->done, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
  return finished;
}
