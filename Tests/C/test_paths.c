/* Paths that lead to no regular file are refused at once, and messages show no character that a terminal would obey. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include "ingot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void refused(const char *path, const char *what) {
  char message[256] = "";
  ingot_bundle *bundle;
  const ingot_status status = ingot_open_file(path, NULL, &bundle, message, sizeof message);
  check(status == INGOT_ERROR_IO && strstr(message, what) != NULL, "'%s' gives status %d, '%s'", path, status, message);
}

static void kinds(const char *folder) {
  char path[64];
  snprintf(path, sizeof path, "%s/fifo", folder);
  if (mkfifo(path, 0600) == 0) {
    refused(path, "is a FIFO");
    unlink(path);
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
  const int file = socket(AF_UNIX, SOCK_STREAM, 0);
  if (file >= 0 && bind(file, (const struct sockaddr *)&address, sizeof address) == 0) {
    refused(address.sun_path, "is a socket");
    unlink(address.sun_path);
  }
  if (file >= 0) close(file);
  refused(folder, "is a folder");
  refused("/dev/null", "is a device");
  refused("", "'': the path is empty");
}

static void printable_messages(void) {
  refused("/absent/a\x1b[2J\x7f\n\tb", "/absent/a?[2J???b: ");
  refused("/absent/\xc2\x9b\xe2\x80\xae\xe2\x81\xa6x", "/absent/????????x: ");
  refused("/absent/\xff\xc3x\xed\xa0\x80\xf5", "/absent/??x????: ");
  refused("/absent/\xc3\xbc\xe7\xbd\x91\xf0\x9f\x98\x80", "/absent/\xc3\xbc\xe7\xbd\x91\xf0\x9f\x98\x80: ");
}

void test_paths(void) {
  char folder[] = "/tmp/ingot-paths-XXXXXX";
  if (check(mkdtemp(folder) != NULL, "no folder could be made")) {
    kinds(folder);
    rmdir(folder);
  }
  printable_messages();
}
