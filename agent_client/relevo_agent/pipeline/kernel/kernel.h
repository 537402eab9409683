/*
 * The capture loop's compiled kernel: what diff, shown, moves, seek, classify do with numpy, in one pass each.
 *
 * Those modules are the reference: they say what is meant and why. Nothing here allocates, calls the system or keeps
 * anything between two calls; memory comes from the caller, who has checked shapes and bounds (kernel/__init__.py).
 */
#ifndef RELEVO_KERNEL_H
#define RELEVO_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
void *memset(void *to, int value, size_t count); /* freestanding.c */
void *memmove(void *to, const void *from, size_t count);
void *memcpy(void *restrict to, const void *restrict from, size_t count);
int memcmp(const void *a, const void *b, size_t count);
int bcmp(const void *a, const void *b, size_t count);
#else
#define EXPORT __attribute__((visibility("default")))
#include <string.h>
#endif

enum { CELL = 16, PIXEL_BYTES = 4 };

/* Rectangles of cells and of pixels; the second and fourth of Cells are excluded. */
typedef struct { int32_t top, bottom, left, right; } Cells;
typedef struct { int32_t x, y, width, height; } Rect;
typedef struct { int32_t x, y; } Shift;
typedef struct { Rect to; int32_t from_x, from_y; } Move;

/* Pixels in rows that are so many pixels apart. */
typedef struct { uint32_t *at; int64_t stride; } Pixels;

/* The newest grab and what the viewers have; masks hold a byte for each cell, and are columns wide. */
typedef struct {
    Pixels now, shown;
    int32_t width, height, rows, columns;
    uint8_t *unsent, *unknown, *lossy, *changed;
    double *quiet_since_ms;
    uint8_t *scratch;
} Screen;

static inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
static inline int32_t cells_up(int32_t px) { return px > 0 ? (px + CELL - 1) / CELL : -(-px / CELL); }
static inline int32_t cells_down(int32_t px) { return px >= 0 ? px / CELL : -((CELL - 1 - px) / CELL); }
static inline int32_t area_of(Cells cells) { return (cells.bottom - cells.top) * (cells.right - cells.left); }
static inline size_t row_bytes(int32_t pixels) { return (size_t)pixels * PIXEL_BYTES; }

static inline uint32_t *pixel(Pixels pixels, int32_t x, int32_t y) { return pixels.at + y * pixels.stride + x; }
static inline Pixels part(Pixels pixels, int32_t x, int32_t y) { return (Pixels){ pixel(pixels, x, y), pixels.stride }; }
static inline uint8_t *cell(const Screen *screen, uint8_t *mask, int32_t row, int32_t column)
{
    return mask + (ptrdiff_t)row * screen->columns + column;
}

static inline Rect pixels_of(const Screen *screen, Cells cells)
{
    int32_t x = cells.left * CELL, y = cells.top * CELL;
    return (Rect){ x, y, smaller(cells.right * CELL, screen->width) - x, smaller(cells.bottom * CELL, screen->height) - y };
}

static inline Cells covering(Rect rect)
{
    return (Cells){ cells_down(rect.y), cells_up(rect.y + rect.height), cells_down(rect.x), cells_up(rect.x + rect.width) };
}

/* Cells that lie in a rectangle wholly, or as much of them as the screen has; may be empty. */
static inline Cells covered(const Screen *screen, Rect rect)
{
    int32_t bottom = rect.y + rect.height, right = rect.x + rect.width;
    int32_t rows = bottom >= screen->height ? cells_up(bottom) : bottom / CELL;
    int32_t columns = right >= screen->width ? cells_up(right) : right / CELL;
    int32_t top = cells_up(rect.y), left = cells_up(rect.x);
    return (Cells){ top, larger(rows, top), left, larger(columns, left) };
}

static inline int32_t set_cells(const uint8_t *mask, int32_t stride, Cells cells)
{
    int32_t count = 0;
    for (int32_t row = cells.top; row < cells.bottom; row++) {
        const uint8_t *line = mask + (ptrdiff_t)row * stride;
        for (int32_t column = cells.left; column < cells.right; column++) count += line[column];
    }
    return count;
}

static inline bool equal_16(const uint32_t *a, const uint32_t *b)
{
    uint32_t any = 0;
    for (int i = 0; i < CELL; i++) any |= a[i] ^ b[i];
    return any == 0;
}

/* compare.c */
void mark_differing(Pixels a, Pixels b, int32_t width, int32_t height, uint8_t *out, int32_t out_stride);
void move_shown(Screen *screen, const Move *move);

/* areas.c */
typedef struct { int32_t gap; double waste; } Merging;
int32_t merge_cells(const uint8_t *mask, int32_t rows, int32_t columns, Merging merging, Cells *out, uint8_t *scratch);
int32_t keep_apart(Cells *rects, int32_t count, int32_t gap);

#endif
