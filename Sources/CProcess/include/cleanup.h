/* cleanup.h: temporary files that a process leaves behind in no way that it can see coming.
 *
 * While files are registered, signals that end a process (interrupt, hang-up, a limit of the system, a fault of its own)
 * first remove them; then the signal takes its course. Safe to call from any thread.
 */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <stdbool.h>

typedef struct cleanup_entry cleanup_entry;

/* Registers a file, or a folder that is removed if it is empty by then; the last registered is removed first. NULL when
 * there is no memory. */
cleanup_entry *cleanup_add(const char *path, bool is_folder);
/* The path is no longer temporary. */
void cleanup_release(cleanup_entry *entry);
/* Removes all that is registered. */
void cleanup_run(void);

/* Between these two, signals other than faults wait, so that a file is made and registered, or several
 * renamed, at once. */
void cleanup_hold(void);
void cleanup_resume(void);

#endif
