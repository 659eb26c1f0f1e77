#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
// After what it needs.
#include <jerror.h>
#include <jpeglib.h>

#include "image.h"

// A progressive file may hold any number of scans, each of which takes as long as the picture.
enum { MOST_SCANS = 200 };

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf jump;
  char *message;
} Errors;

static void fail(j_common_ptr file) {
  Errors *errors = (Errors *)file->err;
  char text[JMSG_LENGTH_MAX];
  file->err->format_message(file, text);
  snprintf(errors->message, CI_MESSAGE_BYTES, "is a damaged JPEG file (%.200s)", text);
  longjmp(errors->jump, 1);
}

// What libjpeg only warns of, such as data that ends early, leaves parts of the picture gray.
static void warn(j_common_ptr file, int level) {
  if (level >= 0) return;
  switch (file->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR: return;
    default: fail(file);
  }
}

static void limit_scans(j_common_ptr file) {
  if (((j_decompress_ptr)file)->input_scan_number <= MOST_SCANS) return;
  Errors *errors = (Errors *)file->err;
  snprintf(errors->message, CI_MESSAGE_BYTES, "is a JPEG file of more than %d scans", MOST_SCANS);
  longjmp(errors->jump, 1);
}

static bool is_color_known(J_COLOR_SPACE space) {
  return space == JCS_GRAYSCALE || space == JCS_YCbCr || space == JCS_RGB;
}

bool ci_decode_jpeg(const void *bytes, size_t count, uint64_t most_pixels, ci_image *image, char *message) {
  image->pixels = NULL;
  struct jpeg_decompress_struct file = {0};
  struct jpeg_progress_mgr progress = {.progress_monitor = limit_scans};
  Errors errors = {.message = message};
  file.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = fail;
  errors.manager.emit_message = warn;
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&file);
    ci_release(image);
    return false;
  }
  jpeg_create_decompress(&file);
  file.progress = &progress;
  jpeg_mem_src(&file, bytes, (unsigned long)count);
  jpeg_read_header(&file, TRUE);
  if (!is_color_known(file.jpeg_color_space)) {
    snprintf(message, CI_MESSAGE_BYTES, "is a JPEG file of %d inks, neither gray nor red, green and blue", file.num_components);
    longjmp(errors.jump, 1);
  }
  if (!ci_allocate(image, file.image_width, file.image_height, most_pixels, message)) longjmp(errors.jump, 1);
  file.out_color_space = JCS_RGB;
  jpeg_start_decompress(&file);
  while (file.output_scanline < file.output_height) {
    JSAMPROW row = image->pixels + (size_t)file.output_scanline * image->width * 3;
    jpeg_read_scanlines(&file, &row, 1);
  }
  jpeg_finish_decompress(&file);
  jpeg_destroy_decompress(&file);
  return true;
}
