/* The handler does nothing but what POSIX allows in one: it walks a list that only grows, and unlinks. */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE
#define _DEFAULT_SOURCE
#include "cleanup.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cleanup_entry {
  cleanup_entry *next;
  atomic_bool is_active;
  bool is_folder;
  char path[];
};

static _Atomic(cleanup_entry *) entries;
static atomic_int held, pending;

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM, SIGXCPU, SIGXFSZ, SIGUSR1, SIGUSR2};
static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
#define COUNT(array) (sizeof(array) / sizeof *(array))
static struct sigaction before_faults[COUNT(faults)];

void cleanup_run(void) {
  for (cleanup_entry *entry = atomic_load(&entries); entry != NULL; entry = entry->next) {
    if (!atomic_exchange(&entry->is_active, false)) continue;
    if (entry->is_folder) {
      rmdir(entry->path);
    } else {
      unlink(entry->path);
    }
  }
}


static void handle_by_default(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

static void on_ending(int signal) {
  if (atomic_load(&held) > 0) {
    atomic_store(&pending, signal);
    return;
  }
  const int error = errno;
  cleanup_run();
  /* Ends the process once the handler has returned. Not by the handler that stood there before: Swift's own for SIGQUIT
   * prints a trace and goes on. */
  handle_by_default(signal);
  raise(signal);
  errno = error;
}

static void on_fault(int signal) {
  cleanup_run();
  /* The fault comes again, to whoever reports it. */
  for (size_t i = 0; i < COUNT(faults); i++)
    if (faults[i] == signal) sigaction(signal, &before_faults[i], NULL);
  raise(signal);
}

/* Signals that are ignored stay so. */
static void handle(int signal, void (*handler)(int), struct sigaction *before) {
  if (sigaction(signal, NULL, before) != 0 || before->sa_handler == SIG_IGN) return;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

static void install(void) {
  /* A stack that has overflown holds no handler. */
  static char memory[1 << 16];
  const stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
  sigaltstack(&stack, NULL);
  struct sigaction before;
  for (size_t i = 0; i < COUNT(ending); i++) handle(ending[i], on_ending, &before);
  for (size_t i = 0; i < COUNT(faults); i++) handle(faults[i], on_fault, &before_faults[i]);
}

static void install_once(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
}

cleanup_entry *cleanup_add(const char *path, bool is_folder) {
  install_once();
  const size_t bytes = strlen(path) + 1;
  cleanup_entry *entry = malloc(sizeof *entry + bytes);
  if (entry == NULL) return NULL;
  memcpy(entry->path, path, bytes);
  entry->is_folder = is_folder;
  atomic_init(&entry->is_active, true);
  entry->next = atomic_load(&entries);
  while (!atomic_compare_exchange_weak(&entries, &entry->next, entry)) continue;
  return entry;
}

void cleanup_release(cleanup_entry *entry) {
  if (entry != NULL) atomic_store(&entry->is_active, false);
}

void cleanup_hold(void) {
  install_once();
  atomic_fetch_add(&held, 1);
}

void cleanup_resume(void) {
  if (atomic_fetch_sub(&held, 1) > 1) return;
  const int signal = atomic_exchange(&pending, 0);
  if (signal != 0) raise(signal);
}
