/* Counts what a process takes from the allocator of C: with LD_PRELOAD, the number is in the file that ALLOCATIONS names, however the
 * process ends, as 8 bytes.
 *
 *   cc -shared -fPIC -O2 allocations.c -o allocations.so */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_ulong before;
static atomic_ulong *count = &before;

__attribute__((constructor)) static void share(void) {
  const char *name = getenv("ALLOCATIONS");
  int file = name ? open(name, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
  if (file < 0 || ftruncate(file, sizeof before)) return;
  void *shared = mmap(NULL, sizeof before, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared != MAP_FAILED) count = shared;
}

static void counted(void) { atomic_fetch_add_explicit(count, 1, memory_order_relaxed); }

void *malloc(size_t size) { return counted(), __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return counted(), __libc_calloc(number, size); }
void *realloc(void *memory, size_t size) { return counted(), __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return counted(), __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  counted();
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : 12;
}
