/* Which cells differ, the bounds of what does, and copies within the viewers' picture (diff.py, shown.py). */
#include "kernel.h"

/* Compare a row by cells, of which some are known to differ already; gives how many more do. */
static int32_t mark_row(const uint32_t *a, const uint32_t *b, int32_t width, uint8_t *out)
{
    int32_t whole = width / CELL, more = 0;
    for (int32_t column = 0; column < whole; column++) {
        if (!out[column] && !equal_16(a + column * CELL, b + column * CELL)) out[column] = 1, more++;
    }
    int32_t rest = width - whole * CELL;
    if (rest && !out[whole] && memcmp(a + whole * CELL, b + whole * CELL, row_bytes(rest))) out[whole] = 1, more++;
    return more;
}

/* Write which cells of two pictures of one size differ; they begin at a cell's corner of the mask. */
void mark_differing(Pixels a, Pixels b, int32_t width, int32_t height, uint8_t *out, int32_t out_stride)
{
    int32_t columns = cells_up(width);
    for (int32_t top = 0; top < height; top += CELL, out += out_stride) {
        int32_t left = columns, bottom = smaller(top + CELL, height);
        memset(out, 0, (size_t)columns);
        for (int32_t y = top; y < bottom && left; y++) {
            const uint32_t *a_row = pixel(a, 0, y), *b_row = pixel(b, 0, y);
            if (memcmp(a_row, b_row, row_bytes(width))) left -= mark_row(a_row, b_row, width, out);
        }
    }
}

EXPORT void relevo_unequal(const Pixels *a, const Pixels *b, int32_t width, int32_t height, uint8_t *out, int32_t out_stride)
{
    mark_differing(*a, *b, width, height, out, out_stride);
}

/* Shown.compare: which of the damaged cells differ from what is shown. */
EXPORT void relevo_compare(Screen *screen, const Cells *areas, int32_t count, double now_ms)
{
    memset(screen->changed, 0, (size_t)screen->rows * (size_t)screen->columns);
    for (int32_t i = 0; i < count; i++) {
        Cells area = areas[i];
        Rect rect = pixels_of(screen, area);
        mark_differing(part(screen->now, rect.x, rect.y), part(screen->shown, rect.x, rect.y), rect.width, rect.height,
                       cell(screen, screen->changed, area.top, area.left), screen->columns);
        for (int32_t row = area.top; row < area.bottom; row++) {
            for (int32_t column = area.left; column < area.right; column++) {
                ptrdiff_t at = (ptrdiff_t)row * screen->columns + column;
                screen->unsent[at] = screen->changed[at] | screen->unknown[at];
                if (screen->changed[at]) screen->quiet_since_ms[at] = now_ms;
            }
        }
    }
}

/* How many pixels of a row are equal from its beginning on, and from its end on; at most so many. */
static int32_t equal_from_left(const uint32_t *a, const uint32_t *b, int32_t most)
{
    int32_t x = 0;
    while (x + CELL <= most && equal_16(a + x, b + x)) x += CELL;
    while (x < most && a[x] == b[x]) x++;
    return x;
}

static int32_t equal_from_right(const uint32_t *a, const uint32_t *b, int32_t width, int32_t most)
{
    int32_t x = 0;
    while (x + CELL <= most && equal_16(a + width - x - CELL, b + width - x - CELL)) x += CELL;
    while (x < most && a[width - x - 1] == b[width - x - 1]) x++;
    return x;
}

