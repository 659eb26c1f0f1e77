/* Runs a bundle from C: fills the inputs from raw files, or with a ramp, and prints the first values of each output.
 *   embed net.ingot [input0.raw input1.raw ...] */
#include "ingot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fill(const char *path, const ingot_tensor_info *info, void *data) {
  if (path == NULL) {
    memset(data, 0, info->bytes);
    for (size_t i = 0; info->element == INGOT_F32 && i < info->bytes / sizeof(float); i++)
      ((float *)data)[i] = (float)(i % 256) / 255.0f;
    return 1;
  }
  FILE *file = fopen(path, "rb");
  const size_t read = file == NULL ? 0 : fread(data, 1, info->bytes, file);
  if (file != NULL) fclose(file);
  if (read != info->bytes) fprintf(stderr, "%s: has %zu bytes, expected %zu\n", path, read, info->bytes);
  return read == info->bytes;
}

int main(int count, char **words) {
  char message[512];
  ingot_bundle *bundle;
  ingot_session *session;
  if (count < 2) return fprintf(stderr, "usage: embed net.ingot [input.raw ...]\n"), 2;
  if (ingot_open_file(words[1], NULL, &bundle, message, sizeof message) != INGOT_OK ||
      ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message) != INGOT_OK)
    return fprintf(stderr, "%s\n", message), 1;
  for (uint32_t i = 0; i < ingot_input_count(bundle, 0); i++) {
    const char *path = (int)i + 2 < count ? words[i + 2] : NULL;
    if (!fill(path, ingot_input(bundle, 0, i), ingot_input_data(session, i))) return 1;
  }
  if (ingot_run(session) != INGOT_OK) return fprintf(stderr, "%s\n", ingot_session_message(session)), 1;
  for (uint32_t i = 0; i < ingot_output_count(bundle, 0); i++) {
    const ingot_tensor_info *info = ingot_output(bundle, 0, i);
    const float *data = ingot_output_data(session, i);
    printf("%s:", info->name);
    for (size_t k = 0; info->element == INGOT_F32 && k < 8 && k < info->bytes / sizeof(float); k++) printf(" %g", data[k]);
    printf("%s\n", info->element == INGOT_F32 ? "" : " (not f32)");
  }
  ingot_session_destroy(session);
  ingot_close(bundle);
  return 0;
}
