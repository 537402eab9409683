/* Rectangles of cells (diff.py), and which cells are a photograph (classify.py). */
#include "kernel.h"

static Cells bounds(Cells a, Cells b)
{
    return (Cells){ smaller(a.top, b.top), larger(a.bottom, b.bottom), smaller(a.left, b.left), larger(a.right, b.right) };
}

static bool joins(Cells above, Cells run, double waste)
{
    int32_t both = area_of(bounds(above, run));
    return both - area_of(above) - area_of(run) <= waste * both;
}

/* The next run of set cells from ``left`` on, near ones as one; false at the end of the row. */
static bool next_run(const uint8_t *row, int32_t columns, int32_t gap, Cells *run)
{
    int32_t left = run->right;
    for (uint64_t eight = 0; left + 8 <= columns; left += 8) {
        memcpy(&eight, row + left, sizeof eight);
        if (eight) break;
    }
    while (left < columns && !row[left]) left++;
    if (left == columns) return false;
    run->left = left;
    run->right = left + 1;
    for (int32_t x = left + 1; x < columns && x - run->right <= gap; x++) {
        if (row[x]) run->right = x + 1;
    }
    return true;
}

/*
 * diff.merged_rects. ``out`` holds a rectangle for every two cells of a row, rounded up; ``scratch`` as many as two such
 * rows have. Rectangles that have come to an end are moved to ``out``, what still grows is in ``scratch``.
 */
int32_t merge_cells(const uint8_t *mask, int32_t rows, int32_t columns, Merging merging, Cells *out, uint8_t *scratch)
{
    Cells *growing = (Cells *)(void *)scratch, *fresh = growing + (columns + 1) / 2;
    int32_t done = 0, grown = 0;
    for (int32_t row = 0; row < rows; row++, mask += columns) {
        int32_t kept = 0;
        for (int32_t i = 0; i < grown; i++) {
            if (growing[i].bottom == row) growing[kept++] = growing[i];
            else out[done++] = growing[i];
        }
        int32_t begun = 0;
        Cells run = { row, row + 1, 0, 0 };
        while (next_run(mask, columns, merging.gap, &run)) {
            Cells whole = run;
            for (int32_t i = 0; i < kept; i++) {
                if (!joins(growing[i], run, merging.waste)) continue;
                whole = bounds(growing[i], run);
                memmove(growing + i, growing + i + 1, (size_t)(--kept - i) * sizeof *growing);
                break;
            }
            fresh[begun++] = whole;
        }
        for (int32_t i = 0; i < kept; i++) out[done++] = growing[i];
        Cells *empty = growing;
        growing = fresh, fresh = empty, grown = begun;
    }
    for (int32_t i = 0; i < grown; i++) out[done++] = growing[i];
    return done;
}

EXPORT int32_t relevo_merge(const uint8_t *mask, int32_t rows, int32_t columns, const Merging *merging, Cells *out,
                            uint8_t *scratch)
{
    return merge_cells(mask, rows, columns, *merging, out, scratch);
}

static bool near(Cells a, Cells b, int32_t gap)
{
    bool rows = larger(a.top - gap, b.top) < smaller(a.bottom + gap, b.bottom);
    return rows && larger(a.left - gap, b.left) < smaller(a.right + gap, b.right);
}

/* diff.apart_rects, in place. */
int32_t keep_apart(Cells *rects, int32_t count, int32_t gap)
{
    int32_t apart = 0;
    for (int32_t i = 0; i < count; i++) {
        Cells grown = rects[i];
        for (int32_t j = 0; j < apart;) {
            if (!near(grown, rects[j], gap)) {
                j++;
                continue;
            }
            grown = bounds(rects[j], grown);
            memmove(rects + j, rects + j + 1, (size_t)(--apart - j) * sizeof *rects);
            j = 0;
        }
        rects[apart++] = grown;
    }
    return apart;
}

/* ------ photographs; the shares are those of classify.py, handed in. */

enum { BLOCK_CELLS = 4, BLOCK = BLOCK_CELLS * CELL, SAMPLED_EVERY = 4 };
enum { CALM_STEP = 1, SMOOTH_JUMP = 16, TEXT_JUMP = 24 };

typedef struct {
    double photo_equal, smooth_equal, text_jumps, text_calm, smooth_jumps;
} Shares;

/* The pairs of neighbours in the sampled rows of one block whose left one lies in the same picture. */
typedef struct { int32_t x, y, right, bottom; bool first; } Block;

static int32_t equal_pairs(Pixels pixels, Block block)
{
    int32_t count = 0;
    for (int32_t y = block.y; y < block.bottom; y += SAMPLED_EVERY) {
        const uint32_t *row = pixel(pixels, 0, y);
        for (int32_t x = block.x + block.first; x < block.right; x++) count += row[x] == row[x - 1];
    }
    return count;
}

static bool is_photo(Pixels pixels, Block block, const Shares *shares)
{
    double all = (double)((block.bottom - block.y + SAMPLED_EVERY - 1) / SAMPLED_EVERY) * (block.right - block.x);
    double equal = equal_pairs(pixels, block) / all;
    if (equal >= shares->smooth_equal) return false;
    int32_t calm = 0, jumps = 0, smooth = 0;
    for (int32_t y = block.y; y < block.bottom; y += SAMPLED_EVERY) {
        const uint32_t *row = pixel(pixels, 0, y);
        for (int32_t x = block.x + block.first; x < block.right; x++) {
            int32_t step = (int32_t)(row[x] >> 9 & 0x7F) - (int32_t)(row[x - 1] >> 9 & 0x7F);
            step = step < 0 ? -step : step;
            calm += step <= CALM_STEP;
            jumps += step >= TEXT_JUMP;
            smooth += step >= SMOOTH_JUMP;
        }
    }
    bool text_on_it = jumps / all >= shares->text_jumps && calm / all >= shares->text_calm;
    return (equal < shares->photo_equal || smooth / all < shares->smooth_jumps) && !text_on_it;
}

static bool any_dirty(const Screen *screen, const uint8_t *dirty, Cells block)
{
    return set_cells(dirty, screen->columns, block) > 0;
}

/* classify.photo_cells, of the pictures of ``screen`` the newest alone; ``area`` holds the dirty cells, from a block's
 * corner on. */
EXPORT void relevo_photo(const Screen *screen, const Cells *area, const uint8_t *dirty, const Shares *shares, uint8_t *photo)
{
    for (int32_t top = area->top; top < area->bottom; top += BLOCK_CELLS) {
        for (int32_t left = area->left; left < area->right; left += BLOCK_CELLS) {
            Cells cells = { top, smaller(top + BLOCK_CELLS, area->bottom), left, smaller(left + BLOCK_CELLS, area->right) };
            if (!any_dirty(screen, dirty, cells)) continue;
            Rect rect = pixels_of(screen, cells);
            Block block = { rect.x, rect.y, rect.x + rect.width, rect.y + rect.height, left == area->left };
            if (!is_photo(screen->now, block, shares)) continue;
            for (int32_t row = cells.top; row < cells.bottom; row++) {
                for (int32_t column = left; column < cells.right; column++) {
                    ptrdiff_t at = (ptrdiff_t)row * screen->columns + column;
                    photo[at] = dirty[at];
                }
            }
        }
    }
}