/* diff.trimmed: the smallest rectangle inside this one with all that differs; itself if nothing does. */
EXPORT void relevo_trim(const Pixels *a, const Pixels *b, Rect *rect)
{
    Pixels now = part(*a, rect->x, rect->y), before = part(*b, rect->x, rect->y);
    int32_t top = 0, bottom = rect->height, width = rect->width;
    while (top < bottom && !memcmp(pixel(now, 0, top), pixel(before, 0, top), row_bytes(width))) top++;
    if (top == bottom) return;
    while (bottom > top + 1 && !memcmp(pixel(now, 0, bottom - 1), pixel(before, 0, bottom - 1), row_bytes(width))) bottom--;
    int32_t left = width, right = width;
    for (int32_t y = top; y < bottom; y++) {
        const uint32_t *a_row = pixel(now, 0, y), *b_row = pixel(before, 0, y);
        left = equal_from_left(a_row, b_row, left);
        right = equal_from_right(a_row, b_row, width, right);
    }
    if (left + right >= width) return; /* somebody draws meanwhile: then all of it */
    *rect = (Rect){ rect->x + left, rect->y + top, width - left - right, bottom - top };
}

static void fill_cells(const Screen *screen, uint8_t *mask, Cells cells, int value)
{
    for (int32_t row = cells.top; row < cells.bottom; row++) {
        memset(cell(screen, mask, row, cells.left), value, (size_t)(cells.right - cells.left));
    }
}

/* Shown.paint: these pixels are what the viewers will have. */
EXPORT void relevo_paint(Screen *screen, const Rect *rect, int32_t lossless)
{
    for (int32_t y = rect->y; y < rect->y + rect->height; y++) {
        memcpy(pixel(screen->shown, rect->x, y), pixel(screen->now, rect->x, y), row_bytes(rect->width));
    }
    if (lossless) fill_cells(screen, screen->lossy, covered(screen, *rect), 0);
    else fill_cells(screen, screen->lossy, covering(*rect), 1);
}

/* A cell of a line gets its pixels from these two, or from one twice. */
typedef struct { int32_t first, second; } Sources;

static Sources sources(int32_t at, int32_t shift_px, int32_t low, int32_t end)
{
    int32_t start = at * CELL + shift_px;
    int32_t first = cells_down(start), second = cells_down(start + CELL - 1);
    return (Sources){ smaller(larger(first, low), end - 1), smaller(larger(second, low), end - 1) };
}

/* Shown._move_lossy: what is copied from what is lossy is lossy, and what is copied from what is exact is exact. */
static void move_lossy(Screen *screen, const Move *move)
{
    Rect to = move->to;
    Cells whole = covered(screen, to), touched = covering(to);
    Cells from = covering((Rect){ move->from_x, move->from_y, to.width, to.height });
    if (!set_cells(screen->lossy, screen->columns, from)) {
        fill_cells(screen, screen->lossy, whole, 0);
        return;
    }
    uint8_t *moved = screen->scratch;
    for (int32_t row = touched.top; row < touched.bottom; row++) {
        Sources down = sources(row, move->from_y - to.y, from.top, from.bottom);
        for (int32_t column = touched.left; column < touched.right; column++) {
            Sources across = sources(column, move->from_x - to.x, from.left, from.right);
            *moved++ = *cell(screen, screen->lossy, down.first, across.first)
                | *cell(screen, screen->lossy, down.first, across.second)
                | *cell(screen, screen->lossy, down.second, across.first)
                | *cell(screen, screen->lossy, down.second, across.second);
        }
    }
    fill_cells(screen, screen->lossy, whole, 0);
    moved = screen->scratch;
    for (int32_t row = touched.top; row < touched.bottom; row++) {
        for (int32_t column = touched.left; column < touched.right; column++) {
            *cell(screen, screen->lossy, row, column) |= *moved++;
        }
    }
}

/* Shown.move: a copy as the viewers make it, rows first that are read before they are written. */
void move_shown(Screen *screen, const Move *move)
{
    Rect to = move->to;
    move_lossy(screen, move);
    bool upwards = move->from_y >= to.y;
    for (int32_t i = 0; i < to.height; i++) {
        int32_t y = upwards ? i : to.height - 1 - i;
        memmove(pixel(screen->shown, to.x, to.y + y), pixel(screen->shown, move->from_x, move->from_y + y),
                row_bytes(to.width));
    }
}

EXPORT void relevo_move(Screen *screen, const Move *move) { move_shown(screen, move); }
