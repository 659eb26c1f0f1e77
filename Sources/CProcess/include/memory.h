/* memory.h: how the process deals with memory. */
#ifndef MEMORY_H
#define MEMORY_H

/* From now on freed memory is kept for what is allocated next. The C library would give each large tensor back to the system when it is
 * freed, and every page of the next one would cost a fault, which takes longer than most ops. For work that computes with tensors
 * of the same sizes again and again; what was freed between others stays with the process. */
void memory_keep_freed(void);

#endif
