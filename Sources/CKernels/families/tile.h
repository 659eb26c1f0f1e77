/* The tile of sums that products keep in registers: up to TILE_ROWS rows of up to TILE_VECTORS vectors. */

#if LANES == 16
#define TILE_ROWS 12
#define TILE_VECTORS 2
#elif LANES == 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#elif defined(KERNEL_USES_NEON)
#define TILE_ROWS 8
#define TILE_VECTORS 2
#else
#define TILE_ROWS 4
#define TILE_VECTORS 2
#endif
#define PANEL (TILE_VECTORS * LANES)
/* Steps of k that sums are kept in registers for. Even. */
#define DEPTH 384

/* Every tile, X(rows, vectors). */
#define TILES_4(X) X(1, 1) X(1, 2) X(2, 1) X(2, 2) X(3, 1) X(3, 2) X(4, 1) X(4, 2)
#define TILES_6(X) TILES_4(X) X(5, 1) X(5, 2) X(6, 1) X(6, 2)
#define TILES_8(X) TILES_6(X) X(7, 1) X(7, 2) X(8, 1) X(8, 2)
#define TILES_12(X) TILES_8(X) X(9, 1) X(9, 2) X(10, 1) X(10, 2) X(11, 1) X(11, 2) X(12, 1) X(12, 2)
#if TILE_ROWS == 12
#define TILES TILES_12
#elif TILE_ROWS == 8
#define TILES TILES_8
#elif TILE_ROWS == 6
#define TILES TILES_6
#else
#define TILES TILES_4
#endif
