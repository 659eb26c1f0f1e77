/* Element types of tensors, as bundles, kernels and the interpreter's interface number them. */
#ifndef INGOT_ELEMENTS_H
#define INGOT_ELEMENTS_H

typedef enum {
  INGOT_F32 = 1,
  INGOT_F16 = 2,
  INGOT_BF16 = 3, /* the upper half of an f32 */
  INGOT_I8 = 4,
  INGOT_U8 = 5,
  INGOT_I16 = 6,
  INGOT_I32 = 7,
  INGOT_I64 = 8,
  INGOT_BOOL = 9 /* a byte, 0 or 1 */
} ingot_element;

#endif
